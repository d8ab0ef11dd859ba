import { describe, expect, test } from "vitest";
import { checksum, hashOf, hashText } from "../../src/base/hash.ts";

describe("fingerprints", () => {
  test("of text are FNV-1a with 64 bits: the published vectors", () => {
    expect(hashText("")).toBe("cbf29ce484222325");
    expect(hashText("a")).toBe("af63dc4c8601ec8c");
    expect(hashText("foobar")).toBe("85944171f73967e8");
  });

  test("of values do not depend on the order of keys, but on that of items", () => {
    expect(hashOf({ a: 1, b: [1, 2] })).toBe(hashOf({ b: [1, 2], a: 1 }));
    expect(hashOf({ b: [2, 1] })).not.toBe(hashOf({ b: [1, 2] }));
    expect(hashOf({ a: 1 })).not.toBe(hashOf({ a: 2 }));
  });

  test("of tensors are those of their bytes", () => {
    expect(checksum(Uint8Array.from([102, 111, 111, 98, 97, 114]))).toBe("85944171f73967e8");
    expect(checksum(Int32Array.from([1]))).toBe(checksum(Uint8Array.from([1, 0, 0, 0])));
    expect(checksum(Float32Array.from([1, 2]))).not.toBe(checksum(Float32Array.from([2, 1])));
    expect(checksum(Float64Array.from([0]))).not.toBe(checksum(Float64Array.from([-0])));
  });

  test("take every NaN for the same, at its position", () => {
    const other = Float32Array.from([1, 2, 3]);
    new Uint32Array(other.buffer)[1] = 0xffc00001;
    expect(checksum(other)).toBe(checksum(Float32Array.from([1, NaN, 3])));
    expect(checksum(other)).not.toBe(checksum(Float32Array.from([1, 0, 3])));
    expect(checksum(Float32Array.from([0, NaN]))).not.toBe(checksum(Float32Array.from([NaN, 0])));
  });

  test("see a part of a buffer as what it is", () => {
    expect(checksum(Int32Array.from([9, 5, 6]).subarray(1))).toBe(checksum(Int32Array.from([5, 6])));
  });
});
