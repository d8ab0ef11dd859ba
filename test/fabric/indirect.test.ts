import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import type { Nest, Shard, Work } from "../../src/fabric/fabric.ts";
import { firingsOf, NO_KEY, slotTableOf } from "../../src/fabric/nests.ts";
import { fireAll, memoriesOf, shapes, type Tokens, tokensFor, validLanes, wire } from "../support/datapaths.ts";
import { acquires, affine, below, handsOver, nest, reads, scratch, sends } from "../support/fabrics.ts";

type Shape = Pick<Nest, "loops" | "lanes" | "guards">;

const numRuns = 200;

/** Most of these that meet in one bank, at least 1. */
function turns(numbers: readonly number[], banks: number): number {
  return Math.max(1, ...Array.from({ length: banks }, (_, bank) => numbers.filter((number) => number % banks === bank).length));
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UserError) return error.faults.map(({ code }) => code).join();
    throw error;
  }
  return "none";
}

describe("a gather nest", () => {
  const work: Work = { kind: "gather", scratch: "s", indexPort: "i", port: "c" };
  const gather = (shape: Partial<Shape>): Nest => nest("g", [2, 2], [reads("i", 2), acquires("b", 1), sends("c", 2)], work, { lanes: 4, ...shape });
  const table = scratch("s", "f32", [3, 4], 1);
  const filled = (banks = 4) => {
    const memories = memoriesOf({ scratch: [table], banks });
    memories.scratch.get("s")!.values.set(Array.from({ length: 12 }, (_, at) => 100 + at));
    return memories;
  };
  const wiresFor = (lanes: number) => [wire("i", lanes, "i32"), wire("b", 0), wire("c", lanes), wire("c", lanes)];

  it("gives each valid lane the element of its number, and takes a turn at the banks for each element", () => {
    const check = (shape: Shape, words: readonly number[], banks: number): void => {
      const of = { ...gather({}), ...shape };
      const tokens = tokensFor(of, words);
      const { sent, ticks } = fireAll(of, wiresFor(of.lanes), { i: tokens }, filled(banks));
      for (let n = 0; n < firingsOf(of); n++) {
        const valid = validLanes(of, n);
        expect(sent[n]!.c).toEqual(tokens[n]!.map((number, lane) => (valid.includes(lane) ? 100 + number : 0)));
        expect(ticks[n]).toBe(turns([...new Set(valid.map((lane) => tokens[n]![lane]!))], banks));
      }
    };
    const words = fc.array(fc.nat(11), { minLength: 1, maxLength: 40 });
    fc.assert(fc.property(shapes, words, fc.integer({ min: 1, max: 5 }), check), { numRuns });
  });

  it("reads the buffer whose turn it is", () => {
    const memories = memoriesOf({ scratch: [scratch("s", "f32", [2], 2)] });
    memories.scratch.get("s")!.values.set([1, 2, 3, 4]);
    const of = nest("g", [3, 1], [reads("i", 2), acquires("b", 1), sends("c", 2)], work, { lanes: 2 });
    expect(fireAll(of, wiresFor(2), { i: tokensFor(of, [1, 0]) }, memories).sent.map(({ c }) => c)).toEqual([
      [2, 1],
      [4, 3],
      [2, 1],
    ]);
  });

  it("never fires faster than its ii", () => {
    const of = { ...gather({}), ii: 3 };
    expect(fireAll(of, wiresFor(4), { i: tokensFor(of, [0, 1, 2, 3]) }, filled()).ticks).toEqual([3, 3, 3, 3]);
    expect(fireAll({ ...of, ii: 2 }, wiresFor(4), { i: tokensFor(of, [0, 4, 8, 0]) }, filled()).ticks).toEqual([3, 3, 3, 3]);
  });

  it("takes the same ticks when nobody needs what it reads", () => {
    const blind = [wire("i", 4, "i32"), wire("b", 0), wire("c", 0)];
    const of = gather({});
    expect(fireAll(of, blind, { i: tokensFor(of, [0, 4, 8, 1]) }, filled()).ticks).toEqual([3, 3, 3, 3]);
  });

  it.each([
    [12, 'operator "op": "op" reads element 12 of "s", expected 0 to 11'],
    [-1, 'operator "op": "op" reads "s" outside its shape'],
  ])("refuses the number %i, but not in a lane that is not valid", (number, message) => {
    const fire = (shape: Partial<Shape>) => fireAll(gather(shape), wiresFor(4), { i: tokensFor(gather({}), [11, 0, 0, number]) }, filled());
    expect(() => fire({})).toThrow(message);
    expect(codeOf(() => fire({}))).toBe("read-outside");
    expect(codeOf(() => fire({ guards: [below(affine([0, 0], 1), 3)] }))).toBe("none");
  });
});

