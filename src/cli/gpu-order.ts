/** Whether a model puts cases into the order in which they were measured: for choosing between two ways, that is what counts. */

import type { Row } from "./comparison.ts";
import type { Timing } from "./gpu-bench.ts";

export const ORDER = "pairs in the order measured, %";

/** Pairs whose measured times are at least so many times apart. */
const APART = 1.1;

export interface Order {
  readonly pairs: number;
  /** Of them, those that the model has in the same order. */
  readonly same: number;
}

/** Over all pairs of these that `counts`. */
export function orderOf(timings: readonly Timing[], counts: (one: Timing, other: Timing) => boolean = () => true): Order {
  let [pairs, same] = [0, 0];
  timings.forEach((one, o) => {
    for (const other of timings.slice(o + 1)) {
      const [fast, slow] = one.measured < other.measured ? [one, other] : [other, one];
      if (slow.measured <= fast.measured * APART || !counts(one, other)) continue;
      pairs += 1;
      if (fast.weft < slow.weft) same += 1;
    }
  });
  return { pairs, same };
}

/** A row for each case and two for all: pairs of one case, and all pairs. */
export function orderRows(timings: readonly Timing[]): readonly Row[] {
  const cases = [...new Set(timings.map((timing) => timing.case))];
  const rowsOf = (name: string, { pairs, same }: Order, tolerance: number | null): readonly Row[] => {
    const common = { group: "Order", case: name, source: "the measured times of the cases" };
    return [
      { ...common, what: ORDER, expected: 100, measured: (100 * same) / pairs, tolerance, note: MEANING },
      { ...common, what: "pairs", expected: null, measured: pairs, tolerance: null },
    ];
  };
  return [
    ...cases.flatMap((name) => rowsOf(`within ${name}`, orderOf(timings.filter((timing) => timing.case === name)), null)),
    ...rowsOf(
      "all pairs within a case",
      orderOf(timings, (one, other) => one.case === other.case),
      0.05,
    ),
    ...rowsOf("all pairs", orderOf(timings), 0.05),
  ];
}

const MEANING = "pairs whose measured times differ by more than 10 %; throughputs count as the time of their case's work, and V02 and V08 are no times";
