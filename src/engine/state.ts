/** Lays out the state of a network that has not run yet. */

import { type Crossing, commonGrid, convertTime, isSameClock, makeCrossing, NETWORK_CLOCK } from "./clock.ts";
import { createHeap } from "./heap.ts";
import {
  CI,
  COMPUTING,
  DRAWN,
  ENDS,
  FAST,
  FAST_IN,
  FREE,
  FREED,
  KIND,
  KNOWN,
  LIMIT,
  OTHER,
  PC,
  PF,
  PI,
  POP,
  PORT,
  PUSH,
  PUSHED,
  QF,
  QI,
  RANK,
  RC,
  REQUESTING,
  STEERED,
  STRIDE,
  type State,
  TAKE,
  TIMED,
} from "./layout.ts";
import type { ChannelSpec, Clock, NetworkSpec, PortKind, PortSpec, ProcessSpec } from "./network.ts";
import type { Recording } from "./record.ts";
import { placeServers } from "./serve.ts";
import { verifyNetwork } from "./verify.ts";

export interface RunOptions {
  /** A firing that would start later than this ends the run with a RunError. */
  readonly maxTicks?: number;
  /** Order in which processes are visited; decides nothing but speed. */
  readonly order?: readonly number[];
  /** Follows the run. */
  readonly recording?: Recording | null;
}

export function createState(spec: NetworkSpec, { maxTicks = Number.POSITIVE_INFINITY, order, recording = null }: RunOptions = {}): State {
  verifyNetwork(spec);
  const { processes, channels, resources } = spec;
  const caps = channels.map(({ depth }) => powerOfTwo(depth));
  const portTotal = sum(processes.map(({ ports }) => ports.length));
  const slotTotal = sum(processes.map(outstanding));
  const batch = Math.max(1, ...caps);
  const awaited = awaitedChannels(spec);
  const flightLength = 2 * sum(caps.filter((_, c) => awaited[c]));
  const portCount = processes.length * PC;
  const resourceCount = portCount + portTotal;
  const fillCount = resourceCount + resources.length * RC;
  const lateCount = fillCount + portTotal;
  const byResource = placeByResource(spec, lateCount + portTotal);
  const serverFirst = lateCount + portTotal + processes.filter(({ requests }) => requests !== undefined).length * 2 * resources.length;
  const servers: State["servers"][number][] = [];
  const state: State = {
    spec,
    order: Int32Array.from(order ?? topologicalOrder(spec)),
    dirty: new Int32Array((processes.length + 31) >> 5),
    pf: new Float64Array(processes.length * PF),
    pi: new Int32Array(processes.length * PI),
    qi: new Int32Array((portTotal + 2) * QI),
    qf: new Float64Array((portTotal + 2) * QF),
    ci: new Int32Array((channels.length + 2) * CI),
    fast: new Int32Array(portTotal),
    time: new Float64Array(2 * sum(caps) + 2),
    flight: new Float64Array(flightLength),
    flightLast: new Int32Array(flightLength),
    count: new Float64Array(serverFirst + sum(resources.map(({ server }) => server?.counters.length ?? 0))),
    ...{ portCount, resourceCount, fillCount, lateCount, byResource },
    serverCount: placeServerCounts(spec, serverFirst),
    awaits: new Uint8Array(portTotal + 2),
    slotFree: new Float64Array(slotTotal),
    slotPending: new Int32Array(slotTotal),
    slotStart: new Float64Array(slotTotal),
    slotDone: new Float64Array(slotTotal),
    slotLast: new Int32Array(slotTotal),
    slotProcess: new Int32Array(slotTotal),
    service: Float64Array.from(processes, ({ requests }) => requests?.service ?? 0),
    slotPush: new Int32Array(sum(processes.map((p) => outstanding(p) * p.ports.length))).fill(-1),
    slotPush0: new Int32Array(processes.length),
    crossings: makeCrossings(spec),
    tokens: new Float64Array(portTotal),
    grid: commonGrid(processes.map(clockOf)),
    free: new Float64Array(resources.length),
    pending: resources.map(() => createHeap()),
    servers,
    sources: processes.map(({ requests }) => requests?.source),
    bursts: processes.map(({ requests }) => new Int32Array(requests?.source.maxBursts ?? 0)),
    words: processes.map(({ requests }) => new Float64Array(requests?.source.maxBursts ?? 0)),
    inputs: processes.map((process) => portWords(process, channels, "stream-in")),
    outputs: processes.map((process) => portWords(process, channels, "stream-out")),
    data: channelWords(spec, caps),
    asked: new Float64Array(4),
    starts: new Float64Array(batch),
    slots: new Float64Array(batch),
    inPort: new Int32Array(batch),
    outPort: new Int32Array(batch),
    noInput: portTotal,
    noOutput: portTotal + 1,
    maxTicks,
    recording,
  };
  servers.push(...placeServers(state));
  placeProcesses(state);
  placePorts(state, caps, ringOffsets(caps, awaited));
  placeMissing(state, 2 * sum(caps));
  channels.forEach(({ depth, initial = 0 }, c) => {
    state.ci[c * CI + FREED] = depth - initial;
    state.ci[c * CI + KNOWN] = initial;
    state.ci[c * CI + PUSHED] = initial;
  });
  for (let rank = 0; rank < processes.length; rank++) state.dirty[rank >> 5]! |= 1 << (rank & 31);
  return state;
}

