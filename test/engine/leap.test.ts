import { describe, expect, it } from "vitest";
import { FIRED, LAST, SERVED } from "../../src/engine/layout.ts";
import { processState, resourceState, shiftState } from "../../src/engine/leap.ts";
import type { NetworkSpec } from "../../src/engine/network.ts";
import { runRound, runToEnd } from "../../src/engine/run.ts";
import { createState } from "../../src/engine/state.ts";
import { cyclicSource, port, server, stage, wire } from "../support/networks.ts";

const UNKNOWN = Number.NEGATIVE_INFINITY;
/** POP | FREE, and TAKE | PUSH. */
const [STREAM_IN, STREAM_OUT] = [3, 12];

describe("the normalised state of a process", () => {
  /** The join has fired once at tick 1, is ready at 11, and holds a second token that came at tick ii + 1; its other input will not come. */
  const joined = (ii: number): NetworkSpec => ({
    processes: [
      stage("a", 2, [port(0, "stream-out")], { ii }),
      stage("b", 1, [port(1, "stream-out")]),
      stage("join", 2, [port(0, "stream-in"), port(1, "stream-in")], { ii: 10 }),
    ],
    channels: [wire("a"), wire("b")],
    resources: [],
  });
  const joinState = (ii: number, now: number) => {
    const state = createState(joined(ii));
    runToEnd(state);
    return processState(state, 2, now);
  };

  it("is its clock, and for each port its next event and what stands in its ring", () => {
    expect(joinState(11, 4)).toEqual([7, 0, STREAM_IN, 1, 8, 0, STREAM_IN, 0]);
  });

  it("does not tell apart tokens that came before its clock", () => {
    expect(joinState(1, 4)).toEqual(joinState(10, 4));
    expect(joinState(11, 4)).not.toEqual(joinState(10, 4));
    expect(joinState(12, 4)).not.toEqual(joinState(11, 4));
  });

  it("shows the phase of its levels", () => {
    const phases = [0, 1, 2].map((tokens) => {
      const feed = stage("feed", tokens, [port(0, "stream-out")]);
      const fold = stage("fold", 3, [port(0, "stream-in"), port(1, "stream-out", 3)]);
      const sink = stage("sink", 1, [port(1, "stream-in")]);
      const state = createState({ processes: [feed, fold, sink], channels: [wire("c"), wire("d", 1)], resources: [] });
      runToEnd(state);
      return processState(state, 1, 0);
    });
    expect(phases.map((state) => state[4])).toEqual([2, 1, 0]);
  });

  it("holds what is under way: bursts pending, the start, the latest completion and its resource, and where its tokens stand", () => {
    const load = stage("load", 9, [port(0, "stream-out")], { requests: { outstanding: 2, source: cyclicSource([[0, 0], [], [0]]) } });
    const sink = stage("sink", 9, [port(0, "stream-in")]);
    const state = createState({ processes: [load, sink], channels: [wire("c", 4)], resources: [server("r")] });
    runRound(state);
    // Firing 0 at tick 0 waits for two bursts, firing 2 at tick 2 for one; firing 1 at tick 1 had none; firing 3 has two and waits for the slot of firing 0.
    const [ready, output] = [1, [0, STREAM_OUT, 1, 1]];
    const flights = [...[UNKNOWN, 2, -2, -2, 0, 3], ...[UNKNOWN, 1, 0, 0, 0, 1]];
    const [drawn, drawsAfter] = [[2, 0, 0], 4 % 3];
    expect(processState(state, 0, 2)).toEqual([ready, ...output, ...flights, ...drawn, drawsAfter]);
    expect(processState(state, 1, 2)).toEqual([-2, 0, STREAM_IN, 3, UNKNOWN, 0, UNKNOWN, 0]);
  });

  it("tells bursts that have been drawn from bursts that have not", () => {
    const stateOf = (depth: number) => {
      const load = stage("load", 9, [port(0, "stream-out")], { requests: { outstanding: 1, source: cyclicSource([[1, 0]]) } });
      const channels = [wire("c", depth)];
      const state = createState({ processes: [load, stage("sink", 9, [port(0, "stream-in")])], channels, resources: [server("r"), server("s")] });
      runRound(state);
      return processState(state, 0, 0).slice(-4);
    };
    // With one slot in the FIFO it waits for that, and has not asked yet.
    expect(stateOf(2)).toEqual([2, 1, 0, 0]);
    expect(stateOf(1).slice(-2)).toEqual([-1, 0]);
  });

  it("of one that is done is the same at any time", () => {
    const state = createState({ processes: [stage("a", 2, [])], channels: [], resources: [] });
    runToEnd(state);
    expect(processState(state, 0, 5)).toEqual(processState(state, 0, 50));
  });
});