describe("a fetch nest", () => {
  const work: Work = { kind: "fetch", tensor: "t", indexPort: "i", port: "c" };
  const fetch = nest("f", [2, 2], [reads("i", 2), sends("c", 2)], work, { lanes: 4 });
  const memories = memoriesOf({ tensors: { t: Float32Array.from({ length: 12 }, (_, at) => 100 + at) }, dtypes: { t: "f32" } });

  it("gives each valid lane the element of its number, in ii ticks", () => {
    const check = (shape: Shape, words: readonly number[]): void => {
      const of = { ...fetch, ...shape };
      const tokens = tokensFor(of, words);
      const { sent, ticks } = fireAll(of, [wire("i", of.lanes, "i32"), wire("c", of.lanes)], { i: tokens }, memories);
      sent.forEach(({ c }, n) => {
        expect(c).toEqual(tokens[n]!.map((number, lane) => (validLanes(of, n).includes(lane) ? 100 + number : 0)));
      });
      expect(new Set(ticks)).toEqual(new Set([1]));
    };
    fc.assert(fc.property(shapes, fc.array(fc.nat(11), { minLength: 1, maxLength: 40 }), check), { numRuns });
  });

  it("lets one number be for all lanes", () => {
    const { sent } = fireAll(fetch, [wire("i", 1, "i32"), wire("c", 4)], { i: [[1], [2], [3], [4]] }, memories);
    expect(sent[2]!.c).toEqual([103, 103, 103, 103]);
  });

  it("refuses a number outside the tensor", () => {
    const fire = (number: number) => fireAll(fetch, [wire("i", 4, "i32"), wire("c", 4)], { i: tokensFor(fetch, [0, 11, number, 0]) }, memories);
    expect(codeOf(() => fire(11))).toBe("none");
    expect(codeOf(() => fire(-1))).toBe("read-outside");
    expect(() => fire(12)).toThrow('"op" reads element 12 of "t", expected 0 to 11');
  });

  it("does without the tensor where nobody needs its values", () => {
    expect(fireAll(fetch, [wire("i", 4, "i32"), wire("c", 0)], { i: tokensFor(fetch, [99]) }).ticks).toEqual([1, 1, 1, 1]);
  });
});

