/**
 * The two allocators of a router, each an iSLIP (McKeown, 1999): every output grants to the first that asks from its round-robin place on, every input accepts the first
 * grant from its own; places move past what was accepted in the first round. Hot path (bench: noc): sets of virtual channels and of ports are words of bits.
 */

import { PORTS } from "./spec.ts";
import type { NocState } from "./state.ts";

/** What one router was granted in a cycle, overwritten by the next; only to be asked about asks that stood there at the beginning of the cycle. */
export interface Grants {
  /** By ask: virtual channel behind its port, -1: none. */
  readonly vcOf: Int8Array;
  /** By input port: output port, -1: none; by input and output port: the virtual channel (`local`) that bid. */
  readonly outputOf: Int8Array;
  readonly localOf: Int16Array;
  /** The asks for the switch as they stood. */
  readonly before: Int32Array;
  // --- scratch ---
  readonly bidders: Int32Array;
  readonly bidderCount: Int32Array;
  readonly granted: Int32Array;
  readonly isSpeculative: Uint8Array;
  readonly wanted: Uint8Array;
}

export function createGrants({ locals, asks }: NocState): Grants {
  return {
    vcOf: new Int8Array(locals << 3).fill(-1),
    outputOf: new Int8Array(PORTS),
    localOf: new Int16Array(PORTS * PORTS),
    before: new Int32Array(asks),
    bidders: new Int32Array(PORTS * locals),
    bidderCount: new Int32Array(PORTS),
    granted: new Int32Array(locals),
    isSpeculative: new Uint8Array(PORTS * PORTS),
    wanted: new Uint8Array(PORTS),
  };
}

/** The lowest bit from `place` on, else the lowest. `bits` is not empty. */
function firstFrom(bits: number, place: number): number {
  const later = place > 0 ? bits & (-1 << place) : bits;
  const chosen = later !== 0 ? later : bits;
  return 31 - Math.clz32(chosen & -chosen);
}

// --- virtual channels ---

/** Every free virtual channel of an output is asked for by all packets that go there; each gets at most one. */
export function grantVcs(state: NocState, router: number, grants: Grants): void {
  const { bidderCount } = grants;
  sortBidders(state, router, grants);
  for (let port = 0; port < PORTS; port++) {
    const bidders = bidderCount[port]!;
    if (bidders === 0) continue;
    const free = ~state.taken[router * PORTS + port]! & ((1 << state.vcs) - 1);
    if (free === 0) continue;
    if (bidders === 1) grantOnly(state, router, port, free, grants);
    else
      for (let round = 0, left = free; round < state.spec.iterations && left !== 0; round++) left = grantRound(state, router, port, left, round === 0, grants);
  }
}

/** Per output port those that ask, in the order of their virtual channels. */
function sortBidders({ locals, asks, vcAsks, vcAskCount }: NocState, router: number, { vcOf, bidders, bidderCount }: Grants): void {
  for (let port = 0; port < PORTS; port++) bidderCount[port] = 0;
  const end = router * asks + vcAskCount[router]!;
  for (let i = router * asks; i < end; i++) {
    const ask = vcAsks[i]!;
    const first = (ask & 7) * locals;
    let place = first + bidderCount[ask & 7]!++;
    for (; place > first && bidders[place - 1]! > ask; place--) bidders[place] = bidders[place - 1]!;
    bidders[place] = ask;
    vcOf[ask] = -1;
  }
}

/** The virtual channels that a packet may use behind a port. */
function usable({ spec, vcs, locals, half }: NocState, router: number, ask: number, port: number): number {
  const all = (1 << vcs) - 1;
  if (spec.topology === "mesh" || port === PORTS - 1) return all;
  const lower = (1 << (vcs >> 1)) - 1;
  return half[router * locals + (ask >> 3)] === 0 ? lower : all & ~lower;
}

