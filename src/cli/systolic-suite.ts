/** `weft validate systolic`: cycles of matrix products on systolic arrays, counted by the engine, beside those of SCALE-Sim v2. */

import { countSystolic, type Dataflow } from "../units/systolic.ts";
import { type ComparisonSuite, type Row, type RowProgress, readFigures } from "./comparison.ts";

interface Figures {
  readonly source: string;
  readonly rows: readonly (readonly [rows: number, columns: number, dataflow: Dataflow, m: number, n: number, k: number, cycles: number])[];
}

export const SYSTOLIC: ComparisonSuite = {
  kind: "comparison",
  name: "systolic",
  title:
    "Cycles of a product of M x K and K x N, counted where tokens move through the cells of an array (src/units/systolic.ts), against SCALE-Sim v2. It tells the number of the last cycle, the first being 0, " +
    "so one less than there are; and with outputs that stand still (os) it begins the next pass before they have been shifted out: the drain takes as many cycles a pass as the array has rows.",
  leavesOut: [
    "the memories behind the edges: operands are there when they are needed, as in SCALE-Sim's mode CALC; its mode USER, which stalls for bandwidth, is not modelled",
    "passes that overlap: SCALE-Sim has none, nor has this array; the systolic mode of a PCU does, and is a nest of its fabric",
  ],
  demands: [{ kind: "share within", least: 1 }],
  rows: compareCycles,
};

function compareCycles(progress: RowProgress): readonly Row[] {
  const { source, rows } = readFigures("systolic.json") as Figures;
  return rows.flatMap(([height, width, dataflow, m, n, k, expected], done): readonly Row[] => {
    const name = `${m} x ${n} x ${k}, ${dataflow}`;
    progress(done, rows.length, name);
    const { scale_sim_cycles, cycles } = countSystolic({ m, n, k }, { rows: height, columns: width }, dataflow);
    const common = { group: `${height} x ${width} cells`, case: name, source, tolerance: 0 };
    return [
      { ...common, what: "cycles, as SCALE-Sim counts", expected, measured: scale_sim_cycles },
      { ...common, what: "cycles with the drain", expected: null, measured: cycles },
    ];
  });
}
