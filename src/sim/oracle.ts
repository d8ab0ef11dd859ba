/**
 * The slow twin of the engine: steps every tick and asks every process whether it can fire now. Written from the comments of
 * engine/network.ts alone and kept too simple to be wrong; shares only types with the engine. Never used for speed.
 *
 * Its time is cut so fine that the ticks of all processes stand on it: `at` counts these points, `grid` of them a tick of the network, and `stride` of them a
 * tick of a process. Nothing is ever converted: a process looks at its own ticks only, and sees what has happened before or then.
 */

import { RunError } from "../base/errors.ts";
import type { Steering } from "../engine/behaviour.ts";
import type { NetworkResult, NetworkSpec, PortSpec, ProcessSpec, ResourceSpec } from "../engine/network.ts";
import type { PlainServer } from "../engine/server.ts";
import { type Actor, buildMachine, type Fifo, type Flight, isInput, type Machine, type Moves, type Server, serverTick } from "./oracle-state.ts";

export interface OracleOptions {
  readonly maxTicks?: number;
  /** Asked every so often. */
  readonly shouldStop?: () => boolean;
}

/** Throws a RunError if a firing would start later than maxTicks. Null if it was to stop. */
export function runOracle(spec: NetworkSpec, options?: OracleOptions & { readonly shouldStop?: never }): NetworkResult;
export function runOracle(spec: NetworkSpec, options: OracleOptions): NetworkResult | null;
export function runOracle(spec: NetworkSpec, { maxTicks = Number.POSITIVE_INFINITY, shouldStop }: OracleOptions = {}): NetworkResult | null {
  const machine = buildMachine(spec);
  for (let at = 0; ; at++) {
    if (at % 256 === 0 && shouldStop?.()) return null;
    const now = at / machine.grid;
    let fired = false;
    for (const actor of machine.actors) {
      if (!stepActor(machine, actor, at)) continue;
      fired = true;
      if (now > maxTicks) throw new RunError("limit", `${actor.spec.name} would fire at tick ${Math.ceil(now)}, the limit is ${maxTicks}`);
    }
    for (const server of machine.servers) stepServer(machine, server, at);
    const pending = machine.servers.some(
      ({ queue, behind }) => queue.length > 0 || (behind?.earliest() ?? Number.POSITIVE_INFINITY) < Number.POSITIVE_INFINITY,
    );
    if (!fired && !pending && at >= machine.last) return report(machine);
  }
}

/** Fires the process at this point if it can; otherwise notes what it waits for. */
function stepActor(machine: Machine, actor: Actor, at: number): boolean {
  const { waiting } = actor;
  if (actor.done || at % actor.stride !== 0 || at / actor.stride < actor.ready) return false;
  if (!hasTokens(machine, actor, at)) waiting.starved++;
  else if (!hasOutstanding(actor, at / actor.stride)) waiting.memory++;
  else if (!hasSlots(machine, actor.moves!, at)) waiting.blocked++;
  else {
    fire(machine, actor, at, actor.moves!);
    return true;
  }
  return false;
}

/** Once they are there, what the firing does and asks is known. */
function hasTokens(machine: Machine, actor: Actor, at: number): boolean {
  const { spec, fired: n } = actor;
  if (actor.bursts !== null) return true;
  const steering = spec.behaviour?.steering;
  actor.moves ??= steering === undefined ? constantMoves(spec, n) : steer(machine, actor, steering, at);
  if (actor.moves === null || !haveArrived(machine, actor.moves.begun, at)) return false;
  readWords(machine, actor, actor.moves.begun);
  actor.bursts = drawBursts(actor);
  return true;
}

function constantMoves({ ports, firings }: ProcessSpec, n: number): Moves {
  return { begun: ports.filter((port) => isFirst(port, n)), ended: ports.filter((port) => isLast(port, n)), last: n + 1 === firings };
}

