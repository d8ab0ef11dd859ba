/** What stands where when: tensors in the tiers off the chip, and tiles in the scratchpads of PMUs. */

import type { SceneUnit } from "../../src/scene/scene.ts";
import type { RunView } from "./run.ts";
import { type Flow, flowsOf, type TierName } from "./traffic.ts";

/**
 * A tensor off the chip needs its room from the first burst that writes it (an input from the start) to the last burst that reads it (an output to the end). What a loop carries is written under one name and
 * read under another: then it is from the first read on. Bursts are known to the bin in which they were asked for.
 */
export interface Life {
  readonly tensor: string;
  readonly tier: TierName;
  readonly role: "input" | "output" | "intermediate";
  readonly bytes: number;
  /** In cycles, from < to; null: it is never touched. */
  readonly span: readonly [from: number, to: number] | null;
}

/** The largest first. */
export function livesOf(run: RunView): readonly Life[] {
  const lives = run.scene.program.tensors.flatMap(({ name, tier, role, bytes }): readonly Life[] =>
    tier === "hbm" || tier === "ddr" ? [{ tensor: name, tier, role, bytes, span: spanOf(run, name, role) }] : [],
  );
  return [...lives].sort((a, b) => b.bytes - a.bytes);
}

function spanOf(run: RunView, tensor: string, role: Life["role"]): Life["span"] {
  const own = flowsOf(run).filter((flow) => flow.tensor === tensor);
  const [reads, writes] = [own.filter(({ direction }) => direction === "read"), own.filter(({ direction }) => direction === "write")];
  const { bin_cycles, cycles } = run.trace;
  const from = role === "input" ? 0 : Math.min(...(writes.length > 0 ? writes : reads).map((flow) => firstBin(flow) * bin_cycles));
  const until = Math.max(...[...reads, ...writes].map((flow) => Math.min(cycles, (lastBin(flow) + 1) * bin_cycles)));
  const to = role === "output" && own.length > 0 ? cycles : until;
  return Number.isFinite(from) && to > from ? [from, to] : null;
}

function firstBin({ bursts }: Flow): number {
  for (let bin = 0; bin + 1 < bursts.length; bin++) if (bursts[bin + 1]! > bursts[bin]!) return bin;
  return Number.POSITIVE_INFINITY;
}

function lastBin({ bursts }: Flow): number {
  for (let bin = bursts.length - 2; bin >= 0; bin--) if (bursts[bin + 1]! > bursts[bin]!) return bin;
  return Number.NEGATIVE_INFINITY;
}

export interface FootprintStep {
  /** From this cycle on. */
  readonly at: number;
  readonly bytes: number;
}

/** Bytes that live in a tier, from step to step; the last one is the end of the run, with what is there then. */
export function footprintOf(run: RunView, lives: readonly Life[], tier: TierName): readonly FootprintStep[] {
  const changes = new Map<number, number>([
    [0, 0],
    [run.report.cycles, 0],
  ]);
  for (const { tier: own, bytes, span } of lives) {
    if (own !== tier || span === null) continue;
    changes.set(span[0], (changes.get(span[0]) ?? 0) + bytes);
    if (span[1] < run.report.cycles) changes.set(span[1], (changes.get(span[1]) ?? 0) - bytes);
  }
  let bytes = 0;
  return [...changes]
    .sort(([a], [b]) => a - b)
    .map(([at, change]) => {
      bytes += change;
      return { at, bytes };
    });
}

/** The most that ever lives in it. */
export function peakOf(steps: readonly FootprintStep[]): number {
  return steps.reduce((most, { bytes }) => Math.max(most, bytes), 0);
}

// --- scratchpads ---

export interface HeldBytes {
  readonly unit: SceneUnit;
  /** Position in the section. */
  readonly index: number;
  /** Of all buffers, with padding. */
  readonly bytes: number;
}

/** A section's PMUs, the fullest first. */
export function heldByPmus(run: RunView, section: number): readonly HeldBytes[] {
  return run.sections[section]!.units.filter(({ scene }) => scene.kind === "pmu")
    .map(({ scene, index }) => ({ unit: scene, index, bytes: scene.scratch.reduce((sum, { bytes }) => sum + bytes, 0) }))
    .sort((a, b) => b.bytes - a.bytes);
}

/** PMUs whose fill is in [0, 1/n), [1/n, 2/n), ... of the capacity; a full one is in the last. */
export function histogramOf(held: readonly HeldBytes[], capacity: number, n: number): readonly number[] {
  const counts = Array.from({ length: n }, () => 0);
  for (const { bytes } of held) counts[Math.min(n - 1, Math.floor((bytes / capacity) * n))]! += 1;
  return counts;
}

export interface HeldTensor {
  readonly name: string;
  readonly bytes: number;
  readonly pmus: number;
  /** The fewest and the most buffers that a PMU has of it. */
  readonly buffers: readonly [least: number, most: number];
}

/** Tiles of copies of a unit together, the largest first. They add up to what the PMUs hold. */
export function heldByTile(held: readonly HeldBytes[]): readonly HeldTensor[] {
  const rows = new Map<string, { name: string; bytes: number; pmus: number; buffers: [number, number] }>();
  for (const { unit } of held)
    for (const { name: full, bytes, buffers } of unit.scratch) {
      const name = tileName(unit.label, full);
      const row = rows.get(name) ?? { name, bytes: 0, pmus: 0, buffers: [buffers, buffers] };
      row.bytes += bytes;
      row.pmus += 1;
      row.buffers = [Math.min(row.buffers[0], buffers), Math.max(row.buffers[1], buffers)];
      rows.set(name, row);
    }
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes);
}

/** Of the unit without what tells copies apart; a tile that has a name of its own says it: "scores.query0[0,21]", "tile" -> "scores.query0". */
export function tileName(label: string, tile: string): string {
  const plain = (name: string): string => name.replaceAll(/\[[^\]]*\]|'+$/g, "");
  return tile === "tile" ? plain(label) : `${plain(label)} ${plain(tile)}`;
}

export function totalBytes(held: readonly HeldBytes[]): number {
  return held.reduce((sum, { bytes }) => sum + bytes, 0);
}
