import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BankMap,
  bankMapOf,
  bankOf,
  clearBanks,
  laneStride,
  makeBankCounter,
  makeBankWalk,
  paceOf,
  packedStrides,
  putElement,
  putElementOnce,
  turnsHere,
  wordOf,
  wordsIn,
} from "../../src/fabric/banks.ts";
import type { Access, Nest } from "../../src/fabric/fabric.ts";
import { firingsOf } from "../../src/fabric/nests.ts";
import { advance } from "../../src/fabric/walk.ts";
import type { Banking } from "../../src/machine/machine.ts";
import { affineAt, shapes, validLanes } from "../support/datapaths.ts";

const SCHEMES = ["block", "cyclic", "hashed", "diagonal"] as const;

/** Rows of a diagonal layout take whole turns of the banks. */
const rowsFor = (scheme: Banking, columns: number, banks: number): number => (scheme === "diagonal" ? banks * Math.ceil(columns / banks) : columns);

const mapOf = (banking: Banking, shape: readonly number[], banks: number, strides = packedStrides(shape)): BankMap =>
  bankMapOf({ shape, strides, banking }, banks);

/** Words of a column and of a row of a matrix, by their places. */
const column = (map: BankMap, at: number, rows: number): readonly number[] => Array.from({ length: rows }, (_, r) => r * map.strides[0]! + at);
const row = (map: BankMap, at: number, columns: number): readonly number[] => Array.from({ length: columns }, (_, c) => at * map.strides[0]! + c);

/** Of so many words, each its own, the most in one bank. */
function plainTurns(map: BankMap, words: readonly number[]): number {
  return Math.max(0, ...Array.from({ length: map.banks }, (_, bank) => words.filter((word) => bankOf(map, word) === bank).length));
}