const isFirst = ({ period }: PortSpec, n: number): boolean => n % period === 0;
const isLast = ({ period }: PortSpec, n: number): boolean => n % period === period - 1;
const popsOf = ({ begun }: Moves): PortSpec[] => begun.filter(isInput);
const freesOf = ({ begun, ended }: Moves): PortSpec[] => [
  ...begun.filter(({ kind }) => kind === "stream-in"),
  ...ended.filter(({ kind }) => kind === "buffer-in"),
];
const takesOf = ({ begun, ended }: Moves): PortSpec[] => [
  ...begun.filter(({ kind }) => kind === "buffer-out"),
  ...ended.filter(({ kind }) => kind === "stream-out"),
];
const pushesOf = ({ ended }: Moves): PortSpec[] => ended.filter((port) => !isInput(port));

/** Asks from level to level, as far as the tokens are there. Null while one is missing. */
function steer(machine: Machine, actor: Actor, steering: Steering, at: number): Moves | null {
  const { spec, inputs, begins } = actor;
  const isAt = (from: number) => (port: PortSpec) => port.level! >= from && port.level! <= actor.reach;
  for (; ; actor.reach++) {
    const begun = spec.ports.filter(isAt(begins));
    if (!haveArrived(machine, begun, at)) return null;
    readWords(machine, actor, begun);
    if (actor.reach < steering.loops && steering.enters(actor.reach, inputs)) continue;
    const ends = steering.ends(actor.reach, inputs);
    const ended = spec.ports.filter(isAt(ends));
    actor.begins = ends;
    return { begun, ended, last: ends === 0 };
  }
}

function haveArrived({ fifos }: Machine, begun: readonly PortSpec[], at: number): boolean {
  return begun.filter(isInput).every(({ channel }) => (fifos[channel]!.tokens[0]?.arrival ?? Number.POSITIVE_INFINITY) <= at);
}

function hasSlots({ fifos }: Machine, moves: Moves, at: number): boolean {
  return takesOf(moves).every(({ channel }) => (fifos[channel]!.slots[0] ?? Number.POSITIVE_INFINITY) <= at);
}

/** Of the tokens that the firing will pop. */
function readWords({ fifos }: Machine, { spec, inputs }: Actor, begun: readonly PortSpec[]): void {
  for (const port of begun) if (port.kind === "stream-in") inputs[spec.ports.indexOf(port)]!.set(fifos[port.channel]!.tokens[0]!.words);
}

function drawBursts({ spec, fired, inputs }: Actor): NonNullable<Actor["bursts"]> {
  const into = new Int32Array(spec.requests?.source.maxBursts ?? 0);
  const words = new Float64Array(into.length);
  const number = spec.requests?.source.next(fired, into, spec.behaviour === undefined ? [] : inputs, words) ?? 0;
  return Array.from(into.subarray(0, number), (resource, i) => ({ resource, word: words[i]! })).sort((a, b) => a.word - b.word);
}

/** The k-th firing with bursts takes the slot of the (k - outstanding)-th, free the tick after that one's completion. One without bursts takes none. */
function hasOutstanding(actor: Actor, now: number): boolean {
  const { spec, flights, bursts } = actor;
  if (bursts!.length === 0 || flights.length < spec.requests!.outstanding) return true;
  return flights[0]!.pending === 0 && tickAfter(flights[0]!.completion, actor.stride) + 1 <= now;
}

/** The first tick of a process that is not before this point. */
const tickAfter = (at: number, stride: number): number => Math.ceil(at / stride);

function fire(machine: Machine, actor: Actor, at: number, moves: Moves): void {
  const { spec, fired: n, stride } = actor;
  const now = at / stride;
  countWaits(machine, actor, moves);
  for (const { channel } of popsOf(moves)) {
    machine.fifos[channel]!.tokens.shift();
    machine.fifos[channel]!.popped++;
  }
  for (const { channel } of takesOf(moves)) machine.fifos[channel]!.slots.shift();
  const ii = Math.max(spec.ii, spec.behaviour?.fire(n, actor.inputs, actor.outputs) ?? 0);
  for (const { channel } of freesOf(moves)) {
    machine.fifos[channel]!.slots.push((now + 1) * stride);
    happen(machine, (now + 1) * stride);
  }
  request(machine, actor, at, push(machine, actor, at, moves));
  actor.fired++;
  actor.done = moves.last;
  actor.moves = null;
  actor.reach = actor.begins;
  actor.lastStart = now;
  actor.ready = now + ii;
  actor.busy += ii;
  finish(machine, (now + ii) * stride);
  finish(machine, (now + spec.latency) * stride);
  if (actor.fired === spec.firings && !actor.done) throw new Error(`${spec.name} is not done after ${spec.firings} firings`);
}

