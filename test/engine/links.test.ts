/** A resource that completes a burst in the tick in which its service begins: the link of a packet network, with one or more tracks. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChannelSpec, NetworkSpec, ProcessSpec, ResourceSpec } from "../../src/engine/network.ts";
import { runNetwork } from "../../src/engine/run.ts";
import { runOracle } from "../../src/sim/oracle.ts";

interface Flow {
  readonly tokens: number;
  readonly ii: number;
  readonly slots: number;
  readonly latency: number;
  /** Links on its way, one after the other. */
  readonly links: readonly number[];
}

const link = (name: string, tracks: number): ResourceSpec => ({ name, service: 1, latency: -1, clock: { numerator: tracks, denominator: 1 }, origin: 0 });

const oneBurst = (resource: number): NonNullable<ProcessSpec["requests"]> => ({
  outstanding: 1,
  source: {
    maxBursts: 1,
    next: (_n, into) => {
      into[0] = resource;
      return 1;
    },
    repeats: () => Number.MAX_SAFE_INTEGER,
    shift: () => undefined,
  },
});

/** Sources, a process before each link of each flow, and sinks. */
function networkOf(flows: readonly Flow[], tracks: readonly number[]): NetworkSpec {
  const channels: ChannelSpec[] = [];
  const processes: ProcessSpec[] = [];
  flows.forEach(({ tokens, ii, slots, latency, links }, f) => {
    const segments = Array.from({ length: links.length + 1 }, (_, i) => channels.push({ name: `${f}.${i}`, depth: slots, latency, words: 0 }) - 1);
    const common = { firings: tokens, ii: 1, latency: 0 };
    processes.push({ name: `source ${f}`, ...common, ii, ports: [{ channel: segments[0]!, kind: "stream-out", period: 1 }] });
    links.forEach((resource, i) => {
      const ports = [
        { channel: segments[i]!, kind: "stream-in", period: 1 },
        { channel: segments[i + 1]!, kind: "stream-out", period: 1 },
      ] as const;
      processes.push({ name: `relay ${f}.${i}`, ...common, ports, requests: oneBurst(resource) });
    });
    processes.push({ name: `sink ${f}`, ...common, ports: [{ channel: segments.at(-1)!, kind: "stream-in", period: 1 }] });
  });
  return { processes, channels, resources: tracks.map((most, r) => link(`link ${r}`, most)) };
}

const lastStarts = (spec: NetworkSpec, name: string) =>
  runNetwork(spec).processes.flatMap(({ lastStart }, p) => (spec.processes[p]!.name.startsWith(name) ? [lastStart] : []));

describe("a shared link", () => {
  const flow: Flow = { tokens: 1, ii: 1, slots: 4, latency: 2, links: [0] };

  it("takes no time of its own, so that a token alone is there when its channels have it there", () => {
    expect(lastStarts(networkOf([flow], [1]), "sink")).toEqual([4]);
    expect(lastStarts(networkOf([{ ...flow, links: [0, 1] }], [1, 3]), "sink")).toEqual([6]);
  });

  it("takes as many tokens a cycle as it has tracks, those of earlier places first", () => {
    expect(lastStarts(networkOf([flow, flow, flow], [1]), "sink")).toEqual([4, 5, 6]);
    expect(lastStarts(networkOf([flow, flow, flow], [2]), "sink")).toEqual([4, 4, 5]);
  });

  it("gives channels that want all of it their turns", () => {
    const ends = lastStarts(
      networkOf(
        [0, 1, 2].map(() => ({ ...flow, tokens: 30, slots: 8 })),
        [1],
      ),
      "sink",
    );
    expect(ends).toEqual([91, 92, 93]);
  });

  it("is timed by both engines alike, with fast-forward and without, and never takes more than it can", () => {
    const flows = fc.record({
      tokens: fc.integer({ min: 1, max: 60 }),
      ii: fc.integer({ min: 1, max: 3 }),
      slots: fc.integer({ min: 1, max: 6 }),
      latency: fc.integer({ min: 1, max: 4 }),
      links: fc.array(fc.nat(2), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(flows, { minLength: 1, maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 3 }), (some, tracks) => {
        const run = runNetwork(networkOf(some, tracks));
        expect(run).toEqual(runOracle(networkOf(some, tracks)));
        expect(runNetwork(networkOf(some, tracks), { fastForward: true })).toEqual(run);
        run.resources.forEach(({ served }, r) => expect(served).toBeLessThanOrEqual(run.ticks * tracks[r]!));
        expect(run.finished).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