function grantOnly(state: NocState, router: number, port: number, free: number, { vcOf, bidders }: Grants): void {
  const ask = bidders[port * state.locals]!;
  const bits = free & usable(state, router, ask, port);
  if (bits !== 0) accept(state, router, port, ask, firstFrom(bits, acceptPlace(state, router, port, ask)), true, vcOf);
}

/** Where the round-robin place of an input lies beyond the virtual channels of this port, the lowest of them is first. */
function acceptPlace({ locals, vcs, vcAccept }: NocState, router: number, port: number, ask: number): number {
  const place = vcAccept[router * locals + (ask >> 3)]! - port * vcs;
  return place < vcs ? place : 0;
}

function accept({ locals, vcs, vcAccept, vcGrant }: NocState, router: number, port: number, ask: number, vc: number, isFirst: boolean, vcOf: Int8Array): void {
  vcOf[ask] = vc;
  if (!isFirst) return;
  const output = port * vcs + vc;
  vcGrant[router * locals + output] = ((ask >> 3) + 1) % locals;
  vcAccept[router * locals + (ask >> 3)] = (output + 1) % locals;
}

/** One round of one port with several bidders. Gives the virtual channels still free. */
function grantRound(state: NocState, router: number, port: number, free: number, isFirst: boolean, grants: Grants): number {
  const { locals } = state;
  const { vcOf, bidders, bidderCount, granted } = grants;
  const first = port * locals;
  const end = first + bidderCount[port]!;
  for (let i = first; i < end; i++) granted[i - first] = 0;
  for (let bits = free; bits !== 0; bits &= bits - 1) {
    const vc = 31 - Math.clz32(bits & -bits);
    const chosen = chooseBidder(state, router, port, vc, grants);
    if (chosen >= 0) granted[chosen - first]! |= 1 << vc;
  }
  let left = free;
  for (let i = first; i < end; i++) {
    const bits = granted[i - first]!;
    if (bits === 0) continue;
    const vc = firstFrom(bits, acceptPlace(state, router, port, bidders[i]!));
    accept(state, router, port, bidders[i]!, vc, isFirst, vcOf);
    left &= ~(1 << vc);
  }
  return left;
}

/** Place of the bidder that a virtual channel of a port grants to, -1: none. */
function chooseBidder(state: NocState, router: number, port: number, vc: number, { vcOf, bidders, bidderCount }: Grants): number {
  const { locals, vcs, vcGrant } = state;
  const from = vcGrant[router * locals + port * vcs + vc]!;
  const end = port * locals + bidderCount[port]!;
  let lowest = -1;
  for (let i = port * locals; i < end; i++) {
    const ask = bidders[i]!;
    if (vcOf[ask]! >= 0 || ((usable(state, router, ask, port) >> vc) & 1) === 0) continue;
    if (ask >> 3 >= from) return i;
    if (lowest < 0) lowest = i;
  }
  return lowest;
}

// --- the switch ---

/** Of the virtual channels of an input that bid for one output, the first from its round-robin place on stands for it; those that do not speculate come before those that do. */
export function grantSwitch(state: NocState, router: number, grants: Grants): void {
  const { outputOf, wanted } = grants;
  for (let port = 0; port < PORTS; port++) {
    wanted[port] = 0;
    outputOf[port] = -1;
  }
  if (!bid(state, router, grants)) return;
  let freeInputs = 31;
  let freeOutputs = 31;
  for (let round = 0; round < state.spec.iterations; round++) {
    const accepted = switchRound(state, router, freeInputs, freeOutputs, round === 0, grants);
    freeInputs &= ~(accepted & 31);
    freeOutputs &= ~(accepted >> 5);
  }
  confirm(state, router, grants);
}

