/**
 * A waterfall: the whole difference in time between two sides as a list of named parts. Times are whole picoseconds, so that the parts add up to the difference
 * exactly and not nearly.
 */

export interface Waterfall {
  /** Names of sides. */
  readonly from: string;
  readonly to: string;
  readonly from_ps: number;
  readonly to_ps: number;
  /** In the order in which they are taken away. They add up to to_ps - from_ps. */
  readonly parts: readonly WaterfallPart[];
}

export interface WaterfallPart {
  readonly name: string;
  /** Above 0: `to` takes so much more for it. */
  readonly ps: number;
  /** What it is, with its figures: a sentence. */
  readonly why: string;
}

/** A change whose time has been estimated, in picoseconds that need not be whole. */
export interface Difference {
  readonly name: string;
  readonly ps: number;
  readonly why: string;
}

/** A run with one more thing changed than the one before it. */
export interface Step {
  readonly name: string;
  /** Of the run with this change, in whole picoseconds. */
  readonly time_ps: number;
  readonly why: string;
}

export interface Ends {
  readonly from: string;
  readonly to: string;
  readonly from_ps: number;
  readonly to_ps: number;
}

/** How far the differences may be off in sum, of the longer of both times: what adding up numbers costs. */
const SLACK = 1e-9;

/** Differences that add up to the whole one but for roundings, as whole picoseconds, each within one of its own. Throws (a bug in weft) where they add up to something else. */
export function waterfallOf(ends: Ends, differences: readonly Difference[]): Waterfall {
  const whole = ends.to_ps - ends.from_ps;
  const sum = differences.reduce((total, { ps }) => total + ps, 0);
  if (!(Math.abs(sum - whole) <= Math.max(2, SLACK * Math.max(ends.from_ps, ends.to_ps)))) {
    throw new Error(`the differences from ${ends.from} to ${ends.to} add up to ${sum} ps of ${whole}`);
  }
  let exact = 0;
  let given = 0;
  const parts = differences.map(({ name, ps, why }, i) => {
    exact += ps;
    const until = i === differences.length - 1 ? whole : Math.round(exact);
    const part = { name, ps: until - given, why };
    given = until;
    return part;
  });
  return checked({ ...ends, parts });
}

/** Ablations, each a run: a part is what its change gains over the run before. The last of them is the side `to` itself. */
export function waterfallOfSteps(ends: Ends, steps: readonly Step[]): Waterfall {
  const parts = steps.map(({ name, time_ps, why }, i) => ({ name, ps: time_ps - (steps[i - 1]?.time_ps ?? ends.from_ps), why }));
  return checked({ ...ends, parts });
}

/** Throws (a bug in weft) where a time is no whole number, or the parts do not add up. */
export function checked(waterfall: Waterfall): Waterfall {
  const { from, to, from_ps, to_ps, parts } = waterfall;
  const bad = [from_ps, to_ps, ...parts.map(({ ps }) => ps)].find((ps) => !Number.isSafeInteger(ps));
  if (bad !== undefined) throw new Error(`the waterfall from ${from} to ${to} has ${bad} ps, which is no whole number`);
  const sum = parts.reduce((total, { ps }) => total + ps, 0);
  if (sum !== to_ps - from_ps) throw new Error(`the waterfall from ${from} to ${to} adds up to ${sum} of ${to_ps - from_ps} ps`);
  return waterfall;
}
