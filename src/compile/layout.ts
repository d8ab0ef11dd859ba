/** Allocate: a home tier and an address for every tensor that crosses the edge of the chip. */

import { UserError } from "../base/errors.ts";
import type { TensorLayout } from "../fabric/fabric.ts";
import type { Machine, TierSpec } from "../machine/machine.ts";
import { bankTurnOf } from "../machine/tier-part.ts";
import { tensorBytes } from "../pattern/analysis.ts";
import type { Program, Tensor } from "../pattern/program.ts";

type Kind = "hbm" | "ddr";

/** `auto` takes the fastest tier with room, and so does `sram` but for a scalar, which is a register. */
export function layOut(program: Program, machine: Machine, stored: ReadonlySet<string>): readonly TensorLayout[] {
  const next = { sram: 0, hbm: 0, ddr: 0 };
  const large = { hbm: 0, ddr: 0 };
  const layouts: TensorLayout[] = [];
  for (const tensor of program.tensors) {
    if (!program.inputs.includes(tensor.name) && !stored.has(tensor.name)) continue;
    const bytes = tensorBytes(tensor);
    if (tensor.tier === "sram" && tensor.shape.length === 0) {
      layouts.push({ tensor: tensor.name, dtype: tensor.dtype, shape: [], tier: "sram", base_bytes: next.sram });
      next.sram += bytes;
      continue;
    }
    const tier = choose(tensor, bytes, next, machine);
    const { channels, interleave_bytes } = machine.tiers[tier]!;
    const line = channels * interleave_bytes;
    const base_bytes = spread(next[tier], bytes, large[tier], machine.tiers[tier]!);
    if (base_bytes !== null) large[tier]++;
    layouts.push({ tensor: tensor.name, dtype: tensor.dtype, shape: tensor.shape, tier, base_bytes: base_bytes ?? next[tier] });
    next[tier] = (base_bytes ?? next[tier]) + Math.ceil(bytes / line) * line;
  }
  return layouts;
}

/**
 * The first address from `from` on at which the tensor that is number `n` of the large ones begins in a bank of its own turn, since those that are streamed together begin
 * together. Null: it has not as much as a turn of the banks, or there is no room, or the tier has none.
 */
function spread(from: number, bytes: number, n: number, { dram, channels, bytes: capacity }: TierSpec): number | null {
  const turn = dram === undefined ? null : bankTurnOf(dram);
  if (turn === null || bytes < turn.bytes * channels) return null;
  const step = turn.bytes * channels;
  const begins = Math.ceil(from / step);
  const wanted = (n * strideOver(turn.banks)) % turn.banks;
  const base = (begins + ((((wanted - begins) % turn.banks) + turn.banks) % turn.banks)) * step;
  return base + bytes > capacity ? null : base;
}

/** Coprime to a power of two and near its golden section: the first few multiples stand far apart. */
const strideOver = (banks: number): number => 2 * Math.floor((0.618 * banks) / 2) + 1;

function choose(tensor: Tensor, bytes: number, used: Readonly<Record<Kind, number>>, machine: Machine): Kind {
  const pinned = tensor.tier === "hbm" || tensor.tier === "ddr";
  const order: readonly Kind[] = pinned ? [tensor.tier as Kind] : ["hbm", "ddr"];
  const found = order.find((kind) => machine.tiers[kind] !== undefined && used[kind] + bytes <= machine.tiers[kind].bytes);
  if (found !== undefined) return found;
  const have = order
    .map((kind) => (machine.tiers[kind] === undefined ? `no ${kind}` : `${machine.tiers[kind].bytes - used[kind]} bytes free in ${kind}`))
    .join(", ");
  throw new UserError({
    code: "tier-overflow",
    place: { path: tensor.name },
    message: `tensor "${tensor.name}" needs ${bytes} bytes; ${machine.name} has ${have}`,
    hint: pinned ? "choose another tier for it or make it smaller" : "make the tensors smaller or choose a machine with more memory",
  });
}
