/**
 * Measures a memory under a stream: bandwidth over the span from the first access taken in to the last data, and the latency of reads from when they were
 * taken in, and from when they were generated. Each channel runs on its own, as far as the source needs to know about it; nothing is run tick by tick here.
 */

import type { Bytes, Instant } from "../../base/units.ts";
import type { Part } from "../../machine/dram/part.ts";
import { type CommandCounts, type Completions, type Controller, type DramRequest, noCommands } from "./controller.ts";
import { locate, type Mapping, type Place } from "./mapping.ts";
import {
  createGenerator,
  createStream,
  type GeneratorState,
  LINE_BYTES,
  type Mode,
  nextAccess,
  nextGeneration,
  type StreamSpec,
  type StreamState,
} from "./streams.ts";

/** Channels with controllers of one kind, and which address goes where. */
export interface Memory<State> {
  readonly part: Part;
  readonly controller: Omit<Controller<never, State>, "create">;
  readonly channels: readonly State[];
  readonly mapping: Mapping;
}

export function createMemory<Policy, State>(
  controller: Controller<Policy, State>,
  part: Part,
  policy: Policy,
  mapping: Mapping,
  channels: number,
): Memory<State> {
  return { part, controller, channels: Array.from({ length: channels }, () => controller.create(part, policy)), mapping };
}

/** Times are in ticks of the part. */
export interface Measurement {
  readonly accesses: number;
  readonly reads: number;
  readonly writes: number;
  readonly first_accepted: Instant;
  readonly last_done: Instant;
  readonly span_ticks: number;
  readonly bytes_per_second: number;
  readonly peak_bytes_per_second: number;
  /** 0 where nothing was read. */
  readonly mean_latency_ticks: number;
  readonly mean_latency_from_generation_ticks: number;
  /** Reads by latency: `latencies[n]` of them took n ticks from when they were taken in. */
  readonly latencies: readonly number[];
  /** Of all channels. */
  readonly commands: CommandCounts;
}

interface Run<State> {
  readonly memory: Memory<State>;
  readonly stream: StreamState;
  readonly generator: GeneratorState | undefined;
  /** The access that is to come in next; when it was generated, in an open loop. */
  readonly request: { -readonly [K in keyof DramRequest]: DramRequest[K] };
  readonly place: Place;
  generated: Instant;
  /** Of each access, by tag. Of a write, `taken` is NaN: it has no latency. */
  readonly taken: Float64Array;
  readonly made: Float64Array;
  first: Instant;
  last: Instant;
  reads: number;
  completed: number;
  latency: number;
  latencyFromGeneration: number;
  readonly latencies: number[];
}

/** Runs so many accesses of the stream to their end. */
export function measure<State>(memory: Memory<State>, spec: StreamSpec, mode: Mode, accesses: number): Measurement {
  const run = createRun(memory, spec, mode, accesses);
  for (const channel of memory.channels) memory.controller.advance(channel, FIRST_TICK);
  if (mode.kind === "idle") oneByOne(run, accesses);
  else inOrder(run, mode.ports, accesses);
  for (const channel of memory.channels) finish(run, channel);
  for (const channel of memory.channels) memory.controller.advance(channel, run.last + 1);
  if (run.completed !== accesses) throw new Error(`${run.completed} of ${accesses} accesses came to an end`);
  return resultOf(run, accesses);
}

/** Sources begin with tick 1, as the peers' driver did. */
const FIRST_TICK: Instant = 1;

function createRun<State>(memory: Memory<State>, spec: StreamSpec, mode: Mode, accesses: number): Run<State> {
  return {
    memory,
    stream: createStream(spec),
    generator: mode.kind === "rate" ? createGenerator(mode.accesses_per_tick) : undefined,
    request: { bank: 0, row: 0, column: 0, write: false, tag: -1 },
    place: { channel: 0, bank: 0, row: 0, column: 0 },
    generated: 0,
    taken: new Float64Array(accesses),
    made: new Float64Array(accesses),
    first: Number.POSITIVE_INFINITY,
    last: 0,
    reads: 0,
    completed: 0,
    latency: 0,
    latencyFromGeneration: 0,
    latencies: [],
  };
}

/** Modes max and rate: accesses in order, up to `ports` a tick, each as soon as there is room for it. */
function inOrder<State>(run: Run<State>, ports: number, accesses: number): void {
  let now = FIRST_TICK;
  let offered = 0;
  for (let tag = 0; tag < accesses; tag++) {
    if (offered === ports) [now, offered] = [now + 1, 0];
    prepare(run, tag);
    if (run.generated > now) [now, offered] = [run.generated, 0];
    const accepted = whenAccepted(run, now);
    if (accepted > now) [now, offered] = [accepted, 0];
    take(run, now);
    offered++;
  }
}

