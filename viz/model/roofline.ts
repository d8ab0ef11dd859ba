/** Points of the roofline as a view draws them: by tier, with their share of their side's time. */

import type { Comparison, SectionReport } from "../../src/report/compare.ts";
import { frameOf, isPlaced, type PlacedPoint, type Roofline } from "../../src/report/roofline.ts";
import type { Roofs } from "../../src/report/sides.ts";

/** Of which bytes the operations are counted: of all tiers off the chip, or of one. */
export type Level = "off the chip" | "hbm" | "ddr";

/** Two levels or more only where a machine has two tiers off the chip; the first is the report's own roofline. */
export function levelsOf({ roofline }: Comparison): readonly Level[] {
  const tiers = new Set(roofline.machines.flatMap((machine) => machine.tiers.map(({ name }) => name)));
  const hasSeveral = roofline.machines.some((machine) => machine.tiers.length > 1);
  return hasSeveral ? ["off the chip", ...(["hbm", "ddr"] as const).filter((tier) => tiers.has(tier))] : ["off the chip"];
}

export interface RoofPoint extends PlacedPoint {
  /** Position in comparison.roofline.points. */
  readonly number: number;
  /** Of its side's time, 0 .. 1. */
  readonly share: number;
}

export interface RoofFigure {
  readonly machines: readonly Roofs[];
  readonly points: readonly RoofPoint[];
  readonly arrows: readonly { readonly from: RoofPoint; readonly to: RoofPoint }[];
  /** Points that have no place: they move no bytes there, or compute nothing. */
  readonly unplaced: number;
}

export function figureOf(comparison: Comparison, level: Level): RoofFigure {
  const { roofline, sides } = comparison;
  const sections = sides.flatMap(({ simulated }) => simulated?.sections ?? []);
  const seconds = new Map(sides.map((side) => [side.name, side.seconds]));
  const all = roofline.points.map((point, number) => {
    const whole = seconds.get(point.side) ?? 0;
    return { ...point, number, share: whole === 0 ? 0 : point.seconds / whole, operations_per_byte: intensityOf(sections[number]!, point, level) };
  });
  const points = all.filter((point): point is typeof point & PlacedPoint => isPlaced(point));
  const placed = new Map(points.map((point) => [point.number, point]));
  const arrows = roofline.arrows.flatMap(({ from, to }) => {
    const ends = [placed.get(from), placed.get(to)] as const;
    return ends[0] === undefined || ends[1] === undefined ? [] : [{ from: ends[0], to: ends[1] }];
  });
  return { machines: roofline.machines.map((machine) => roofsAt(machine, level)), points, arrows, unplaced: all.length - points.length };
}

function intensityOf({ tiers, operations }: SectionReport, point: Roofline["points"][number], level: Level): number | null {
  if (level === "off the chip") return point.operations_per_byte;
  const moved = tiers[level];
  const bytes = moved === undefined ? 0 : moved.read_bytes + moved.write_bytes;
  const counted = operations.flops + operations.int_ops + operations.special_ops;
  return bytes === 0 || counted === 0 ? null : counted / bytes;
}

/** With the tiers of the level alone. */
function roofsAt(machine: Roofs, level: Level): Roofs {
  return level === "off the chip" ? machine : { ...machine, tiers: machine.tiers.filter(({ name }) => name === level) };
}

/** Decades that hold all points and ridges; a page with neither has one decade each way. */
export function framed({ machines, points }: RoofFigure): { readonly x: readonly [number, number]; readonly y: readonly [number, number] } {
  const { x, y } = frameOf({ machines, points, arrows: [] });
  const sane = ([low, high]: readonly [number, number]): readonly [number, number] =>
    Number.isFinite(low) && Number.isFinite(high) ? [low, Math.max(low + 1, high)] : [0, 1];
  return { x: sane(x), y: sane(y) };
}
