/**
 * Fingerprints of text, JSON values and tensors: FNV-1a with 64 bits as 16 hex digits, the same in Node and in a browser. They tell two things
 * apart by accident, not against an adversary.
 */

type Words = Float64Array | Float32Array | Int32Array | Int16Array | Int8Array | Uint8Array;

/** Of the UTF-8 bytes of a text. */
export function hashText(text: string): string {
  return hashBytes(new TextEncoder().encode(text));
}

/** Of a JSON-able value; the order of its keys does not matter. */
export function hashOf(value: unknown): string {
  return hashText(JSON.stringify(value, (_, part) => (isRecord(part) ? sorted(part) : part)) ?? "");
}

/** Of a tensor's elements in order: their little-endian bytes, with one bit pattern for all NaN. */
export function checksum(values: Words): string {
  if (values instanceof Uint8Array) return hashBytes(values);
  const plain = values instanceof Float32Array || values instanceof Float64Array ? values.map((value) => (Number.isNaN(value) ? 0 : value)) : values;
  const tail = plain === values ? "" : nanPositions(values);
  const bytes = hashBytes(new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength));
  return tail === "" ? bytes : hashText(`${bytes} nan ${tail}`);
}

/** Of bytes. h = (h xor byte) * (2^40 + 0x1b3) mod 2^64, in halves of 32 bits. */
export function hashBytes(bytes: Uint8Array): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (let position = 0; position < bytes.length; position++) {
    low = (low ^ bytes[position]!) >>> 0;
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + (low << 8) + Math.floor(product / 0x100000000)) >>> 0;
    low = product >>> 0;
  }
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

function nanPositions(values: Words): string {
  const positions: number[] = [];
  values.forEach((value, position) => {
    if (Number.isNaN(value)) positions.push(position);
  });
  return positions.join(",");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
