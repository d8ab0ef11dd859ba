/**
 * One cycle of all routers. Hot path (bench: noc): typed arrays and words of bits; a router that has nothing to do costs two reads.
 *
 * A head that arrives in cycle t asks for a virtual channel in t + routing, for the switch in the cycle after it got one (when speculative: in the same), and leaves `crossing` cycles
 * after the grant; other flits ask for the switch only. All grants of a cycle follow from what stood at its beginning. A slot's credit goes back when the switch is granted.
 */

import { type Grants, grantSwitch, grantVcs } from "./allocate.ts";
import { LOCAL, PORTS } from "./spec.ts";
import type { NocState } from "./state.ts";
import { branchesAt, nextHop, opposite, UPPER_HALF } from "./topology.ts";

export function stepRouters(state: NocState, grants: Grants): void {
  const { nodes, arriving, crediting, vcAskCount, switchAskCount, routingCount, now, horizon } = state;
  const slot = (now & (horizon - 1)) * nodes;
  for (let router = 0; router < nodes; router++) {
    if (routingCount[router]! > 0) endRouting(state, router);
    if (arriving[slot + router] !== 0) receiveFlits(state, router, slot + router);
    if (crediting[slot + router] !== 0) receiveCredits(state, router, slot + router);
    const wantsVcs = vcAskCount[router]! > 0;
    if (!wantsVcs && switchAskCount[router] === 0) continue;
    if (wantsVcs) grantVcs(state, router, grants);
    grantSwitch(state, router, grants);
    act(state, router, grants);
  }
}

// --- what arrives ---

function receiveFlits(state: NocState, router: number, cell: number): void {
  const { arriving, arrivingFlit, vcs } = state;
  for (let ports = arriving[cell]!; ports !== 0; ports &= ports - 1) {
    const port = 31 - Math.clz32(ports & -ports);
    const word = arrivingFlit[cell * PORTS + port]!;
    receiveFlit(state, router, port * vcs + (word & 31), word >> 5);
  }
  arriving[cell] = 0;
}

function receiveFlit(state: NocState, router: number, local: number, flit: number): void {
  const { buffer, head, held, slots, locals, branches, active, gone, sent } = state;
  const channel = router * locals + local;
  const had = held[channel]!;
  if (had === slots) throw new Error(`a flit arrives at a full buffer: router ${router}, virtual channel ${local}`);
  const at = head[channel]! + had;
  buffer[channel * slots + (at < slots ? at : at - slots)] = flit;
  held[channel] = had + 1;
  if (branches[channel] === 0) {
    beginPacket(state, router, local);
    return;
  }
  for (let ports = active[channel]!; ports !== 0; ports &= ports - 1) {
    const port = 31 - Math.clz32(ports & -ports);
    if (sent[channel * PORTS + port]! - gone[channel]! === had) askSwitch(state, router, (local << 3) | port);
  }
}

function receiveCredits(state: NocState, router: number, cell: number): void {
  const { crediting, creditVc, vcs, used, taken, tailSent, spec } = state;
  for (let ports = crediting[cell]!; ports !== 0; ports &= ports - 1) {
    const port = 31 - Math.clz32(ports & -ports);
    const vc = creditVc[cell * PORTS + port]!;
    const output = router * PORTS + port;
    const left = --used[output * vcs + vc]!;
    if (left === 0 && spec.reuse === "drained" && (tailSent[output]! >> vc) & 1) taken[output]! &= ~(1 << vc);
  }
  crediting[cell] = 0;
}

// --- packets at the front of a virtual channel ---

