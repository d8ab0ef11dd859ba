/** Numbers in the cells of a systolic array: what each process of its network computes, so that a product comes out of it. */

import type { Behaviour } from "../../src/engine/behaviour.ts";
import type { NetworkSpec } from "../../src/engine/network.ts";
import { runNetwork } from "../../src/engine/run.ts";
import { type ArraySize, type Dataflow, type Product, passesOf, systolicNetwork } from "../../src/units/systolic.ts";

export type Matrix = readonly (readonly number[])[];

interface Cell {
  readonly kind: string;
  readonly row: number;
  readonly column: number;
}

/** By name of the channel's other end: what came in, and where to put what goes out. */
interface Words {
  readonly from: (kind: string, row: number, column: number) => number;
  readonly to: (kind: string, row: number, column: number, value: number) => void;
}

/** a (m x k) times b (k x n) as the array computes it, a process a cell. Outputs are taken where they leave the array in the south. */
export function productOf(a: Matrix, b: Matrix, array: ArraySize, dataflow: Dataflow): { readonly product: Matrix; readonly ticks: number } {
  const size: Product = { m: a.length, n: b[0]!.length, k: b.length };
  const passes = passesOf(size, array, dataflow);
  const spec = systolicNetwork({ ...array, ...passes, dataflow, drains: true, width: 1 });
  const product = a.map(() => new Array<number>(size.n).fill(0));
  const cells = dataflow === "os" ? outputsStand(a, b, array, passes.steps, product) : operandsStand(a, b, array, passes.steps, dataflow, product);
  const { ticks } = runNetwork(withBehaviours(spec, cells));
  return { product, ticks };
}

/** Fires cell after cell: `step` counts the firings of one process. */
type Fire = (cell: Cell, step: number, words: Words) => void;

function outputsStand(a: Matrix, b: Matrix, { rows, columns }: ArraySize, steps: number, product: number[][]): Fire {
  const down = Math.ceil(a.length / rows);
  const sums = new Map<string, number>();
  return ({ kind, row, column }, step, { from, to }) => {
    const key = `${row},${column}`;
    if (kind === "cell") {
      const pass = Math.floor(step / steps);
      const k = step % steps;
      const west = column > 0 ? from("cell", row, column - 1) : (a[(pass % down) * rows + row]?.[k] ?? 0);
      const north = row > 0 ? from("cell", row - 1, column) : (b[k]![Math.floor(pass / down) * columns + column] ?? 0);
      sums.set(key, (k === 0 ? 0 : sums.get(key)!) + west * north);
      to("cell", row, column + 1, west);
      to("cell", row + 1, column, north);
      to("out", row, column, sums.get(key)!);
      return;
    }
    const pass = Math.floor(step / rows);
    const shift = step % rows;
    const value = shift === 0 ? from("cell", row, column) : row > 0 ? from("out", row - 1, column) : 0;
    to("out", row + 1, column, value);
    const at = [(pass % down) * rows + rows - 1 - shift, Math.floor(pass / down) * columns + column] as const;
    if (row === rows - 1) store(product, at, value);
  };
}

function operandsStand(a: Matrix, b: Matrix, { rows, columns }: ArraySize, steps: number, dataflow: Dataflow, product: number[][]): Fire {
  const down = Math.ceil(b.length / rows);
  const still = (k: number, column: number): number => (dataflow === "ws" ? b[k]?.[column] : a[column]?.[k]) ?? 0;
  const streamed = (step: number, k: number): number => (dataflow === "ws" ? a[step]![k] : b[k]?.[step]) ?? 0;
  const held = new Map<string, number>();
  return ({ kind, row, column }, step, { from, to }) => {
    const key = `${row},${column}`;
    if (kind === "in") {
      const pass = Math.floor(step / rows);
      const [top, left] = [(pass % down) * rows, Math.floor(pass / down) * columns];
      const value = row > 0 ? from("in", row - 1, column) : still(top + rows - 1 - (step % rows), left + column);
      to("in", row + 1, column, value);
      to("cell", row, column, value);
      return;
    }
    const pass = Math.floor(step / steps);
    if (step % steps === 0) held.set(key, from("in", row, column));
    const west = column > 0 ? from("cell", row, column - 1) : streamed(step % steps, (pass % down) * rows + row);
    const sum = (row > 0 ? from("cell", row - 1, column) : 0) + held.get(key)! * west;
    to("cell", row, column + 1, west);
    to("cell", row + 1, column, sum);
    const across = Math.floor(pass / down) * columns + column;
    if (row === rows - 1) store(product, dataflow === "ws" ? [step % steps, across] : [across, step % steps], sum);
  };
}

/** Passes over parts of k add up; what does not belong to the product is a bubble. */
function store(product: number[][], [row, column]: readonly [number, number], value: number): void {
  if (row < product.length && column < product[0]!.length) product[row]![column]! += value;
}

function withBehaviours({ processes, channels, resources }: NetworkSpec, fire: Fire): NetworkSpec {
  const nameOf = ({ kind, row, column }: Cell): string => `${kind}[${row},${column}]`;
  return {
    processes: processes.map((process) => {
      const [, kind, row, column] = /^(\w+)\[(\d+),(\d+)\]$/.exec(process.name)!;
      const cell = { kind: kind!, row: Number(row), column: Number(column) };
      const portOf = (name: string): number => process.ports.findIndex(({ channel }) => channels[channel]!.name === name);
      const behaviour: Behaviour = {
        fire(n, inputs, outputs) {
          fire(cell, n, {
            from: (...other) => inputs[portOf(`${nameOf(at(...other))}>${process.name}`)]![0]!,
            to: (...other) => {
              const [target] = other;
              const port = portOf(`${process.name}>${nameOf(at(target, other[1], other[2]))}`);
              if (port >= 0) outputs[port]![0] = other[3];
            },
          });
          return 1;
        },
      };
      return { ...process, behaviour };
    }),
    channels: channels.map((channel) => ({ ...channel, words: 1 })),
    resources,
  };
}

const at = (kind: string, row: number, column: number): Cell => ({ kind, row, column });
