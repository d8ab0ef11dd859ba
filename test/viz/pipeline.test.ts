import { describe, expect, it } from "vitest";
import { fillAndDrain, isLong, meanFillAndDrain, stageCycles, stagesOf } from "../../viz/model/pipeline.ts";
import { type RunView, viewOf } from "../../viz/model/run.ts";
import { cyclesIn, STATES } from "../../viz/model/states.ts";
import { activityOf, busiestStages, busyDifference, openAtFirst } from "../../viz/model/timeline.ts";
import { wholeOf } from "../../viz/model/window.ts";
import { kmeansBundle, roundsTogether, softmaxBundle } from "../support/traces.ts";

const softmax = viewOf(softmaxBundle());
const kmeans = viewOf(kmeansBundle());
const runs: readonly (readonly [string, RunView])[] = [
  ["softmax", softmax],
  ["kmeans", kmeans],
];

describe.each(runs)("the stages of %s", (_, run) => {
  it("are all units of a section, and have their cycles", () => {
    for (const section of run.sections) {
      const stages = stagesOf(section);
      expect(stages.flatMap(({ units }) => units.map(({ index }) => index)).sort((a, b) => a - b)).toEqual(section.units.map(({ index }) => index));
      for (const stage of stages) {
        const counted = STATES.map((state) => stage.units.reduce((sum, { result }) => sum + cyclesIn(result, state), 0));
        stageCycles(run, section, stage, wholeOf(run)).forEach((one, s) => expect(one).toBeCloseTo(counted[s]!, 3));
        expect(activityOf(run, stage.units, wholeOf(run), 10).cycles).toEqual(counted);
      }
    }
  });

  it("fill, work and drain between the section's start and its end", () => {
    for (const section of run.sections) {
      for (const stage of stagesOf(section)) {
        for (const span of section.spans) {
          const ends = fillAndDrain(run, section, stage, span);
          if (ends === null) continue;
          expect(ends.start).toBe(span.start + span.configuring_cycles);
          expect(ends.end).toBe(span.start + span.cycles);
          expect([ends.start, ends.first, ends.last, ends.end].every((at, i, all) => i === 0 || at >= all[i - 1]!)).toBe(true);
          expect(ends.fill_cycles + (ends.last - ends.first) + ends.drain_cycles).toBe(ends.end - ends.start);
        }
      }
    }
  });

  it("have shares that add up to one in every column", () => {
    for (const section of run.sections) {
      const { shares, columns } = activityOf(run, section.units, wholeOf(run), 25);
      for (let column = 0; column < columns; column++) {
        const sum = STATES.reduce((total, __, s) => total + shares[column * STATES.length + s]!, 0);
        expect(sum).toBeCloseTo(1, 9);
      }
    }
  });
});

describe("fill and drain", () => {
  it("of softmax: what comes later in the pipeline fires later, to within a bin", () => {
    const [section] = softmax.sections;
    const [span] = section!.spans;
    expect(isLong(softmax, span!)).toBe(true);
    const fills = stagesOf(section!).map((stage) => fillAndDrain(softmax, section!, stage, span!)!.fill_cycles);
    expect([...fills].sort((a, b) => a - b)).toEqual(fills);
    expect(fills[0]).toBeLessThan(fills.at(-1)!);
    const store = stagesOf(section!).find(({ name }) => name === "y / ag")!;
    expect(meanFillAndDrain(softmax, section!, store)!.fill_cycles).toBe(fills.at(-1));
  });

  it("are not told of runs that are told together", () => {
    const together = viewOf(roundsTogether(kmeansBundle()));
    for (const section of together.sections.filter(({ result }) => result.runs > 1)) {
      for (const stage of stagesOf(section)) expect(meanFillAndDrain(together, section, stage)).toBeNull();
    }
  });
});

describe("the timeline", () => {
  it("calls those stages busiest that are, with those as busy", () => {
    const [section] = softmax.sections;
    const stages = stagesOf(section!);
    const activities = stages.map(({ units }) => activityOf(softmax, units, wholeOf(softmax), 1));
    const shares = activities.map(({ shares: [busy] }) => busy!);
    const most = Math.max(...shares);
    const busiest = busiestStages(stages, activities);
    expect(busiest.size).toBeGreaterThan(0);
    shares.forEach((share, stage) => expect(busiest.has(stage)).toBe(share >= most * 0.999));
    expect(busiestStages([], []).size).toBe(0);
  });

  it("opens the longest section, and others as far as there is room", () => {
    const long = [...kmeans.sections].sort((a, b) => b.result.cycles - a.result.cycles)[0]!;
    const many = (): ReturnType<typeof stagesOf> => Array.from({ length: 40 }, () => ({ name: "", units: [] }));
    expect([...openAtFirst(kmeans.sections, many)]).toEqual([long.number]);
    expect(openAtFirst(kmeans.sections, () => []).size).toBe(kmeans.sections.length);
  });

  it("differs by nothing from itself", () => {
    const activity = activityOf(softmax, softmax.units, wholeOf(softmax), 8);
    expect([...busyDifference(activity, activity)]).toEqual(Array(8).fill(0));
  });
});
