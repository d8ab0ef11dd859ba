/** The packet network with messages: as the plain model has it, nothing lost, in order, no deadlock, several destinations. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { type Message, sendMessages } from "../../src/network/messages.ts";
import { LOCAL, type NocSpec } from "../../src/network/spec.ts";
import type { NocState } from "../../src/network/state.ts";
import { makeTopology, routersBetween } from "../../src/network/topology.ts";
import { plainNoc } from "../support/plain-noc.ts";

const specs = (topology: "mesh" | "torus"): fc.Arbitrary<NocSpec> =>
  fc
    .record({
      columns: fc.integer({ min: 1, max: 5 }),
      rows: fc.integer({ min: 1, max: 4 }),
      vcs: fc.integer({ min: 1, max: 5 }),
      slots: fc.integer({ min: 1, max: 6 }),
      reuse: fc.constantFrom("drained" as const, "tail sent" as const),
      speculative: fc.boolean(),
      iterations: fc.integer({ min: 1, max: 3 }),
      routing_cycles: fc.integer({ min: 0, max: 2 }),
      crossing_cycles: fc.integer({ min: 1, max: 3 }),
      credit_cycles: fc.integer({ min: 0, max: 3 }),
      link_cycles: fc.integer({ min: 1, max: 3 }),
    })
    .map((fields) => ({ ...fields, topology, vcs: topology === "torus" ? 2 * fields.vcs : fields.vcs }));

/** Bursts from all nodes at once, so that buffers fill up. */
function messagesOn({ columns, rows }: NocSpec, most: number, mostFlits: number): fc.Arbitrary<readonly Message[]> {
  const node = fc.nat(columns * rows - 1);
  const message = fc.record({ from: node, to: node.map((to) => [to]), flits: fc.integer({ min: 1, max: mostFlits }), at: fc.nat(40) });
  return fc.array(message, { minLength: 1, maxLength: most }).map((messages) => [...messages].sort((a, b) => a.at - b.at));
}

const cases = (topology: "mesh" | "torus", most: number) =>
  specs(topology).chain((spec) => fc.record({ spec: fc.constant(spec), messages: messagesOn(spec, most, 9) }));

/** A node without messages under way sends in order of the list: the plain model has no window. */
const ANY_WINDOW = { window: Number.POSITIVE_INFINITY };

function verifyState({ held, slots, used, nodeUsed }: NocState): void {
  for (const flits of held) if (flits > slots) throw new Error("a buffer overflows");
  for (const flits of [...used, ...nodeUsed]) if (flits > slots) throw new Error("more flits under way than there are slots");
}

