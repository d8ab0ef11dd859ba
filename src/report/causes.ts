/** Causes of waits in words: what the units' waits go back to, and how. */

import type { Cause, CauseStep, UnitResult } from "../result/result.ts";
import { listed, percent, percents } from "./format.ts";
import { RING } from "./roots.ts";

/** Waited cycles by root, most first. */
export function waitedByRoot(units: readonly UnitResult[], nameOf = (root: string) => root): readonly (readonly [root: string, cycles: number])[] {
  const roots = new Map<string, number>();
  const waits = units.flatMap((unit) => unit.causes).filter(({ state }) => state !== "idle");
  for (const { root, cycles } of waits) roots.set(nameOf(root), cycles + (roots.get(nameOf(root)) ?? 0));
  return [...roots].sort(([, a], [, b]) => b - a);
}

/** How many roots are named, of which share at least; what is too small to show in a percentage is not told. */
const NAMED = 3;
const WORTH_NAMING = 0.01;
const TOO_SMALL = 0.0005;

/** Units of a kind that work for the same operator. */
export const groupName = (kind: UnitResult["kind"], operator: string): string => `${kind}s of ${operator}`;

const PORTS_OF = /^(read|write) ports of /;

/** The group of a root that is a unit, or a port of one; `groups`: by unit. */
export function groupOf(root: string, groups: ReadonlyMap<string, string>): string | undefined {
  const port = / (read|write) port(?: \d+)?$/.exec(root);
  const group = groups.get(port === null ? root : root.slice(0, port.index));
  return port === null || group === undefined ? group : `${port[1]} ports of ${group}`;
}

/** The name under which a root is told: copies together, rings together. */
export function toldName(units: readonly UnitResult[]): (root: string) => string {
  const groups = new Map(units.map(({ id, kind, op }) => [id, groupName(kind, op)]));
  const sizes = new Map<string, number>();
  for (const group of groups.values()) sizes.set(group, 1 + (sizes.get(group) ?? 0));
  return (root) => {
    const group = groupOf(root, groups);
    if (group !== undefined) return sizes.get(group.replace(PORTS_OF, "")) === 1 ? root : group;
    return root.startsWith(RING) ? "latency of rings" : root;
  };
}

/** "of the cycles that units waited 62.0 % go back to hbm (bandwidth), 30.0 % to c.3 and 8.0 % to others"; empty if none waited. */
export function describeRoots(units: readonly UnitResult[]): string {
  const roots = waitedByRoot(units, toldName(units));
  const cycles = (parts: typeof roots) => parts.reduce((sum, [, more]) => sum + more, 0);
  const named = roots.filter(([root, waited]) => root !== "others" && waited >= WORTH_NAMING * cycles(roots)).slice(0, NAMED);
  const rest = cycles(roots) - cycles(named);
  const parts = rest >= TOO_SMALL * cycles(roots) && rest > 0 ? [...named, ["others", rest] as const] : named;
  if (parts.length === 0) return "";
  const shares = percents(parts.map(([, waited]) => waited));
  return `of the cycles that units waited ${listed(parts.map(([root], i) => `${shares[i]}${i === 0 ? " go back" : ""} to ${root}`))}`;
}

/** "c.3 is starved 41.0 % of its time by q.0: ag1 waits for hbm channel 3". */
export function describeCause({ id }: UnitResult, { state, channel, root, path, cycles }: Cause, total: number): string {
  const share = `${percent(cycles / total)} of the cycles`;
  const wait = state === "memory" ? `waits ${share} for ${channel}` : `is ${state} ${share} by ${channel}`;
  const way = path.length === 0 || path.length > SAID ? [...path.slice(0, SAID).map(describeStep), `... ${root}`] : path.map(describeStep);
  return path.length === 0 ? `${id} ${wait} (${root})` : `${id} ${wait}: ${way.join(", ")}`;
}

const SAID = 4;

function describeStep({ unit, state, channel }: CauseStep): string {
  switch (state) {
    case "busy":
      return `${unit} is busy`;
    case "memory":
      return `${unit} waits for ${channel}`;
    case "starved":
    case "blocked":
      return `${unit} is ${state} by ${channel}`;
  }
}

/** The longest wait of all with one root, in words. */
export function describeLongest(units: readonly UnitResult[], total: number): string {
  const waits = units.flatMap((unit) => unit.causes.flatMap((cause) => (cause.state === "idle" ? [] : [{ unit, cause }])));
  if (waits.length === 0) return "";
  const { unit, cause } = waits.reduce((best, one) => (one.cause.cycles > best.cause.cycles ? one : best));
  return describeCause(unit, cause, total);
}
