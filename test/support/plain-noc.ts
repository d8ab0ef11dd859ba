/**
 * The packet network once more, slow and plain: objects and queues, every router looked at in every cycle, nothing shared with src/network but the specification. One
 * destination a message. A mesh only.
 */

import type { Message } from "../../src/network/messages.ts";
import type { NocSpec } from "../../src/network/spec.ts";

interface Flit {
  readonly message: number;
  readonly isHead: boolean;
  readonly isTail: boolean;
  readonly to: number;
}

/** The buffer of one virtual channel of an input port. */
interface Lane {
  readonly flits: Flit[];
  /** Its front packet: since when it may ask, where it goes, and which virtual channel it has there. */
  packet: { readonly asksFrom: number; readonly port: number; vc: number | null; activeFrom: number } | null;
  acceptPlace: number;
}

/** What an output port knows of one virtual channel behind it. */
interface Behind {
  isTaken: boolean;
  isTailSent: boolean;
  used: number;
  grantPlace: number;
}

interface Router {
  readonly lanes: Lane[][];
  readonly behind: Behind[][];
  readonly grantPlace: number[];
  readonly acceptPlace: number[];
  readonly firstVc: number[];
}

interface Node {
  readonly queue: number[];
  sentFlits: number;
  vc: number | null;
  lastVc: number | null;
  readonly behind: Behind[];
}

interface Event {
  readonly at: number;
  readonly act: () => void;
}

