import * as fc from "fast-check";
import { expect, test } from "vitest";
import { either, expectedOneOf, suggest, suggestion } from "../../src/base/suggest.ts";

const keys = ["lanes", "stages", "registers", "vector_in", "vector_out", "count"];

test.each([
  ["stagess", "stages"],
  ["stage", "stages"],
  ["lnaes", "lanes"],
  ["LANES", "lanes"],
  ["vector-in", "vector_in"],
  ["regsters", "registers"],
  ["reg", "registers"],
])("%s is meant to be %s", (found, meant) => {
  expect(suggest(found, keys)).toBe(meant);
});

test.each(["", "x", "banks", "frequency"])("nothing is near %j", (found) => {
  expect(suggest(found, keys)).toBeUndefined();
});

test("of equally near choices the first is taken, of unequal ones the nearest", () => {
  expect(suggest("cat", ["bat", "hat"])).toBe("bat");
  expect(suggest("vector_on", ["vector_out", "vector_in"])).toBe("vector_in");
});

test("one slip of the finger in a word of three or more letters is always mended", () => {
  const word = fc.string({ unit: fc.constantFrom(..."abcdefgh"), minLength: 3, maxLength: 12 });
  fc.assert(
    fc.property(word, fc.nat(), fc.constantFrom("drop", "double", "change", "swap"), (meant, place, slip) => {
      const at = place % (meant.length - 1);
      const spoilt = {
        drop: meant.slice(0, at) + meant.slice(at + 1),
        double: meant.slice(0, at) + meant[at]! + meant.slice(at),
        change: `${meant.slice(0, at)}z${meant.slice(at + 1)}`,
        swap: meant.slice(0, at) + meant[at + 1]! + meant[at]! + meant.slice(at + 2),
      }[slip];
      expect(suggest(spoilt, [meant])).toBe(meant);
    }),
    { numRuns: 300 },
  );
});

test("where nothing is near, the choices are listed, of many a dozen", () => {
  expect(suggestion("lane", keys)).toBe('did you mean "lanes"?');
  expect(suggestion("zebra", ["a", "b", "c"])).toBe("expected a, b or c");
  expect(expectedOneOf(Array.from({ length: 14 }, (_, n) => `k${n}`))).toBe("expected k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11 or 2 more");
  expect(either(["one"])).toBe("one");
});