describe("bankOf", () => {
  it("gives every word a bank, and no two of a bank the same place in it", () => {
    const sizes = fc.record({ scheme: fc.constantFrom(...SCHEMES), rows: fc.integer({ min: 1, max: 20 }), columns: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(sizes, fc.constantFrom(1, 2, 4, 8, 16), ({ scheme, rows, columns }, banks) => {
        const map = mapOf(scheme, [rows, columns], banks, [rowsFor(scheme, columns, banks), 1]);
        const placeOf = (word: number): number => (scheme === "block" ? word % map.block : Math.floor(word / banks));
        const words = Array.from({ length: wordsIn(map.shape, map.strides) }, (_, word) => word);
        const places = words.map((word) => `${bankOf(map, word)} ${placeOf(word)}`);
        expect(new Set(places).size).toBe(words.length);
        expect(words.every((word) => bankOf(map, word) >= 0 && bankOf(map, word) < banks)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each([4, 8, 16, 32])("in a diagonal layout lets any row and any column of a tile of %i x %i through in one turn", (lanes) => {
    const map = mapOf("diagonal", [lanes, lanes], lanes);
    for (let at = 0; at < lanes; at++) expect([plainTurns(map, row(map, at, lanes)), plainTurns(map, column(map, at, lanes))]).toEqual([1, 1]);
  });

  it.each([4, 8, 16, 32])("in cyclic order of %i banks lets a column through in as many turns as banks, unless rows are padded by a word", (lanes) => {
    const [packed, padded] = [mapOf("cyclic", [lanes, lanes], lanes), mapOf("cyclic", [lanes, lanes], lanes, [lanes + 1, 1])];
    for (let at = 0; at < lanes; at++) {
      expect([plainTurns(packed, row(packed, at, lanes)), plainTurns(packed, column(packed, at, lanes))]).toEqual([1, lanes]);
      expect([plainTurns(padded, row(padded, at, lanes)), plainTurns(padded, column(padded, at, lanes))]).toEqual([1, 1]);
    }
  });

  it("hashed, lets any stride of a power of two through in one turn, and not all others", () => {
    const map = mapOf("hashed", [16 ** 3], 16);
    for (const stride of [1, 2, 4, 8, 16, 32, 64, 128, 256]) {
      const turns = plainTurns(
        map,
        Array.from({ length: 16 }, (_, l) => l * stride),
      );
      expect(turns).toBe(1);
    }
    const others = Array.from({ length: 16 }, (_, l) => l * 17);
    expect(plainTurns(map, others)).toBe(16);
  });

  it("in blocks, keeps neighbours together and lets one word of each block through in one turn", () => {
    const map = mapOf("block", [16, 10], 16);
    expect(map.block).toBe(10);
    expect(plainTurns(map, row(map, 3, 10))).toBe(10);
    expect(plainTurns(map, column(map, 3, 16))).toBe(1);
  });
});

describe("a vector of words", () => {
  it("takes as many turns as the fullest bank has of them; one that several lanes read, once", () => {
    const numbers = fc.array(fc.nat(39), { minLength: 1, maxLength: 16 });
    fc.assert(
      fc.property(fc.constantFrom(...SCHEMES), numbers, fc.constantFrom(1, 2, 4, 8), (scheme, elements, banks) => {
        const map = mapOf(scheme, [4, 10], banks, [rowsFor(scheme, 10, banks), 1]);
        const [all, once] = [makeBankCounter(map, 16), makeBankCounter(map, 16)];
        for (const counter of [all, once]) clearBanks(counter);
        for (const element of elements) {
          putElement(all, element);
          putElementOnce(once, element);
        }
        const words = elements.map((element) => Math.floor(element / 10) * map.strides[0]! + (element % 10));
        expect(elements.map((element) => wordOf(map, element))).toEqual(words);
        expect(all.fullest).toBe(plainTurns(map, words));
        expect(once.fullest).toBe(plainTurns(map, [...new Set(words)]));
      }),
      { numRuns: 300 },
    );
  });
});

describe("a walk along a scratch memory", () => {
  const accesses: fc.Arbitrary<Access> = fc.record({
    dims: fc.array(
      fc.record({
        constant: fc.integer({ min: -2, max: 3 }),
        loops: fc.array(fc.nat(3), { minLength: 2, maxLength: 2 }),
        lane: fc.integer({ min: -1, max: 3 }),
      }),
      { minLength: 2, maxLength: 2 },
    ),
    shape: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })),
  });

  type Walkable = Pick<Nest, "loops" | "lanes" | "guards">;

  /** Turns firing by firing, from every valid lane's own word. */
  function plainly(of: Walkable, { dims, shape }: Access, map: BankMap): readonly number[] {
    const guards = [...of.guards, ...dims.map((value, d) => ({ value, limit: shape[d]! }))];
    return Array.from({ length: firingsOf(of) }, (_, n) => {
      const lanes = validLanes({ ...of, guards }, n);
      const words = lanes.map((lane) => dims.reduce((sum, dim, d) => sum + affineAt(of, dim, n, lane) * map.strides[d]!, 0));
      return plainTurns(map, [...new Set(words)]);
    });
  }

  it("takes at each firing the turns of its valid lanes' words, and a steady pace is that of all of them", () => {
    const check = (scheme: Banking, of: Walkable, access: Access, banks: number, pad: number): void => {
      const columns = access.shape[1]!;
      const map = mapOf(scheme, access.shape, banks, [scheme === "diagonal" ? rowsFor(scheme, columns, banks) : columns + pad, 1]);
      const expected = plainly(of, access, map);
      const along = makeBankWalk(of, access, map);
      const found = expected.map(() => {
        const turns = turnsHere(along);
        advance(along.walk);
        return turns;
      });
      expect(found).toEqual(expected);
      const { turns, isSteady } = paceOf(of, access, map);
      const ticks = expected.map((one) => Math.max(1, one));
      expect(turns).toBeGreaterThanOrEqual(Math.max(...ticks));
      if (isSteady) expect(new Set(ticks)).toEqual(new Set([turns]));
    };
    fc.assert(fc.property(fc.constantFrom(...SCHEMES), shapes, accesses, fc.constantFrom(1, 2, 4, 8), fc.nat(3), check), { numRuns: 600 });
  });

  const along = (lanes: readonly number[], trip: number): Walkable & { readonly access: Access } => {
    const dims = lanes.map((lane, d) => ({ constant: 0, loops: [d === 0 ? 1 : 0], lane }));
    return { loops: [{ name: "i", trip }], lanes: 16, guards: [], access: { dims, shape: [32, 32] } };
  };

  it("is steady where its banks are linear in the place, wherever it stands", () => {
    const rows = along([0, 1], 32);
    expect(paceOf(rows, rows.access, mapOf("cyclic", [32, 32], 16))).toEqual({ turns: 1, isSteady: true });
    const columns = along([1, 0], 17);
    expect(paceOf(columns, columns.access, mapOf("cyclic", [32, 32], 16))).toEqual({ turns: 16, isSteady: true });
    expect(paceOf(columns, columns.access, mapOf("cyclic", [32, 32], 16, [33, 1]))).toEqual({ turns: 1, isSteady: true });
    expect(paceOf(columns, columns.access, mapOf("diagonal", [32, 32], 16))).toEqual({ turns: 1, isSteady: true });
    expect(paceOf(columns, columns.access, mapOf("block", [32, 32], 16))).toEqual({ turns: 2, isSteady: true });
  });

  it("is not where vectors at the edge have fewer words", () => {
    const columns = along([1, 0], 20);
    expect(paceOf(columns, columns.access, mapOf("cyclic", [32, 32], 16))).toEqual({ turns: 16, isSteady: false });
  });

  it("reads one word for all lanes at once", () => {
    const same = along([0, 0], 32);
    for (const scheme of SCHEMES) expect(paceOf(same, same.access, mapOf(scheme, [32, 32], 16))).toEqual({ turns: 1, isSteady: true });
    expect(laneStride(same.access)).toBe(0);
  });
});
