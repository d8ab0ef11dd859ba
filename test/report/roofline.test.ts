import { describe, expect, it } from "vitest";
import { isPlaced, roofAt, rooflineOf } from "../../src/report/roofline.ts";
import { rooflineSvg } from "../../src/report/roofline-svg.ts";
import { printRoofline } from "../../src/report/roofline-text.ts";
import { section } from "../support/counters.ts";
import { sideOf } from "../support/sides.ts";
import { wellFormed } from "../support/xml.ts";

const kernels = sideOf(
  "kernel-by-kernel",
  ["a", "b", "c"].map((name) => section({ name, operators: [name] })),
);
const spatial = sideOf("spatial", [section({ name: "a..b", operators: ["a", "b"] }), section({ name: 'c<"&', operators: ["c"] })]);
const roofline = rooflineOf([spatial, kernels]);

describe("a roofline", () => {
  it("has a point for each section and kernel, none above the roof", () => {
    expect(roofline.points.map(({ name }) => name)).toEqual(["a..b", 'c<"&', "a", "b", "c"]);
    const placed = roofline.points.filter(isPlaced);
    expect(placed).toHaveLength(5);
    for (const point of placed) expect(point.operations_per_second).toBeLessThanOrEqual(roofAt(roofline.machines[0]!, point.operations_per_byte));
  });

  it("leads from each kernel to the section that has its operators", () => {
    const named = roofline.arrows.map(({ from, to }) => [roofline.points[from]!.name, roofline.points[to]!.name]);
    expect(named).toEqual([
      ["a", "a..b"],
      ["b", "a..b"],
      ["c", 'c<"&'],
    ]);
  });

  it("leads from kernels of a GPU where there is one", () => {
    const { points, arrows } = rooflineOf([spatial, kernels, { ...kernels, machine: "h100", kind: "gpu" }]);
    expect(new Set(arrows.map(({ from }) => points[from]!.machine))).toEqual(new Set(["h100"]));
    expect(arrows).toHaveLength(3);
  });

  it("has one place for points that fall together, and a line in the list for each", () => {
    const text = printRoofline(roofline);
    expect(text).toContain("*");
    expect(text.split("\n").filter((line) => line.includes("fused into A"))).toHaveLength(2);
    expect(printRoofline(rooflineOf([]))).toBe("");
  });

  it("is drawn as XML that is well formed, with a title on each point and an arrow for each kernel", () => {
    const svg = rooflineSvg(roofline, 'odd <names> & "quotes"');
    expect(wellFormed(svg)).toBeNull();
    expect(svg.match(/<g class="point">.*<title>.*<\/title><\/g>/g)).toHaveLength(5);
    expect(svg.match(/marker-end/g)).toHaveLength(3);
    expect(svg).toContain("c&lt;&quot;&amp;");
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(wellFormed(svg.replace("</svg>", ""))).toBe("<svg> is not closed");
    expect(wellFormed(rooflineSvg(rooflineOf([]), "nothing"))).toBeNull();
  });
});
