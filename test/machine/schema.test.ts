/** The YAML form of a machine: what is read, and what is refused with which words. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import * as z from "zod";
import { UserError } from "../../src/base/errors.ts";
import type { Override } from "../../src/base/yaml.ts";
import { loadMachine, machineSchemaJson } from "../../src/machine/schema.ts";
import { DERIVED } from "../../src/machine/tier-part.ts";

const golden = new URL("../golden/config/", import.meta.url);
const shipped = ["plasticine", "plasticine-20x20-ddr4", "plasticine-rnn", "sn10", "sn40l"] as const;

function read(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
}

const good = read("test/golden/config/good.yaml");
const sn40l = read("configs/sn40l.yaml");

function set(...assignments: readonly string[]): Override[] {
  return assignments.map((text) => {
    const [path = "", ...value] = text.split("=");
    return { path, value: value.join("="), label: `--set machine.${text}` };
  });
}

function refusal(text: string, file: string, overrides: readonly Override[] = []): string {
  try {
    loadMachine(text, file, overrides);
  } catch (error) {
    if (error instanceof UserError) return `${error.message}\n`;
    throw error;
  }
  return "accepted\n";
}

describe("shipped machines", () => {
  test.each(shipped)("%s loads, under its own name", (name) => {
    expect(loadMachine(read(`configs/${name}.yaml`), `configs/${name}.yaml`).name).toBe(name);
  });

  test.each(shipped)("%s names its schema for editors and an energy table that exists", (name) => {
    const text = read(`configs/${name}.yaml`);
    expect(text.split("\n")[0]).toBe("# yaml-language-server: $schema=../schemas/machine.schema.json");
    expect(existsSync(new URL(`../../configs/energy/${loadMachine(text, name).energy}.yaml`, import.meta.url))).toBe(true);
  });

  test.each(shipped)("%s gives every figure a source, and a reason to whatever is assumed", (name) => {
    const machine = loadMachine(read(`configs/${name}.yaml`), name);
    expect(Object.keys(machine.sources).sort()).toEqual(
      leaves(machine)
        .filter((path) => !unsourced.includes(path) && !isDerived(path))
        .sort(),
    );
    for (const { assumed, text } of Object.values(machine.sources)) expect(text).toMatch(assumed ? /^assumed: .{10}/ : /^(?!assumed).{5}/);
  });
});

const unsourced = ["schemaVersion", "name", "kind", "energy"];

/** All tiers of the shipped machines are DRAM: these follow from their parts. */
const isDerived = (path: string): boolean => DERIVED.some((key) => new RegExp(`^tiers\\.(hbm|ddr)\\.${key}\\b`).test(path));

/** Key paths of all figures of a machine, those of `sources` aside. */
function leaves(value: object, head = ""): string[] {
  return Object.entries(value).flatMap(([key, part]: [string, unknown]) => {
    if (head === "" && key === "sources") return [];
    return typeof part === "object" && part !== null && !Array.isArray(part) ? leaves(part, `${head}${key}.`) : [`${head}${key}`];
  });
}

function valueAt(machine: object, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], machine);
}

