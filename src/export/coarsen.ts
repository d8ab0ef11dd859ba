/** Fewer and longer bins, where a viewer or a page of paper has no use for as many: the sums stay what they are. */

import type { ActivityTrace, SectionTrace, TierTrace } from "../trace/trace.ts";

/** `factor` bins become one. */
export function coarsen(trace: ActivityTrace, factor: number): ActivityTrace {
  if (factor === 1) return trace;
  const bins = Math.ceil(trace.bins / factor);
  return {
    ...trace,
    bin_cycles: trace.bin_cycles * factor,
    bins,
    sections: trace.sections.map((section) => coarseSection(section, factor)),
    tiers: trace.tiers.map((tier) => coarseTier(tier, trace.bins, bins, factor)),
  };
}

function coarseSection(section: SectionTrace, factor: number): SectionTrace {
  const first = Math.floor(section.first / factor);
  const bins = section.bins === 0 ? 0 : Math.floor((section.first + section.bins - 1) / factor) - first + 1;
  const merge = (column: Uint32Array): Uint32Array => merged(column, section.bins, bins, (b) => Math.floor((section.first + b) / factor) - first);
  const { busy, starved, blocked, memory, firings, requesters, bursts } = section;
  return {
    ...{ first, bins, requesters },
    ...{ busy: merge(busy), starved: merge(starved), blocked: merge(blocked), memory: merge(memory) },
    ...{ firings: merge(firings), bursts: merge(bursts) },
  };
}

function coarseTier(tier: TierTrace, before: number, after: number, factor: number): TierTrace {
  const merge = (column: Uint32Array): Uint32Array => merged(column, before, after, (b) => Math.floor(b / factor));
  return { ...tier, served: merge(tier.served), busy: merge(tier.busy), activates: tier.activates === null ? null : merge(tier.activates) };
}

/** Rows of `before` bins become rows of `after`. */
function merged(column: Uint32Array, before: number, after: number, binOf: (bin: number) => number): Uint32Array {
  const rows = before === 0 ? 0 : column.length / before;
  const result = new Uint32Array(rows * after);
  for (let b = 0; b < before; b++) {
    const bin = binOf(b);
    for (let row = 0; row < rows; row++) result[row * after + bin]! += column[row * before + b]!;
  }
  return result;
}