/** The flit at the front is a head. */
function beginPacket(state: NocState, router: number, local: number): void {
  const { locals, slots, buffer, head, flitRoute, flitPacket, packetDestination, packetDestinations, packetSource, branches, half, gone, routing, spec } =
    state;
  const channel = router * locals + local;
  const flit = buffer[channel * slots + head[channel]!]!;
  const packet = flitPacket[flit]!;
  const isOne = packetDestination[packet]! >= 0;
  const route = flitRoute[flit]!;
  branches[channel] = isOne ? 1 << (route & 7) : branchesAt(state.topology, router, packetSource[packet]!, packetDestinations[packet]!);
  half[channel] = route & UPPER_HALF;
  gone[channel] = 0;
  if (spec.routing_cycles === 0) askVcs(state, router, local);
  else {
    const place = router * locals + state.routingCount[router]!++;
    routing[place] = local;
    state.routingDone[place] = state.now + spec.routing_cycles;
  }
}

function endRouting(state: NocState, router: number): void {
  const { locals, routing, routingDone, routingCount, now } = state;
  const first = router * locals;
  const count = routingCount[router]!;
  let done = 0;
  while (done < count && routingDone[first + done]! <= now) askVcs(state, router, routing[first + done++]!);
  routing.copyWithin(first, first + done, first + count);
  routingDone.copyWithin(first, first + done, first + count);
  routingCount[router] = count - done;
}

function askVcs(state: NocState, router: number, local: number): void {
  const { locals, branches, sent, vcAsks, vcAskCount, asks, spec } = state;
  const channel = router * locals + local;
  for (let ports = branches[channel]!; ports !== 0; ports &= ports - 1) {
    const port = 31 - Math.clz32(ports & -ports);
    sent[channel * PORTS + port] = 0;
    vcAsks[router * asks + vcAskCount[router]!++] = (local << 3) | port;
    if (spec.speculative) askSwitch(state, router, (local << 3) | port);
  }
}

function askSwitch({ switchAsks, switchAskCount, asks }: NocState, router: number, ask: number): void {
  switchAsks[router * asks + switchAskCount[router]!++] = ask;
}

// --- acting on the grants ---

/** Those that were granted a virtual channel ask for the switch next; the others ask again, in their order. */
function act(state: NocState, router: number, grants: Grants): void {
  const { locals, vcs, asks, vcAsks, vcAskCount, switchAsks, switchAskCount, active, outVc, taken, tailSent, spec } = state;
  const { before } = grants;
  const first = router * asks;
  const vcBefore = vcAskCount[router]!;
  const switchBefore = switchAskCount[router]!;
  for (let i = 0; i < switchBefore; i++) before[i] = switchAsks[first + i]!;
  let waiting = 0;
  switchAskCount[router] = 0;
  for (let i = 0; i < vcBefore; i++) {
    const ask = vcAsks[first + i]!;
    const vc = grants.vcOf[ask]!;
    if (vc < 0) {
      vcAsks[first + waiting++] = ask;
      continue;
    }
    const channel = router * locals + (ask >> 3);
    const output = router * PORTS + (ask & 7);
    taken[output]! |= 1 << vc;
    tailSent[output]! &= ~(1 << vc);
    outVc[channel * PORTS + (ask & 7)] = vc;
    active[channel]! |= 1 << (ask & 7);
    if (!spec.speculative) askSwitch(state, router, ask);
  }
  vcAskCount[router] = waiting;
  for (let i = 0; i < switchBefore; i++) {
    const ask = before[i]!;
    const input = Math.floor((ask >> 3) / vcs);
    if (grants.outputOf[input] === (ask & 7) && grants.localOf[input * PORTS + (ask & 7)] === ask >> 3) sendFlit(state, router, input, ask);
    else askSwitch(state, router, ask);
  }
}

