/** Messages through a packet network: when each arrives, and when its receiver can have it in the order in which they were sent. A message is one packet. */

import { type Fault, UserError } from "../base/errors.ts";
import { createReorder, maySend, numberMessage, type ReorderState, receiveMessage } from "./reorder.ts";
import { type NocSpec, nodesOf } from "./spec.ts";
import { areCreditsBack, createNoc, type NocState } from "./state.ts";
import { makeNoc, offerPacket, stepNoc } from "./terminal.ts";

export interface Message {
  readonly from: number;
  /** Several: a multicast, along one tree, on a mesh. No node twice. */
  readonly to: readonly number[];
  readonly flits: number;
  /** Not sent before this cycle, nor before the earlier messages of its node. */
  readonly at: number;
}

export interface Delivery {
  /** Index of the message. */
  readonly message: number;
  readonly to: number;
  /** When its head left, when its tail arrived, and when it could be handed on: cycles. */
  readonly left: number;
  readonly arrived: number;
  readonly delivered: number;
}

export interface Delivered {
  /** In the order in which they were handed on. */
  readonly deliveries: readonly Delivery[];
  /** Until the last credit was back. */
  readonly cycles: number;
  /** Flits that nodes sent, and that nodes took: more, where messages have several destinations. */
  readonly flitsSent: number;
  readonly flitsTaken: number;
}

export interface MessageOptions {
  /** Messages of one node to another that may be under way. A receiver's acknowledgement reaches the sender in no time. */
  readonly window?: number;
  /** See createNoc. */
  readonly coin?: () => number;
  /** Called after each cycle. */
  readonly watch?: (state: NocState) => void;
}

/** Runs until all messages are delivered and the network is empty. */
export function sendMessages(spec: NocSpec, messages: readonly Message[], { window = 64, coin, watch }: MessageOptions = {}): Delivered {
  const state = createNoc(spec, coin);
  verifyMessages(spec, messages);
  const post = makePost(messages, state.nodes, window);
  const noc = makeNoc(state);
  const traffic = {
    offer: (_: NocState, node: number) => offerNext(post, state, node),
    arrive: (_: NocState, node: number, packet: number, _flit: number, isTail: boolean) => take(post, state, node, packet, isTail),
  };
  while (post.left > 0 || !areCreditsBack(state)) {
    stepNoc(noc, traffic, true);
    watch?.(state);
  }
  return { deliveries: post.deliveries, cycles: state.now, flitsSent: state.flitsSent, flitsTaken: post.flitsTaken };
}

function verifyMessages(spec: NocSpec, messages: readonly Message[]): void {
  const faults = messages.flatMap((message, i) => messageFaults(spec, message, i));
  if (faults.length > 0) throw new UserError(faults);
}

function messageFaults(spec: NocSpec, { from, to, flits }: Message, i: number): readonly Fault[] {
  const fault = (message: string): Fault => ({ code: "noc-message", place: { path: `messages #${i + 1}` }, message });
  const strangers = [from, ...to].filter((node) => !(Number.isInteger(node) && node >= 0 && node < nodesOf(spec)));
  return [
    ...strangers.map((node) => fault(`there is no node ${node}, only 0 .. ${nodesOf(spec) - 1}`)),
    ...(to.length === 0 || new Set(to).size < to.length ? [fault("its destinations are none, or one twice")] : []),
    ...(Number.isInteger(flits) && flits > 0 ? [] : [fault(`it has ${flits} flits`)]),
    ...(to.length > 1 && spec.topology === "torus" ? [fault("several destinations on a torus")] : []),
    ...(to.length > 1 && flits > spec.slots
      ? [fault(`its ${flits} flits do not fit a virtual channel of ${spec.slots} slots, as those of a multicast must`)]
      : []),
  ];
}

interface Post {
  readonly messages: readonly Message[];
  /** Per node: its messages, by index, and the next of them. */
  readonly outbox: readonly (readonly number[])[];
  readonly next: Int32Array;
  readonly reorder: ReorderState;
  /** By message and destination: its number; by sender, receiver and number: what is known of it. */
  readonly numbers: Map<string, number>;
  readonly arrived: Map<string, Omit<Delivery, "delivered">>;
  readonly deliveries: Delivery[];
  left: number;
  flitsTaken: number;
}

function makePost(messages: readonly Message[], nodes: number, window: number): Post {
  const outbox = Array.from({ length: nodes }, (): number[] => []);
  messages.forEach(({ from }, i) => outbox[from]!.push(i));
  const left = messages.reduce((sum, { to }) => sum + to.length, 0);
  return {
    ...{ messages, outbox, next: new Int32Array(nodes), reorder: createReorder(window), numbers: new Map(), arrived: new Map() },
    ...{ deliveries: [], left, flitsTaken: 0 },
  };
}

function offerNext({ messages, outbox, next, reorder, numbers }: Post, state: NocState, node: number): void {
  const index = outbox[node]![next[node]!];
  if (index === undefined) return;
  const { to, flits, at } = messages[index]!;
  if (at > state.now || !to.every((other) => maySend(reorder, node, other))) return;
  next[node]!++;
  for (const other of to) numbers.set(`${index} ${other}`, numberMessage(reorder, node, other));
  offerPacket(state, node, to.length === 1 ? to[0]! : Int32Array.from(to), flits, state.now, index);
}

function take(post: Post, state: NocState, node: number, packet: number, isTail: boolean): void {
  post.flitsTaken++;
  if (!isTail) return;
  const from = state.packetSource[packet]!;
  const message = state.packetTag[packet]!;
  const number = post.numbers.get(`${message} ${node}`)!;
  post.arrived.set(`${from} ${node} ${number}`, { message, to: node, left: state.packetInjected[packet]!, arrived: state.now });
  for (const ready of receiveMessage(post.reorder, from, node, number)) {
    post.deliveries.push({ ...post.arrived.get(`${from} ${node} ${ready}`)!, delivered: state.now });
    post.left--;
  }
}