describe("an append nest", () => {
  const emits = [
    { whenPort: "w0", valuePort: "v0" },
    { whenPort: "w1", valuePort: "v1" },
  ];
  const work: Work = { kind: "append", tensor: "t", emits, sizePort: "n" };
  const append = nest("a", [2, 2], [...["w0", "v0", "w1", "v1"].map((port) => reads(port, 2)), sends("n", 0)], work, { lanes: 4 });
  const wiresFor = (lanes: number, valueWords = lanes) => [
    ...[wire("w0", lanes, "bool"), wire("v0", valueWords), wire("w1", lanes, "bool"), wire("v1", valueWords)],
    wire("n", 1, "i32"),
  ];
  const memoriesWith = (elements: number) => memoriesOf({ tensors: { t: new Int8Array(elements).fill(77) }, dtypes: { t: "i8" } });
  const bits = fc.array(fc.nat(1), { minLength: 1, maxLength: 13 });
  const numbers = fc.array(fc.integer({ min: -300, max: 300 }), { minLength: 1, maxLength: 17 });

  /** Records in order: valid lane after valid lane, emit after emit. */
  const plainly = (of: Shape, tokens: Readonly<Record<string, readonly (readonly number[])[]>>): readonly number[] =>
    Array.from({ length: firingsOf(of) }, (_, n) =>
      validLanes(of, n).flatMap((lane) =>
        emits.flatMap(({ whenPort, valuePort }) => (tokens[whenPort]![n]![lane] === 0 ? [] : [tokens[valuePort]![n]![lane]!])),
      ),
    ).flat();

  it("writes the records one behind the other, rounded to the tensor's dtype, and 0 behind the last", () => {
    const check = (shape: Shape, w0: readonly number[], w1: readonly number[], v0: readonly number[], v1: readonly number[]): void => {
      const of = { ...append, ...shape };
      const tokens = { w0: tokensFor(of, w0), w1: tokensFor(of, w1), v0: tokensFor(of, v0), v1: tokensFor(of, v1) };
      const memories = memoriesWith(256);
      const { sent } = fireAll(of, wiresFor(of.lanes), tokens, memories);
      const expected = plainly(of, tokens);
      expect(Array.from(memories.tensors.t!)).toEqual(Array.from(Int8Array.from({ length: 256 }, (_, at) => expected[at] ?? 0)));
      expect(sent.at(-1)!.n).toEqual([expected.length]);
    };
    fc.assert(fc.property(shapes, bits, bits, numbers, numbers, check), { numRuns });
  });

  it("takes as many records as the tensor has elements, and not one more", () => {
    const tokens = { w0: tokensFor(append, [1]), w1: tokensFor(append, [0, 0, 0, 1]), v0: tokensFor(append, [5]), v1: tokensFor(append, [6]) };
    const fire = (elements: number) => fireAll(append, wiresFor(4), tokens, memoriesWith(elements));
    expect(fire(20).sent.at(-1)!.n).toEqual([20]);
    expect(codeOf(() => fire(19))).toBe("bound-exceeded");
    expect(() => fire(19)).toThrow('"op" makes more records than its bound of 19');
  });

  it("counts without values, and then writes nothing", () => {
    const tokens = { w0: tokensFor(append, [1, 0]), w1: tokensFor(append, [0, 1, 1]) };
    const memories = memoriesWith(40);
    const { sent } = fireAll(append, wiresFor(4, 0), tokens, memories);
    expect(sent.at(-1)!.n).toEqual([tokens.w0.flat().filter(Boolean).length + tokens.w1.flat().filter(Boolean).length]);
    expect(new Set(memories.tensors.t!)).toEqual(new Set([77]));
  });

  it("lets one condition be for all lanes", () => {
    const one = { ...append, work: { ...work, emits: emits.slice(0, 1) } };
    const wires = [wire("w0", 1, "bool"), wire("v0", 4), wire("n", 1, "i32")];
    const memories = memoriesWith(20);
    fireAll(one, wires, { w0: [[1], [0], [0], [1]], v0: tokensFor(append, [1, 2, 3, 4]) }, memories);
    expect(Array.from(memories.tensors.t!.slice(0, 9))).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 0]);
  });
});