describe("every field is read", () => {
  const before = loadMachine(sn40l, "sn40l.yaml");
  /** What else has to change for a new value to be allowed. */
  const company: Readonly<Record<string, readonly string[]>> = {
    "grid.columns": ["grid.rows=20"],
    "grid.rows": ["grid.columns=26"],
    "pcu.count": ["grid.columns=78"],
    "pmu.count": ["grid.columns=78"],
    ...Object.fromEntries(["hbm", "ddr"].map((tier) => [`tiers.${tier}.dram.controller.drain_above`, [`tiers.${tier}.dram.controller.write_entries=64`]])),
  };
  const others: Readonly<Record<string, unknown>> = {
    "network.kind": "static",
    "tiers.hbm.interleave": "linear",
    "tiers.ddr.interleave": "linear",
    "pcu.modes": ["systolic"],
    "tiers.hbm.dram.organization": "HBM3_8Gb_8hi",
    "tiers.ddr.dram.organization": "DDR5_16Gb_x8",
    "tiers.hbm.dram.speed": "HBM3_6400Mbps",
    "tiers.ddr.dram.speed": "DDR5_3200BN",
    ...Object.fromEntries(
      ["hbm", "ddr"].flatMap((tier) => [
        [`tiers.${tier}.fidelity`, "detailed"],
        [`tiers.${tier}.dram.controller.scheduler`, "FCFS"],
        [`tiers.${tier}.dram.controller.refresh`, "none"],
        [`tiers.${tier}.dram.controller.row_accesses`, 4],
      ]),
    ),
    schemaVersion: 1,
    kind: "rda",
  };

  function other(path: string): unknown {
    const value = valueAt(before, path);
    if (path in others) return others[path];
    if (typeof value === "number") return value * 2;
    return typeof value === "boolean" ? !value : `${String(value)}-b`;
  }

  /** One speed grade is known. */
  const single = ["schemaVersion", "kind", "tiers.hbm.dram.speed"];

  test.each(leaves(before).filter((path) => !isDerived(path)))("%s", (path) => {
    const after = loadMachine(sn40l, "sn40l.yaml", set(`${path}=${JSON.stringify(other(path))}`, ...(company[path] ?? [])));
    expect(valueAt(after, path)).toEqual(other(path));
    if (!single.includes(path)) expect(valueAt(after, path)).not.toEqual(valueAt(before, path));
  });
});

describe("faults are named with their place", () => {
  const files = readdirSync(golden).filter((file) => file.endsWith(".yaml") && file !== "good.yaml");

  test.each(files)("%s", async (file) => {
    await expect(refusal(readFileSync(new URL(file, golden), "utf8"), `configs/${file}`)).toMatchFileSnapshot(
      new URL(file.replace(/yaml$/, "txt"), golden).pathname,
    );
  });

  test("overrides that do not fit", async () => {
    const wrong = [
      "pcu.lanez=32",
      "pcuu.lanes=32",
      "pcu.lanes=1.5",
      "pcu.stages=[",
      "pcu.count.what=1",
      "clock_hz=2 GB",
      "network.kind=packets",
      "pcu.modes.5=simd",
      "=3",
    ];
    await expect(refusal(good, "configs/good.yaml", set(...wrong))).toMatchFileSnapshot(new URL("overrides.txt", golden).pathname);
  });

  test("the machine that the others spoil is accepted", () => {
    expect(refusal(good, "good.yaml")).toBe("accepted\n");
  });
});

describe("overrides", () => {
  test("replace a figure with its source, which then names the override", () => {
    const machine = loadMachine(sn40l, "sn40l.yaml", set("pcu.lanes=16", "tiers.hbm.dram.clock_hz=1 GHz"));
    expect(machine.pcu.lanes).toBe(16);
    expect(machine.tiers.hbm?.clock_hz).toBe(2e9);
    expect(machine.sources["pcu.lanes"]).toEqual({ assumed: true, text: "assumed: --set machine.pcu.lanes=16" });
    expect(machine.sources["pcu.stages"]).toEqual(loadMachine(sn40l, "sn40l.yaml").sources["pcu.stages"]);
  });

  test("take a tier or a refresh away with null", () => {
    expect(Object.keys(loadMachine(sn40l, "sn40l.yaml", set("tiers.ddr=null")).tiers)).toEqual(["hbm"]);
    expect(loadMachine(good, "good.yaml", set("tiers.ddr.refresh=null")).tiers.ddr).not.toHaveProperty("refresh");
    expect(loadMachine(sn40l, "sn40l.yaml", set("tiers.hbm.dram.controller.refresh=none")).tiers.hbm).not.toHaveProperty("refresh");
  });

  test("of what follows from a tier's DRAM are refused, as are a fidelity without and a DRAM that nobody knows", () => {
    const wrong = ["tiers.hbm.burst_bytes=64", "tiers.hbm.clock_hz=2 GHz", "tiers.ddr.dram.speed=DDR5_3200XX"];
    const words = refusal(sn40l, "sn40l.yaml", set(...wrong));
    expect(words).toContain("tiers.hbm.burst_bytes=64: expected none: it follows from dram");
    expect(words).toContain("tiers.hbm.clock_hz=2 GHz: expected none: it follows from dram");
    expect(words).toContain('there is no speed grade "DDR5_3200XX"');
    expect(refusal(good, "good.yaml", set("tiers.ddr.fidelity=stream"))).toContain("expected `dram` beside it");
  });

  test("of a DRAM's clock keep its times and its bits a clock", () => {
    const tiers = ["400 MHz", "800 MHz", "1.6 GHz"].map((clock) => loadMachine(sn40l, "sn40l.yaml", set(`tiers.hbm.dram.clock_hz=${clock}`)).tiers.hbm!);
    expect(tiers.map(({ clock_hz, burst_clocks }) => [clock_hz, burst_clocks])).toEqual([
      [8e8, 2],
      [1.6e9, 2],
      [3.2e9, 2],
    ]);
    for (const { refresh, clock_hz } of tiers) expect(refresh!.interval_clocks / clock_hz).toBeCloseTo(3.9e-6, 8);
  });

  test("of one path the last wins", () => {
    expect(loadMachine(good, "good.yaml", set("pcu.stages=4", "pcu.stages=8")).pcu.stages).toBe(8);
  });

  test("cannot reach an object's prototype", () => {
    expect(refusal(good, "good.yaml", set("__proto__.polluted=1"))).toContain('unknown key "__proto__"');
    expect({}).not.toHaveProperty("polluted");
  });
});

