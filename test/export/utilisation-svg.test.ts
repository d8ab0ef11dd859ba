import { describe, expect, it } from "vitest";
import { utilisationSvg } from "../../src/export/utilisation-svg.ts";
import { percent } from "../../src/report/format.ts";
import { kmeansBundle, softmaxBundle } from "../support/traces.ts";
import { wellFormed } from "../support/xml.ts";

describe("the figure of utilisation", () => {
  it("is well-formed and says workload, machine, cycles and the busy share of each kind", () => {
    const bundle = softmaxBundle();
    const svg = utilisationSvg(bundle);
    const { report } = bundle;
    expect(wellFormed(svg)).toBeNull();
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    for (const words of [
      "softmax",
      "rows=16",
      "plasticine",
      report.cycles.toLocaleString("en"),
      percent(report.utilization.pcu),
      percent(report.utilization.ag),
    ])
      expect(svg).toContain(words);
  });

  it("draws areas whose sizes are the report's shares of states", () => {
    for (const { report, svg } of [softmaxBundle(), kmeansBundle()].map((bundle) => ({ ...bundle, svg: utilisationSvg(bundle) }))) {
      const drawn = [...svg.matchAll(/<path class="(\w+)" d="M([^Z]+)Z"/g)].map(([, state, path]) => ({ state: state!, size: sizeOf(path!) }));
      const panels = svg.split("rotate(-90)").length - 1;
      expect(panels).toBe(3);
      for (const state of ["busy", "starved", "memory", "blocked", "configuring"] as const) {
        const cycles = report.units.reduce((sum, unit) => sum + unit[`${state}_cycles`], 0);
        expect(drawn.some((area) => area.state === state)).toBe(cycles > 0);
      }
      const pcu = drawn[0]!;
      const scale = topOf(svg);
      const busy = report.units.reduce((sum, { kind, busy_cycles }) => sum + (kind === "pcu" ? busy_cycles : 0), 0);
      expect(pcu.state).toBe("busy");
      expect(Math.abs((pcu.size / (648 * 130)) * scale - busy / report.cycles)).toBeLessThan(0.02 * scale);
    }
  });

  it("says so where nothing was recorded, or the run was stopped", () => {
    const bundle = softmaxBundle();
    expect(utilisationSvg({ ...bundle, trace: { ...bundle.trace, origin: "means" } })).toContain("Nothing was recorded over time");
    const partial = { reason: "max-cycles", section: "s", share_done: 0.5 } as const;
    expect(utilisationSvg({ ...bundle, report: { ...bundle.report, partial } })).toContain("The run was stopped (max-cycles)");
  });
});

/** Of a polygon: the shoelace formula. */
function sizeOf(path: string): number {
  const points = path.split("L").map((point) => point.split(",").map(Number) as [number, number]);
  return Math.abs(points.reduce((sum, [x, y], i) => sum + x * points[(i + 1) % points.length]![1] - points[(i + 1) % points.length]![0] * y, 0)) / 2;
}

/** Units at the top of the first panel. */
function topOf(svg: string): number {
  return Math.max(...[...svg.split("rotate(-90)")[0]!.matchAll(/text-anchor="end">([\d,]+)</g)].map(([, number]) => Number(number!.replace(",", ""))));
}
