/**
 * The bursts of a section as one list a channel, as far as they are regular: its loads and stores at their relative pace, from their first firing on. Where data steers,
 * fetches go anywhere in their tensor and appends along it.
 */

import { nextBelow, seedRandom } from "../base/random.ts";
import type { Nest, TensorLayout } from "../fabric/fabric.ts";
import { firingsOf } from "../fabric/nests.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { channelOf, channelOrder, numberInChannel, requestSource } from "./requests.ts";
import type { PlacedTier } from "./tiers.ts";

/** What an address generator's nest asks for, firing by firing. */
export interface Stream {
  readonly firings: number;
  readonly maxBursts: number;
  /** Of a firing that has some and all of its lanes, on average. */
  readonly meanBursts: number;
  /** Resources and words of the next firing's bursts, and their number. */
  next(into: Int32Array, words: Float64Array): number;
}

/** A burst of one channel: what its server is told, and whose it is. */
export interface StreamBurst {
  readonly word: number;
  readonly stream: number;
}

/** Of a nest without symbols; null where it moves nothing over the edge of the chip. */
export function streamOf(nest: Nest, layout: TensorLayout, tier: PlacedTier): Stream | null {
  const { work } = nest;
  const told: PlacedTier = { ...tier, spec: { ...tier.spec, fidelity: "detailed" } };
  const meanBursts = Math.max(1, (nest.lanes * bytesOf(layout.dtype)) / tier.spec.burst_bytes);
  const firings = firingsOf(nest);
  if (work.kind === "load" || work.kind === "store") {
    const source = requestSource(nest, work.access, layout, told, work.kind === "store");
    let n = 0;
    return { firings, maxBursts: source.maxBursts, meanBursts, next: (into, words) => source.next(n++, into, [], words) };
  }
  if (work.kind === "fetch") return scattered(firings, nest.lanes, layout, told);
  return work.kind === "append" ? along(firings, nest.lanes, layout, told) : null;
}

/** A burst for each lane, drawn from all that the tensor has. */
function scattered(firings: number, lanes: number, layout: TensorLayout, { spec, first }: PlacedTier): Stream {
  const random = seedRandom(0, layout.tensor);
  const order = channelOrder(spec);
  const perTurn = spec.interleave_bytes / spec.burst_bytes;
  const begin = Math.floor(layout.base_bytes / spec.burst_bytes);
  const bursts = Math.max(1, Math.ceil(bytesIn(layout) / spec.burst_bytes));
  return {
    firings,
    maxBursts: lanes,
    meanBursts: lanes,
    next(into, words) {
      for (let lane = 0; lane < lanes; lane++) {
        const burst = begin + nextBelow(random, bursts);
        into[lane] = first + channelOf(Math.floor(burst / perTurn), order);
        words[lane] = 2 * numberInChannel(burst, perTurn, order.channels);
      }
      return lanes;
    },
  };
}

/** One element a lane, one behind the other. */
function along(firings: number, lanes: number, layout: TensorLayout, { spec, first }: PlacedTier): Stream {
  const order = channelOrder(spec);
  const perTurn = spec.interleave_bytes / spec.burst_bytes;
  const begin = Math.floor(layout.base_bytes / spec.burst_bytes);
  const each = (lanes * bytesOf(layout.dtype)) / spec.burst_bytes;
  let [n, asked] = [0, 0];
  return {
    firings,
    maxBursts: Math.ceil(each) + 1,
    meanBursts: Math.max(1, each),
    next(into, words) {
      let count = 0;
      for (n++; asked < n * each; asked++, count++) {
        into[count] = first + channelOf(Math.floor((begin + asked) / perTurn), order);
        words[count] = 2 * numberInChannel(begin + asked, perTurn, order.channels) + 1;
      }
      return count;
    },
  };
}

function bytesIn({ shape, dtype }: TensorLayout): number {
  return shape.reduce((product, extent) => product * extent, bytesOf(dtype));
}

/** Bursts after which the channel is chosen that got most of them, and firings that are looked at in all. */
const CHOICE_BURSTS = 4096;
const MOST_FIRINGS = 200_000;

/** The first `number` bursts of the busiest channel, fewer where there are no more: of all streams that which is furthest behind comes next. */
export function burstsOf(streams: readonly Stream[], number: number): readonly StreamBurst[] {
  const into = new Int32Array(Math.max(0, ...streams.map(({ maxBursts }) => maxBursts)));
  const words = new Float64Array(into.length);
  const lists = new Map<number, StreamBurst[]>();
  const called = streams.map(() => 0);
  let [bursts, chosen] = [0, -1];
  for (let firing = 0; firing < MOST_FIRINGS; firing++) {
    const stream = furthestBehind(streams, called);
    if (stream < 0) break;
    called[stream]!++;
    const count = streams[stream]!.next(into, words);
    for (let i = 0; i < count; i++) {
      if (chosen >= 0 && into[i] !== chosen) continue;
      const list = lists.get(into[i]!) ?? [];
      lists.set(into[i]!, list);
      list.push({ word: words[i]!, stream });
    }
    bursts += count;
    if (chosen < 0 && bursts >= CHOICE_BURSTS) chosen = busiest(lists);
    if (chosen >= 0 && lists.get(chosen)!.length >= number) break;
  }
  return lists.get(chosen < 0 ? busiest(lists) : chosen)?.slice(0, number) ?? [];
}

function furthestBehind(streams: readonly Stream[], called: readonly number[]): number {
  let [least, found] = [1, -1];
  for (let s = 0; s < streams.length; s++) {
    const share = (called[s]! + 0.5) / streams[s]!.firings;
    if (share < least) [least, found] = [share, s];
  }
  return found;
}

function busiest(lists: ReadonlyMap<number, readonly StreamBurst[]>): number {
  const all = [...lists].sort(([a, one], [b, other]) => other.length - one.length || a - b);
  return all[0]?.[0] ?? -1;
}