/** False if nothing bids. */
function bid(state: NocState, router: number, grants: Grants): boolean {
  const { locals, vcs, slots, asks, switchAsks, switchAskCount, active, outVc, used } = state;
  const end = router * asks + switchAskCount[router]!;
  let any = false;
  for (let i = router * asks; i < end; i++) {
    const ask = switchAsks[i]!;
    const local = ask >> 3;
    const port = ask & 7;
    const channel = router * locals + local;
    const isSpeculative = ((active[channel]! >> port) & 1) === 0;
    const hasRoom = isSpeculative ? mayFind(state, router, ask, port) : used[router * locals + port * vcs + outVc[channel * PORTS + port]!]! < slots;
    if (!hasRoom) continue;
    any = true;
    enter(state, router, local, port, isSpeculative ? 1 : 0, grants);
  }
  return any;
}

/** A packet without a virtual channel bids if one of those it may use is free and has a slot. */
function mayFind(state: NocState, router: number, ask: number, port: number): boolean {
  const { locals, vcs, slots, taken, used } = state;
  const free = ~taken[router * PORTS + port]! & usable(state, router, ask, port);
  for (let bits = free; bits !== 0; bits &= bits - 1) {
    if (used[router * locals + port * vcs + 31 - Math.clz32(bits & -bits)]! < slots) return true;
  }
  return false;
}

function enter(state: NocState, router: number, local: number, port: number, isSpeculative: number, grants: Grants): void {
  const { vcs, firstVc } = state;
  const { localOf, wanted } = grants;
  const input = Math.floor(local / vcs);
  const pair = input * PORTS + port;
  if ((wanted[port]! >> input) & 1) {
    const other = localOf[pair]!;
    const before = grants.isSpeculative[pair]!;
    const place = firstVc[router * PORTS + input]!;
    const vc = local - input * vcs;
    const otherVc = other - input * vcs;
    const isSooner = (vc < place ? vc + vcs : vc) < (otherVc < place ? otherVc + vcs : otherVc);
    if (isSpeculative > before || (isSpeculative === before && !isSooner)) return;
  }
  wanted[port]! |= 1 << input;
  localOf[pair] = local;
  grants.isSpeculative[pair] = isSpeculative;
}

/** Gives what was matched: inputs in the lower five bits, outputs above. */
function switchRound(
  { switchGrant, switchAccept }: NocState,
  router: number,
  freeInputs: number,
  freeOutputs: number,
  isFirst: boolean,
  grants: Grants,
): number {
  const { wanted, outputOf, granted } = grants;
  const first = router * PORTS;
  for (let input = 0; input < PORTS; input++) granted[input] = 0;
  for (let port = 0; port < PORTS; port++) {
    const bids = wanted[port]! & freeInputs;
    if (bids !== 0 && (freeOutputs >> port) & 1) granted[firstFrom(bids, switchGrant[first + port]!)]! |= 1 << port;
  }
  let accepted = 0;
  for (let input = 0; input < PORTS; input++) {
    if (granted[input] === 0) continue;
    const port = firstFrom(granted[input]!, switchAccept[first + input]!);
    outputOf[input] = port;
    accepted |= (1 << input) | (32 << port);
    if (!isFirst) continue;
    switchGrant[first + port] = (input + 1) % PORTS;
    switchAccept[first + input] = (port + 1) % PORTS;
  }
  return accepted;
}

/** Moves the places of the virtual channels that won, and takes back what was granted on speculation to one that found no virtual channel with a slot. */
function confirm({ vcs, locals, slots, used, firstVc }: NocState, router: number, { outputOf, localOf, isSpeculative, vcOf }: Grants): void {
  for (let input = 0; input < PORTS; input++) {
    const port = outputOf[input]!;
    if (port < 0) continue;
    const local = localOf[input * PORTS + port]!;
    const vc = local - input * vcs;
    firstVc[router * PORTS + input] = vc + 1 === vcs ? 0 : vc + 1;
    if (isSpeculative[input * PORTS + port] === 0) continue;
    const found = vcOf[(local << 3) | port]!;
    if (found < 0 || used[router * locals + port * vcs + found]! >= slots) outputOf[input] = -1;
  }
}
