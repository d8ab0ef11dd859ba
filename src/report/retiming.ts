/**
 * Reconfiguration time is an assumed figure of a machine: what two sides would take with others of it, their plans kept. A run loads so many configurations, and each
 * takes its time before a section begins; sections run as they did. A memory that refreshes may be met at another point of its interval: each run of a section may differ
 * by as much as one refresh takes.
 */

import { duration, listed } from "./format.ts";
import { nameOf, type Side, secondsOf } from "./sides.ts";

/** Seconds. */
export const RECONFIGURATION_TIMES: readonly number[] = [0, 1e-7, 1e-6, 5e-6, 1e-5, 1e-4, 1e-3];

export interface Retiming {
  /** The machine whose reconfiguration time is changed, and the time that its config says. */
  readonly machine: string;
  readonly assumed_seconds: number;
  readonly reconfiguration_seconds: readonly number[];
  /** Of all sides; those of other machines keep their time. */
  readonly rows: readonly { readonly side: string; readonly launches: number; readonly seconds: readonly number[] }[];
  /** Where it decides between the spatial run and each other side. */
  readonly sentence: string;
}

/** Of the first machine that has a spatial side and loads configurations; null where there is none. */
export function retimingOf(sides: readonly Side[]): Retiming | null {
  const spatial = sides.find(({ kind, style }) => kind === "rda" && style === "spatial");
  if (spatial === undefined) return null;
  const lines = sides.map((side) => lineOf(side, spatial.machine));
  return {
    machine: spatial.machine,
    assumed_seconds: configurationSeconds(spatial),
    reconfiguration_seconds: RECONFIGURATION_TIMES,
    rows: sides.map((side, s) => ({ side: nameOf(side), launches: lines[s]!.slope, seconds: RECONFIGURATION_TIMES.map((at) => timeAt(lines[s]!, at)) })),
    sentence: sentenceOf(spatial, sides, lines),
  };
}

/** Time as a function of reconfiguration time: seconds at 0, and configurations loaded. */
interface Line {
  readonly rest: number;
  readonly slope: number;
}

function lineOf(side: Side, machine: string): Line {
  if (side.kind !== "rda" || side.machine !== machine) return { rest: secondsOf(side), slope: 0 };
  const { launches, launch_seconds } = side.expected ?? side.result;
  return { rest: secondsOf(side) - launch_seconds, slope: launches };
}

const timeAt = ({ rest, slope }: Line, at: number): number => rest + slope * at;

function configurationSeconds({ result, expected }: Side): number {
  const { launches, launch_seconds } = expected ?? result;
  return launches === 0 ? 0 : launch_seconds / launches;
}

function sentenceOf(spatial: Side, sides: readonly Side[], lines: readonly Line[]): string {
  const own = lines[sides.indexOf(spatial)]!;
  const others = sides.flatMap((side, s) => (side === spatial ? [] : [`${decides(own, lines[s]!)} ${nameOf(side)}`]));
  return others.length === 0 ? "there is no other side to compare with" : `${nameOf(spatial)} is ${listed(others)}`;
}

/** "faster, up to 12 us a configuration, than". */
function decides(own: Line, other: Line): string {
  const gain = other.rest - own.rest;
  const loads = own.slope - other.slope;
  if (loads === 0)
    return gain === 0 ? "as fast, whatever reconfiguration takes, as" : `${gain > 0 ? "faster" : "slower"}, whatever reconfiguration takes, than`;
  const at = gain / loads;
  if (at <= 0) return `${loads < 0 ? "faster" : "slower"}, whatever reconfiguration takes, than`;
  return loads > 0
    ? `faster, as long as a configuration takes less than ${duration(at)}, than`
    : `faster only where a configuration takes more than ${duration(at)} than`;
}
