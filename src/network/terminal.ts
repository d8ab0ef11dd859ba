/** The nodes: each sends one packet at a time, a flit a cycle, and takes what arrives at once. Hot path (bench: noc). */

import { createGrants, type Grants } from "./allocate.ts";
import { stepRouters } from "./router.ts";
import { LOCAL, PORTS } from "./spec.ts";
import type { NocState } from "./state.ts";
import { nextHop } from "./topology.ts";

/** Who makes the packets and sees them arrive. */
export interface Traffic {
  /** A node has nothing to send: it may offer one packet (`offerPacket`). Asked node by node in each cycle. */
  readonly offer: (state: NocState, node: number) => void;
  /** A flit has reached a node; `isTail`: and with it, the packet. The packet's number is good until this returns. */
  readonly arrive: (state: NocState, node: number, packet: number, flit: number, isTail: boolean) => void;
}

export interface Noc {
  readonly state: NocState;
  readonly grants: Grants;
}

export const makeNoc = (state: NocState): Noc => ({ state, grants: createGrants(state) });

/** Runs one cycle. `traffic` null: nothing new is offered. */
export function stepNoc({ state, grants }: Noc, { offer, arrive }: Traffic, isOffering: boolean): void {
  const { nodes, sending, horizon, now, ejected } = state;
  const slot = (now & (horizon - 1)) * nodes;
  for (let node = 0; node < nodes; node++) if (state.nodeCredit[slot + node] !== 0) takeCredit(state, node, slot + node);
  if (isOffering) for (let node = 0; node < nodes; node++) if (sending[node]! < 0) offer(state, node);
  for (let node = 0; node < nodes; node++) if (sending[node]! >= 0) sendFlit(state, node);
  for (let node = 0; node < nodes; node++) {
    const word = ejected[slot + node]!;
    if (word >= 0) takeFlit(state, node, slot + node, word, arrive);
  }
  stepRouters(state, grants);
  state.now++;
}

/** The packet that a node sends next; it must have none. Gives its number. */
export function offerPacket(state: NocState, node: number, to: number | Int32Array, flits: number, created: number, tag: number): number {
  const { packetSource, packetDestination, packetDestinations, packetFlits, packetCreated, packetTag, packetLeft } = state;
  const packet = state.freePackets[--state.packetCount]!;
  const isOne = typeof to === "number";
  packetSource[packet] = node;
  packetDestination[packet] = isOne ? to : -1;
  packetDestinations[packet] = isOne ? null : to;
  packetLeft[packet] = isOne ? 1 : to.length;
  packetFlits[packet] = flits;
  packetCreated[packet] = created;
  packetTag[packet] = tag;
  state.sending[node] = packet;
  state.sendingFlit[node] = 0;
  state.sendingVc[node] = -1;
  return packet;
}

function takeCredit({ vcs, nodeCredit, nodeUsed, nodeTaken, nodeTailSent, spec }: NocState, node: number, cell: number): void {
  const vc = nodeCredit[cell]! - 1;
  nodeCredit[cell] = 0;
  const left = --nodeUsed[node * vcs + vc]!;
  if (left === 0 && spec.reuse === "drained" && (nodeTailSent[node]! >> vc) & 1) nodeTaken[node]! &= ~(1 << vc);
}

function sendFlit(state: NocState, node: number): void {
  const { vcs, slots, sending, sendingFlit, sendingVc, lastVc, nodeUsed, nodeTaken, nodeTailSent, packetFlits, packetInjected, spec, now } = state;
  const packet = sending[node]!;
  const number = sendingFlit[node]!;
  if (number === 0 && !chooseVc(state, node)) return;
  const vc = sendingVc[node]!;
  if (nodeUsed[node * vcs + vc]! >= slots) return;
  const isTail = number === packetFlits[packet]! - 1;
  if (number === 0) {
    nodeTaken[node]! |= 1 << vc;
    nodeTailSent[node]! &= ~(1 << vc);
    lastVc[node] = vc;
    packetInjected[packet] = now;
  }
  nodeUsed[node * vcs + vc]!++;
  state.flitsSent++;
  if (isTail) {
    nodeTailSent[node]! |= 1 << vc;
    if (spec.reuse === "tail sent") nodeTaken[node]! &= ~(1 << vc);
    sending[node] = -1;
  } else sendingFlit[node] = number + 1;
  enterRouter(state, node, packet, number, vc);
}

/** The first free one with a slot, from the one behind the last on; in the beginning, only the first of all. */
function chooseVc({ vcs, slots, lastVc, sendingVc, nodeTaken, nodeUsed }: NocState, node: number): boolean {
  const last = lastVc[node]!;
  for (let step = 1; step <= vcs; step++) {
    const vc = last < 0 ? 0 : (last + step) % vcs;
    if ((nodeTaken[node]! >> vc) & 1 || nodeUsed[node * vcs + vc]! >= slots) continue;
    sendingVc[node] = vc;
    return true;
  }
  return false;
}

function enterRouter(state: NocState, node: number, packet: number, number: number, vc: number): void {
  const { nodes, horizon, now, freeFlits, flitPacket, flitNumber, flitInjected, flitRoute, packetDestination, topology } = state;
  const flit = freeFlits[--state.flitCount]!;
  flitPacket[flit] = packet;
  flitNumber[flit] = number;
  flitInjected[flit] = now;
  const destination = packetDestination[packet]!;
  if (number === 0 && destination >= 0) flitRoute[flit] = nextHop(topology, node, destination, LOCAL, 0, state.coin);
  const cell = ((now + 2) & (horizon - 1)) * nodes + node;
  state.arriving[cell]! |= 1 << LOCAL;
  state.arrivingFlit[cell * PORTS + LOCAL] = (flit << 5) | vc;
}

function takeFlit(state: NocState, node: number, cell: number, word: number, arrive: Traffic["arrive"]): void {
  const { nodes, horizon, now, ejected, freeFlits, freePackets, flitPacket, flitNumber, packetFlits, packetLeft, spec } = state;
  const flit = word >> 5;
  const packet = flitPacket[flit]!;
  const isTail = flitNumber[flit] === packetFlits[packet]! - 1;
  ejected[cell] = -1;
  const credit = ((now + 2 + spec.credit_cycles) & (horizon - 1)) * nodes + node;
  state.crediting[credit]! |= 1 << LOCAL;
  state.creditVc[credit * PORTS + LOCAL] = word & 31;
  arrive(state, node, packet, flit, isTail);
  freeFlits[state.flitCount++] = flit;
  if (isTail && --packetLeft[packet]! === 0) freePackets[state.packetCount++] = packet;
}
