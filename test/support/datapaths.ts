/** Fires a nest by hand, without an engine; and what its loops and guards mean, as plain as they read. */

import fc from "fast-check";
import { type Memories, makeBehaviour, makeScratch, type Wire } from "../../src/fabric/datapath.ts";
import type { Affine, Nest, Scratch } from "../../src/fabric/fabric.ts";
import { firingsOf } from "../../src/fabric/nests.ts";
import type { Dtype, TensorValues } from "../../src/pattern/program.ts";
import { unit } from "./fabrics.ts";

export interface Setting {
  readonly scratch?: readonly Scratch[];
  readonly tensors?: TensorValues;
  readonly dtypes?: Readonly<Record<string, Dtype>>;
  readonly banks?: number;
}

/** Words of each port, firing by firing. */
export type Tokens = Readonly<Record<string, readonly (readonly number[])[]>>;

export const wire = (port: string, words: number, dtype: Dtype = "f32"): Wire => ({ port, words, dtype });

export function memoriesOf({ scratch: specs = [], tensors = {}, dtypes = {}, banks = 4 }: Setting): Memories {
  return { tensors, dtypes, banks, operator: "op", scratch: makeScratch(unit("pmu", "u", [], specs)) };
}

/** What a process with these wires has at its inputs at firing n. */
export function inputsAt(wires: readonly Wire[], tokens: Tokens, n: number): readonly Float64Array[] {
  return wires.map(({ port, words }) => (words === 0 ? new Float64Array(0) : Float64Array.from(tokens[port]?.[n] ?? [])));
}

/** Fires all firings with the given tokens; returns what stands at each output after each firing, the ticks, and the tally. */
export function fireAll(of: Nest, wires: readonly Wire[], tokens: Tokens, memories = memoriesOf({})) {
  const behaviour = makeBehaviour(of, wires, memories);
  const outputs = wires.map(({ words }) => new Float64Array(words));
  const ticks: number[] = [];
  const sent = Array.from({ length: firingsOf(of) }, (_, n) => {
    ticks.push(behaviour.fire(n, inputsAt(wires, tokens, n), outputs));
    return Object.fromEntries(wires.map(({ port }, p) => [port, Array.from(outputs[p]!)]));
  });
  return { sent, ticks, tally: behaviour.tally };
}

/** Value of an affine form at a lane of firing n. */
export function affineAt({ loops }: Pick<Nest, "loops">, value: Affine, n: number, lane: number): number {
  const counters = loops.map(({ trip }, l) => Math.floor(n / loops.slice(l + 1).reduce((product, inner) => product * inner.trip, 1)) % trip);
  return value.loops.reduce((sum, factor, l) => sum + factor * counters[l]!, value.constant + value.lane * lane);
}

export function validLanes(of: Pick<Nest, "loops" | "lanes" | "guards">, n: number): readonly number[] {
  const isInside = (value: number, limit: number): boolean => value >= 0 && value < limit;
  const lanes = Array.from({ length: of.lanes }, (_, lane) => lane);
  return lanes.filter((lane) => of.guards.every(({ value, limit }) => isInside(affineAt(of, value, n, lane), limit)));
}

/** Two loops, up to 8 lanes, and perhaps a guard that cuts some of them. */
export const shapes: fc.Arbitrary<Pick<Nest, "loops" | "lanes" | "guards">> = fc.record({
  loops: fc.tuple(trips("i"), trips("j")),
  lanes: fc.integer({ min: 1, max: 8 }),
  guards: fc.array(
    fc.record({
      value: fc.record({ constant: fc.integer({ min: -2, max: 3 }), loops: fc.tuple(fc.constant(1), fc.integer({ min: -2, max: 4 })), lane: fc.constant(1) }),
      limit: fc.integer({ min: 1, max: 10 }),
    }),
    { maxLength: 1 },
  ),
});

function trips(name: string): fc.Arbitrary<Nest["loops"][number]> {
  return fc.integer({ min: 1, max: 4 }).map((trip) => ({ name, trip }));
}

/** Words for every firing of a nest of these loops; at most 16 firings of 8 lanes are asked for. */
export function tokensFor({ loops, lanes }: Pick<Nest, "loops" | "lanes">, words: readonly number[]): readonly (readonly number[])[] {
  const at = (n: number): number => words[n % words.length]!;
  return Array.from({ length: firingsOf({ loops }) }, (_, n) => Array.from({ length: lanes }, (_, lane) => at(n * lanes + lane)));
}
