/**
 * The slow twin of the engine: steps every tick and asks every process whether it can fire now. Written from the comments of
 * engine/network.ts alone and kept too simple to be wrong; shares only types with the engine. Never used for speed.
 */

import { RunError } from "../base/errors.ts";
import type { ChannelSpec, NetworkResult, NetworkSpec, PortSpec, ProcessSpec, ResourceSpec } from "../engine/network.ts";

interface Token {
  /** Infinity until the last burst of its firing is done. */
  arrival: number;
  readonly words: Float64Array;
}

interface Fifo {
  readonly spec: ChannelSpec;
  readonly tokens: Token[];
  /** Ticks at which the free slots are free, in the order in which they were freed. */
  readonly slots: number[];
  pushed: number;
  popped: number;
}

interface Flight {
  pending: number;
  completion: number;
  readonly pushes: { readonly token: Token; readonly delay: number }[];
}

interface Actor {
  readonly spec: ProcessSpec;
  readonly inputs: Float64Array[];
  readonly outputs: Float64Array[];
  readonly waits: number[];
  /** What its last `outstanding` firings with bursts sent, oldest first. */
  readonly flights: Flight[];
  /** Resources of the next firing's bursts, once its tokens are there. */
  bursts: Int32Array | null;
  fired: number;
  ready: number;
  lastStart: number;
  busy: number;
  starved: number;
  blocked: number;
  memory: number;
  /** Ticks that the next firing has waited so far. */
  waiting: { starved: number; memory: number; blocked: number };
}

interface Server {
  readonly spec: ResourceSpec;
  readonly queue: { readonly seen: number; readonly flight: Flight; pushedBack: boolean }[];
  /** The server's own clock: the next of its ticks to be stepped. */
  tick: number;
  free: number;
  served: number;
  busy: number;
  refreshHits: number;
  waited: number;
}

interface Machine {
  readonly fifos: readonly Fifo[];
  readonly actors: readonly Actor[];
  readonly servers: readonly Server[];
  /** The last tick at which something is known to happen, and the end of the run so far. */
  last: number;
  end: number;
}

export interface OracleOptions {
  readonly maxTicks?: number;
  /** Asked every so often. */
  readonly shouldStop?: () => boolean;
}

/** Throws a RunError if a firing would start later than maxTicks. Null if it was to stop. */
export function runOracle(spec: NetworkSpec): NetworkResult;
export function runOracle(spec: NetworkSpec, options: OracleOptions): NetworkResult | null;
export function runOracle(spec: NetworkSpec, { maxTicks = Number.POSITIVE_INFINITY, shouldStop }: OracleOptions = {}): NetworkResult | null {
  const machine = build(spec);
  for (let now = 0; ; now++) {
    if (now % 256 === 0 && shouldStop?.()) return null;
    let fired = false;
    for (const actor of machine.actors) {
      if (!stepActor(machine, actor, now)) continue;
      fired = true;
      if (now > maxTicks) throw new RunError("limit", `${actor.spec.name} would fire at tick ${now}, the limit is ${maxTicks}`);
    }
    for (const server of machine.servers) stepServer(machine, server, now);
    const pending = machine.servers.some(({ queue }) => queue.length > 0);
    if (!fired && !pending && now >= machine.last) return report(machine);
  }
}

function build({ processes, channels, resources }: NetworkSpec): Machine {
  return {
    fifos: channels.map(createFifo),
    actors: processes.map((spec) => ({
      spec,
      inputs: spec.ports.map((port) => new Float64Array(port.kind === "stream-in" ? channels[port.channel]!.words : 0)),
      outputs: spec.ports.map((port) => new Float64Array(port.kind === "stream-out" ? channels[port.channel]!.words : 0)),
      waits: spec.ports.map(() => 0),
      flights: [],
      bursts: null,
      fired: 0,
      ready: 0,
      lastStart: -1,
      busy: 0,
      starved: 0,
      blocked: 0,
      memory: 0,
      waiting: { starved: 0, memory: 0, blocked: 0 },
    })),
    servers: resources.map((spec) => ({ spec, queue: [], tick: serverTick(spec, 0), free: 0, served: 0, busy: 0, refreshHits: 0, waited: 0 })),
    last: 0,
    end: 0,
  };
}

function createFifo(spec: ChannelSpec): Fifo {
  const { depth, initial = 0, words } = spec;
  const tokens = Array.from({ length: initial }, (): Token => ({ arrival: 0, words: new Float64Array(words) }));
  return { spec, tokens, slots: new Array<number>(depth - initial).fill(0), pushed: 0, popped: 0 };
}

