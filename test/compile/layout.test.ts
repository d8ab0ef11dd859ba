import { describe, expect, test } from "vitest";
import { readMachine } from "../../src/cli/machines.ts";
import { layOut } from "../../src/compile/layout.ts";
import type { Machine, TierSpec } from "../../src/machine/machine.ts";
import { bankTurnOf } from "../../src/machine/tier-part.ts";
import type { Dtype, Program, Tier } from "../../src/pattern/program.ts";
import { tinyTier } from "../support/fabrics.ts";
import { refusal, simdMachine } from "./support.ts";

/** A line over all channels is 128 bytes. */
const machine = (tiers: { readonly hbm?: number; readonly ddr?: number }): Machine => {
  const spec = (bytes: number): TierSpec => ({ ...tinyTier, bytes });
  return {
    ...simdMachine,
    tiers: { ...(tiers.hbm === undefined ? {} : { hbm: spec(tiers.hbm) }), ...(tiers.ddr === undefined ? {} : { ddr: spec(tiers.ddr) }) },
  };
};

/** Inputs of these lengths; the last is no input. */
const tensors = (...list: readonly (readonly [length: number, tier: Tier, dtype?: Dtype])[]): Program => ({
  ...{ schemaVersion: 1, name: "p", params: {}, operators: [], outputs: {} },
  inputs: list.slice(0, -1).map((_, k) => `t${k}`),
  tensors: list.map(([length, tier, dtype = "f32"], k) => ({ name: `t${k}`, dtype, shape: [length], tier })),
});

const places = (program: Program, on: Machine, stored: readonly string[] = []) =>
  layOut(program, on, new Set(stored)).map(({ tensor, tier, base_bytes }) => [tensor, tier, base_bytes]);

describe("layOut", () => {
  test("puts each tensor at the beginning of a line over all channels", () => {
    expect(places(tensors([1, "auto"], [33, "auto"], [32, "auto"], [1, "auto"]), machine({ ddr: 4096 }), ["t3"])).toEqual([
      ["t0", "ddr", 0],
      ["t1", "ddr", 128],
      ["t2", "ddr", 384],
      ["t3", "ddr", 512],
    ]);
  });

  test("leaves out what never leaves the chip", () => {
    expect(places(tensors([8, "auto"], [8, "auto"]), machine({ ddr: 4096 }))).toEqual([["t0", "ddr", 0]]);
  });

  test("takes the fastest tier with room, unless a tensor names its own", () => {
    const both = machine({ hbm: 256, ddr: 4096 });
    expect(places(tensors([32, "auto"], [32, "ddr"], [64, "auto"], [32, "sram"], [1, "auto"]), both)).toEqual([
      ["t0", "hbm", 0],
      ["t1", "ddr", 0],
      ["t2", "ddr", 128],
      ["t3", "hbm", 128],
    ]);
  });

  test("counts packed bytes of the dtype", () => {
    expect(places(tensors([128, "auto", "i8"], [256, "auto", "i4"], [1, "auto"]), machine({ ddr: 256 }))).toEqual([
      ["t0", "ddr", 0],
      ["t1", "ddr", 128],
    ]);
  });

  test("refuses what fits in no tier, with what is free, and what names a tier that is not there", () => {
    expect(refusal(() => places(tensors([32, "auto"], [64, "auto"], [1, "auto"]), machine({ hbm: 128, ddr: 200 })))).toBe(
      't1: tensor "t1" needs 256 bytes; tiny has 0 bytes free in hbm, 200 bytes free in ddr; make the tensors smaller or choose a machine with more memory',
    );
    expect(refusal(() => places(tensors([1, "hbm"], [1, "auto"]), machine({ ddr: 200 })))).toBe(
      't0: tensor "t0" needs 4 bytes; tiny has no hbm; choose another tier for it or make it smaller',
    );
  });
});

describe("where a tier's mapping keeps a stream in a bank", () => {
  test.each([
    ["plasticine", "ddr", 8 * 1024, 8, 8],
    ["plasticine-20x20-ddr4", "ddr", 4 * 8 * 1024, 4, 4],
    ["sn10", "ddr", 4 * 8 * 1024, 4, 8],
    ["sn40l", "hbm", 8 * 1024, 4, 8],
  ] as const)("a turn is a row of each bank group, and stacks and ranks have turns of their own: %s", (name, tier, bytes, banks, sets) => {
    expect(bankTurnOf(readMachine(name).tiers[tier]!.dram!)).toEqual({ bytes, banks, sets });
  });

  test("slices of a field are one field: its columns below the bank count once", () => {
    const { dram } = readMachine("plasticine-20x20-ddr4").tiers.ddr!;
    const turns = ["rorabacobg", "rorabacobgco2", "rorabaco4bgco", "roraco3bacobgco2"].map((mapping) => bankTurnOf({ ...dram!, mapping })!.bytes);
    expect(turns).toEqual([32 * 1024, 32 * 1024, 32 * 1024, 4 * 1024]);
  });

  test.each(["plasticine", "plasticine-20x20-ddr4", "sn10"])("large tensors begin in banks of their own, small ones as they come: %s", (name) => {
    const shipped = readMachine(name);
    const spec = shipped.tiers.ddr!;
    const turn = bankTurnOf(spec.dram!)!;
    const step = turn.bytes * spec.channels;
    const large = Array.from({ length: turn.banks }, () => [step / 4 + 5, "ddr"] as const);
    const bases = layOut(tensors(...large, [3, "ddr"], [1, "ddr"]), shipped, new Set()).map(({ base_bytes }) => base_bytes);
    const banks = bases.slice(0, turn.banks).map((base) => (base / step) % turn.banks);
    expect([...banks].sort((a, b) => a - b)).toEqual(Array.from({ length: turn.banks }, (_, bank) => bank));
    expect(bases.at(-1)! % step).not.toBe(0);
  });
});