/** The ticks waited go to the input that came last and to the output that had a slot last, by its own ticks; the lowest port among equals. */
function countWaits({ fifos }: Machine, actor: Actor, moves: Moves): void {
  const { waiting, waits, spec, stride } = actor;
  const arrival = ({ channel }: PortSpec) => tickAfter(fifos[channel]!.tokens[0]!.arrival, stride);
  const free = ({ channel }: PortSpec) => tickAfter(fifos[channel]!.slots[0]!, stride);
  if (waiting.starved > 0) countStarved(actor, latest(spec, popsOf(moves), arrival), fifos);
  if (waiting.memory > 0) actor.memoryBy[actor.flights[0]!.resource]! += waiting.memory;
  if (waiting.blocked > 0) waits[latest(spec, takesOf(moves), free)]! += waiting.blocked;
  actor.starved += waiting.starved;
  actor.memory += waiting.memory;
  actor.blocked += waiting.blocked;
  actor.waiting = { starved: 0, memory: 0, blocked: 0 };
}

/** Of the ticks waited for a token, those in which its bursts were under way go to the resource that was last with them. */
function countStarved({ spec, stride, fired, waiting, waits, fill, late }: Actor, j: number, fifos: readonly Fifo[]): void {
  const { flight } = fifos[spec.ports[j]!.channel]!.tokens[0]!;
  waits[j]! += waiting.starved;
  if (fired === 0) fill[j]! += waiting.starved;
  if (flight === null || flight.resource < 0) return;
  const { stride: senderStride } = flight.actor;
  const flown = tickAfter(flight.completion, senderStride) * senderStride - flight.start;
  const ticks = Math.min(waiting.starved, tickAfter(flown, stride));
  late[j]! += ticks;
  flight.actor.lateBy[flight.resource]! += ticks;
}

function latest({ ports }: ProcessSpec, some: readonly PortSpec[], time: (port: PortSpec) => number): number {
  const most = Math.max(...some.map(time));
  return ports.findIndex((port) => some.includes(port) && time(port) === most);
}

/** Puts the tokens of this firing into their channels; when they arrive is known when the flight is over. */
function push({ fifos }: Machine, actor: Actor, at: number, moves: Moves): Flight {
  const { spec, outputs } = actor;
  const flight: Flight = { start: at, resource: -1, pending: 0, completion: at, pushes: [], actor };
  for (const port of pushesOf(moves)) {
    const fifo = fifos[port.channel]!;
    const words = new Float64Array(fifo.spec.words);
    if (spec.behaviour !== undefined) words.set(outputs[spec.ports.indexOf(port)]!);
    const token = { arrival: Number.POSITIVE_INFINITY, words, flight };
    fifo.tokens.push(token);
    fifo.pushed++;
    flight.pushes.push({ token, fifo });
  }
  return flight;
}

function request(machine: Machine, actor: Actor, at: number, flight: Flight): void {
  const bursts = actor.bursts!;
  actor.bursts = null;
  flight.pending = bursts.length;
  if (bursts.length > 0 && actor.flights.push(flight) > actor.spec.requests!.outstanding) actor.flights.shift();
  for (const { resource, word } of bursts) {
    const server = machine.servers[resource]!;
    server.queue.push({ seen: serverTick(server.spec, at, machine.grid), word, flight, pushedBack: false });
  }
  if (bursts.length === 0) land(machine, flight);
}

