/**
 * Messages of one node to another may overtake each other on several virtual channels. The receiver hands them on by their numbers, and keeps those that came too soon: at most `window` of them, since
 * the sender has no more than that under way.
 */

export interface ReorderState {
  readonly window: number;
  readonly pairs: Map<string, Pair>;
}

/** Of a sender and a receiver: messages numbered and handed on, and the numbers of those that wait for an earlier one. */
interface Pair {
  sent: number;
  delivered: number;
  readonly waiting: Set<number>;
}

export const createReorder = (window: number): ReorderState => ({ window, pairs: new Map() });

/** Whether a sender may have one more message to a receiver under way. */
export function maySend(state: ReorderState, from: number, to: number): boolean {
  const { sent, delivered } = pairOf(state, from, to);
  return sent - delivered < state.window;
}

/** The number of the next message. */
export function numberMessage(state: ReorderState, from: number, to: number): number {
  if (!maySend(state, from, to)) throw new Error(`node ${from} has ${state.window} messages to node ${to} under way, which is its window`);
  return pairOf(state, from, to).sent++;
}

/** A message has arrived. Gives the numbers that are handed on now, in their order: none, if an earlier message is still missing. */
export function receiveMessage(state: ReorderState, from: number, to: number, number: number): readonly number[] {
  const pair = pairOf(state, from, to);
  if (number < pair.delivered || number >= pair.sent || pair.waiting.has(number))
    throw new Error(`message ${number} of node ${from} to node ${to} is not under way`);
  pair.waiting.add(number);
  const first = pair.delivered;
  while (pair.waiting.delete(pair.delivered)) pair.delivered++;
  return Array.from({ length: pair.delivered - first }, (_, i) => first + i);
}

function pairOf({ pairs }: ReorderState, from: number, to: number): Pair {
  const key = `${from} ${to}`;
  const known = pairs.get(key);
  if (known !== undefined) return known;
  const pair = { sent: 0, delivered: 0, waiting: new Set<number>() };
  pairs.set(key, pair);
  return pair;
}