const outstanding = ({ requests }: ProcessSpec): number => requests?.outstanding ?? 0;

const clockOf = ({ clock }: ProcessSpec): Clock => clock ?? NETWORK_CLOCK;

/** Two counters for each resource and process with requests. */
function placeByResource({ processes, resources }: NetworkSpec, first: number): Int32Array {
  let requesting = 0;
  return Int32Array.from(processes, ({ requests }) => (requests === undefined ? -1 : first + 2 * resources.length * requesting++));
}

function placeServerCounts({ resources }: NetworkSpec, first: number): Int32Array {
  let next = first;
  return Int32Array.from(resources, ({ server }) => {
    if (server === undefined) return -1;
    next += server.counters.length;
    return next - server.counters.length;
  });
}

/** The first firing is always asked for on its own, hence QUIET 0: what it waits for is counted as fill. */
function placeProcesses({ spec, order, pf, pi, slotProcess, slotPush0, grid, maxTicks }: State): void {
  let port = 0;
  let slot = 0;
  let push = 0;
  spec.processes.forEach((process, p) => {
    pf.set([0, process.firings, process.ii, 0, -1, 0], p * PF);
    const { numerator, denominator } = clockOf(process);
    pf[p * PF + LIMIT] = Math.floor((maxTicks * numerator) / denominator);
    pf[p * PF + STRIDE] = (grid * denominator) / numerator;
    const portEnd = port + process.ports.length;
    const slotEnd = slot + outstanding(process);
    pi.set([port, portEnd, 0, 0, 0, slot, slotEnd, slot], p * PI);
    pi[p * PI + KIND] = kindOf(process);
    pi[p * PI + ENDS] = -1;
    pi[p * PI + DRAWN] = -1;
    slotProcess.fill(p, slot, slotEnd);
    slotPush0[p] = push;
    push += (slotEnd - slot) * process.ports.length;
    port = portEnd;
    slot = slotEnd;
  });
  order.forEach((p, rank) => {
    pi[p * PI + RANK] = rank;
  });
}

function kindOf({ behaviour, requests }: ProcessSpec): number {
  if (behaviour === undefined) return requests === undefined ? TIMED : REQUESTING;
  return behaviour.steering === undefined ? COMPUTING : STEERED;
}

function placePorts(state: State, caps: readonly number[], offsets: readonly number[]): void {
  const { spec, pi, qi, fast } = state;
  const others = otherEnds(state);
  let fastNext = 0;
  spec.processes.forEach((process, p) => {
    const { ports } = process;
    const first = pi[p * PI + PORT]!;
    ports.forEach((port, j) => {
      placePort(state, first + j, port, process, offsets[port.channel]!, caps[port.channel]!);
      state.qi[(first + j) * QI + OTHER] = others[first + j]!;
      if (port.kind.endsWith("-in") && spec.processes[state.order[others[first + j]!]!]!.requests !== undefined) state.awaits[first + j] = 1;
    });
    const quick = (direction: string) => ports.flatMap(({ kind }, j) => (qi[(first + j) * QI + FAST] === 1 && kind.endsWith(direction) ? [first + j] : []));
    const [ins, outs] = [quick("-in"), quick("-out")];
    pi.set([fastNext, fastNext + ins.length, fastNext + ins.length + outs.length], p * PI + FAST_IN);
    fast.set([...ins, ...outs], fastNext);
    fastNext += ins.length + outs.length;
  });
}

/** A buffer port of period 1 acquires and releases in one firing, as a stream port does. What a port of a steered process does at its next event is planned firing by firing. */
function placePort(
  { spec, qi, qf, crossings }: State,
  q: number,
  { channel, kind, period }: PortSpec,
  process: ProcessSpec,
  offset: number,
  cap: number,
): void {
  const family: PortKind = period > 1 ? kind : kind.endsWith("-in") ? "stream-in" : "stream-out";
  const isSteered = kindOf(process) === STEERED;
  const { act, toggle } = isSteered ? { act: 0, toggle: 0 } : ACTS[family];
  const isFast = period === 1 && !isSteered && crossings[q] === null;
  const { numerator, denominator } = clockOf(process);
  const delay = process.latency + convertTime(spec.channels[channel]!.latency, numerator, denominator);
  qi.set([offset, offset + cap, cap - 1, channel * CI, act, 0, isFast ? 1 : 0, toggle], q * QI);
  if (isSteered) qf.set([NEVER, NEVER, delay, 0], q * QF);
  else qf.set([family === "stream-out" ? period - 1 : 0, period, delay, 0], q * QF);
}

const NEVER = Number.POSITIVE_INFINITY;

