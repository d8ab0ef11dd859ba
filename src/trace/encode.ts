/** A trace as bytes: see format.ts. Hot path: millions of numbers, written without a call each. */

import { MAGIC, PREFIX_BYTES, packSpan, type SectionHeader, type TierHeader, type TraceHeader, VERSION } from "./format.ts";
import type { ActivityTrace, SectionTrace, TierTrace } from "./trace.ts";

export function encodeTrace(trace: ActivityTrace): Uint8Array {
  const { cycles, bin_cycles, bins, origin, unrecorded_cycles, spans, sections, tiers } = trace;
  const columns = [...sections.map(encodeSection), ...tiers.map((tier) => encodeTier(tier, bins))].flat();
  const header: TraceHeader = {
    ...{ cycles, bin_cycles, bins, origin, unrecorded_cycles, bytes: sum(columns.map(({ length }) => length)) },
    ...{ spans: spans.map(packSpan), sections: sections.map(sectionHeader), tiers: tiers.map(tierHeader) },
  };
  return joined(new TextEncoder().encode(JSON.stringify(header)), columns, header.bytes);
}

function sectionHeader({ first, bins, busy, firings, requesters }: SectionTrace): SectionHeader {
  const rows = (column: Uint32Array): number => (bins === 0 ? 0 : column.length / bins);
  return { first, bins, units: rows(busy), nests: rows(firings), requesters: requesters.length };
}

const tierHeader = ({ name, channels, burst_bytes, activates }: TierTrace): TierHeader => ({ name, channels, burst_bytes, activates: activates !== null });

function encodeSection({ bins, busy, starved, blocked, memory, firings, requesters, bursts }: SectionTrace): readonly Uint8Array[] {
  return [encodeRows(requesters, requesters.length), ...[busy, starved, blocked, memory, firings, bursts].map((column) => encodeRows(column, bins))];
}

function encodeTier({ served, busy, activates }: TierTrace, bins: number): readonly Uint8Array[] {
  return [served, busy, ...(activates === null ? [] : [activates])].map((column) => encodeRows(column, bins));
}

/** Most bytes of a number. */
const LONGEST = 5;

/** Rows of so many numbers. Differences wrap, as the decoder's do. */
function encodeRows(numbers: Uint32Array | Int32Array, length: number): Uint8Array {
  const bytes = new Uint8Array(numbers.length * LONGEST);
  let to = 0;
  for (let row = 0; row < numbers.length; row += length) {
    let before = 0;
    for (let i = row; i < row + length; i++) {
      const grown = (numbers[i]! - before) | 0;
      before = numbers[i]!;
      let rest = ((grown << 1) ^ (grown >> 31)) >>> 0;
      for (; rest > 0x7f; rest >>>= 7) bytes[to++] = (rest & 0x7f) | 0x80;
      bytes[to++] = rest;
    }
  }
  return bytes.slice(0, to);
}

function joined(header: Uint8Array, columns: readonly Uint8Array[], bytes: number): Uint8Array {
  const all = new Uint8Array(PREFIX_BYTES + header.length + bytes);
  all.set([...MAGIC, VERSION]);
  new DataView(all.buffer).setUint32(PREFIX_BYTES - 4, header.length, true);
  let at = PREFIX_BYTES;
  for (const part of [header, ...columns]) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
