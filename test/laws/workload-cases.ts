/** Every workload at four sizes (one, a prime, not a multiple of the lanes, and one at which loops and buffers wrap) gives the interpreter's values, on the fast engine and the oracle alike. */

import { expect, test } from "vitest";
import type { Definition } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import type { Schedule } from "../../src/pattern/program.ts";
import attention from "../../workloads/attention.ts";
import dot from "../../workloads/dot.ts";
import flights from "../../workloads/flights.ts";
import gemm from "../../workloads/gemm.ts";
import softmax from "../../workloads/softmax.ts";
import tpchQ6 from "../../workloads/tpch-q6.ts";
import { differences, machineOf, prepareOn, roundings, runOn } from "../support/runs.ts";
import { sizes as others } from "./workload-sizes.ts";

interface Case {
  readonly definition: Definition;
  readonly sizes: readonly Readonly<Record<string, number | string>>[];
  /** The size at which every loop and every buffer wraps at least twice, with the tiles that make it so. */
  readonly wraps: { readonly params: Readonly<Record<string, number | string>>; readonly schedule: Schedule };
  /** Terms folded into one output element. */
  readonly terms: number;
}

const cases: readonly Case[] = [
  { definition: dot, sizes: [{ n: 1 }, { n: 997 }, { n: 1000 }], wraps: { params: { n: 20_000 }, schedule: {} }, terms: 20_000 },
  { definition: tpchQ6, sizes: [{ n: 1 }, { n: 1009 }, { n: 2500 }], wraps: { params: { n: 16_000 }, schedule: {} }, terms: 16_000 },
  {
    definition: flights,
    sizes: [
      { rows: 1, origins: 1 },
      { rows: 1013, origins: 31 },
      { rows: 2500, origins: 229 },
    ],
    wraps: { params: { rows: 20_000, origins: 300 }, schedule: {} },
    terms: 1,
  },
  {
    definition: gemm,
    sizes: [
      { m: 1, n: 1, k: 1 },
      { m: 31, n: 37, k: 29 },
      { m: 50, n: 70, k: 33 },
    ],
    wraps: { params: { m: 96, n: 200, k: 40 }, schedule: { tile: { "c.0": 12, "c.1": 32 }, par: { "c.0": 1, "c.1": 1 } } },
    terms: 40,
  },
  {
    definition: softmax,
    sizes: [
      { rows: 1, cols: 1 },
      { rows: 13, cols: 67 },
      { rows: 20, cols: 100 },
    ],
    wraps: { params: { rows: 48, cols: 160 }, schedule: { tile: { "max.0": 4 }, par: { "max.0": 1 } } },
    terms: 160,
  },
  {
    definition: attention,
    sizes: [
      { seq: 1, heads: 1, dim: 1 },
      { seq: 31, heads: 3, dim: 17 },
      { seq: 50, heads: 2, dim: 33 },
    ],
    wraps: { params: { seq: 60, heads: 6, dim: 24 }, schedule: { tile: { "scores.0": 1, "scores.1": 12 }, par: { "scores.0": 1, "scores.1": 1 } } },
    terms: 60,
  },
];

/** Tests of every workload on the machine, at the sizes of these places: one, primes, not a multiple of the lanes, and one at which all wraps. */
export function workloadsOn(name: string, places: readonly number[]): void {
  const machine = machineOf(name);
  const at = <T>(list: readonly T[]): readonly T[] => places.map((place) => list[place]!);
  const all = [
    ...cases.flatMap(({ definition, sizes, wraps, terms }) =>
      at([...sizes.map((params) => ({ params, schedule: undefined })), wraps]).map((one) => ({ definition, ...one, terms })),
    ),
    ...others.flatMap(({ definition, params, terms }) => at(params).map((size) => ({ definition, params: size, schedule: undefined, terms }))),
  ];

  test.each(all.map((item) => [item.definition.name, JSON.stringify(item.params), item] as const))(
    "%s %s",
    (_name, _params, { definition, params, schedule, terms }) => {
      const source = definition.build(params);
      const program = schedule === undefined ? source : { ...source, schedule };
      const inputs = generateInputs(program, 3);
      const prepared = prepareOn(machine, program);
      const fast = runOn(machine, prepared, program, inputs);
      expect(differences(program, inputs, fast.outputs!, roundings(terms))).toEqual([]);
      expect(runOn(machine, prepared, program, inputs, "oracle")).toEqual(fast);
    },
  );

  test.each(cases.map(({ definition, wraps }) => [definition.name, definition, wraps] as const))(
    "%s wraps every loop and buffer at least twice at its last size",
    (_name, definition, { params, schedule }) => {
      const { fabric } = prepareOn(machine, { ...definition.build(params), schedule });
      for (const { units } of fabric.sections) {
        for (const unit of units) {
          for (const memory of unit.scratch.filter((item) => item.buffers > 1)) {
            const writer = unit.nests.find((nest) => nest.ports.some((port) => port.kind === "buffer" && port.direction === "out"))!;
            const port = writer.ports.find((item) => item.kind === "buffer")!;
            const handovers = writer.loops.slice(0, port.level).reduce((turns, loop) => turns * loop.trip, 1);
            expect(handovers, `${unit.id} ${memory.name}`).toBeGreaterThanOrEqual(2 * memory.buffers);
          }
        }
      }
    },
  );
}