/** Mode idle: the next access in the tick after the data of the one before. */
function oneByOne<State>(run: Run<State>, accesses: number): void {
  let now = FIRST_TICK;
  for (let tag = 0; tag < accesses; tag++) {
    prepare(run, tag);
    now = whenAccepted(run, now);
    take(run, now);
    finish(run, channelOf(run));
    now = run.last + 1;
  }
}

/** The next access of the stream becomes the request, with where it goes and when it was generated. */
function prepare<State>(run: Run<State>, tag: number): void {
  const { stream, request, place, memory, generator } = run;
  nextAccess(stream);
  locate(memory.mapping, stream.address, place);
  request.bank = place.bank;
  request.row = place.row;
  request.column = columnOf(memory.part.access_bytes, place.column, stream.address);
  request.write = stream.write;
  request.tag = tag;
  run.generated = generator === undefined ? 0 : nextGeneration(generator);
}

/** Where an access is larger than a line, lines of one access stay apart: each is a request of its own. */
function columnOf(access_bytes: Bytes, column: number, address: Bytes): number {
  if (access_bytes <= LINE_BYTES) return column;
  return (column * access_bytes + (address % access_bytes)) / LINE_BYTES;
}

const channelOf = <State>({ memory, place }: Run<State>): State => memory.channels[place.channel]!;

/** The first tick from `now` on at which its channel has room for the request; the channel has run until then. */
function whenAccepted<State>(run: Run<State>, now: Instant): Instant {
  const { controller } = run.memory;
  const channel = channelOf(run);
  controller.advance(channel, now);
  while (!controller.accepts(channel, run.request)) controller.step(channel, Number.POSITIVE_INFINITY);
  collect(run, controller.completions(channel));
  return controller.now(channel);
}

function take<State>(run: Run<State>, now: Instant): void {
  const { request } = run;
  run.first = Math.min(run.first, now);
  run.taken[request.tag] = request.write ? Number.NaN : now;
  run.made[request.tag] = run.generator === undefined ? now : run.generated;
  run.memory.controller.enqueue(channelOf(run), request);
}

/** Runs a channel until all of its accesses are done. */
function finish<State>(run: Run<State>, channel: State): void {
  const { controller } = run.memory;
  while (controller.nextCompletion(channel) < Number.POSITIVE_INFINITY) controller.step(channel, Number.POSITIVE_INFINITY);
  collect(run, controller.completions(channel));
}

function collect<State>(run: Run<State>, done: Completions): void {
  for (let index = 0; index < done.count; index++) {
    const tag = done.tags[index]!;
    const tick = done.ticks[index]!;
    run.last = Math.max(run.last, tick);
    const taken = run.taken[tag]!;
    if (Number.isNaN(taken)) continue;
    const latency = tick - taken;
    run.reads++;
    run.latency += latency;
    run.latencyFromGeneration += tick - run.made[tag]!;
    run.latencies[latency] = (run.latencies[latency] ?? 0) + 1;
  }
  run.completed += done.count;
  done.count = 0;
}

function resultOf<State>(run: Run<State>, accesses: number): Measurement {
  const { part, controller, channels } = run.memory;
  const span_ticks = run.last - run.first + 1;
  const perTick = (bytes: Bytes): number => (bytes * 1e12) / part.tick_ps;
  return {
    ...{ accesses, reads: run.reads, writes: accesses - run.reads, first_accepted: run.first, last_done: run.last, span_ticks },
    bytes_per_second: perTick((accesses * part.access_bytes) / span_ticks),
    peak_bytes_per_second: peakBytesPerSecond(run.memory),
    mean_latency_ticks: run.reads === 0 ? 0 : run.latency / run.reads,
    mean_latency_from_generation_ticks: run.reads === 0 ? 0 : run.latencyFromGeneration / run.reads,
    latencies: run.latencies,
    commands: channels.map(controller.counts).reduce<CommandCounts>(addCommands, noCommands()),
  };
}

/** Of the data pins of all channels. */
export function peakBytesPerSecond<State>({ part, channels }: Memory<State>): number {
  const wide = part.levels.find(({ level }) => level === "pseudochannel")?.count ?? 1;
  return (channels.length * wide * part.access_bytes * 1e12) / (part.burst * part.tick_ps);
}

function addCommands(a: CommandCounts, b: Readonly<CommandCounts>): CommandCounts {
  return {
    activates: a.activates + b.activates,
    precharges: a.precharges + b.precharges,
    reads: a.reads + b.reads,
    writes: a.writes + b.writes,
    refreshes: a.refreshes + b.refreshes,
    bank_refreshes: a.bank_refreshes + b.bank_refreshes,
  };
}
