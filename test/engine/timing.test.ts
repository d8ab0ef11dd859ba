/** The sentences of engine/network.ts, one by one, on networks small enough to be worked out by hand; for both engines. */

import { describe, expect, it } from "vitest";
import type { Behaviour, Steering } from "../../src/engine/behaviour.ts";
import type { NetworkSpec, PortSpec, ProcessSpec, RequestSource } from "../../src/engine/network.ts";
import { runNetwork } from "../../src/engine/run.ts";
import { countedLoops } from "../../src/engine/steering.ts";
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
    expect(resources[0]).toEqual({ served: 2, busy: 8, free: 8, refreshHits: 0, waited: 4, counts: [] });
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
      const next: RequestSource["next"] = (n, into, inputs, words) => {
        asked.push(n);
        return source.next(n, into, inputs, words);
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
    expect(resources[0]).toEqual({ served: 2, busy: 6, free: 7, refreshHits: 0, waited: 2, counts: [] });
    expect(ticks).toBe(10);
  });

  it("starts no service inside a refresh window, but finishes one there", () => {
    const load = (ii: number) => stage("load", 3, [], { ii, requests: { outstanding: 3, source: cyclicSource([[0]]) } });
    const resource = server("r", { latency: 0, refresh: { interval: 10, duration: 3 } });
    const served = (ii: number) => run(network({ processes: [load(ii)], resources: [resource] })).resources[0];
    expect(served(1)).toEqual({ served: 3, busy: 12, free: 12, refreshHits: 0, waited: 3 + 6, counts: [] });
    expect(served(5)).toEqual({ served: 3, busy: 12, free: 17, refreshHits: 1, waited: 3, counts: [] });
    expect(served(6)).toEqual({ served: 3, busy: 12, free: 17, refreshHits: 1, waited: 1, counts: [] });
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

  describe("whose trips are read", () => {
    const words = (list: readonly number[]): Behaviour => ({
      fire: (n, _, outputs) => {
        outputs[0]!.fill(list[n]!);
        return 1;
      },
    });
    const rowTrips = (): Steering => countedLoops([() => 3, (inputs) => inputs[0]![0]!]);
    const value = (name: string) => wire(name, 8, { words: 1 });
    const at = (channel: number, kind: PortSpec["kind"], level: number): PortSpec => ({ channel, kind, period: 1, level });

    it("acts at the ports of each level by the trips it reads, and gives an iteration of no trips one firing at which nothing inner happens", () => {
      const seen: number[][] = [];
      const fire: Behaviour["fire"] = (_n, inputs) => seen.push(inputs.slice(0, 2).map((list) => list[0]!));
      const rows = stage("rows", 99, [at(0, "stream-in", 1), at(1, "stream-in", 2), at(2, "stream-out", 1)], {
        behaviour: { fire: (...args) => Math.min(1, fire(...args)), steering: rowTrips() },
      });
      const lengths = stage("lengths", 3, [port(0, "stream-out")], { behaviour: words([2, 0, 3]) });
      const values = stage("values", 5, [port(1, "stream-out")], { behaviour: words([10, 11, 12, 13, 14]) });
      const sums = stage("sums", 3, [port(2, "stream-in")]);
      const result = run(network({ processes: [rows, lengths, values, sums], channels: [value("lengths"), value("values"), wire("sums")] }));
      expect(result).toMatchObject({
        finished: true,
        channels: [
          { pushed: 3, popped: 3 },
          { pushed: 5, popped: 5 },
          { pushed: 3, popped: 3 },
        ],
      });
      expect(result.processes[0]).toMatchObject({ firings: 6, lastStart: 6, busy: 6, starved: 1, blocked: 0, memory: 0, waits: [1, 0, 0] });
      // Sums leave at 2, 3 and 6.
      expect(result.processes[3]).toMatchObject({ lastStart: 7, starved: 3 + 2 });
      expect(seen).toEqual([
        [2, 10],
        [2, 11],
        [0, 11],
        [3, 12],
        [3, 13],
        [3, 14],
      ]);
    });

    it("hands buffers over whose iterations differ in length, and none for what is not entered", () => {
      const fill = stage("fill", 99, [at(0, "stream-in", 1), at(1, "buffer-out", 2)], {
        behaviour: { fire: () => 1, steering: countedLoops([() => 3, (inputs) => (inputs[0]![0]! > 0 ? 1 : 0), (inputs) => inputs[0]![0]!]) },
      });
      const lengths = stage("lengths", 3, [port(0, "stream-out")], { behaviour: words([3, 0, 2]) });
      const drain = stage("drain", 2, [port(1, "buffer-in")], { ii: 9 });
      const { processes, channels, finished } = run(network({ processes: [fill, lengths, drain], channels: [value("lengths"), wire("tile", 1)] }));
      // Tiles are there at 4 and, since the slot is free again at 5, at 7.
      expect(processes.map(({ firings, lastStart }) => [firings, lastStart])).toEqual([
        [6, 6],
        [3, 2],
        [2, 13],
      ]);
      expect([finished, channels[1]]).toEqual([true, { pushed: 2, popped: 2 }]);
    });

    it("may end by a word of the stream", () => {
      const steering: Steering = { loops: 1, enters: () => true, ends: (reach, inputs) => (inputs[0]![0] === 0 ? 0 : reach) };
      const reader = stage("reader", 9, [at(0, "stream-in", 1), at(1, "stream-out", 0)], { behaviour: { fire: () => 1, steering } });
      const source = stage("source", 4, [port(0, "stream-out")], { behaviour: words([5, 4, 0, 7]) });
      const sink = stage("sink", 1, [port(1, "stream-in")]);
      const result = run(network({ processes: [source, reader, sink], channels: [value("c"), wire("d")] }));
      expect(result).toMatchObject({ finished: true, processes: [{ firings: 4 }, { firings: 3, lastStart: 3 }, { lastStart: 4 }] });
      expect(result.channels[0]).toEqual({ pushed: 4, popped: 3 });
    });

    it("is asked level by level about each firing once, then its source, then its datapath", () => {
      const asked: string[] = [];
      const note = <T>(word: string, answer: T): T => {
        asked.push(word);
        return answer;
      };
      const trips = countedLoops([(inputs) => inputs[0]![0]!, (inputs) => inputs[1]![0]!]);
      const steering: Steering = {
        loops: 2,
        enters: (level, inputs) => note(`enters ${level}: ${inputs.map((list) => list[0])}`, trips.enters(level, inputs)),
        ends: (reach, inputs) => note(`ends ${reach}`, trips.ends(reach, inputs)),
      };
      const next: RequestSource["next"] = (n) => note(`bursts ${n}`, 0);
      const asks = stage("asks", 9, [at(0, "stream-in", 0), at(1, "stream-in", 1)], {
        behaviour: { fire: (n) => note(`fire ${n}`, 1), steering },
        requests: { outstanding: 1, source: { ...cyclicSource([[]]), next } },
      });
      const processes = [
        stage("outer", 1, [port(0, "stream-out")], { behaviour: words([2]) }),
        stage("inner", 2, [port(1, "stream-out")], { ii: 7, behaviour: words([0, 1]) }),
        asks,
      ];
      expect(run(network({ processes, channels: [value("a"), value("b")] })).processes[2]).toMatchObject({ firings: 2, lastStart: 8 });
      const first = ["enters 0: 2,0", "enters 1: 2,0", "ends 1", "bursts 0", "fire 0"];
      expect(asked).toEqual([...first, "enters 1: 2,1", "ends 2", "bursts 1", "fire 1"]);
    });

    it("is a bug where it goes on for longer than it says", () => {
      const never: Steering = { loops: 1, enters: () => true, ends: (reach) => reach };
      const long = stage("long", 5, [], { behaviour: { fire: () => 1, steering: never } });
      expect(() => run(network({ processes: [long] }))).toThrow("long is not done after 5 firings");
    });
  });

  describe("with a clock of its own", () => {
    const clock = (numerator: number, denominator: number) => ({ clock: { numerator, denominator } });

    it("counts its own ticks, and its tokens arrive at a tick of their consumer", () => {
      const source = stage("source", 3, [port(0, "stream-out")], { latency: 1, ...clock(1, 2) });
      const sink = stage("sink", 3, [port(0, "stream-in")]);
      const { processes, ticks } = run(network({ processes: [source, sink], channels: [wire("c")] }));
      // Its ticks 1, 2 and 3 are 2, 4 and 6; a tick later its tokens are there.
      expect(processes[0]).toMatchObject({ lastStart: 2, busy: 3 });
      expect(processes[1]).toMatchObject({ lastStart: 7, starved: 3 + 1 + 1 });
      expect(ticks).toBe(8);
    });

    it("frees slots at its own ticks", () => {
      const source = stage("source", 4, [port(0, "stream-out")]);
      const sink = stage("sink", 4, [port(0, "stream-in")], clock(1, 3));
      const { processes, ticks } = run(network({ processes: [source, sink], channels: [wire("c", 2)] }));
      // Two tokens are there at its tick 1; it takes them at 1 and 2, so that slots are free at network ticks 6 and 9.
      expect(processes[0]).toMatchObject({ lastStart: 9, blocked: 4 + 2 });
      expect(processes[1]).toMatchObject({ lastStart: 4, starved: 1, busy: 4 });
      expect(ticks).toBe(15);
    });

    it("rounds a time once, from the exact one", () => {
      const arrival = (from: Partial<ProcessSpec>, to: Partial<ProcessSpec>) => {
        const source = stage("source", 1, [port(0, "stream-out")], { latency: 1, ...from });
        return run(network({ processes: [source, stage("sink", 1, [port(0, "stream-in")], to)], channels: [wire("c")] })).processes[1]!.lastStart;
      };
      // 1/2 + 1 network ticks are exactly 2 of the consumer's; from 2 whole network ticks they would be 3.
      expect(arrival(clock(2, 1), clock(4, 3))).toBe(2);
      expect(arrival(clock(2, 1), {})).toBe(2);
      expect(arrival(clock(3, 2), clock(3, 2))).toBe(1 + 2);
      expect(arrival(clock(2, 3), clock(2, 3))).toBe(1 + 1);
    });

    it("gives a wait to the input that came last by its own ticks", () => {
      const source = (name: string, channel: number, latency: number) => stage(name, 1, [port(channel, "stream-out")], { latency });
      const join = stage("join", 1, [port(0, "stream-in"), port(1, "stream-in")], clock(1, 4));
      const { processes } = run(network({ processes: [source("a", 0, 4), source("b", 1, 6), join], channels: [wire("a"), wire("b")] }));
      expect(processes[2]).toMatchObject({ lastStart: 2, waits: [2, 0] });
    });

    it("asks memory at its own ticks, and hears of it at the next of them", () => {
      const load = stage("load", 2, [port(0, "stream-out")], { requests: { outstanding: 1, source: cyclicSource([[0]]) }, ...clock(2, 1) });
      const sink = stage("sink", 2, [port(0, "stream-in")]);
      const resources = [server("r", { service: 3, clock: { numerator: 2, denominator: 3 } })];
      const result = run(network({ processes: [load, sink], channels: [wire("c")], resources }));
      // Served 0..3 of 2/3 a tick: done at 4.5 + 10 = 14.5, its tick 29. The second at 30, or 15: seen at 10, served to 13, done at 19.5 + 10, its tick 59.
      expect(result.processes[0]).toMatchObject({ lastStart: 30, memory: 29 });
      expect(result.processes[1]).toMatchObject({ lastStart: 31 });
      expect(result.resources[0]).toMatchObject({ served: 2, free: 13, waited: 0 });
      expect(result.ticks).toBe(32);
    });

    it("comes before a later request that the memory sees at the same time", () => {
      const client = (channel: number, rest: Partial<ProcessSpec>) =>
        stage(`client${channel}`, 2, [port(channel, "stream-out", 2)], { requests: { outstanding: 1, source: cyclicSource([[], [0]]) }, ...rest });
      const sinks = [0, 1].map((channel) => stage("sink", 1, [port(channel, "stream-in")]));
      const processes = [client(0, {}), client(1, clock(2, 1)), ...sinks];
      const result = run(network({ processes, channels: [wire("a"), wire("b")], resources: [server("r")] }));
      // At ticks 1 and 1/2; both are seen at 1.
      expect(result.processes.slice(2).map(({ lastStart }) => lastStart)).toEqual([20, 16]);
    });

    it("is limited in ticks of the network", () => {
      const spec = () => network({ processes: [stage("slow", 3, [], clock(1, 2))] });
      expect(run(spec(), { maxTicks: 4 }).ticks).toBe(6);
      expect(() => run(spec(), { maxTicks: 3 })).toThrow("slow would fire at tick 4, the limit is 3");
    });
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
