/**
 * Streams of accesses that a memory is measured with, defined to the bit: lines of 64 bytes, each cut into accesses where an access is smaller. The same
 * definitions drove Ramulator 2.1 and DRAMsim3 for the rows of `weft validate dram`.
 */

import { UserError } from "../../base/errors.ts";
import { suggestion } from "../../base/suggest.ts";
import type { Bytes, Instant } from "../../base/units.ts";
import type { Part } from "../../machine/dram/part.ts";

/**
 * seq, seqw: line after line, reads or writes. rand: reads anywhere in the range. rand21: as rand, a third of it writes. triad: three sequential streams in
 * turn, reads of A and B and writes of C, which begin at 0, a quarter and half of the range. stride: reads, so many bytes apart.
 */
export type Pattern = { readonly kind: "seq" | "seqw" | "rand" | "rand21" | "triad" } | { readonly kind: "stride"; readonly bytes: Bytes };

export interface StreamSpec {
  readonly pattern: Pattern;
  /** Addresses are below it; a multiple of a line, of four lines for a triad. */
  readonly range_bytes: Bytes;
  readonly access_bytes: Bytes;
  readonly seed: number;
}

export interface StreamState {
  readonly spec: StreamSpec;
  /** Accesses of a line. */
  readonly parts: number;
  /** Lines begun. */
  lines: number;
  /** Accesses of this line that came. */
  part: number;
  /** 32 bits: the generator's state. */
  word: number;
  /** The access that came last. */
  address: Bytes;
  write: boolean;
}

export const LINE_BYTES: Bytes = 64;

export function createStream(spec: StreamSpec): StreamState {
  const parts = Math.max(1, LINE_BYTES / spec.access_bytes);
  return { spec, parts, lines: 0, part: parts, word: spec.seed >>> 0, address: 0, write: false };
}

/** Moves on to the next access, which then stands in `address` and `write`. */
export function nextAccess(stream: StreamState): void {
  if (stream.part < stream.parts) {
    stream.part++;
    stream.address += stream.spec.access_bytes;
    return;
  }
  beginLine(stream, stream.lines++);
  stream.part = 1;
}

function beginLine(stream: StreamState, line: number): void {
  const { pattern, range_bytes } = stream.spec;
  switch (pattern.kind) {
    case "seq":
    case "seqw":
      stream.address = (line * LINE_BYTES) % range_bytes;
      stream.write = pattern.kind === "seqw";
      return;
    case "rand":
      stream.address = (nextWord(stream) % (range_bytes / LINE_BYTES)) * LINE_BYTES;
      return;
    case "rand21":
      stream.address = (nextWord(stream) % (range_bytes / LINE_BYTES)) * LINE_BYTES;
      stream.write = nextWord(stream) % 3 === 0;
      return;
    case "triad": {
      const which = line % 3;
      stream.address = (range_bytes / 4) * which + ((line - which) / 3) * LINE_BYTES;
      stream.write = which === 2;
      return;
    }
    case "stride":
      stream.address = (line * pattern.bytes) % range_bytes;
      return;
  }
}

/** Mulberry32 by Tommy Ettinger (2017): it is part of the streams' definition, so it is not base/random.ts. */
function nextWord(stream: StreamState): number {
  stream.word = (stream.word + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(stream.word ^ (stream.word >>> 15), stream.word | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}

/**
 * How a source hands a stream over. max: in every tick up to `ports` accesses, in order, stopping at the first that finds no room. idle: one, and the next in
 * the tick after its data came. rate: so many a tick are generated, on average, and wait their turn in a queue without end; `ports` a tick are offered.
 */
export type Mode =
  | { readonly kind: "max"; readonly ports: number }
  | { readonly kind: "idle" }
  | { readonly kind: "rate"; readonly accesses_per_tick: number; readonly ports: number };

/** When each access of an open loop is generated: rates are summed tick by tick, as the peers' driver did, and so round as it did. */
export interface GeneratorState {
  readonly accesses_per_tick: number;
  /** The last tick counted. */
  tick: Instant;
  credit: number;
}

export const createGenerator = (accesses_per_tick: number): GeneratorState => ({ accesses_per_tick, tick: 0, credit: 0 });

/** The tick, from 1 on, at which the next access is generated. */
export function nextGeneration(generator: GeneratorState): Instant {
  while (generator.credit < 1) {
    generator.tick++;
    generator.credit += generator.accesses_per_tick;
  }
  generator.credit -= 1;
  return generator.tick;
}

const PLAIN = ["seq", "seqw", "rand", "rand21", "triad"] as const;

/** `seq` ... `triad`, `stride:BYTES`, and two strides that a part decides: to the next row of the same bank, and to the next bank, as consecutive addresses fill rows. */
export function parsePattern(word: string, part: Part): Pattern {
  const plain = PLAIN.find((kind) => kind === word);
  if (plain !== undefined) return { kind: plain };
  const row_bytes = part.columns * part.access_bytes;
  const bytes = Number(/^stride:(\d+)$/.exec(word)?.[1] ?? Number.NaN);
  if (bytes > 0 && Number.isSafeInteger(bytes)) return { kind: "stride", bytes };
  if (word === "stride_next_bank_new_row") return { kind: "stride", bytes: row_bytes };
  if (word === "stride_same_bank_new_row") return { kind: "stride", bytes: row_bytes * part.banks };
  const choices = [...PLAIN, "stride:BYTES", "stride_same_bank_new_row", "stride_next_bank_new_row"];
  throw new UserError({ code: "bad-pattern", message: `there is no pattern ${JSON.stringify(word)}`, hint: suggestion(word, choices) });
}

/** `max`, `idle`, `rate:0.2`. */
export function parseMode(word: string, ports: number): Mode {
  const accesses_per_tick = Number(/^rate:(\d*\.?\d+(?:e-?\d+)?)$/.exec(word)?.[1] ?? Number.NaN);
  if (word === "max") return { kind: "max", ports };
  if (word === "idle") return { kind: "idle" };
  if (accesses_per_tick >= LEAST_RATE) return { kind: "rate", accesses_per_tick, ports };
  throw new UserError({
    code: "bad-source",
    message: `there is no source ${JSON.stringify(word)}`,
    hint: suggestion(word, ["max", "idle", `rate:ACCESSES_PER_TICK, of at least ${LEAST_RATE}`]),
  });
}

/** Less than an access in a million ticks is nothing but refreshes. */
const LEAST_RATE = 1e-6;