/** Sends the next flit of an ask that was granted the switch. */
function sendFlit(state: NocState, router: number, input: number, ask: number): void {
  const { locals, slots, buffer, head, held, gone, branches, active, sent, flitNumber, flitPacket, packetFlits, outVc } = state;
  const local = ask >> 3;
  const port = ask & 7;
  const channel = router * locals + local;
  const branch = channel * PORTS + port;
  const behind = sent[branch]! - gone[channel]!;
  const at = head[channel]! + behind;
  const flit = buffer[channel * slots + (at < slots ? at : at - slots)]!;
  const isTail = flitNumber[flit] === packetFlits[flitPacket[flit]!]! - 1;
  const vc = outVc[branch]!;
  sent[branch]!++;
  if (isTail) active[channel]! &= ~(1 << port);
  const isLast = behind === 0 && isSentByAll(state, channel);
  passOn(state, router, port, vc, isLast ? flit : copyFlit(state, flit), isTail);
  if (isLast) {
    head[channel] = head[channel]! + 1 === slots ? 0 : head[channel]! + 1;
    held[channel]!--;
    gone[channel]!++;
    returnCredit(state, router, input, local);
  }
  if (!isTail) {
    if (sent[branch]! - gone[channel]! < held[channel]!) askSwitch(state, router, ask);
  } else if (isLast) {
    branches[channel] = 0;
    if (held[channel]! > 0) beginPacket(state, router, local);
  }
}

/** No branch still has the flit at the front to send. */
function isSentByAll({ branches, gone, sent }: NocState, channel: number): boolean {
  const ports = branches[channel]!;
  if ((ports & (ports - 1)) === 0) return true;
  for (let port = 0; port < PORTS; port++) if ((ports >> port) & 1 && sent[channel * PORTS + port] === gone[channel]) return false;
  return true;
}

/** Of a packet that branches here: every branch but the last gets a copy. */
function copyFlit(state: NocState, flit: number): number {
  const { freeFlits, flitPacket, flitNumber, flitInjected } = state;
  const copy = freeFlits[--state.flitCount]!;
  flitPacket[copy] = flitPacket[flit]!;
  flitNumber[copy] = flitNumber[flit]!;
  flitInjected[copy] = flitInjected[flit]!;
  return copy;
}

/** Onto the link behind a port, with its route at the next router if it is a head. */
function passOn(state: NocState, router: number, port: number, vc: number, flit: number, isTail: boolean): void {
  const { vcs, used, taken, tailSent, spec, topology, nodes, horizon, now, flitNumber, flitPacket, flitRoute, packetDestination } = state;
  const output = router * PORTS + port;
  used[output * vcs + vc]!++;
  if (isTail) {
    tailSent[output]! |= 1 << vc;
    if (spec.reuse === "tail sent") taken[output]! &= ~(1 << vc);
  }
  if (port === LOCAL) {
    state.ejected[((now + spec.crossing_cycles + 2) & (horizon - 1)) * nodes + router] = (flit << 5) | vc;
    return;
  }
  const next = topology.neighbours[output]!;
  const destination = packetDestination[flitPacket[flit]!]!;
  if (flitNumber[flit] === 0 && destination >= 0) flitRoute[flit] = nextHop(topology, next, destination, opposite(port), flitRoute[flit]!, state.coin);
  const cell = ((now + spec.crossing_cycles + spec.link_cycles + 1) & (horizon - 1)) * nodes + next;
  state.arriving[cell]! |= 1 << opposite(port);
  state.arrivingFlit[cell * PORTS + opposite(port)] = (flit << 5) | vc;
}

/** To the router, or the node, from which the flit came. */
function returnCredit(state: NocState, router: number, input: number, local: number): void {
  const { vcs, spec, topology, nodes, horizon, now } = state;
  const vc = local - input * vcs;
  if (input === LOCAL) {
    state.nodeCredit[((now + 2) & (horizon - 1)) * nodes + router] = vc + 1;
    return;
  }
  const before = topology.neighbours[router * PORTS + input]!;
  const cell = ((now + 1 + spec.link_cycles + spec.credit_cycles) & (horizon - 1)) * nodes + before;
  state.crediting[cell]! |= 1 << opposite(input);
  state.creditVc[cell * PORTS + opposite(input)] = vc;
}
