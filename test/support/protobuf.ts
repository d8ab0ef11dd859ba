/** Protocol buffers read back without a schema, as far as tests need them: fields by number. Written apart from the writer in src/export/. */

export interface Message {
  readonly [field: number]: readonly (bigint | number | Uint8Array)[];
}

export function decode(bytes: Uint8Array): Message {
  const message: Record<number, (bigint | number | Uint8Array)[]> = {};
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const values = message[key >> 3] ?? [];
    message[key >> 3] = values;
    const wire = key & 7;
    if (wire === 0) {
      values.push(varint());
      continue;
    }
    if (wire !== 1 && wire !== 2) throw new Error(`no wire type ${wire} is expected here`);
    const length = wire === 1 ? 8 : Number(varint());
    if (at + length > bytes.length) throw new Error("a message ends behind the end");
    values.push(wire === 1 ? view.getFloat64(at, true) : bytes.subarray(at, at + length));
    at += length;
  }
  return message;
}

export const number = (message: Message, field: number): number | undefined => {
  const value = message[field]?.[0];
  return typeof value === "bigint" || typeof value === "number" ? Number(value) : undefined;
};

export const messages = (message: Message, field: number): readonly Message[] => (message[field] ?? []).map((value) => decode(value as Uint8Array));

export const string = (message: Message, field: number): string | undefined => {
  const value = message[field]?.[0];
  return value === undefined ? undefined : new TextDecoder().decode(value as Uint8Array);
};