/** First event of a port and, for buffers, the bits in which its two events differ. */
const ACTS: { readonly [K in PortKind]: { readonly act: number; readonly toggle: number } } = {
  "stream-in": { act: POP | FREE, toggle: 0 },
  "stream-out": { act: TAKE | PUSH, toggle: 0 },
  "buffer-in": { act: POP, toggle: POP | FREE },
  "buffer-out": { act: TAKE, toggle: TAKE | PUSH },
};

/** Tokens take the producer's and the channel's latency, slots a tick of the consumer. */
function makeCrossings({ processes, channels }: NetworkSpec): (Crossing | null)[] {
  const clocks = channels.map(() => ({ in: NETWORK_CLOCK, out: NETWORK_CLOCK }));
  for (const process of processes) for (const { channel, kind } of process.ports) clocks[channel]![kind.endsWith("-in") ? "in" : "out"] = clockOf(process);
  const crossing = ({ latency }: ProcessSpec, { channel, kind }: PortSpec): Crossing | null => {
    const { in: reader, out: writer } = clocks[channel]!;
    if (isSameClock(reader, writer)) return null;
    return kind.endsWith("-in") ? makeCrossing(1, 0, reader, writer) : makeCrossing(latency, channels[channel]!.latency, writer, reader);
  };
  return processes.flatMap((process) => process.ports.map((port) => crossing(process, port)));
}

/** What is read of them stays 0; what is written goes to a cell that nobody reads. */
function placeMissing({ spec, qi, noInput, noOutput }: State, offset: number): void {
  qi.set([offset, offset + 1, 0, spec.channels.length * CI], noInput * QI);
  qi.set([offset + 1, offset, 0, (spec.channels.length + 1) * CI], noOutput * QI);
}

/** Rings of awaited channels come first, so that what only they need stands beside them alone. */
function ringOffsets(caps: readonly number[], awaited: readonly boolean[]): number[] {
  let next = 0;
  const offsets = caps.map(() => 0);
  for (const isAwaited of [true, false]) {
    caps.forEach((cap, c) => {
      if (awaited[c] !== isAwaited) return;
      offsets[c] = next;
      next += 2 * cap;
    });
  }
  return offsets;
}

/** Is the channel written by a process with requests? */
function awaitedChannels({ processes, channels }: NetworkSpec): boolean[] {
  const awaited = channels.map(() => false);
  for (const { requests, ports } of processes) {
    if (requests !== undefined) for (const { channel, kind } of ports) if (kind.endsWith("-out")) awaited[channel] = true;
  }
  return awaited;
}

/** Per port: rank of the process at the other end of its channel. */
function otherEnds({ spec, pi }: State): number[] {
  const ranks = spec.channels.map(() => ({ in: 0, out: 0 }));
  const all = spec.processes.flatMap(({ ports }, p) => ports.map((port) => ({ ...port, rank: pi[p * PI + RANK]! })));
  for (const { channel, kind, rank } of all) ranks[channel]![kind.endsWith("-in") ? "in" : "out"] = rank;
  return all.map(({ channel, kind }) => ranks[channel]![kind.endsWith("-in") ? "out" : "in"]);
}

const NONE = new Float64Array(0);

function portWords({ ports, behaviour }: ProcessSpec, channels: readonly ChannelSpec[], kind: PortKind): Float64Array[] {
  return ports.map((port) => {
    const words = behaviour !== undefined && port.kind === kind ? channels[port.channel]!.words : 0;
    return words === 0 ? NONE : new Float64Array(words);
  });
}

/** Words are kept only where one behaviour writes them and another reads them. */
function channelWords({ processes, channels }: NetworkSpec, caps: readonly number[]): Float64Array[] {
  const ends = new Array<number>(channels.length).fill(0);
  for (const { ports, behaviour } of processes) {
    if (behaviour !== undefined) for (const { channel } of ports) ends[channel]!++;
  }
  return channels.map(({ words }, c) => (words > 0 && ends[c] === 2 ? new Float64Array(words * caps[c]!) : NONE));
}

/** Producers before consumers where there is no cycle: a sweep then moves as many tokens as fit. */
function topologicalOrder({ processes, channels }: NetworkSpec): number[] {
  const consumer = new Array<number>(channels.length).fill(0);
  const waiting = processes.map(({ ports }) => ports.filter(({ kind }) => kind.endsWith("-in")).length);
  processes.forEach(({ ports }, p) => {
    for (const { channel, kind } of ports) if (kind.endsWith("-in")) consumer[channel] = p;
  });
  const placed = new Set<number>();
  const ready = processes.flatMap((_, p) => (waiting[p] === 0 ? [p] : []));
  for (let next = 0; placed.size < processes.length; ) {
    const p = ready.shift() ?? next++;
    if (placed.has(p)) continue;
    placed.add(p);
    for (const { channel, kind } of processes[p]!.ports) {
      if (kind.endsWith("-out") && --waiting[consumer[channel]!]! === 0) ready.push(consumer[channel]!);
    }
  }
  return [...placed];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function powerOfTwo(least: number): number {
  let cap = 1;
  while (cap < least) cap *= 2;
  return cap;
}
