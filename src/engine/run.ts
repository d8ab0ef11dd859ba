/** Runs a network in local time: every process as far ahead as its channels allow, resources when nothing else can move. */

import { RunError } from "../base/errors.ts";
import { fireRequesting, fireTimed } from "./batch.ts";
import { NETWORK_CLOCK, networkTick } from "./clock.ts";
import { markDirty } from "./dirty.ts";
import { fireComputing } from "./firing.ts";
import { createForward, type Forward, lookForward, type Skipped } from "./forward.ts";
import { COMPUTING, KIND, LAST, LIMIT, PF, PI, RANK, REQUESTING, type State, TIMED } from "./layout.ts";
import type { NetworkResult, NetworkSpec } from "./network.ts";
import { partsOf } from "./parts.ts";
import { recordVisit } from "./record.ts";
import { readResult } from "./result.ts";
import { serveBatch } from "./serve.ts";
import { createState, type RunOptions } from "./state.ts";
import { fireSteered } from "./steered.ts";

/** Throws a RunError if a firing would start later than maxTicks. Every firing individually, unless `fastForward`. */
export function runNetwork(spec: NetworkSpec, { fastForward = false, ...options }: RunOptions & { readonly fastForward?: boolean } = {}): NetworkResult {
  const state = createState(spec, options);
  const course = createCourse(state, fastForward);
  while (advance(course));
  return readResult(state);
}

/** A run under way. */
export interface Course {
  readonly state: State;
  readonly skipped: Skipped;
  /** Null: every firing individually. */
  forward: Forward | null;
  /** Parts that share nothing with each other and are still to be run, one after the other, so that each can recur by itself. */
  readonly parts: (readonly number[])[];
}

/** Times of several clocks do not move by one number of ticks: such a network is run firing by firing. `skipped`: before. */
export function createCourse(state: State, fastForward: boolean, skipped: Skipped = { firings: 0, periods: new Map() }): Course {
  const canLeap = fastForward && state.spec.processes.every(({ clock }) => clock === undefined);
  const course: Course = { state, skipped, forward: null, parts: canLeap ? orderParts(state.spec) : [] };
  if (canLeap) nextPart(course);
  return course;
}

/** The last is run first: those that ask resources, all of them one part. In a restored state bursts may be pending, to be served only when these processes cannot move. */
function orderParts(spec: NetworkSpec): (readonly number[])[] {
  const isClient = (part: readonly number[]): boolean => part.some((p) => spec.processes[p]!.requests !== undefined);
  return partsOf(spec).sort((a, b) => Number(isClient(a)) - Number(isClient(b)));
}

/** One round. False if all is done or nothing can move. */
export function advance(course: Course): boolean {
  if (!runRound(course.state)) return nextPart(course);
  if (course.forward !== null) lookForward(course.forward, course.state);
  return true;
}

function nextPart(course: Course): boolean {
  const { state, skipped } = course;
  const part = course.parts.pop();
  if (part === undefined) return false;
  state.dirty.fill(0);
  for (const p of part) markDirty(state, state.pi[p * PI + RANK]!);
  course.forward = createForward(state, part, skipped);
  return true;
}

/** Visits every process near which something has changed; if there is none, serves the resources. False if neither is left. */
export function runRound(state: State): boolean {
  return sweep(state) || serveBatch(state);
}

/** One pass over the ranks. What is marked behind the pass waits for the next. */
function sweep(state: State): boolean {
  const { dirty, order } = state;
  let moved = false;
  for (let word = 0; word < dirty.length; word++) {
    let ahead = -1;
    for (let bits = dirty[word]!; bits !== 0; bits = dirty[word]! & ahead) {
      const low = bits & -bits;
      dirty[word]! &= ~low;
      ahead = ~((low << 1) - 1);
      visit(state, order[(word << 5) + 31 - Math.clz32(low)]!);
      moved = true;
    }
  }
  return moved;
}

function visit(state: State, p: number): void {
  const kind = state.pi[p * PI + KIND];
  if (kind === TIMED) fireTimed(state, p);
  else if (kind === REQUESTING) fireRequesting(state, p);
  else if (kind === COMPUTING) fireComputing(state, p);
  else fireSteered(state, p);
  if (state.recording !== null) recordVisit(state.recording, state, p);
  if (state.pf[p * PF + LAST]! > state.pf[p * PF + LIMIT]!) stopAtLimit(state, p);
}

function stopAtLimit({ spec, pf, maxTicks }: State, p: number): never {
  const { name, clock = NETWORK_CLOCK } = spec.processes[p]!;
  throw new RunError("limit", `${name} would fire at tick ${networkTick(pf[p * PF + LAST]!, clock)}, the limit is ${maxTicks}`);
}
