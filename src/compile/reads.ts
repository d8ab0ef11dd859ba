/**
 * Row buffers: a tensor from memory that stages of several epochs read is loaded once, into tile buffers of each of them.
 *
 *     load x -> max (a stream);  load x -> PMU -> e   ->   load x -> PMU -> max, and the same load -> PMU -> e
 *
 * A stage that streams walks memory at its own time; one that must wait for it would need a walk of its own. Through buffers both take the tiles of one load when they are ready: it
 * goes on as long as each of them has a buffer free, which it has once the stages are through with an earlier tile, and that waits for no later one. So nothing waits for itself.
 */

import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { scratchLayout, useOf } from "./banking.ts";
import type { StagePlan, TierBuffer } from "./controllers.ts";
import { handovers, loadKey, tensorsReadTwice } from "./sizes.ts";

/** Tensors that one stage streams from memory and another finds in tile buffers. */
export function tensorsReadApart(stages: readonly StagePlan[]): ReadonlySet<string> {
  const readBy = (kind: "tier-stream" | "tier-buffer"): ReadonlySet<string> =>
    new Set(stages.flatMap(({ shape, operands }) => shape.operands.flatMap(({ tensor }, position) => (operands[position]!.via.kind === kind ? [tensor] : []))));
  const buffered = readBy("tier-buffer");
  return new Set([...readBy("tier-stream")].filter((tensor) => buffered.has(tensor)));
}

/** Where several stages take the tiles of one load, those of later epochs hold them for longer: a buffer for each epoch that a tile waits, as far as a PMU has room. */
export function deepenShared(stages: readonly StagePlan[], machine: Machine): readonly StagePlan[] {
  const twice = tensorsReadTwice(stages);
  if (twice.size === 0) return stages;
  const first = new Map<string, number>();
  const streamed = new Set(
    stages.flatMap(({ shape, operands }) =>
      shape.operands.flatMap(({ tensor }, position) => {
        const { via } = operands[position]!;
        return via.kind === "tier-stream" && !via.alone ? [tensor] : [];
      }),
    ),
  );
  const keyOf = (stage: StagePlan, position: number): string | null => {
    const { via } = stage.operands[position]!;
    if (via.kind !== "tier-buffer" || via.preset || !twice.has(stage.shape.operands[position]!.tensor)) return null;
    return handovers(via, stage.loops) > 1 ? loadKey(stage, position, via) : null;
  };
  for (const stage of stages) {
    stage.operands.forEach((_, position) => {
      const key = keyOf(stage, position);
      const earliest = streamed.has(stage.shape.operands[position]!.tensor) ? 1 : stage.epoch;
      if (key !== null) first.set(key, Math.min(earliest, stage.epoch, first.get(key) ?? stage.epoch));
    });
  }
  return stages.map((stage) => {
    const operands = stage.operands.map((plan, position) => {
      const key = keyOf(stage, position);
      const waits = key === null ? 0 : stage.epoch - first.get(key)!;
      if (waits === 0 || plan.via.kind !== "tier-buffer") return plan;
      return { ...plan, via: { ...plan.via, buffers: roomFor(stage, position, plan.via, plan.via.buffers + waits, machine) } };
    });
    return operands.every((plan, position) => plan === stage.operands[position]) ? stage : { ...stage, operands };
  });
}

/** At most `wanted` buffers: as many as fit the PMU, and no fewer than there are. */
function roomFor({ shape, loops }: StagePlan, position: number, { held, box, buffers, pmus }: TierBuffer, wanted: number, machine: Machine): number {
  if (pmus > 1) return buffers;
  const { bytes } = scratchLayout([...held.map((k) => loops[k]!.trips), ...box], bytesOf(shape.operands[position]!.dtype), machine, useOf(shape, position));
  return Math.max(buffers, Math.min(wanted, Math.floor(machine.pmu.bytes / bytes)));
}
