/** As much of protocol buffers' wire format as is needed to write a file: protobuf.dev/programming-guides/encoding. */

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
/** Of a length: longer messages are moved up when theirs is known. */
const LENGTH_BYTES = 1;

export class ProtobufWriter {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;
  readonly #text = new TextEncoder();

  /** What was written so far; a view, not a copy. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(field: number, value: number): void {
    this.#varint(field * 8 + VARINT);
    this.#varint(value);
  }

  double(field: number, value: number): void {
    this.#varint(field * 8 + FIXED64);
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  string(field: number, value: string): void {
    const bytes = this.#text.encode(value);
    this.#varint(field * 8 + BYTES);
    this.#varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A message within this one: what `write` writes meanwhile. */
  message(field: number, write: () => void): void {
    this.#varint(field * 8 + BYTES);
    this.#reserve(LENGTH_BYTES);
    const begin = this.#length + LENGTH_BYTES;
    this.#length = begin;
    write();
    const length = this.#length - begin;
    const more = varintBytes(length) - LENGTH_BYTES;
    if (more > 0) {
      this.#reserve(more);
      this.#bytes.copyWithin(begin + more, begin, begin + length);
    }
    this.#length = begin - LENGTH_BYTES;
    this.#varint(length);
    this.#length += length;
  }

  #varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) + 128;
    this.#bytes[this.#length++] = rest;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.bytes());
    this.#bytes = larger;
  }
}

function varintBytes(value: number): number {
  return value < 128 ? 1 : 1 + varintBytes(Math.floor(value / 128));
}