/** When the tail of each message arrives, in the order of the messages. */
export function plainNoc(spec: NocSpec, messages: readonly Message[]): readonly number[] {
  const count = spec.columns * spec.rows;
  const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
  const freshBehind = (): Behind => ({ isTaken: false, isTailSent: false, used: 0, grantPlace: 0 });
  const routers: Router[] = range(count).map(() => ({
    lanes: range(5).map(() => range(spec.vcs).map(() => ({ flits: [], packet: null, acceptPlace: 0 }))),
    behind: range(5).map(() => range(spec.vcs).map(freshBehind)),
    ...{ grantPlace: [0, 0, 0, 0, 0], acceptPlace: [0, 0, 0, 0, 0], firstVc: [0, 0, 0, 0, 0] },
  }));
  const nodes: Node[] = range(count).map((node) => ({
    queue: messages.flatMap(({ from }, i) => (from === node ? [i] : [])),
    ...{ sentFlits: 0, vc: null, lastVc: null, behind: range(spec.vcs).map(freshBehind) },
  }));
  const arrived = new Array<number>(messages.length).fill(-1);
  let events: Event[] = [];
  for (let now = 0; arrived.includes(-1); now++) {
    const due = events.filter(({ at }) => at === now);
    events = events.filter(({ at }) => at !== now);
    for (const { act } of due) act();
    const later = (cycles: number, act: () => void): void => void events.push({ at: now + cycles, act });
    nodes.forEach((node, n) => send(node, n, now, later));
    routers.forEach((router, r) => work(router, r, now, later));
  }
  return arrived;

  function send(node: Node, n: number, now: number, later: (cycles: number, act: () => void) => void): void {
    const index = node.queue[0];
    if (index === undefined) return;
    const { to, flits, at } = messages[index]!;
    if (at > now) return;
    if (node.sentFlits === 0) {
      const order = node.lastVc === null ? [0] : range(spec.vcs).map((i) => (node.lastVc! + 1 + i) % spec.vcs);
      node.vc = order.find((vc) => !node.behind[vc]!.isTaken && node.behind[vc]!.used < spec.slots) ?? null;
    }
    if (node.vc === null || node.behind[node.vc]!.used >= spec.slots) return;
    const vc = node.vc;
    const flit = { message: index, isHead: node.sentFlits === 0, isTail: node.sentFlits === flits - 1, to: to[0]! };
    if (flit.isHead) {
      Object.assign(node.behind[vc]!, { isTaken: true, isTailSent: false });
      node.lastVc = vc;
    }
    node.sentFlits++;
    count1(node.behind[vc]!, flit);
    if (flit.isTail) {
      node.queue.shift();
      node.sentFlits = 0;
    }
    later(2, () => enter(n, 4, vc, flit, now + 2));
  }

  function count1(behind: Behind, flit: Flit): void {
    behind.used++;
    if (!flit.isTail) return;
    behind.isTailSent = true;
    if (spec.reuse === "tail sent") behind.isTaken = false;
  }

  function credit(behind: Behind): void {
    behind.used--;
    if (behind.used === 0 && behind.isTailSent && spec.reuse === "drained") behind.isTaken = false;
  }

  function enter(r: number, input: number, vc: number, flit: Flit, now: number): void {
    const lane = routers[r]!.lanes[input]![vc]!;
    lane.flits.push(flit);
    if (lane.flits.length > spec.slots) throw new Error("a buffer overflows");
    if (lane.packet === null) begin(lane, r, now + spec.routing_cycles);
  }

  function begin(lane: Lane, r: number, asksFrom: number): void {
    const { to } = lane.flits[0]!;
    const [x, y, toX, toY] = [r % spec.columns, Math.floor(r / spec.columns), to % spec.columns, Math.floor(to / spec.columns)];
    const port = x < toX ? 0 : x > toX ? 1 : y < toY ? 2 : y > toY ? 3 : 4;
    lane.packet = { asksFrom, port, vc: null, activeFrom: Number.POSITIVE_INFINITY };
  }

  function work(router: Router, r: number, now: number, later: (cycles: number, act: () => void) => void): void {
    const flat = router.lanes.flat();
    const asking = flat.map(({ packet }) => packet !== null && packet.vc === null && packet.asksFrom <= now);
    const found = flat.map((): number | null => null);
    const free = router.behind.flat().map(({ isTaken }) => !isTaken);
    const mayBid = flat.map((lane) => bids(router, lane, now));
    for (let round = 0; round < spec.iterations; round++) {
      const grants = router.behind.flat().map((behind, output) => {
        if (!free[output] || found.includes(output)) return -1;
        const port = Math.floor(output / spec.vcs);
        return firstOf(behind.grantPlace, flat.length, (i) => asking[i]! && found[i] === null && flat[i]!.packet!.port === port);
      });
      flat.forEach((lane, i) => {
        const output = firstOf(lane.acceptPlace, grants.length, (o) => grants[o] === i);
        if (output < 0) return;
        found[i] = output;
        if (round > 0) return;
        router.behind.flat()[output]!.grantPlace = (i + 1) % flat.length;
        lane.acceptPlace = (output + 1) % flat.length;
      });
    }
    const winners = matchSwitch(router, flat, mayBid);
    found.forEach((output, i) => {
      if (output === null) return;
      const lane = flat[i]!;
      lane.packet!.vc = output % spec.vcs;
      lane.packet!.activeFrom = now + 1;
      Object.assign(router.behind.flat()[output]!, { isTaken: true, isTailSent: false });
    });
    for (const i of winners) if (flat[i]!.packet!.vc !== null && roomBehind(router, flat[i]!)) forward(router, r, i, now, later);
  }

  function roomBehind(router: Router, { packet }: Lane): boolean {
    return router.behind[packet!.port]![packet!.vc!]!.used < spec.slots;
  }

  /** 0: no bid; 1: on speculation; 2: with a virtual channel. */
  function bids(router: Router, lane: Lane, now: number): 0 | 1 | 2 {
    const { packet, flits } = lane;
    if (packet === null || flits.length === 0 || packet.asksFrom > now) return 0;
    if (packet.vc !== null) return packet.activeFrom <= now && roomBehind(router, lane) ? 2 : 0;
    return spec.speculative && router.behind[packet.port]!.some(({ isTaken, used }) => !isTaken && used < spec.slots) ? 1 : 0;
  }

  /** Lanes that win the switch, by number. */
  function matchSwitch(router: Router, flat: readonly Lane[], mayBid: readonly (0 | 1 | 2)[]): readonly number[] {
    const delegate = (input: number, port: number): number => {
      const own = range(spec.vcs).map((i) => input * spec.vcs + ((router.firstVc[input]! + i) % spec.vcs));
      const wanting = own.filter((i) => mayBid[i]! > 0 && flat[i]!.packet!.port === port);
      return wanting.find((i) => mayBid[i] === 2) ?? wanting[0] ?? -1;
    };
    const bidders = range(5).map((input) => range(5).map((port) => delegate(input, port)));
    const outputOf: (number | null)[] = [null, null, null, null, null];
    for (let round = 0; round < spec.iterations; round++) {
      const grants = range(5).map((port) =>
        outputOf.includes(port) ? -1 : firstOf(router.grantPlace[port]!, 5, (input) => outputOf[input] === null && bidders[input]![port]! >= 0),
      );
      for (const input of range(5)) {
        const port = firstOf(router.acceptPlace[input]!, 5, (o) => grants[o] === input);
        if (port < 0) continue;
        outputOf[input] = port;
        if (round > 0) continue;
        router.grantPlace[port] = (input + 1) % 5;
        router.acceptPlace[input] = (port + 1) % 5;
      }
    }
    return outputOf.flatMap((port, input) => {
      if (port === null) return [];
      const winner = bidders[input]![port]!;
      router.firstVc[input] = ((winner % spec.vcs) + 1) % spec.vcs;
      return [winner];
    });
  }

  function forward(router: Router, r: number, i: number, now: number, later: (cycles: number, act: () => void) => void): void {
    const [input, vc] = [Math.floor(i / spec.vcs), i % spec.vcs];
    const lane = router.lanes[input]![vc]!;
    const flit = lane.flits.shift()!;
    const { port, vc: outVc } = lane.packet!;
    count1(router.behind[port]![outVc!]!, flit);
    if (flit.isTail) {
      lane.packet = null;
      if (lane.flits.length > 0) begin(lane, r, now + Math.max(1, spec.routing_cycles));
    }
    const side = (node: number, p: number): number => node + [1, -1, spec.columns, -spec.columns][p]!;
    if (input === 4) later(2, () => credit(nodes[r]!.behind[vc]!));
    else later(1 + spec.link_cycles + spec.credit_cycles, () => credit(routers[side(r, input)]!.behind[input ^ 1]![vc]!));
    const way = spec.crossing_cycles + 1;
    if (port === 4) {
      later(way + 1, () => {
        if (flit.isTail) arrived[flit.message] = now + way + 1;
      });
      later(way + 1 + 2 + spec.credit_cycles, () => credit(router.behind[4]![outVc!]!));
    } else later(way + spec.link_cycles, () => enter(side(r, port), port ^ 1, outVc!, flit, now + way + spec.link_cycles));
  }
}

/** The first of 0 .. length - 1 that fits, from `place` on and round; -1: none. */
function firstOf(place: number, length: number, fits: (i: number) => boolean): number {
  for (let step = 0; step < length; step++) if (fits((place + step) % length)) return (place + step) % length;
  return -1;
}
