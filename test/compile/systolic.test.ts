/** The systolic mode of a PCU, two nests of a fabric, against an array of cells whose operands move from neighbour to neighbour. */

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/index.ts";
import type { NetworkSpec, PortSpec, ProcessSpec } from "../../src/engine/network.ts";
import { runNetwork } from "../../src/engine/run.ts";
import type { Nest } from "../../src/fabric/fabric.ts";
import { firingsOf, periodOf } from "../../src/fabric/nests.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { runSystolic } from "../../src/units/systolic.ts";
import gemm from "../../workloads/gemm.ts";
import { machineOf } from "../support/runs.ts";

interface Timed {
  readonly rows: number;
  readonly columns: number;
  readonly tiles: number;
  readonly steps: number;
  /** From the first operands that enter to the last row that is drained. */
  readonly cycles: number;
}

/** Null: the compiler takes a SIMD pipeline instead. */
function timed(machine: Machine, size: { readonly m: number; readonly n: number; readonly k: number }): Timed | null {
  const { fabric } = compile(gemm.build({ ...size, dtype: "bf16" }), machine, { style: "spatial" });
  const unit = fabric.sections.flatMap(({ units }) => units).find(({ nests }) => nests.some(({ work }) => work.kind === "systolic"));
  if (unit === undefined) return null;
  const [array, drain] = unit.nests as [Nest, Nest];
  const done = array.ports.find(({ direction }) => direction === "out")!;
  const ready = drain.ports.find(({ direction }) => direction === "in")!;
  const processOf = (nest: Nest, ports: readonly PortSpec[]): ProcessSpec => ({ ...nest, name: nest.id, firings: firingsOf(nest), ports });
  const spec: NetworkSpec = {
    processes: [
      processOf(array, [{ channel: 0, kind: "buffer-out", period: periodOf(array, done.level) }]),
      processOf(drain, [{ channel: 0, kind: "buffer-in", period: periodOf(drain, ready.level) }]),
    ],
    channels: [{ name: "tile", depth: 2, latency: 1, words: 0 }],
    resources: [],
  };
  const steps = periodOf(array, done.level);
  const { processes } = runNetwork(spec);
  return { rows: machine.pcu.stages, columns: array.lanes, tiles: firingsOf(array) / steps, steps, cycles: processes[1]!.lastStart + 1 };
}

const sn40l = machineOf("sn40l");
const pcus = fc.record({ stages: fc.integer({ min: 2, max: 9 }), lanes: fc.constantFrom(12, 16, 32) });
const sizes = fc.record({ m: fc.integer({ min: 2, max: 40 }), n: fc.integer({ min: 8, max: 100 }), k: fc.integer({ min: 2, max: 300 }) });

describe("a PCU as a systolic array", () => {
  it("takes as long for a tile, from the first operands to the last row out, as cells that hand operands on", () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(pcus, sizes, (pcu, size) => {
        const found = timed({ ...sn40l, pcu: { ...sn40l.pcu, count: 4, ...pcu } }, size);
        fc.pre(found !== null);
        const { rows, columns, tiles, steps, cycles } = found;
        kinds.add(tiles === 1 ? "one tile" : steps >= 2 * rows + columns ? "hidden drains" : "waits for drains");
        const cells = (count: number): number => runSystolic({ rows, columns, count, steps, dataflow: "os", drains: true, width: columns }).ticks;
        if (tiles === 1) expect(cycles).toBe(cells(1));
        else if (steps >= 2 * rows + columns) expect(cycles).toBe((tiles - 1) * steps + cells(1));
        else expect(cycles).toBeLessThanOrEqual(cells(tiles));
      }),
      { numRuns: 60 },
    );
    expect([...kinds].sort()).toEqual(["hidden drains", "one tile", "waits for drains"]);
  });
});