/** Fires the process at this tick if it can; otherwise notes what it waits for. */
function stepActor(machine: Machine, actor: Actor, now: number): boolean {
  const { spec, fired, waiting } = actor;
  if (fired === spec.firings || now < actor.ready) return false;
  const pops = spec.ports.filter((port) => isPopped(port, fired));
  const takes = spec.ports.filter((port) => isReserved(port, fired));
  const hasTokens = pops.every(({ channel }) => (machine.fifos[channel]!.tokens[0]?.arrival ?? Number.POSITIVE_INFINITY) <= now);
  const hasSlots = takes.every(({ channel }) => (machine.fifos[channel]!.slots[0] ?? Number.POSITIVE_INFINITY) <= now);
  if (hasTokens) actor.bursts ??= drawBursts(machine, actor, pops);
  if (!hasTokens) waiting.starved++;
  else if (!hasOutstanding(actor, now)) waiting.memory++;
  else if (!hasSlots) waiting.blocked++;
  else {
    fire(machine, actor, now, pops, takes);
    return true;
  }
  return false;
}

const isFirst = ({ period }: PortSpec, n: number): boolean => n % period === 0;
const isLast = ({ period }: PortSpec, n: number): boolean => n % period === period - 1;
const isInput = ({ kind }: PortSpec): boolean => kind === "stream-in" || kind === "buffer-in";
const isPopped = (port: PortSpec, n: number): boolean => isInput(port) && isFirst(port, n);
const isFreed = (port: PortSpec, n: number): boolean => (port.kind === "stream-in" && isFirst(port, n)) || (port.kind === "buffer-in" && isLast(port, n));
const isReserved = (port: PortSpec, n: number): boolean => (port.kind === "stream-out" && isLast(port, n)) || (port.kind === "buffer-out" && isFirst(port, n));
const isPushed = (port: PortSpec, n: number): boolean => !isInput(port) && isLast(port, n);

/** The words that the firing pops are read here: its bursts may depend on them. */
function drawBursts({ fifos }: Machine, { spec, fired, inputs }: Actor, pops: readonly PortSpec[]): Int32Array {
  for (const port of pops) {
    if (port.kind === "stream-in") inputs[spec.ports.indexOf(port)]!.set(fifos[port.channel]!.tokens[0]!.words);
  }
  const into = new Int32Array(spec.requests?.source.maxBursts ?? 0);
  return into.subarray(0, spec.requests?.source.next(fired, into, spec.behaviour === undefined ? [] : inputs) ?? 0);
}

/** The k-th firing with bursts takes the slot of the (k - outstanding)-th, free the tick after that one's completion. One without bursts takes none. */
function hasOutstanding({ spec, flights, bursts }: Actor, now: number): boolean {
  if (bursts!.length === 0 || flights.length < spec.requests!.outstanding) return true;
  return flights[0]!.pending === 0 && flights[0]!.completion + 1 <= now;
}

function fire(machine: Machine, actor: Actor, now: number, pops: readonly PortSpec[], takes: readonly PortSpec[]): void {
  const { spec, fired: n } = actor;
  countWaits(machine, actor, pops, takes);
  for (const port of pops) {
    const fifo = machine.fifos[port.channel]!;
    fifo.tokens.shift();
    fifo.popped++;
  }
  for (const port of takes) machine.fifos[port.channel]!.slots.shift();
  const ii = Math.max(spec.ii, spec.behaviour?.fire(n, actor.inputs, actor.outputs) ?? 0);
  for (const port of spec.ports.filter((port) => isFreed(port, n))) {
    machine.fifos[port.channel]!.slots.push(now + 1);
    happen(machine, now + 1);
  }
  const flight = push(machine, actor, now);
  request(machine, actor, now, flight);
  actor.fired++;
  actor.lastStart = now;
  actor.ready = now + ii;
  actor.busy += ii;
  finish(machine, now + ii);
  finish(machine, now + spec.latency);
}

/** The ticks waited go to the input that came last and to the output that had a slot last; the lowest port among equals. */
function countWaits({ fifos }: Machine, actor: Actor, pops: readonly PortSpec[], takes: readonly PortSpec[]): void {
  const { waiting, waits, spec } = actor;
  const arrival = ({ channel }: PortSpec) => fifos[channel]!.tokens[0]!.arrival;
  const free = ({ channel }: PortSpec) => fifos[channel]!.slots[0]!;
  if (waiting.starved > 0) waits[spec.ports.indexOf(latest(pops, arrival))]! += waiting.starved;
  if (waiting.blocked > 0) waits[spec.ports.indexOf(latest(takes, free))]! += waiting.blocked;
  actor.starved += waiting.starved;
  actor.memory += waiting.memory;
  actor.blocked += waiting.blocked;
  actor.waiting = { starved: 0, memory: 0, blocked: 0 };
}

