/** The tensors of a program as a table: what each is, and what a window of the run moved of it. */

import type { RunView } from "./run.ts";
import { bytesByTensor, type TierName } from "./traffic.ts";
import type { Window } from "./window.ts";

export interface TensorRow {
  readonly name: string;
  /** Null: the compiler made it, and the program does not tell. */
  readonly what: { readonly role: string; readonly dtype: string; readonly shape: readonly number[]; readonly bytes: number } | null;
  readonly tier: TierName;
  readonly read_bytes: number;
  readonly write_bytes: number;
  /** What was moved, over its size; null: nobody knows its size, or it has none. */
  readonly times: number | null;
}

/** Those with a place off the chip, the one that moves most first. Their bytes add up to what the run (of the window) moved, tier by tier. */
export function tensorRows(run: RunView, window: Window): readonly TensorRow[] {
  const known = new Map(run.scene.program.tensors.map((tensor) => [tensor.name, tensor]));
  const moved = bytesByTensor(run, window);
  const resting = run.scene.program.tensors.flatMap(({ name, tier }) =>
    (tier === "hbm" || tier === "ddr") && !moved.some((row) => row.name === name) ? [{ name, tier, read_bytes: 0, write_bytes: 0 }] : [],
  );
  const rows = [...moved, ...resting].map((row): TensorRow => {
    const tensor = known.get(row.name);
    const what = tensor === undefined ? null : { role: tensor.role, dtype: tensor.dtype, shape: tensor.shape, bytes: tensor.bytes };
    return { ...row, what, times: what === null || what.bytes === 0 ? null : (row.read_bytes + row.write_bytes) / what.bytes };
  });
  return rows.sort((a, b) => b.read_bytes + b.write_bytes - a.read_bytes - a.write_bytes);
}

/** Intermediate results that have no place off the chip. */
export function onChipTensors({ scene }: RunView): readonly { readonly name: string; readonly bytes: number }[] {
  return scene.program.tensors.filter(({ role, tier }) => role === "intermediate" && tier === null);
}