describe("scatter nests that share a table", () => {
  const scatter = (shape: Partial<Shape>, shard?: Shard): Nest => {
    const work: Work = { kind: "scatter", scratch: "s", keyPort: "k", valuePort: "v", fn: "add", acc: "i32", ...(shard && { shard }) };
    return nest("n", [2, 2], [reads("k", 2), reads("v", 2), handsOver("b", 0)], work, { lanes: 4, ...shape });
  };
  const wiresFor = (lanes: number, keyWords = lanes) => [wire("k", keyWords, "i32"), wire("v", lanes, "i32"), wire("b", 0)];
  const fire = (of: Nest, elements: number, tokens: Tokens, banks = 4) => {
    const memories = memoriesOf({ scratch: [scratch("s", "i32", [elements], 1)], banks });
    const fired = fireAll(of, wiresFor(of.lanes), tokens, memories);
    return { ...fired, table: Array.from(memories.scratch.get("s")!.values) };
  };

  it("have together what one has alone, each with the accesses and the bank conflicts of its own keys", () => {
    const check = (shape: Shape, keys: readonly number[], values: readonly number[], cut: number, banks: number): void => {
      const tokens = { k: tokensFor(shape, keys), v: tokensFor(shape, values) };
      const whole = fire(scatter(shape), 20, tokens, banks);
      const parts = [
        { first: 0, end: cut },
        { first: cut, end: 20 },
      ].map(({ first, end }) => {
        const part = fire(scatter(shape, { first, keys: 20 }), end - first, tokens, banks);
        const own = tokens.k.map((words, n) =>
          validLanes(shape, n).flatMap((lane) => (words[lane]! >= first && words[lane]! < end ? [words[lane]! - first] : [])),
        );
        expect(part.ticks).toEqual(own.map((elements) => turns(elements, banks)));
        expect(part.tally?.lanes).toBe(own.flat().length);
        return part;
      });
      expect(parts.flatMap(({ table }) => table)).toEqual(whole.table);
    };
    const keys = fc.array(fc.oneof(fc.integer({ min: 0, max: 19 }), fc.constant(NO_KEY)), { minLength: 1, maxLength: 40 });
    const values = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 17 });
    fc.assert(fc.property(shapes, keys, values, fc.integer({ min: 1, max: 19 }), fc.integer({ min: 1, max: 5 }), check), { numRuns });
  });

  it("let one key be for all lanes", () => {
    const of = scatter({}, { first: 3, keys: 9 });
    const memories = memoriesOf({ scratch: [scratch("s", "i32", [3], 1)] });
    const { ticks } = fireAll(of, wiresFor(4, 1), { k: [[2], [3], [5], [6]], v: tokensFor(of, [1]) }, memories);
    expect(ticks).toEqual([1, 4, 4, 1]);
    expect(Array.from(memories.scratch.get("s")!.values)).toEqual([4, 0, 4]);
  });

  it("all refuse a key beyond the whole table, but not in a lane that is not valid", () => {
    for (const first of [0, 10]) {
      const part = (shape: Partial<Shape>) => () =>
        fire(scatter(shape, { first, keys: 20 }), 10, { k: tokensFor(scatter({}), [0, 19, 3, 20]), v: tokensFor(scatter({}), [1]) });
      expect(part({})).toThrow('operator "op": "op" meets the key 20, expected 0 to 19');
      expect(part({ guards: [below(affine([0, 0], 1), 3)] })).not.toThrow();
    }
  });
});

