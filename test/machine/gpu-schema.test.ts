/** Configs of GPUs: those that come with weft, and faults in others. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { gpuPeakFlops, hbmBytesPerCycle, tensorMacs } from "../../src/machine/gpu.ts";
import { gpuSchemaJson, loadGpu } from "../../src/machine/gpu-schema.ts";

const folder = new URL("../../configs/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(`${name}.yaml`, folder), "utf8");
const shipped = readdirSync(folder).flatMap((file) => (/^kind: gpu$/m.test(file.endsWith(".yaml") ? read(file.slice(0, -5)) : "") ? [file.slice(0, -5)] : []));

const set = (...assignments: readonly string[]) =>
  assignments.map((text) => {
    const [path = "", value = ""] = text.split("=");
    return { path, value, label: `--set machine.${text}` };
  });

describe("shipped GPUs", () => {
  test("are the five that the comparison asks for", () => {
    expect(shipped).toEqual(["a100-40", "a100-80", "h100", "h200", "v100"]);
  });

  test.each(shipped)("%s loads under its own name, and gives every figure a source", (name) => {
    const machine = loadGpu(read(name), `configs/${name}.yaml`);
    expect(machine.name).toBe(name);
    expect(read(name).split("\n")[0]).toBe("# yaml-language-server: $schema=../schemas/gpu.schema.json");
    for (const { assumed, text } of Object.values(machine.sources)) expect(text).toMatch(assumed ? /^assumed: .{10}/ : /^(?!assumed).{5}/);
  });

  test.each([
    ["a100-80", "f16", 311.9e12],
    ["a100-80", "f32", 19.5e12],
    ["h100", "bf16", 989e12],
    ["h100", "fp8e4m3", 1979e12],
    ["v100", "f16", 113e12],
  ] as const)("%s has the published peak at %s", (name, dtype, flops) => {
    expect(gpuPeakFlops(loadGpu(read(name), name), dtype) / flops).toBeCloseTo(1, 2);
  });

  test("an A100 and an H100 are the same model: their configs have the same keys", () => {
    const keys = (name: string): readonly string[] => Object.keys(loadGpu(read(name), name).sources).filter((key) => !key.startsWith("sm.tensor_macs."));
    expect(keys("h100")).toEqual(keys("a100-80"));
  });
});

describe("figures", () => {
  test("f32 keeps off tensor cores unless TF32 is asked for", () => {
    expect(tensorMacs(loadGpu(read("a100-80"), "a"), "f32")).toBe(0);
    expect(tensorMacs(loadGpu(read("a100-80"), "a", set("execution.tf32=true")), "f32")).toBe(512);
  });

  test("HBM gives its share of the pins a cycle", () => {
    const machine = loadGpu(read("a100-80"), "a", set("hbm.bytes_per_second=1.41e12", "hbm.achievable_share=0.5"));
    expect(hbmBytesPerCycle(machine)).toBeCloseTo(500, 9);
  });
});

describe("faults", () => {
  test("are named together, with their places and the nearest key", () => {
    const load = () => loadGpu(read("a100-80"), "a.yaml", set("sm.cuont=3", "launch.regime=streams", "hbm.achievable_share=1.5", "l2.bytes=40 MHz"));
    expect(load).toThrow(UserError);
    expect(load).toThrow(/sm\.cuont[\s\S]*count/);
    expect(load).toThrow(/launch\.regime/);
    expect(load).toThrow(/hbm\.achievable_share/);
    expect(load).toThrow(/l2\.bytes/);
  });

  test("a figure without a source is refused", () => {
    const text = read("a100-80")
      .replace(/special_lanes: \{ value: 16, source: [^}]*\}/, "special_lanes: 16")
      .replace('sm:\n  source: "whitepaper"', "sm:");
    expect(() => loadGpu(text, "a.yaml")).toThrow(/special_lanes[\s\S]*no source/);
  });
});

test("the schema for editors is up to date", async () => {
  await expect(gpuSchemaJson()).toMatchFileSnapshot(new URL("../../schemas/gpu.schema.json", import.meta.url).pathname);
});
