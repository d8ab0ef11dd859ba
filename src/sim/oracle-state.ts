/** What the oracle (oracle.ts) knows at a time: plain lists and records. */

import type { ChannelSpec, NetworkSpec, PortSpec, ProcessSpec, ResourceSpec } from "../engine/network.ts";
import type { PlainServer } from "../engine/server.ts";

export interface Token {
  /** The exact point, which need not be a tick of the consumer. Infinity until the last burst of its firing is done. */
  arrival: number;
  readonly words: Float64Array;
  /** The firing that pushed it; null: it was there at the start. */
  readonly flight: Flight | null;
}

export interface Fifo {
  readonly spec: ChannelSpec;
  readonly tokens: Token[];
  /** Points at which the free slots are free, in the order in which they were freed. */
  readonly slots: number[];
  /** Of the process that pops. */
  readonly readerStride: number;
  pushed: number;
  popped: number;
}

export interface Flight {
  readonly start: number;
  /** Of its last burst so far; -1: none. */
  resource: number;
  pending: number;
  completion: number;
  readonly pushes: { readonly token: Token; readonly fifo: Fifo }[];
  readonly actor: Actor;
}

export interface Actor {
  readonly spec: ProcessSpec;
  readonly stride: number;
  readonly inputs: Float64Array[];
  readonly outputs: Float64Array[];
  readonly waits: number[];
  readonly fill: number[];
  readonly late: number[];
  readonly memoryBy: number[];
  readonly lateBy: number[];
  /** What its last `outstanding` firings with bursts sent, oldest first. */
  readonly flights: Flight[];
  /** Ports at which the next firing begins and ends iterations, as far as they are known. */
  moves: Moves | null;
  /** Of a steered process: outermost level that begins at the next firing, and the level asked about. */
  begins: number;
  reach: number;
  /** Resources of the next firing's bursts and what they are told, once its tokens are there; in order of what they are told. */
  bursts: readonly { readonly resource: number; readonly word: number }[] | null;
  done: boolean;
  /** In its own ticks, as all that follows. */
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

export interface Moves {
  readonly begun: readonly PortSpec[];
  readonly ended: readonly PortSpec[];
  /** Is the process done after this firing? */
  readonly last: boolean;
}

export interface Server {
  readonly spec: ResourceSpec;
  readonly queue: { readonly seen: number; readonly word: number; readonly flight: Flight; pushedBack: boolean }[];
  /** What stands behind it, and the flights that have bursts there: the number of one is its tag. */
  readonly behind: PlainServer | null;
  readonly taken: Flight[];
  readonly counts: Float64Array;
  /** The server's own clock: the next of its ticks to be stepped. */
  tick: number;
  free: number;
  served: number;
  busy: number;
  refreshHits: number;
  waited: number;
}

export interface Machine {
  readonly grid: number;
  readonly longestStride: number;
  readonly fifos: readonly Fifo[];
  readonly actors: readonly Actor[];
  readonly servers: readonly Server[];
  /** The last point at which something is known to happen, and the end of the run so far. */
  last: number;
  end: number;
}

export function buildMachine({ processes, channels, resources }: NetworkSpec): Machine {
  const grid = processes.reduce((least, { clock }) => commonMultiple(least, clock?.numerator ?? 1), 1);
  const strides = processes.map(({ clock }) => (grid * (clock?.denominator ?? 1)) / (clock?.numerator ?? 1));
  const readerOf = (c: number) => processes.findIndex(({ ports }) => ports.some((port) => port.channel === c && isInput(port)));
  return {
    grid,
    longestStride: Math.max(1, ...strides),
    fifos: channels.map((channel, c) => createFifo(channel, strides[readerOf(c)]!)),
    actors: processes.map((spec, p) => ({
      spec,
      stride: strides[p]!,
      inputs: spec.ports.map((port) => new Float64Array(port.kind === "stream-in" ? channels[port.channel]!.words : 0)),
      outputs: spec.ports.map((port) => new Float64Array(port.kind === "stream-out" ? channels[port.channel]!.words : 0)),
      waits: spec.ports.map(() => 0),
      fill: spec.ports.map(() => 0),
      late: spec.ports.map(() => 0),
      memoryBy: spec.requests === undefined ? [] : resources.map(() => 0),
      lateBy: spec.requests === undefined ? [] : resources.map(() => 0),
      flights: [],
      moves: null,
      begins: 0,
      reach: 0,
      bursts: null,
      done: spec.firings === 0,
      fired: 0,
      ready: 0,
      lastStart: -1,
      busy: 0,
      starved: 0,
      blocked: 0,
      memory: 0,
      waiting: { starved: 0, memory: 0, blocked: 0 },
    })),
    servers: resources.map((spec) => createServer(spec, grid)),
    last: 0,
    end: 0,
  };
}

function createServer(spec: ResourceSpec, grid: number): Server {
  const tick = serverTick(spec, 0, grid);
  const counts = new Float64Array(spec.server?.counters.length ?? 0);
  const behind = spec.server?.createPlain(tick, counts) ?? null;
  return { spec, queue: [], behind, taken: [], counts, tick, free: 0, served: 0, busy: 0, refreshHits: 0, waited: 0 };
}

function commonMultiple(a: number, b: number): number {
  let multiple = a;
  while (multiple % b !== 0) multiple += a;
  return multiple;
}

function createFifo(spec: ChannelSpec, readerStride: number): Fifo {
  const { depth, initial = 0, words } = spec;
  const tokens = Array.from({ length: initial }, (): Token => ({ arrival: 0, words: new Float64Array(words), flight: null }));
  return { spec, tokens, slots: new Array<number>(depth - initial).fill(0), readerStride, pushed: 0, popped: 0 };
}

export const serverTick = ({ clock, origin }: ResourceSpec, at: number, grid: number): number =>
  Math.ceil(((at + origin * grid) * clock.numerator) / (clock.denominator * grid));

export const isInput = ({ kind }: PortSpec): boolean => kind === "stream-in" || kind === "buffer-in";