/** All bursts are done: tokens get their arrivals. */
function land(machine: Machine, { completion, pushes, actor: { spec, stride } }: Flight): void {
  const seen = tickAfter(completion, stride);
  happen(machine, (seen + 1) * stride);
  for (const { token, fifo } of pushes) {
    token.arrival = (seen + spec.latency) * stride + fifo.spec.latency * machine.grid;
    finish(machine, tickAfter(token.arrival, fifo.readerStride) * fifo.readerStride);
  }
}

/** Steps the server's clock through its ticks before those at which a request of the next point would be seen. */
function stepServer(machine: Machine, server: Server, at: number): void {
  for (const until = serverTick(server.spec, at + 1, machine.grid); server.tick < until; server.tick++) {
    if (server.behind !== null) {
      stepBehind(machine, server, server.behind);
      continue;
    }
    const first = server.queue[0];
    if (first === undefined || first.seen > server.tick || server.free > server.tick) continue;
    if (isRefreshing(server.spec, server.tick)) first.pushedBack = true;
    else serve(machine, server);
  }
}

/** One tick of what stands behind the server, which takes what is seen by then. */
function stepBehind(machine: Machine, server: Server, behind: PlainServer): void {
  for (let first = server.queue[0]; first !== undefined && first.seen <= server.tick; first = server.queue[0]) {
    behind.take(first.seen, first.word, server.taken.push(first.flight) - 1);
    server.queue.shift();
  }
  behind.run(server.tick + 1, (tag, tick, waited) => {
    server.free = Math.max(server.free, tick);
    server.waited += waited;
    complete(machine, server, server.taken[tag]!, tick);
  });
}

function isRefreshing({ refresh }: ResourceSpec, tick: number): boolean {
  return refresh !== undefined && tick >= refresh.interval && tick % refresh.interval < refresh.duration;
}

function serve(machine: Machine, server: Server): void {
  const { seen, flight, pushedBack } = server.queue.shift()!;
  server.free = server.tick + (flight.actor.spec.requests!.service ?? server.spec.service);
  server.waited += server.tick - seen;
  if (pushedBack) server.refreshHits++;
  complete(machine, server, flight, server.free);
}

/** A burst of this flight is done at this tick of the server. */
function complete(machine: Machine, server: Server, flight: Flight, tick: number): void {
  const { service, latency, clock, origin } = server.spec;
  server.served++;
  server.busy += (server.behind === null ? flight.actor.spec.requests!.service : undefined) ?? service;
  const completion = Math.ceil((tick * clock.denominator * machine.grid) / clock.numerator) + (latency - origin) * machine.grid;
  finish(machine, completion);
  const resource = machine.servers.indexOf(server);
  if (completion > flight.completion || (completion === flight.completion && resource < flight.resource)) flight.resource = resource;
  flight.completion = Math.max(flight.completion, completion);
  flight.pending--;
  if (flight.pending === 0) land(machine, flight);
}

/** Something that others may wait for happens at this point; they see it at their next tick. */
function happen(machine: Machine, at: number): void {
  machine.last = Math.max(machine.last, at + machine.longestStride);
}

/** The run lasts at least until this point. */
function finish(machine: Machine, at: number): void {
  machine.end = Math.max(machine.end, at);
  happen(machine, at);
}

function report({ actors, fifos, servers, end, grid }: Machine): NetworkResult {
  return {
    finished: actors.every(({ done }) => done),
    ticks: Math.ceil(end / grid),
    processes: actors.map(({ fired, lastStart, busy, starved, blocked, memory, waits, fill, late, memoryBy, lateBy }) => ({
      firings: fired,
      lastStart,
      busy,
      starved,
      blocked,
      memory,
      waits,
      fill,
      late,
      memoryBy,
      lateBy,
    })),
    channels: fifos.map(({ pushed, popped }) => ({ pushed, popped })),
    resources: servers.map(({ served, busy, free, refreshHits, waited, counts }) => ({ served, busy, free, refreshHits, waited, counts: Array.from(counts) })),
    firings: actors.reduce((total, { fired }) => total + fired, 0),
  };
}
