import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadEnergyTable } from "../../src/energy/schema.ts";

const text = readFileSync(new URL("../../configs/energy/sn10.yaml", import.meta.url), "utf8");
const load = (from: string, to: string) => {
  expect(text).toContain(from);
  return loadEnergyTable(text.replace(from, to), "t.yaml");
};

describe("an energy table", () => {
  it("brings a figure to its node by the factor that it names, and says so", () => {
    const { active_pJ, area, network } = load(
      "  logic: { from_nm: 28, line: [{ nm: 45, at: 0.1 }, { nm: 7, at: 0.03 }]",
      "  logic: { from_nm: 28, factor: 0.25",
    );
    expect(active_pJ.ag.pJ).toBeCloseTo(31.4111 / 4, 9);
    expect(active_pJ.ag.source).toMatch(/^PIR .*, scaled from 28 nm to 7 nm by 0.25 \(logic: assumed: /);
    expect(network.static.rows[0]!.pJ).toBeCloseTo(0.3853 / 4, 9);
    expect(area.pcu.control.mm2).toBeCloseTo(0.001 * (0.0092 / 0.072) ** (Math.log(28 / 7) / Math.log(32 / 7)), 9);
  });

  it("takes a figure off a line through two nodes, at its own", () => {
    const { network } = load("name: sn10\nprocess_nm: 7", "name: sn10\nprocess_nm: 20");
    expect(network.wire_bit_mm.pJ).toBeCloseTo(Math.sqrt(0.12 * 0.075), 9);
    expect(network.wire_bit_mm.source).toContain("on the line through 0.12 pJ at 40 nm and 0.075 pJ at 10 nm");
  });

  it("refuses a factor that is not there", () => {
    expect(() => load("ag: { pJ: 31.4111, by: logic", "ag: { pJ: 31.4111, by: magic")).toThrow('active_pJ.ag.by: there is no scaling "magic"');
  });

  it("refuses a factor that nothing is scaled by", () => {
    expect(() => load("scaling:\n", 'scaling:\n  idle: { from_nm: 28, factor: 0.5, source: "test" }\n')).toThrow("scaling.idle: no figure is scaled by it");
  });

  it("refuses a figure with two values, and one with none", () => {
    const words = "expected either pJ or a line through two nodes";
    expect(() => load("wire_bit_mm: {", "wire_bit_mm: { pJ: 1,")).toThrow(words);
    expect(() => load("ag: { pJ: 31.4111, by: logic,", "ag: { by: logic,")).toThrow(words);
  });

  it("refuses switches of which the grid has a hole", () => {
    expect(() => load("      - { links: 4, bits: 512, pJ: 7.235, mm2: 0.1046479572 }\n", "")).toThrow(
      "expected a row for each number of links with each number of bits",
    );
  });

  it("refuses a figure without a source, a missing row and a negative figure", () => {
    expect(() =>
      load('ag: { pJ: 31.4111, by: logic, source: "PIR bin/plasticine_model.py: an AG for DRAM in use" }', "ag: { pJ: 31.4111, by: logic }"),
    ).toThrow("source");
    expect(() => load("process_nm: 7\n", "")).toThrow("process_nm");
    expect(() => load("ag: { pJ: 31.4111", "ag: { pJ: -1")).toThrow("active_pJ.ag.pJ");
  });
});
