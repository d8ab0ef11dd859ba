import { expect, it } from "vitest";
import type { Node, Step } from "../../src/fabric/fabric.ts";
import { printFabric } from "../../src/fabric/print.ts";
import { centreRows, groupBy, systolicGemm } from "../support/examples.ts";
import { fabricOf, input, pcu, reads, sends } from "../support/fabrics.ts";
import { steeredFabrics } from "../support/indirect-examples.ts";

it("prints units, nests and channels for people", () => {
  const text = printFabric(centreRows(7, 37).fabric);
  expect(text).toContain("section section (op): 2 pcu, 1 pmu, 2 ag, 5 channels");
  expect(text).toContain("scratch row: 2 x f32[37], 296 bytes");
  expect(text).toContain("where 0 <= 16 body1 + lane < 37");
  expect(text).toContain("%1 = f32 add of %0 inside level 1 and across lanes in f32");
  expect(text).toContain("channel full: hand-over, depth 2: rows.write -> rows.read");
  expect(printFabric(systolicGemm(4, 16, 4).fabric)).toContain("acc[4 stages x lanes] += col * row in f32 + f32, level 2");
  expect(printFabric(groupBy(9, 3).fabric)).toContain("table[key] add= one in i32");
});

it("prints what data steers, and what is known only when a section starts", () => {
  const { gather, fetch, append, hash, shard } = steeredFabrics();
  expect(printFabric(gather)).toContain("b <- table[i]");
  expect(printFabric(fetch)).toContain("b <- t[i]");
  expect(printFabric(append)).toContain("y += v where w");
  expect(printFabric(hash)).toContain("e <- number of k where w, in 64 slots; keys in keys");
  expect(printFabric(shard)).toContain("part[k] add= one in i32, keys from 25 on of 50");
  const guard = { value: { constant: 1, loops: [16], lane: 1, rounds: { r: 4 } }, limit: 100, size: "n" };
  const scan: Node = { kind: "scan", dtype: "f32", acc: "f64", fn: "add", arg: 0, level: 0, lanes: true, exclusive: false };
  const body = pcu("p", [7], [reads("a", 1), sends("b", 1)], [input("a"), scan], { b: 1 }, { guards: [guard] });
  const loops = [{ name: "i", trip: 7, size: { tensor: "n", per: 16 } }];
  const text = printFabric(fabricOf([], [{ ...body, nests: [{ ...body.nests[0]!, loops }] }]));
  expect(text).toContain("[i < n / 16 <= 7] x 16 lanes");
  expect(text).toContain("where 0 <= 4 r + 16 i + lane + 1 < n <= 100");
  expect(text).toContain("%1 = f32 running add of %0 inside level 0, inclusive, lane after lane, in f64");
});

it("prints which sections are on the chip together", () => {
  const { fabric } = centreRows(7, 37);
  const [a, b, c] = ["a", "b", "c"].map((name, s) => ({ ...fabric.sections[0]!, name, configuration: s === 1 ? 1 : 0 }));
  const heads = printFabric({ ...fabric, sections: [a!, b!, c!] })
    .split("\n")
    .filter((line) => line.startsWith("section"));
  expect(heads.map((head) => head.split("channels")[1])).toEqual([", on the chip with c", "", ", on the chip with a"]);
});

it("prints the order of the sections where it is not one after the other", () => {
  const { fabric } = centreRows(7, 37);
  expect(printFabric(fabric)).not.toContain("steps");
  const repeat: Step = {
    ...{ kind: "repeat", name: "loop", round: "r", times: 5, until: "done" },
    carries: [{ to: "x", init: "x0", from: "y" }],
    steps: fabric.steps,
  };
  expect(printFabric({ ...fabric, steps: [repeat] })).toContain("steps\n  repeat loop: r < 5 until done\n    carry x = x0, then y\n    run section\n");
});