function latest(ports: readonly PortSpec[], time: (port: PortSpec) => number): PortSpec {
  const most = Math.max(...ports.map(time));
  return ports.find((port) => time(port) === most)!;
}

/** Puts the tokens of this firing into their channels; when they arrive is known when the flight is over. */
function push({ fifos }: Machine, { spec, outputs, fired }: Actor, now: number): Flight {
  const flight: Flight = { pending: 0, completion: now, pushes: [] };
  spec.ports.forEach((port, j) => {
    if (!isPushed(port, fired)) return;
    const fifo = fifos[port.channel]!;
    const words = new Float64Array(fifo.spec.words);
    if (spec.behaviour !== undefined) words.set(outputs[j]!);
    const token = { arrival: Number.POSITIVE_INFINITY, words };
    fifo.tokens.push(token);
    fifo.pushed++;
    flight.pushes.push({ token, delay: spec.latency + fifo.spec.latency });
  });
  return flight;
}

function request(machine: Machine, actor: Actor, now: number, flight: Flight): void {
  const bursts = actor.bursts!;
  actor.bursts = null;
  flight.pending = bursts.length;
  if (bursts.length > 0 && actor.flights.push(flight) > actor.spec.requests!.outstanding) actor.flights.shift();
  for (const r of bursts) {
    const server = machine.servers[r]!;
    server.queue.push({ seen: serverTick(server.spec, now), flight, pushedBack: false });
  }
  if (bursts.length === 0) land(machine, flight);
}

/** All bursts are done: tokens get their arrivals. */
function land(machine: Machine, { completion, pushes }: Flight): void {
  happen(machine, completion + 1);
  for (const { token, delay } of pushes) {
    token.arrival = completion + delay;
    finish(machine, token.arrival);
  }
}

/** Steps the server's clock through its ticks before those at which a request of the next network tick would be seen. */
function stepServer(machine: Machine, server: Server, now: number): void {
  for (const until = serverTick(server.spec, now + 1); server.tick < until; server.tick++) {
    const first = server.queue[0];
    if (first === undefined || first.seen > server.tick || server.free > server.tick) continue;
    if (isRefreshing(server.spec, server.tick)) first.pushedBack = true;
    else serve(machine, server);
  }
}

function isRefreshing({ refresh }: ResourceSpec, tick: number): boolean {
  return refresh !== undefined && tick >= refresh.interval && tick % refresh.interval < refresh.duration;
}

function serve(machine: Machine, server: Server): void {
  const { seen, flight, pushedBack } = server.queue.shift()!;
  const { service, latency, clock, origin } = server.spec;
  server.free = server.tick + service;
  server.served++;
  server.busy += service;
  server.waited += server.tick - seen;
  if (pushedBack) server.refreshHits++;
  const completion = Math.ceil((server.free * clock.denominator) / clock.numerator) + latency - origin;
  finish(machine, completion);
  flight.completion = Math.max(flight.completion, completion);
  flight.pending--;
  if (flight.pending === 0) land(machine, flight);
}

const serverTick = ({ clock, origin }: ResourceSpec, now: number): number => Math.ceil(((now + origin) * clock.numerator) / clock.denominator);

/** Something that others may wait for happens at this tick. */
function happen(machine: Machine, tick: number): void {
  machine.last = Math.max(machine.last, tick);
}

/** The run lasts at least until this tick. */
function finish(machine: Machine, tick: number): void {
  machine.end = Math.max(machine.end, tick);
  happen(machine, tick);
}

function report({ actors, fifos, servers, end }: Machine): NetworkResult {
  return {
    finished: actors.every(({ spec, fired }) => fired === spec.firings),
    ticks: end,
    processes: actors.map(({ fired, lastStart, busy, starved, blocked, memory, waits }) => ({
      firings: fired,
      lastStart,
      busy,
      starved,
      blocked,
      memory,
      waits,
    })),
    channels: fifos.map(({ pushed, popped }) => ({ pushed, popped })),
    resources: servers.map(({ served, busy, free, refreshHits, waited }) => ({ served, busy, free, refreshHits, waited })),
    firings: actors.reduce((total, { fired }) => total + fired, 0),
  };
}
