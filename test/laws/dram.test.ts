/** Runs through DRAM controllers: fast and plain engine, with and without fast-forward; and how near the fidelity "stream" comes. */

import { describe, expect, it } from "vitest";
import { readMachine } from "../../src/cli/machines.ts";
import { parseSettings } from "../../src/cli/settings.ts";
import { input, map, program } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import type { Program } from "../../src/pattern/program.ts";
import { add, mul } from "../../src/pattern/scalars.ts";
import { prepare } from "../../src/sim/prepare.ts";
import { type SimulateOptions, simulate } from "../../src/sim/simulate.ts";
import dot from "../../workloads/dot.ts";
import outer from "../../workloads/outer.ts";

const on = (name: string, settings: readonly string[]) => readMachine(name, parseSettings(settings.map((each) => `machine.${each}`)).machine);

function run(machine: ReturnType<typeof on>, source: Program, options: Partial<SimulateOptions>) {
  const { mapping } = prepare(source, machine, { style: "spatial", seed: 1 });
  return simulate(mapping, machine, { program: source, inputs: () => generateInputs(source, 1), values: false, engine: "fast", ...options });
}

const scale = program("scale", { n: 40_000 }, ({ n }) => {
  const x = input("x", "f32", [n]);
  return { y: map("y", [n], (i) => add(mul(x.at(i), 2), 1)) };
});

const ONE_CHANNEL = "tiers.ddr.channels=1";
const NO_REFRESH = "tiers.ddr.dram.controller.refresh=none";

describe("a detailed tier", () => {
  it.each([
    ["dot", dot.build({ n: 6000, dtype: "f32" }), true],
    ["scale", scale.build({ n: 9000 }), true],
    ["outer", outer.build({ m: 32, n: 48 }), false],
  ] as const)("gives what the plain controller gives tick by tick: %s", (_, source, values) => {
    const machine = on("plasticine", ["tiers.ddr.fidelity=detailed", ONE_CHANNEL]);
    const [fast, slow] = (["fast", "oracle"] as const).map((engine) => run(machine, source, { engine, values, fastForward: false }));
    expect(fast).toEqual(slow);
    const commands = fast!.sections[0]!.tiers.ddr!.commands!;
    expect(commands.activates).toBeGreaterThan(0);
    expect(commands.reads + commands.writes).toBeGreaterThan(100);
  });

  it.each([
    ["no refresh, two streams", [NO_REFRESH], dot.build({ n: 2_000_000, dtype: "f32" }), 40_000],
    ["refresh", [ONE_CHANNEL], dot.build({ n: 300_000, dtype: "f32" }), 0],
    ["rows in turn", [ONE_CHANNEL, NO_REFRESH, "tiers.ddr.dram.mapping_xor=[ba]"], dot.build({ n: 300_000, dtype: "f32" }), 0],
  ] as const)("changes no counter by fast-forward: %s", (_, settings, source, least) => {
    const machine = on("plasticine", ["tiers.ddr.fidelity=detailed", ...settings]);
    const [fast, slow] = [true, false].map((fastForward) => run(machine, source, { fastForward })) as [ReturnType<typeof run>, ReturnType<typeof run>];
    expect({ ...fast, skipped: 0, periods: [], skippedIn: slow.skippedIn }).toEqual(slow);
    expect(fast.skipped).toBeGreaterThanOrEqual(least);
  });
});

describe("a tier of fidelity stream", () => {
  it.each([
    ["plasticine", "ddr"],
    ["plasticine-20x20-ddr4", "ddr"],
    ["sn10", "ddr"],
  ] as const)("takes as long as detailed within 1 % on streams: %s", (name, tier) => {
    for (const source of [dot.build({ n: 400_000, dtype: "f32" }), scale.build({ n: 400_000 })]) {
      const ticks = ["stream", "detailed"].map(
        (fidelity) => run(on(name, [`tiers.${tier}.fidelity=${fidelity}`, `tiers.${tier}.channels=2`]), source, {}).sections[0]!.ticks,
      );
      expect(Math.abs(ticks[0]! / ticks[1]! - 1), `${source.name} ${ticks}`).toBeLessThan(0.01);
    }
  });
});
