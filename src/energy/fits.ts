/** Figures between published ones: least squares over powers, and a grid straight in the logarithms. Both are interpolations of rows, not models of a circuit. */

import { exp, log } from "../base/math.ts";

/** The coefficients c that make the sum of (x . c - y)^2 smallest, by the normal equations. Throws where the columns of x depend on each other. */
export function leastSquares(x: readonly (readonly number[])[], y: readonly number[]): readonly number[] {
  const n = x[0]?.length ?? 0;
  const dot = (i: number, of: (row: number) => number): number => x.reduce((sum, row, r) => sum + row[i]! * of(r), 0);
  const system = Array.from({ length: n }, (_, i) => [...Array.from({ length: n }, (_, j) => dot(i, (r) => x[r]![j]!)), dot(i, (r) => y[r]!)]);
  for (let k = 0; k < n; k++) eliminate(system, k);
  return system.map((row) => row[n]!);
}

/** Gauss-Jordan with the largest pivot. */
function eliminate(system: number[][], k: number): void {
  const pivot = system.reduce((best, row, r) => (r >= k && Math.abs(row[k]!) > Math.abs(system[best]![k]!) ? r : best), k);
  [system[k], system[pivot]] = [system[pivot]!, system[k]!];
  const scale = system[k]![k]!;
  if (Math.abs(scale) < 1e-12) throw new Error("least squares: the columns depend on each other");
  system[k] = system[k]!.map((value) => value / scale);
  for (let r = 0; r < system.length; r++) {
    const times = system[r]![k]!;
    if (r !== k && times !== 0) system[r] = system[r]!.map((value, column) => value - times * system[k]![column]!);
  }
}

/** y as a product of powers of the columns of x and a constant, by least squares over the logarithms; asked at one point. All numbers positive. */
export function powerFit(x: readonly (readonly number[])[], y: readonly number[], at: readonly number[]): number {
  const rowOf = (values: readonly number[]): readonly number[] => [1, ...values.map(log)];
  const coefficients = leastSquares(x.map(rowOf), y.map(log));
  return exp(rowOf(at).reduce((sum, value, i) => sum + value * coefficients[i]!, 0));
}

/** Points by falling or rising `x`, straight between neighbours in the logarithms of both; beyond the ends as between the last two. */
export function logLine(points: readonly (readonly [number, number])[], x: number): number {
  const sorted = [...points].sort(([a], [b]) => a - b);
  const next = sorted.findIndex(([at], i) => i > 0 && (x <= at || i === sorted.length - 1));
  const [[x0, y0], [x1, y1]] = [sorted[next - 1]!, sorted[next]!];
  return y0 * exp((log(y1 / y0) * log(x / x0)) / log(x1 / x0));
}