describe("quantities", () => {
  test.each([
    ["tiers.ddr.latency_seconds", "1.25 ns", 1.25e-9],
    ["tiers.ddr.latency_seconds", "100ns", 1e-7],
    ["tiers.ddr.latency_seconds", "1e-7", 1e-7],
    ["clock_hz", "0.8 GHz", 8e8],
    ["clock_hz", "1.7578125 GHz", 1757812500],
    ["clock_hz", "{ value: 700 MHz, source: a slide }", 7e8],
    ["pmu.bytes", "0.5 MiB", 524288],
    ["pmu.bytes", "256 kB", 256000],
    ["pmu.bytes", "4096", 4096],
  ])("%s: %s", (path, value, expected) => {
    expect(valueAt(loadMachine(good, "good.yaml", set(`${path}=${value}`)), path)).toBe(expected);
  });

  test("bounds are tight", () => {
    expect(refusal(good, "good.yaml", set("pcu.lanes=1024", "network.vector_bytes=4096"))).toBe("accepted\n");
    expect(refusal(good, "good.yaml", set("pcu.lanes=2048"))).toBe("--set machine.pcu.lanes=2048: expected a whole number from 1 to 1024, found 2048\n");
    expect(refusal(good, "good.yaml", set("tiers.ddr.refresh.duration_clocks=6239"))).toBe("accepted\n");
    expect(refusal(good, "good.yaml", set("tiers.ddr.refresh.duration_clocks=6240"))).toContain("expected less than interval_clocks = 6240, found 6240");
  });
});

test("a spoilt text is refused with faults, never with a crash", () => {
  const edit = fc.record({
    at: fc.nat(sn40l.length),
    cut: fc.nat(12),
    put: fc.constantFrom("", ":", "- ", "{", "]", "\t", '"', "&a ", "*a", "!x ", "0", "\n", " ", "null", "---\n", "%"),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const text = edits.reduce((old, { at, cut, put }) => old.slice(0, at) + put + old.slice(at + cut), sn40l);
      for (const line of refusal(text, "sn40l.yaml").trim().split("\n")) expect(line).toMatch(/^accepted$|^sn40l\.yaml(:\d+:\d+)?( .+?)?: ./);
    }),
    { numRuns: 200, seed: 7 },
  );
});

test.each(shipped)("an editor that knows the JSON Schema accepts %s and marks a misspelt key", (name) => {
  const schema = z.fromJSONSchema(JSON.parse(machineSchemaJson()));
  const data: unknown = parse(read(`configs/${name}.yaml`));
  expect(schema.safeParse(data).error).toBeUndefined();
  expect(schema.safeParse({ ...(data as object), clock: 1 }).success).toBe(false);
});

test("the committed JSON Schema is that of the form (vitest -u writes it)", async () => {
  await expect(machineSchemaJson()).toMatchFileSnapshot(new URL("../../schemas/machine.schema.json", import.meta.url).pathname);
});