describe("a leap of a process whose next bursts have been drawn", () => {
  it.each([
    { firings: 4, fired: 5, draws: 6 },
    { firings: 8, fired: 9, draws: 9 },
  ])("of $firings firings ends with the draws that $fired firings have made, and never asks past the last", ({ firings, fired, draws }) => {
    const source = cyclicSource(Array.from({ length: 100 }, () => [0]));
    const state = createState({ processes: [stage("load", 9, [], { requests: { outstanding: 1, source } })], channels: [], resources: [server("r")] });
    runRound(state);
    expect([state.pf[FIRED], ...source.normalisedState()]).toEqual([1, 2]);
    const counts = new Float64Array(state.count.length);
    counts[state.resourceCount + SERVED] = firings;
    shiftState(state, { cycles: 15 * firings, firings: [firings], counts });
    expect([state.pf[FIRED], ...source.normalisedState()]).toEqual([fired, draws]);
    runToEnd(state);
    expect(source.normalisedState()).toEqual([9]);
    expect(state.pf[LAST]).toBe(15 * 8);
  });
});

describe("the normalised state of a resource", () => {
  const clock = { numerator: 2, denominator: 3 };
  const stateOf = (rest: Parameters<typeof server>[1], rounds: number) => {
    const client = (name: string, ii: number) => stage(name, 9, [], { ii, requests: { outstanding: 2, source: cyclicSource([[0]]) } });
    const state = createState({ processes: [client("a", 2), client("b", 3)], channels: [], resources: [server("r", rest)] });
    for (let round = 0; round < rounds; round++) runRound(state);
    return state;
  };

  it("is how long it is taken, the phase of its clock, and who waits since when with which of his slots", () => {
    const state = stateOf({ clock }, 1);
    expect(resourceState(state, 0, 1)).toEqual([-1, 2, -1, 0, 0, -1, 1, 0, 1, 0, 1, 2, 1, 1]);
    expect(resourceState(state, 0, 3).slice(0, 2)).toEqual([-2, 0]);
  });

  it("has its own clock as far as that is ahead of every request to come", () => {
    const [one, two] = [stateOf({ service: 4 }, 2), stateOf({ service: 5 }, 2)];
    expect([one.free[0], two.free[0]]).toEqual([16, 20]);
    expect(resourceState(one, 0, 3)).toEqual([13, 0]);
    expect(resourceState(two, 0, 3)).toEqual([17, 0]);
  });

  it("knows the phase of its refresh, and whether the first window is still to come", () => {
    const refresh = { interval: 20, duration: 3 };
    expect(resourceState(stateOf({ refresh }, 1), 0, 1).slice(0, 4)).toEqual([-1, 0, 1, 1]);
    expect(resourceState(stateOf({ refresh, origin: 20 }, 1), 0, 1).slice(0, 4)).toEqual([-1, 0, 1, 0]);
    expect(resourceState(stateOf({ refresh, origin: 25 }, 1), 0, 1).slice(0, 4)).toEqual([-1, 0, 6, 0]);
  });

  it("that nobody will ask again is the same at any time", () => {
    const state = stateOf({}, 0);
    runToEnd(state);
    expect(resourceState(state, 0, 500)).toEqual(resourceState(state, 0, 900));
  });
});
