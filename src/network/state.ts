/**
 * The state of a packet network: plain typed arrays, laid out once. Hot path (bench: noc): nothing is allocated per flit.
 *
 * Indices: input port i = router * PORTS + port; virtual channel v of it = i * vcs + vc; `local` of a virtual channel = port * vcs + vc, within its router. An
 * *ask* is what the front packet of a virtual channel wants of an output port: local << 3 | port; a packet with several branches has several asks.
 * What is on a link, or a credit on its way, stands in a ring of `horizon` cycles (a power of two) at the cycle in which it is seen.
 */

import { type NocSpec, nodesOf, PORTS, verifyNoc } from "./spec.ts";
import { makeTopology, type Topology } from "./topology.ts";

export interface NocState {
  readonly spec: NocSpec;
  readonly topology: Topology;
  readonly nodes: number;
  readonly vcs: number;
  readonly slots: number;
  /** Virtual channels of one router. */
  readonly locals: number;
  readonly horizon: number;
  /** The next cycle to be run. */
  now: number;
  /** Flits that nodes have sent. */
  flitsSent: number;
  /** 0 or 1, where both ways round a ring are as long. */
  readonly coin: () => number;

  // --- packets and flits ---
  readonly freePackets: Int32Array;
  packetCount: number;
  readonly packetSource: Int32Array;
  /** -1: several. */
  readonly packetDestination: Int32Array;
  readonly packetDestinations: (Int32Array | null)[];
  readonly packetFlits: Int32Array;
  /** Cycles in which it was created and in which its head left the node. */
  readonly packetCreated: Float64Array;
  readonly packetInjected: Float64Array;
  /** Whoever offered it may number it. */
  readonly packetTag: Float64Array;
  /** Destinations that its tail has not reached. */
  readonly packetLeft: Int32Array;
  readonly freeFlits: Int32Array;
  flitCount: number;
  readonly flitPacket: Int32Array;
  /** 0: the head. */
  readonly flitNumber: Int32Array;
  readonly flitInjected: Float64Array;
  /** Of a head: route word at the router that it is on its way to. */
  readonly flitRoute: Uint8Array;

  // --- virtual channels: a ring of flits each ---
  readonly buffer: Int32Array;
  readonly head: Uint16Array;
  readonly held: Uint16Array;
  /** Flits of the front packet that are gone. */
  readonly gone: Int32Array;
  /** Ports that its front packet goes to, and those of them for which it has a virtual channel; UPPER_HALF or 0. */
  readonly branches: Uint8Array;
  readonly active: Uint8Array;
  readonly half: Uint8Array;
  /** Per virtual channel and port: the virtual channel behind the port, and the flits of the front packet that were sent to it. */
  readonly outVc: Uint8Array;
  readonly sent: Int32Array;

  // --- output ports: what is known of the buffers behind them ---
  /** A bit for each virtual channel that a packet has; a bit where its tail has left. */
  readonly taken: Int32Array;
  readonly tailSent: Int32Array;
  /** Per virtual channel: flits sent for which no credit came back. */
  readonly used: Uint16Array;

  // --- allocators ---
  /** Round-robin places of the allocator of virtual channels (per output and input virtual channel) and of the switch (per output and input port, and which virtual channel is first). */
  readonly vcGrant: Uint16Array;
  readonly vcAccept: Uint16Array;
  readonly switchGrant: Uint8Array;
  readonly switchAccept: Uint8Array;
  readonly firstVc: Uint8Array;
  /** Asks for a virtual channel and for the switch, in the order in which they came, `asks` places a router. */
  readonly asks: number;
  readonly vcAsks: Int32Array;
  readonly vcAskCount: Int32Array;
  readonly switchAsks: Int32Array;
  readonly switchAskCount: Int32Array;
  /** Virtual channels whose front packet is being routed, and when it is done; first in, first out. */
  readonly routing: Int32Array;
  readonly routingDone: Float64Array;
  readonly routingCount: Int32Array;

  // --- links ---
  /** Per cycle of the ring and router: input ports to which a flit comes, output ports to which a credit comes; a bit each. */
  readonly arriving: Uint8Array;
  readonly crediting: Uint8Array;
  /** flit << 5 | vc; the virtual channel of the credit. */
  readonly arrivingFlit: Int32Array;
  readonly creditVc: Uint8Array;

