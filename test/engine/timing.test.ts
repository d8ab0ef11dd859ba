/** The sentences of engine/network.ts, one by one, on networks small enough to be worked out by hand; for both engines. */

import { describe, expect, it } from "vitest";
import type { NetworkSpec, RequestSource } from "../../src/engine/network.ts";
import { runNetwork } from "../../src/engine/run.ts";
import { runOracle } from "../../src/sim/oracle.ts";
import { cyclicSource, port, server, stage, wire } from "../support/networks.ts";

const network = (spec: Partial<NetworkSpec>): NetworkSpec => ({ processes: [], channels: [], resources: [], ...spec });

describe.each([
  { name: "fast engine", run: runNetwork },
  { name: "oracle", run: runOracle },
])("$name", ({ run }) => {
  it("adds latencies of process and channel to each start, and counts what a consumer waits", () => {
    const source = stage("source", 4, [port(0, "stream-out")], { ii: 2, latency: 3 });
    const sink = stage("sink", 4, [port(0, "stream-in")]);
    const result = run(network({ processes: [source, sink], channels: [wire("c")] }));
    const none = { fill: [0], late: [0], memoryBy: [], lateBy: [] };
    expect(result.processes[0]).toEqual({ firings: 4, lastStart: 6, busy: 8, starved: 0, blocked: 0, memory: 0, waits: [0], ...none });
    expect(result.processes[1]).toEqual({ firings: 4, lastStart: 10, busy: 4, starved: 7, blocked: 0, memory: 0, waits: [7], ...none, fill: [4] });
    expect(result).toMatchObject({ finished: true, ticks: 11, firings: 8, channels: [{ pushed: 4, popped: 4 }] });
  });

  it("blocks a producer until the tick after its consumer has taken a token from the full FIFO", () => {
    const source = stage("source", 3, [port(0, "stream-out")]);
    const sink = stage("sink", 3, [port(0, "stream-in")], { ii: 3 });
    const { ticks, processes } = run(network({ processes: [source, sink], channels: [wire("c", 1)] }));
    expect(processes.map(({ lastStart }) => lastStart)).toEqual([5, 7]);
    expect(processes[0]).toMatchObject({ busy: 3, blocked: 3, waits: [3] });
    expect(ticks).toBe(10);
  });

  it("pops a level's token when its iteration begins and pushes when it ends", () => {
    const factor = stage("factor", 2, [port(0, "stream-out")]);
    const reduce = stage("reduce", 6, [port(0, "stream-in", 3), port(1, "stream-out", 3)]);
    const sink = stage("sink", 2, [port(1, "stream-in")]);
    const { processes } = run(network({ processes: [factor, reduce, sink], channels: [wire("factor"), wire("sum")] }));
    expect(processes.map(({ lastStart }) => lastStart)).toEqual([1, 6, 7]);
    expect(processes[2]).toMatchObject({ starved: 6, waits: [6] });
  });

  it("hands a buffer over whole, and takes it back when its reader ends", () => {
    const writer = stage("writer", 4, [port(0, "buffer-out", 2)]);
    const reader = stage("reader", 4, [port(0, "buffer-in", 2)], { ii: 3 });
    const single = run(network({ processes: [writer, reader], channels: [wire("tile", 1)] }));
    expect(single.processes.map(({ lastStart }) => lastStart)).toEqual([7, 11]);
    const double = run(network({ processes: [writer, reader], channels: [wire("tile", 2)] }));
    expect(double.processes.map(({ lastStart }) => lastStart)).toEqual([3, 11]);
  });

  it("gives a wait to the input that came last, the lowest port among equals", () => {
    const slow = (name: string, channel: number, latency: number) => stage(name, 1, [port(channel, "stream-out")], { latency });
    const join = stage("join", 1, [port(0, "stream-in"), port(1, "stream-in"), port(2, "stream-in")]);
    const channels = [wire("a"), wire("b"), wire("c")];
    const { processes } = run(network({ processes: [slow("a", 0, 1), slow("b", 1, 5), slow("c", 2, 5), join], channels }));
    expect(processes[3]).toMatchObject({ starved: 6, waits: [0, 6, 0] });
  });

  it("gives a wait to the output whose slot came last, the lowest port among equals", () => {
    const source = stage("source", 2, [port(0, "stream-out"), port(1, "stream-out"), port(2, "stream-out")]);
    const sink = (name: string, channel: number, latency: number) => [wire(name, 1, { latency }), stage(name, 2, [port(channel, "stream-in")])] as const;
    const sinks = [sink("a", 0, 2), sink("b", 1, 4), sink("c", 2, 4)];
    const { processes } = run(network({ processes: [source, ...sinks.map(([, p]) => p)], channels: sinks.map(([c]) => c) }));
    expect(processes[0]).toMatchObject({ lastStart: 5, blocked: 4, waits: [0, 4, 0] });
  });

  it("gives tokens of a firing with bursts their time when the last burst is done", () => {
    const load = stage("load", 1, [port(0, "stream-out")], { latency: 2, requests: { outstanding: 1, source: cyclicSource([[0, 0, 1]]) } });
    const sink = stage("sink", 1, [port(0, "stream-in")]);
    const { processes, resources, ticks } = run(
      network({ processes: [load, sink], channels: [wire("c")], resources: [server("a"), server("b", { service: 1 })] }),
    );
    expect(processes[1]).toMatchObject({ lastStart: 18 + 2 + 1 });
    expect(resources[0]).toEqual({ served: 2, busy: 8, free: 8, refreshHits: 0, waited: 4 });
    expect(ticks).toBe(22);
  });

  it("takes the slot of an earlier firing the tick after that one's last completion", () => {
    const load = stage("load", 3, [], { requests: { outstanding: 2, source: cyclicSource([[0]]) } });
    const { processes } = run(network({ processes: [load], resources: [server("a")] }));
    expect(processes[0]).toMatchObject({ lastStart: 15, memory: 13, starved: 0, blocked: 0 });
  });

  it("counts as outstanding only what has bursts", () => {
    const load = (outstanding: number) => stage("load", 5, [], { requests: { outstanding, source: cyclicSource([[0], [], [0], [], [0]]) } });
    const counters = (outstanding: number) => run(network({ processes: [load(outstanding)], resources: [server("a")] })).processes[0];
    // Requests at 0 and 2 are done at 14 and 18; the third takes the slot of the first at 15, or none is left to wait for.
    expect(counters(2)).toMatchObject({ lastStart: 15, memory: 15 - 4 });
    expect(counters(3)).toMatchObject({ lastStart: 4, memory: 0 });
    // One at a time: requests at 0, 15 and, with a firing at 16 in between, 30.
    expect(counters(1)).toMatchObject({ lastStart: 30, memory: 15 - 2 + (30 - 17) });
  });

  it("charges a wait for a slot to the resource that completed last, the lowest among equals", () => {
    const memoryBy = (services: readonly number[]) => {
      const resources = services.map((service, r) => server(`r${r}`, { service }));
      const load = stage("load", 2, [], { requests: { outstanding: 1, source: cyclicSource([[2, 1, 0], [0]]) } });
      return run(network({ processes: [load], resources })).processes[0]!.memoryBy;
    };
    expect(memoryBy([4, 9, 4])).toEqual([0, 9 + 10, 0]);
    expect(memoryBy([4, 9, 9])).toEqual([0, 9 + 10, 0]);
    expect(memoryBy([4, 4, 9])).toEqual([0, 0, 9 + 10]);
  });

  it("calls a token late for as long as its bursts were under way, not for what its producer began late", () => {
    const feed = stage("feed", 1, [port(0, "stream-out")], { latency: 100 });
    const load = stage("load", 1, [port(0, "stream-in"), port(1, "stream-out")], { latency: 3, requests: { outstanding: 1, source: cyclicSource([[1]]) } });
    const sink = stage("sink", 1, [port(1, "stream-in")]);
    const spec = network({ processes: [feed, load, sink], channels: [wire("a"), wire("b")], resources: [server("r0"), server("r1")] });
    const { processes } = run(spec);
    expect(processes[1]).toMatchObject({ starved: 101, late: [0, 0], lateBy: [0, 14] });
    expect(processes[2]).toMatchObject({ starved: 101 + 14 + 3 + 1, fill: [119], late: [14] });
  });

  it("calls no wait late for a token whose bursts were done in time, nor for one without bursts", () => {
    const late = (bursts: readonly (readonly number[])[], ii: number) => {
      const load = stage("load", 4, [port(0, "stream-out")], { ii, requests: { outstanding: 4, source: cyclicSource(bursts) } });
      const sink = stage("sink", 4, [port(0, "stream-in")], { ii: 30 });
      const { processes } = run(network({ processes: [load, sink], channels: [wire("c")], resources: [server("r")] }));
      return [processes[1]!.waits[0], processes[1]!.fill[0], processes[1]!.late[0], processes[0]!.lateBy[0]];
    };
    expect(late([[0]], 1)).toEqual([15, 15, 14, 14]);
    expect(late([[]], 1)).toEqual([1, 1, 0, 0]);
    // One every 50 ticks: the sink has waited 20 for each after the first, 14 of them for its burst.
    expect(late([[0]], 50)).toEqual([15 + 3 * 20, 15, 4 * 14, 4 * 14]);
  });

  it("streams single words of a burst at one a tick while few requests are under way", () => {
    const words = [[0], [], [], [], [], [], [], []];
    const load = stage("load", 800, [port(0, "stream-out")], { requests: { outstanding: 2, source: cyclicSource(words) } });
    const sink = stage("sink", 800, [port(0, "stream-in")]);
    const { processes } = run(network({ processes: [load, sink], channels: [wire("c", 2 * words.length)], resources: [server("a")] }));
    expect(processes[0]).toMatchObject({ lastStart: 799, memory: 0 });
  });

  it("asks once for each firing, in order, and no further than the first that cannot fire", () => {
    const draws = (tokens: number) => {
      const source = cyclicSource([[0], [], [0]]);
      const asked: number[] = [];
      const next: RequestSource["next"] = (n, into, inputs) => {
        asked.push(n);
        return source.next(n, into, inputs);
      };
      const feed = stage("feed", tokens, [port(0, "stream-out")]);
      const load = stage("load", 6, [port(0, "stream-in")], { requests: { outstanding: 1, source: { ...source, next } } });
      run(network({ processes: [feed, load], channels: [wire("c")], resources: [server("a")] }));
      return asked;
    };
    expect(draws(6)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(draws(3).slice(0, 3)).toEqual([0, 1, 2]);
    expect(draws(3).length).toBeLessThanOrEqual(4);
  });

  it("shows the source the words that the firing pops, the same for all firings of a longer period, and nothing where the process does not compute", () => {
    const seen: number[][] = [];
    const next: RequestSource["next"] = (_n, into, inputs) => {
      seen.push(inputs.flatMap((words) => [...words]));
      into.fill(0);
      return inputs[0]?.[0] ?? 1;
    };
    const requests = { outstanding: 1, source: { ...cyclicSource([[0, 0]]), next } };
    const count = (n: number, _inputs: unknown, outputs: readonly Float64Array[]): number => outputs[0]!.fill(n).length;
    const feed = stage("feed", 3, [port(0, "stream-out")], { behaviour: { fire: count } });
    const fetch = stage("fetch", 6, [port(0, "stream-in", 2)], { requests, behaviour: { fire: () => 1 } });
    const served = (processes: NetworkSpec["processes"]): number =>
      run(network({ processes, channels: [wire("c", 8, { words: 1 })], resources: [server("a")] })).resources[0]!.served;
    expect(served([feed, fetch])).toBe(0 + 0 + 1 + 1 + 2 + 2);
    expect(seen.splice(0)).toEqual([[0], [0], [1], [1], [2], [2]]);
    expect(served([feed, { ...stage("fetch", 6, [port(0, "stream-in", 2)]), requests }])).toBe(6);
    expect(seen).toEqual([[], [], [], [], [], []]);
  });

  it("lets a firing without bursts push at once, past one that is still under way", () => {
    const load = stage("load", 2, [port(0, "stream-out")], { requests: { outstanding: 1, source: cyclicSource([[0], []]) } });
    const sink = stage("sink", 2, [port(0, "stream-in")]);
    const { processes } = run(network({ processes: [load, sink], channels: [wire("c")], resources: [server("a")] }));
    expect(processes.map(({ lastStart }) => lastStart)).toEqual([1, 16]);
    expect(processes[1]).toMatchObject({ starved: 15 });
  });

  it.each([
    { kind: "time only", behaviour: {} },
    { kind: "data", behaviour: { behaviour: { fire: () => 1 } } },
  ])("ends no earlier than a token that a firing without bursts has overtaken ($kind)", ({ behaviour }) => {
    const feed = stage("feed", 2, [port(0, "stream-out")], { requests: { outstanding: 1, source: cyclicSource([[], [1]]) } });
    const requests = { outstanding: 1, source: cyclicSource([[0], []]) };
    const load = stage("load", 2, [port(0, "stream-in"), port(1, "stream-out")], { latency: 3, requests, ...behaviour });
    const sink = stage("sink", 0, [port(1, "stream-in")]);
    const resources = [server("slow"), server("quick", { latency: 0 })];
    const { processes, ticks } = run(network({ processes: [feed, load, sink], channels: [wire("a"), wire("b")], resources }));
    // Firing 0 at 1 is done at 15; firing 1 waits for the other memory until 6.
    expect(processes[1]).toMatchObject({ firings: 2, lastStart: 6 });
    expect(ticks).toBe(15 + 3 + 1);
  });

  it("serves requests of one tick in the order of their processes", () => {
    const client = (name: string, channel: number) =>
      stage(name, 1, [port(channel, "stream-out")], { requests: { outstanding: 1, source: cyclicSource([[0]]) } });
    const sink = (name: string, channel: number) => stage(name, 1, [port(channel, "stream-in")]);
    const processes = [sink("x", 1), client("a", 0), client("b", 1), sink("y", 0)];
    const result = run(network({ processes, channels: [wire("a"), wire("b")], resources: [server("r")] }));
    expect(result.processes.map(({ lastStart }) => lastStart)).toEqual([19, 0, 0, 15]);
  });

  it("counts a resource's time in its own clock, rounded up where it crosses", () => {
    const load = stage("load", 2, [], { ii: 2, requests: { outstanding: 2, source: cyclicSource([[0]]) } });
    const resource = server("r", { clock: { numerator: 2, denominator: 3 }, service: 3, latency: 0, origin: 1 });
    const { resources, ticks } = run(network({ processes: [load], resources: [resource] }));
    // Seen at ceil(1 * 2/3) = 1 and ceil(3 * 2/3) = 2; served 1..4 and 4..7; done at ceil(7 * 3/2) - 1 = 10.
    expect(resources[0]).toEqual({ served: 2, busy: 6, free: 7, refreshHits: 0, waited: 2 });
    expect(ticks).toBe(10);
  });

  it("starts no service inside a refresh window, but finishes one there", () => {
    const load = (ii: number) => stage("load", 3, [], { ii, requests: { outstanding: 3, source: cyclicSource([[0]]) } });
    const resource = server("r", { latency: 0, refresh: { interval: 10, duration: 3 } });
    const served = (ii: number) => run(network({ processes: [load(ii)], resources: [resource] })).resources[0];
    expect(served(1)).toEqual({ served: 3, busy: 12, free: 12, refreshHits: 0, waited: 3 + 6 });
    expect(served(5)).toEqual({ served: 3, busy: 12, free: 17, refreshHits: 1, waited: 3 });
    expect(served(6)).toEqual({ served: 3, busy: 12, free: 17, refreshHits: 1, waited: 1 });
  });

  it("hands datapaths the token popped last and lets them lengthen a firing", () => {
    const seen: number[] = [];
    const source = stage("source", 2, [port(0, "stream-out")], {
      behaviour: {
        fire: (n, _, outputs) => {
          outputs[0]![0] = 10 + n;
          return 0;
        },
      },
    });
    const sink = stage("sink", 4, [port(0, "stream-in", 2)], {
      behaviour: {
        fire: (n, inputs) => {
          seen.push(inputs[0]![0]!);
          return n === 0 ? 5 : 1;
        },
      },
    });
    const { processes } = run(network({ processes: [source, sink], channels: [wire("c", 8, { words: 1 })] }));
    expect(seen).toEqual([10, 10, 11, 11]);
    expect(processes[1]).toMatchObject({ lastStart: 8, busy: 8 });
  });

  it("stops where nothing can move", () => {
    const a = stage("a", 2, [port(0, "stream-in"), port(1, "stream-out")]);
    const b = stage("b", 2, [port(1, "stream-in"), port(0, "stream-out")]);
    const free = stage("free", 3, []);
    const result = run(network({ processes: [a, b, free], channels: [wire("back"), wire("forth")] }));
    expect(result).toMatchObject({ finished: false, firings: 3, ticks: 3, processes: [{ firings: 0, lastStart: -1 }, { firings: 0 }, { firings: 3 }] });
  });

  it("refuses to fire later than the limit, and fires at it", () => {
    const spec = () => network({ processes: [stage("slow", 3, [], { ii: 5 })] });
    expect(run(spec(), { maxTicks: 10 }).ticks).toBe(15);
    expect(() => run(spec(), { maxTicks: 9 })).toThrow("slow would fire at tick 10, the limit is 9");
  });

  it("takes a network of nothing and processes that never fire", () => {
    expect(run(network({}))).toEqual({ finished: true, ticks: 0, processes: [], channels: [], resources: [], firings: 0 });
    const idle = run(network({ processes: [stage("never", 0, [port(0, "stream-out")]), stage("nor", 0, [port(0, "stream-in")])], channels: [wire("c")] }));
    expect(idle).toMatchObject({ finished: true, ticks: 0 });
  });
});

it("crosses 2^31 firings in silence", () => {
  const { ticks, firings } = runNetwork(
    network({ processes: [stage("long", 3e12, [port(0, "stream-out", 3e12)]), stage("sink", 1, [port(0, "stream-in")])], channels: [wire("c")] }),
  );
  expect([ticks, firings]).toEqual([3e12 + 1, 3e12 + 1]);
});
