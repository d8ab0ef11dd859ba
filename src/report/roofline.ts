/**
 * All sides on one roofline: operations a second against operations a byte off the chip. A point is a kernel or a section; an arrow leads from a kernel to the spatial
 * section into which its operators were fused. A section's time is that of all its runs, the loading of its configuration included.
 */

import type { SectionResult } from "../result/result.ts";
import { countedOperations, nameOf, offChipBytes, type Roofs, type Side } from "./sides.ts";

export interface Roofline {
  readonly machines: readonly Roofs[];
  readonly points: readonly RooflinePoint[];
  /** Indices of points. */
  readonly arrows: readonly { readonly from: number; readonly to: number }[];
}

export interface RooflinePoint {
  readonly side: string;
  readonly machine: string;
  readonly style: string;
  readonly name: string;
  readonly ops: readonly string[];
  /** Null: it moves no bytes, or computes nothing; then it has no place on the figure. */
  readonly operations_per_byte: number | null;
  readonly operations_per_second: number;
  readonly seconds: number;
}

export interface PlacedPoint extends RooflinePoint {
  readonly operations_per_byte: number;
}

/** Sides that were not simulated to their end have no points. */
export function rooflineOf(sides: readonly Side[]): Roofline {
  const whole = sides.filter(({ expected }) => expected === null);
  const machines = [...new Map(sides.map(({ roofs }) => [roofs.name, roofs])).values()];
  const points = whole.flatMap((side) => side.result.sections.map((section) => pointOf(side, section)));
  return { machines, points, arrows: arrowsOf(whole, points) };
}

/** Decades that a figure spans: what is drawn lies within, with a little room. */
export interface Frame {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

export function isPlaced(point: RooflinePoint): point is PlacedPoint {
  return point.operations_per_byte !== null && point.operations_per_second > 0;
}

/** The most that a machine can do at so many operations a byte, with its fastest tier. */
export function roofAt({ peak_flops_per_second: peak, tiers }: Roofs, operationsPerByte: number): number {
  return Math.min(peak, operationsPerByte * fastest(tiers));
}

export function fastest(tiers: Roofs["tiers"]): number {
  return Math.max(0, ...tiers.map(({ bytes_per_second }) => bytes_per_second));
}

function pointOf(side: Side, section: SectionResult): RooflinePoint {
  const [operations, bytes] = [countedOperations(section.operations), offChipBytes(section.tiers)];
  const seconds = section.cycles / side.result.clock_hz;
  return {
    ...{ side: nameOf(side), machine: side.machine, style: side.style, name: section.name, ops: section.ops },
    operations_per_byte: bytes === 0 || operations === 0 ? null : operations / bytes,
    operations_per_second: seconds === 0 ? 0 : operations / seconds,
    seconds,
  };
}

/** From kernels of a GPU where there is one, else from those of the machine itself. */
function arrowsOf(sides: readonly Side[], points: readonly RooflinePoint[]): Roofline["arrows"] {
  const spatial = sides.find(({ style }) => style === "spatial");
  if (spatial === undefined) return [];
  const kernels = sides.filter(({ style }) => style !== "spatial");
  const gpus = kernels.filter(({ kind }) => kind === "gpu");
  const sources = new Set((gpus.length > 0 ? gpus : kernels.filter(({ machine }) => machine === spatial.machine)).map(nameOf));
  const targets = points.flatMap((point, to) => (point.side === nameOf(spatial) ? [{ to, ops: new Set(point.ops) }] : []));
  return points.flatMap((point, from) => (sources.has(point.side) ? arrowFrom(from, point, targets) : []));
}

/** To the section that has most of the kernel's operators; none where no section has any, as compilers give what they make anew names of its own. */
function arrowFrom(
  from: number,
  { ops }: RooflinePoint,
  targets: readonly { readonly to: number; readonly ops: ReadonlySet<string> }[],
): readonly { readonly from: number; readonly to: number }[] {
  const shared = targets.map(({ to, ops: own }) => ({ to, count: ops.filter((op) => own.has(op)).length }));
  const best = shared.reduce((most, one) => (one.count > most.count ? one : most), { to: -1, count: 0 });
  return best.count === 0 ? [] : [{ from, to: best.to }];
}

/** Holds all points, and the ridge of every machine. */
export function frameOf({ points, machines }: Roofline): Frame {
  const placed: readonly PlacedPoint[] = points.filter(isPlaced);
  const ridges = machines.flatMap(({ peak_flops_per_second: peak, tiers }) => (fastest(tiers) > 0 ? [peak / fastest(tiers)] : []));
  const xs = [...placed.map(({ operations_per_byte }) => operations_per_byte), ...ridges].map(Math.log10);
  const ys = [...placed.map(({ operations_per_second }) => operations_per_second), ...machines.map((one) => one.peak_flops_per_second)].map(Math.log10);
  return { x: [Math.floor(Math.min(...xs)), Math.ceil(Math.max(...xs) + 0.3)], y: [Math.floor(Math.min(...ys)), Math.ceil(Math.max(...ys) + 0.1)] };
}