describe("messages through a packet network", () => {
  it("arrive when the plain model says, to the cycle", () => {
    fc.assert(
      fc.property(cases("mesh", 60), ({ spec, messages }) => {
        const arrived = new Array<number>(messages.length);
        for (const delivery of sendMessages(spec, messages, ANY_WINDOW).deliveries) arrived[delivery.message] = delivery.arrived;
        expect(arrived).toEqual(plainNoc(spec, messages));
      }),
      { numRuns: 60 },
    );
  });

  it("all arrive whatever the load, on meshes and on tori, and no buffer overflows: nothing deadlocks, no flit is lost or made", () => {
    for (const topology of ["mesh", "torus"] as const) {
      fc.assert(
        fc.property(cases(topology, 200), fc.nat(), ({ spec, messages }, seed) => {
          let tosses = seed;
          const coin = () => (tosses++ >> 2) & 1;
          const { deliveries, flitsSent, flitsTaken } = sendMessages(spec, messages, { window: 8, coin, watch: verifyState });
          const flits = messages.reduce((sum, message) => sum + message.flits, 0);
          expect([deliveries.length, flitsSent, flitsTaken]).toEqual([messages.length, flits, flits]);
        }),
        { numRuns: 60 },
      );
    }
  });

  it("never arrive before the pipeline of the routers on their way lets them", () => {
    fc.assert(
      fc.property(cases("torus", 30), ({ spec, messages }) => {
        for (const { message, left, arrived } of sendMessages(spec, messages).deliveries) {
          const { from, to, flits } = messages[message]!;
          const routers = routersBetween(makeTopology(spec), from, to[0]!);
          expect(arrived - left).toBeGreaterThanOrEqual(pathCycles(spec, routers) + flits - 1);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("of one node to another are handed on in the order in which they were sent, though they overtake each other on the way", () => {
    let overtaken = 0;
    fc.assert(
      fc.property(cases("mesh", 150), ({ spec, messages }) => {
        const last = new Map<string, { message: number; arrived: number }>();
        for (const { message, to, arrived, delivered } of sendMessages(spec, messages, { window: 16 }).deliveries) {
          const pair = `${messages[message]!.from} ${to}`;
          const before = last.get(pair) ?? { message: -1, arrived: -1 };
          expect(message).toBeGreaterThan(before.message);
          expect(delivered).toBeGreaterThanOrEqual(arrived);
          if (arrived < before.arrived) overtaken++;
          if (spec.vcs === 1) expect(arrived).toBeGreaterThan(before.arrived);
          last.set(pair, { message, arrived });
        }
      }),
      { numRuns: 60 },
    );
    expect(overtaken).toBeGreaterThan(0);
  });

  it("wait while their sender has its window of messages to the same node under way", () => {
    const spec: NocSpec = { ...MESH, columns: 4, rows: 1, vcs: 4, reuse: "tail sent" };
    const messages = [0, 1, 2, 3].map(() => ({ from: 0, to: [3], flits: 1, at: 0 }));
    const left = (window: number) => sendMessages(spec, messages, { window }).deliveries.map((delivery) => delivery.left);
    const way = pathCycles(spec, 4);
    expect(left(4)).toEqual([0, 1, 2, 3]);
    expect(left(1)).toEqual([0, way + 1, 2 * (way + 1), 3 * (way + 1)]);
    expect(left(2)).toEqual([0, 1, way + 1, way + 2]);
  });
});

describe("a message to several nodes", () => {
  it("reaches each of them once, and crosses each link of its tree once", () => {
    fc.assert(
      fc.property(multicasts, ({ spec, messages }) => {
        let crossed = 0;
        const { deliveries, flitsSent, flitsTaken } = sendMessages(spec, messages, {
          watch: (state) => {
            verifyState(state);
            crossed += linksUsed(state);
          },
        });
        const sum = (of: (message: Message) => number) => messages.reduce((total, message) => total + of(message), 0);
        expect(flitsSent).toBe(sum(({ flits }) => flits));
        expect(flitsTaken).toBe(sum(({ flits, to }) => flits * to.length));
        expect(crossed).toBe(sum((message) => message.flits * treeLinks(spec, message)));
        expect(new Set(deliveries.map(({ message, to }) => `${message} ${to}`)).size).toBe(sum(({ to }) => to.length));
      }),
      { numRuns: 100 },
    );
  });

  it("takes no longer to a node than alone, if nothing else is on the way and no branch is in front", () => {
    const spec: NocSpec = { ...MESH, columns: 5, rows: 1 };
    const arrivals = sendMessages(spec, [{ from: 0, to: [4, 1], flits: 3, at: 0 }]).deliveries.map(({ to, arrived }) => [to, arrived]);
    const alone = pathCycles(spec, 5) + 2;
    expect(arrivals.find(([to]) => to === 1)![1]).toBeGreaterThan(pathCycles(spec, 2) + 2);
    expect(arrivals.find(([to]) => to === 4)![1]).toBeGreaterThanOrEqual(alone);
    expect(arrivals.find(([to]) => to === 4)![1]).toBeLessThanOrEqual(alone + 3);
  });

  it("is refused where it does not fit a buffer, on a torus, or to a node twice", () => {
    const send = (fields: Partial<NocSpec>, to: readonly number[], flits: number) => () =>
      sendMessages({ ...MESH, ...fields }, [{ from: 0, to, flits, at: 0 }]);
    expect(send({ slots: 4 }, [1, 2], 4)).not.toThrow();
    expect(send({ slots: 4 }, [1, 2], 5)).toThrow(/messages #1: its 5 flits do not fit a virtual channel of 4 slots/);
    expect(send({ topology: "torus", vcs: 2 }, [1, 2], 1)).toThrow(UserError);
    expect(send({}, [1, 1], 1)).toThrow(/one twice/);
    expect(send({}, [16], 1)).toThrow(/there is no node 16, only 0 .. 15/);
  });
});

describe("the specification", () => {
  it("is refused with all its faults at once", () => {
    expect(() => sendMessages({ ...MESH, vcs: 31, slots: 0, topology: "torus" }, [])).toThrow(
      /vcs: 31 is not a whole number of 1 .. 30\n.*slots: 0.*\n.*a torus with 31/,
    );
  });
});

const MESH: NocSpec = {
  topology: "mesh",
  columns: 4,
  rows: 4,
  vcs: 2,
  slots: 4,
  reuse: "drained",
  speculative: false,
  iterations: 1,
  routing_cycles: 0,
  crossing_cycles: 1,
  credit_cycles: 1,
  link_cycles: 1,
};

/** From leaving a node to arriving, for a head that waits for nothing: two links of the nodes, and of each router its pipeline and, but for the last, its link. */
function pathCycles({ routing_cycles, speculative, crossing_cycles, link_cycles }: NocSpec, routers: number): number {
  return 4 + routers * (routing_cycles + (speculative ? 0 : 1) + crossing_cycles) + (routers - 1) * (link_cycles + 1);
}

const multicasts = specs("mesh").chain((spec) => {
  const nodes = spec.columns * spec.rows;
  const message = fc.record({
    from: fc.nat(nodes - 1),
    to: fc.uniqueArray(fc.nat(nodes - 1), { minLength: 1, maxLength: Math.min(nodes, 8) }),
    flits: fc.integer({ min: 1, max: spec.slots }),
    at: fc.nat(20),
  });
  return fc.record({
    spec: fc.constant(spec),
    messages: fc.array(message, { minLength: 1, maxLength: 60 }).map((all) => [...all].sort((a, b) => a.at - b.at)),
  });
});

/** Flits that enter a router from another one in the cycle that comes next. */
function linksUsed({ arriving, nodes, now, horizon }: NocState): number {
  let used = 0;
  for (let router = 0; router < nodes; router++) {
    for (let port = 0; port < LOCAL; port++) used += (arriving[(now & (horizon - 1)) * nodes + router]! >> port) & 1;
  }
  return used;
}

/** Links of the union of the ways along rows and then columns. */
function treeLinks({ columns }: NocSpec, { from, to }: Message): number {
  const links = new Set<string>();
  for (const node of to) {
    let at = from;
    while (at !== node) {
      const isRow = at % columns !== node % columns;
      const next = at + (isRow ? Math.sign((node % columns) - (at % columns)) : columns * Math.sign(node - at));
      links.add(`${at} ${next}`);
      at = next;
    }
  }
  return links.size;
}
