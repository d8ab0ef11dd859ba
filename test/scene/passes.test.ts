import { expect, test } from "vitest";
import { passesOf } from "../../src/scene/passes.ts";
import attention from "../../workloads/attention.ts";
import softmax from "../../workloads/softmax.ts";
import { machineOf, prepareOn } from "../support/runs.ts";

test("each pass with the lines it changed, then what became of the program", () => {
  const machine = machineOf("plasticine");
  const passes = passesOf(prepareOn(machine, softmax.build({ rows: 64, cols: 64 })), machine);
  expect(passes.slice(0, 3).map(({ name }) => name)).toEqual(["prune", "normalise", "unroll"]);
  expect(passes.slice(-3).map(({ name }) => name)).toEqual(["controllers", "fabric", "mapping"]);
  expect(passes[0]).toEqual({ name: "prune", what: "What no output needs is dropped.", before: [], after: [] });
  expect(passes.at(-2)!.after[0]).toBe("fabric of softmax on plasticine, spatial");
});

test("of copies without end the page has a part, and says so", () => {
  const machine = machineOf("sn40l");
  const passes = passesOf(prepareOn(machine, attention.build()), machine);
  for (const { after } of passes) expect(after.join("\n").length).toBeLessThan(220_000);
  const [fabric, mapping] = passes.slice(-2);
  expect(fabric!.after[0]).toMatch(/^2\d\d\d units are too many for this page\. Of each stage it shows the first (unit|\d+ units), with/);
  expect(fabric!.after.some((line) => line.startsWith("  pmu scores"))).toBe(true);
  expect(mapping!.after.at(-1)).toMatch(/^\.\.\. \d+ more lines, which this page leaves out: weft compile --emit mapping prints them$/);
});
