/** Bytes -> trace: see format.ts. Hot path: a page waits for it. */

import { UserError } from "../base/errors.ts";
import { MAGIC, PREFIX_BYTES, type SectionHeader, type TierHeader, type TraceHeader, unpackSpan, VERSION } from "./format.ts";
import type { ActivityTrace, SectionTrace, TierTrace } from "./trace.ts";

/** Throws a UserError where these are not the bytes of a trace that this version reads. */
export function decodeTrace(bytes: Uint8Array): ActivityTrace {
  const { header, start } = readHeader(bytes);
  try {
    return readTrace(bytes, header, start);
  } catch (error) {
    throw error instanceof UserError ? error : broken("its header does not say what is in it");
  }
}

function readTrace(bytes: Uint8Array, header: TraceHeader, start: number): ActivityTrace {
  const { cycles, bin_cycles, bins, origin, unrecorded_cycles } = header;
  if (bytes.length - start !== header.bytes) throw broken(`it has ${bytes.length - start} bytes of columns, not ${header.bytes}`);
  const reader: Reader = { bytes, at: start };
  const trace: ActivityTrace = {
    ...{ schemaVersion: 1, cycles, bin_cycles, bins, origin, unrecorded_cycles, spans: header.spans.map(unpackSpan) },
    sections: header.sections.map((section) => readSection(reader, section)),
    tiers: header.tiers.map((tier) => readTier(reader, tier, bins)),
  };
  if (reader.at !== bytes.length) throw broken(`its columns end at byte ${reader.at} of ${bytes.length}`);
  return trace;
}

function broken(what: string): UserError {
  return new UserError({ code: "bad-trace", message: `this is no whole activity trace: ${what}`, hint: "write it again with weft run --out" });
}

function readHeader(bytes: Uint8Array): { readonly header: TraceHeader; readonly start: number } {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw broken("it does not begin as one");
  const version = bytes[MAGIC.length];
  if (version !== undefined && version !== VERSION) throw broken(`it is of version ${version}, and this weft reads version ${VERSION}`);
  if (bytes.length < PREFIX_BYTES) throw broken("it ends before its header");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(PREFIX_BYTES - 4, true);
  const start = PREFIX_BYTES + length;
  if (start > bytes.length) throw broken("it ends in its header");
  return { header: parsed(bytes.subarray(PREFIX_BYTES, start)), start };
}

function parsed(bytes: Uint8Array): TraceHeader {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as TraceHeader;
  } catch {
    throw broken("its header is no JSON");
  }
}

interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

function readSection(reader: Reader, { first, bins, units, nests, requesters }: SectionHeader): SectionTrace {
  const read = (rows: number): Uint32Array => readRows(reader, rows, bins);
  const who = Int32Array.from(readRows(reader, 1, requesters));
  return {
    first,
    bins,
    busy: read(units),
    starved: read(units),
    blocked: read(units),
    memory: read(units),
    firings: read(nests),
    requesters: who,
    bursts: read(requesters),
  };
}

function readTier(reader: Reader, { name, channels, burst_bytes, activates }: TierHeader, bins: number): TierTrace {
  const read = (): Uint32Array => readRows(reader, channels, bins);
  return { name, channels, burst_bytes, served: read(), busy: read(), activates: activates ? read() : null };
}

function readRows(reader: Reader, rows: number, length: number): Uint32Array {
  const { bytes } = reader;
  const total = rows * length;
  if (!(Number.isInteger(length) && length >= 0 && Number.isInteger(rows) && rows >= 0)) throw broken(`a column has ${rows} rows of ${length} numbers`);
  // A number takes a byte at least: what claims more than there are is not given memory.
  if (total > bytes.length - reader.at) throw broken("it ends in its columns");
  const numbers = new Uint32Array(total);
  let at = reader.at;
  for (let row = 0; row < total; row += length) {
    let value = 0;
    for (let i = row; i < row + length; i++) {
      let byte = bytes[at++]!;
      let zigzag = byte & 0x7f;
      for (let shift = 7; byte > 0x7f; shift += 7) {
        byte = bytes[at++]!;
        zigzag |= (byte & 0x7f) << shift;
      }
      value = (value + ((zigzag >>> 1) ^ -(zigzag & 1))) | 0;
      numbers[i] = value;
    }
  }
  reader.at = at;
  return numbers;
}