  // --- nodes ---
  /** Flit that reaches the node of a router, -1: none; 1 + the virtual channel of a credit for it. */
  readonly ejected: Int32Array;
  readonly nodeCredit: Uint8Array;
  /** The packet that a node is sending, -1: none; its next flit; its virtual channel (-1: not chosen), and the one used last. */
  readonly sending: Int32Array;
  readonly sendingFlit: Int32Array;
  readonly sendingVc: Int8Array;
  readonly lastVc: Int8Array;
  readonly nodeTaken: Int32Array;
  readonly nodeTailSent: Int32Array;
  readonly nodeUsed: Uint16Array;
}

/** A network with nothing in it. `coin`: 0 or 1, asked on a torus only. */
export function createNoc(spec: NocSpec, coin: () => number = () => 0): NocState {
  verifyNoc(spec);
  const { vcs, slots } = spec;
  const nodes = nodesOf(spec);
  const inputs = nodes * PORTS;
  const channels = inputs * vcs;
  const locals = PORTS * vcs;
  const horizon = horizonOf(spec);
  const flits = channels * slots + 2 * nodes * PORTS * horizon;
  const packets = flits + nodes;
  const asks = locals * PORTS;
  return {
    spec,
    topology: makeTopology(spec),
    ...{ nodes, vcs, slots, locals, horizon, now: 0, flitsSent: 0, coin },
    freePackets: descending(packets),
    packetCount: packets,
    packetSource: new Int32Array(packets),
    packetDestination: new Int32Array(packets),
    packetDestinations: new Array<Int32Array | null>(packets).fill(null),
    packetFlits: new Int32Array(packets),
    packetCreated: new Float64Array(packets),
    packetInjected: new Float64Array(packets),
    packetTag: new Float64Array(packets),
    packetLeft: new Int32Array(packets),
    freeFlits: descending(flits),
    flitCount: flits,
    flitPacket: new Int32Array(flits),
    flitNumber: new Int32Array(flits),
    flitInjected: new Float64Array(flits),
    flitRoute: new Uint8Array(flits),
    buffer: new Int32Array(channels * slots),
    head: new Uint16Array(channels),
    held: new Uint16Array(channels),
    gone: new Int32Array(channels),
    branches: new Uint8Array(channels),
    active: new Uint8Array(channels),
    half: new Uint8Array(channels),
    outVc: new Uint8Array(channels * PORTS),
    sent: new Int32Array(channels * PORTS),
    taken: new Int32Array(inputs),
    tailSent: new Int32Array(inputs),
    used: new Uint16Array(channels),
    vcGrant: new Uint16Array(channels),
    vcAccept: new Uint16Array(channels),
    switchGrant: new Uint8Array(inputs),
    switchAccept: new Uint8Array(inputs),
    firstVc: new Uint8Array(inputs),
    asks,
    vcAsks: new Int32Array(nodes * asks),
    vcAskCount: new Int32Array(nodes),
    switchAsks: new Int32Array(nodes * asks),
    switchAskCount: new Int32Array(nodes),
    routing: new Int32Array(nodes * locals),
    routingDone: new Float64Array(nodes * locals),
    routingCount: new Int32Array(nodes),
    arriving: new Uint8Array(horizon * nodes),
    crediting: new Uint8Array(horizon * nodes),
    arrivingFlit: new Int32Array(horizon * inputs),
    creditVc: new Uint8Array(horizon * inputs),
    ejected: new Int32Array(horizon * nodes).fill(-1),
    nodeCredit: new Uint8Array(horizon * nodes),
    sending: new Int32Array(nodes).fill(-1),
    sendingFlit: new Int32Array(nodes),
    sendingVc: new Int8Array(nodes).fill(-1),
    lastVc: new Int8Array(nodes).fill(-1),
    nodeTaken: new Int32Array(nodes),
    nodeTailSent: new Int32Array(nodes),
    nodeUsed: new Uint16Array(nodes * vcs),
  };
}

/** Everything is seen within so many cycles: a power of two. */
function horizonOf({ link_cycles, crossing_cycles, credit_cycles }: NocSpec): number {
  const longest = link_cycles + 1 + Math.max(crossing_cycles, credit_cycles);
  let horizon = 4;
  while (horizon <= longest) horizon *= 2;
  return horizon;
}

/** The last one is taken first. */
const descending = (length: number): Int32Array => Int32Array.from({ length }, (_, i) => length - 1 - i);

/** No credit is on its way. */
export function areCreditsBack({ crediting, nodeCredit }: NocState): boolean {
  return crediting.every((ports) => ports === 0) && nodeCredit.every((vc) => vc === 0);
}
