/** What is recorded of a run adds up to what it counted, stands where it happened, and changes nothing. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BURSTS, BUSY_COLUMN, FIRINGS, SERVED_COLUMN, STATE_COLUMNS } from "../../src/engine/record.ts";
import { runNetwork } from "../../src/engine/run.ts";
import { build, type NetworkPlan, networkPlan } from "../support/networks.ts";
import { binsOf, COLUMNS, type Recorded, record, STATES, total } from "../support/recordings.ts";

const NETWORKS = Number(process.env.LAWS_NETWORKS ?? 150);
const SEED = Number(process.env.FC_SEED ?? 4);

const small = { outer: [1, 60], clocks: false } as const;
const long = { outer: [100, 1000], data: false, clocks: false } as const;
const widths = fc.constantFrom(1, 2, 8, 64);

const COUNTED = ["busy", "starved", "blocked", "memory"] as const;

function expectTotals({ processes, resources, result, bursts }: Recorded): void {
  const recorded = result.processes.map((_, p) => [
    ...COUNTED.map((state) => total(binsOf(processes, p, STATE_COLUMNS[state]))),
    ...[FIRINGS, BURSTS].map((column) => total(binsOf(processes, p, column))),
  ]);
  expect(recorded).toEqual(result.processes.map((counters, p) => [...COUNTED.map((state) => counters[state]), counters.firings, bursts[p]]));
  expect(result.resources.map((_, r) => total(binsOf(resources, r, SERVED_COLUMN)))).toEqual(result.resources.map(({ served }) => served));
}

/** In no bin does a process do more than there is time, or less than nothing; up to its last firing it does something all the time. */
function overfull({ grid, processes, result }: Recorded): readonly string[] {
  return result.processes.flatMap(({ busy, starved, blocked, memory }, p) => {
    const known = busy + starved + blocked + memory;
    const rows = STATES.map((column) => binsOf(processes, p, column));
    const faults: string[] = [];
    for (let b = 0; b < rows[0]!.length; b++) {
      const own = rows.map((row) => row[b]!);
      const due = Math.max(0, Math.min(grid.bin, known - b * grid.bin));
      if (total(own) !== due || own.some((ticks) => ticks < 0)) faults.push(`process ${p}, bin ${b}: ${own} are not ${due}`);
    }
    return faults;
  });
}

/** No resource of a fixed rate serves for longer than a bin is; a tick more where its clock is rounded. */
function overserved({ grid, resources }: Recorded, { resources: plans }: NetworkPlan): readonly string[] {
  return plans.flatMap(({ pages }, r) => {
    const full = pages === null ? binsOf(resources, r, BUSY_COLUMN).findIndex((ticks) => ticks > grid.bin + 1) : -1;
    return full < 0 ? [] : [`resource ${r} serves for ${binsOf(resources, r, BUSY_COLUMN)[full]} ticks of bin ${full}, of ${grid.bin}`];
  });
}

/** At the end of each bin a row stands between what its counters were at points before and after, `slack` ticks away at least. */
function misplaced({ grid, processes, result }: Recorded, points: Recorded["points"], slack: number): readonly string[] {
  const faults: string[] = [];
  points.forEach((own, p) => {
    const rows = COLUMNS.map((column) => binsOf(processes, p, column));
    const sums = COLUMNS.map(() => 0);
    let [low, high] = [0, 0];
    for (let b = 0; b * grid.bin < result.ticks; b++) {
      const end = (b + 1) * grid.bin;
      while (low + 1 < own.length && own[low + 1]!.time <= end - slack) low++;
      while (high + 1 < own.length && own[high]!.time < end + slack) high++;
      for (let i = 0; i < COLUMNS.length; i++) {
        sums[i]! += rows[i]![b]!;
        const [least, most] = [own[low]!.counts[i]!, own[high]!.counts[i]!];
        if (sums[i]! < least - 1 || sums[i]! > most + 1) faults.push(`process ${p}, column ${i}, bin ${b}: ${sums[i]} is not in ${least} .. ${most}`);
      }
    }
  });
  return faults;
}

describe("what is recorded of random networks", () => {
  it.each([
    { kind: "firing by firing", limits: small, fastForward: false },
    { kind: "with fast-forward", limits: long, fastForward: true },
  ])("adds up to the counters, in bins of any width, and changes none of them: $kind", ({ limits, fastForward }) => {
    let leaped = 0;
    const check = (plan: NetworkPlan, bin: number): void => {
      const recorded = record(build(plan).spec, { fastForward, bin });
      expect(recorded.result).toEqual(runNetwork(build(plan).spec, { fastForward }));
      expectTotals(recorded);
      expect(overfull(recorded)).toEqual([]);
      expect(overserved(recorded, plan)).toEqual([]);
      if (recorded.skipped > 0) leaped++;
    };
    fc.assert(fc.property(networkPlan(limits), widths, check), { numRuns: NETWORKS, seed: SEED });
    if (fastForward) expect(leaped).toBeGreaterThan(0.1 * NETWORKS);
  });

  it("stands where it happened: between what was known at the visits around the end of each bin", () => {
    const check = (plan: NetworkPlan, bin: number): void => {
      const recorded = record(build(plan).spec, { bin });
      expect(misplaced(recorded, recorded.points, 0)).toEqual([]);
    };
    fc.assert(fc.property(networkPlan(small), widths, check), { numRuns: NETWORKS, seed: SEED });
  });

  it("is within three bins what it is firing by firing where periods were skipped", () => {
    let leaped = 0;
    const check = (plan: NetworkPlan, bin: number): void => {
      const fast = record(build(plan).spec, { fastForward: true, bin });
      if (fast.skipped === 0) return;
      leaped++;
      const slow = record(build(plan).spec, { bin });
      expect(fast.grid.bin).toBe(slow.grid.bin);
      expect(misplaced(fast, slow.points, 3 * fast.grid.bin)).toEqual([]);
    };
    fc.assert(fc.property(networkPlan(long), widths, check), { numRuns: NETWORKS, seed: SEED });
    expect(leaped).toBeGreaterThan(0.1 * NETWORKS);
  });
});