describe("a hash nest", () => {
  const hash = (slots: number): Nest =>
    nest(
      "h",
      [2, 2],
      [reads("k", 2), reads("w", 2), sends("e", 2), handsOver("keys", 0), handsOver("count", 0)],
      { kind: "hash", slots, keyPort: "k", whenPort: "w", port: "e", keys: "keys" },
      { lanes: 4 },
    );
  const wiresFor = (lanes: number, entryWords = lanes) => [...[wire("k", lanes, "i32"), wire("w", lanes, "bool"), wire("e", entryWords, "i32")]];
  const memoriesWith = (bound: number, slots: number, banks = 4) =>
    memoriesOf({ scratch: [scratch("keys", "i32", [bound], 1), scratch("keys.slots", "i32", [slots], 1)], banks });
  const keys = fc.array(fc.oneof(fc.integer({ min: -6, max: 6 }), fc.integer()), { minLength: 1, maxLength: 40 });
  const bits = fc.array(fc.nat(1), { minLength: 1, maxLength: 13 });

  /** The table as its rule reads, with numbers that lose no bit. */
  const home = (key: number, slots: number): number => Number(BigInt.asUintN(32, BigInt(key) * 2654435769n) / (2n ** 32n / BigInt(slots)));
  const plainly = (of: Shape, tokens: Readonly<Record<string, readonly (readonly number[])[]>>, slots: number, banks: number) => {
    const table = new Map<number, number>();
    const found: number[] = [];
    const counts = { lanes: 0, probes: 0 };
    const firings = Array.from({ length: firingsOf(of) }, (_, n) => {
      const entries = new Array<number>(of.lanes).fill(-1);
      const probed: number[] = [];
      for (const lane of validLanes(of, n)) {
        if (tokens.w![n]![lane] === 0) continue;
        const key = tokens.k![n]![lane]!;
        let slot = home(key, slots);
        probed.push(slot);
        while (table.has(slot) && table.get(slot) !== key) {
          slot = (slot + 1) % slots;
          probed.push(slot);
        }
        table.set(slot, key);
        if (!found.includes(key)) found.push(key);
        entries[lane] = found.indexOf(key);
        counts.lanes++;
      }
      counts.probes += probed.length;
      return { entries, ticks: turns(probed, banks) };
    });
    return { firings, found, counts };
  };

  it("numbers distinct keys as they come, and takes a turn at a bank for each probe", () => {
    const check = (shape: Shape, k: readonly number[], w: readonly number[], banks: number): void => {
      const of = { ...hash(64), ...shape };
      const tokens = { k: tokensFor(of, k), w: tokensFor(of, w) };
      const memories = memoriesWith(50, 64, banks);
      const { sent, ticks, tally } = fireAll(of, wiresFor(of.lanes), tokens, memories);
      const { firings, found, counts } = plainly(of, tokens, 64, banks);
      expect(sent.map(({ e }) => e)).toEqual(firings.map(({ entries }) => entries));
      expect(ticks).toEqual(firings.map((firing) => firing.ticks));
      expect(Array.from(memories.scratch.get("keys")!.values.slice(0, found.length))).toEqual(found);
      expect(tally).toEqual({ ...counts, entries: found.length });
    };
    fc.assert(fc.property(shapes, keys, bits, fc.integer({ min: 1, max: 5 }), check), { numRuns });
  });

  it("takes the same ticks when nobody needs the numbers", () => {
    const tokens = { k: tokensFor(hash(16), [3, 1, 4, 1, 5, 9, 2, 6]), w: tokensFor(hash(16), [1]) };
    const [seen, blind] = [wiresFor(4), wiresFor(4, 0)].map((wires) => fireAll(hash(16), wires, tokens, memoriesWith(16, 16)).ticks);
    expect(blind).toEqual(seen);
  });

  it.each([1, 2, 8])("fills %i slots to the last, and refuses one key more", (slots) => {
    const fire = (distinct: number) => {
      const of = { ...hash(slots), loops: [{ name: "i", trip: 4 }] };
      const k = tokensFor(
        of,
        Array.from({ length: 16 }, (_, at) => 1000 * (at % distinct)),
      );
      return fireAll(of, wiresFor(4), { k, w: tokensFor(of, [1]) }, memoriesWith(slots, slots));
    };
    expect(fire(slots).tally?.entries).toBe(slots);
    expect(codeOf(() => fire(slots + 1))).toBe("bound-exceeded");
  });

  it("refuses more keys than its bound, though there are slots", () => {
    const tokens = { k: tokensFor(hash(16), [3, 1, 4, 1, 5]), w: tokensFor(hash(16), [1]) };
    expect(codeOf(() => fireAll(hash(16), wiresFor(4), tokens, memoriesWith(4, 16)))).toBe("none");
    expect(() => fireAll(hash(16), wiresFor(4), tokens, memoriesWith(3, 16))).toThrow('"op" meets more distinct keys than its bound of 3');
  });

  it("keeps its slots in a scratch memory called after its keys", () => {
    expect(slotTableOf(hash(16).work as Extract<Work, { kind: "hash" }>)).toBe("keys.slots");
  });
});
