/**
 * Laws of the whole path, on random programs of the whole language, for three machines: values == interpreter after every pass, as a plan and as a fabric; fast ==
 * oracle; nothing faster than physics. LAWS_PROGRAMS=n draws n programs a machine, LAWS_KINDS=scan,gather only steps of these kinds, LAWS_DTYPES=f32,i8
 * only matrices of these, FC_SEED=n others.
 *
 * Of the invariants that users of simulators ask for, here: P1 states add up to cycles, P2 what is computed leaves the chip (tokens: engine.test.ts), P3 no bad
 * number, P9 never below a bound, P11 the same twice, and of P12 that timing is the same with values and without. In run.test.ts: P4 more channels (more of
 * everything: engine.test.ts), P5 clocks scaled, P6 memory without waits. Elsewhere: P7 one element takes the pipeline's depth (engine/timing.test.ts), P8 every field bites
 * (fields.test.ts), P10 rankings (`weft validate`). P13 is about traces, which there are none of yet.
 */

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { interpretControllers } from "../../src/compile/index.ts";
import { lowerProgram } from "../../src/compile/passes.ts";
import type { Style } from "../../src/fabric/fabric.ts";
import { verifyFabric } from "../../src/fabric/verify.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { verifyMapping } from "../../src/mapper/verify.ts";
import { tensorBytes } from "../../src/pattern/analysis.ts";
import { dtypes } from "../../src/pattern/dtypes.ts";
import { interpret, outputsOf } from "../../src/pattern/interpret.ts";
import type { Program } from "../../src/pattern/program.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { brokenInvariants } from "../../src/result/check.ts";
import type { RunCounters } from "../../src/result/counters.ts";
import { type Prepared, prepare } from "../../src/sim/prepare.ts";
import { everyKind, programCases, type RandomCase } from "../support/programs.ts";
import { differences, machineOf, reportOf, runOn } from "../support/runs.ts";

const PROGRAMS = Number(process.env.LAWS_PROGRAMS ?? 15);
const wanted = <T extends string>(all: readonly T[], names: string | undefined): readonly T[] =>
  all.filter((item) => names === undefined || names.split(",").includes(item));
/** One program in four is made for kernels one by one, which are sections of their own. */
const styleOf = ({ recipe }: RandomCase): Style => (recipe.seed % 4 === 0 ? "kernel-by-kernel" : "spatial");
const drawn = { mostSteps: 5, kinds: wanted(everyKind, process.env.LAWS_KINDS), dtypes: wanted(dtypes, process.env.LAWS_DTYPES) };
const TIMEOUT = 60_000 + PROGRAMS * 3000;

/** What the compiler may say of a program that it could lower on a larger machine. */
const REFUSALS = ["program-too-large", "too-many-units", "tier-overflow", "body-too-large", "unroutable"];
/** Most of all programs that may be refused. */
const REFUSED = 0.1;

describe.each(["spatial", "kernel-by-kernel"] as const)("the program passes for a %s fabric", (style) => {
  test(
    "keep what a program means, one by one",
    () => {
      fc.assert(
        fc.property(programCases(drawn), ({ program, inputs }) => {
          for (const { pass, before, after } of lowerProgram(program, style).passes) {
            if (after === before) continue;
            expect([pass, verifyProgram(after)]).toEqual([pass, []]);
            expect([pass, differences(program, inputs, outputsOf(after, interpret(after, inputs)))]).toEqual([pass, []]);
          }
        }),
        { numRuns: 10 * PROGRAMS },
      );
    },
    TIMEOUT,
  );
});

/** So few PCUs that stages have to share them out. */
const small = (machine: Machine): Machine => ({ ...machine, pcu: { ...machine.pcu, count: 14 } });

const machines = [
  ["plasticine", machineOf("plasticine")],
  ["plasticine with 14 PCUs", small(machineOf("plasticine"))],
  ["sn10", machineOf("sn10")],
  ["sn40l", machineOf("sn40l")],
] as const;

describe.each(machines)("random programs on %s", (_, machine) => {
  const refused = new Map<string, number>();

  /** The programs that the machine can hold. */
  const holds = (extents: readonly number[], runs: number, law: (item: RandomCase, prepared: Prepared) => void): void => {
    refused.clear();
    let seen = 0;
    const property = fc.property(programCases({ ...drawn, extents }), (item) => {
      seen++;
      const prepared = prepareUnlessRefused(machine, item, refused);
      if (prepared !== undefined) law(item, prepared);
    });
    fc.assert(property, { numRuns: runs });
    const count = [...refused.values()].reduce((total, one) => total + one, 0);
    expect(count, `of ${seen} programs were refused: ${JSON.stringify(Object.fromEntries(refused))}`).toBeLessThanOrEqual(Math.ceil(REFUSED * seen));
  };

  test(
    "mean the same as a plan and as a fabric, in time that no physics forbids",
    () => {
      holds([1, 2, 3, 5, 7, 8, 13, 16, 17, 33], PROGRAMS, (item, prepared) => {
        const { program, inputs } = item;
        expect(differences(program, inputs, outputsOf(program, interpretControllers(prepared.controllers, inputs)))).toEqual([]);
        expect(verifyFabric(prepared.fabric, machine)).toEqual([]);
        expect(verifyMapping(prepared.mapping, machine)).toEqual([]);
        const counters = runOn(machine, prepared, program, inputs);
        expect(differences(program, inputs, counters.outputs!)).toEqual([]);
        expect(runOn(machine, prepared, program, inputs, "fast", false)).toEqual({ ...counters, outputs: null });
        expect(againstPhysics(machine, program, prepared, counters)).toEqual([]);
      });
    },
    TIMEOUT,
  );

  test(
    "take the same time on the fast engine as on the oracle, in every counter, and the same twice",
    () => {
      holds([1, 2, 3, 7, 17], Math.ceil(PROGRAMS / 2), (item, prepared) => {
        const { program, inputs } = item;
        const counters = runOn(machine, prepared, program, inputs);
        expect(runOn(machine, prepared, program, inputs, "oracle")).toEqual(counters);
        const again = prepareFor(machine, item);
        const report = (of: Prepared) => JSON.stringify(reportOf(machine, program, of.mapping, runOn(machine, of, program, inputs)));
        expect(report(again)).toBe(report(prepared));
      });
    },
    TIMEOUT,
  );
});

const prepareFor = (machine: Machine, item: RandomCase): Prepared => prepare(item.program, machine, { style: styleOf(item), seed: 1 });

/** Undefined, and counted, where the machine is too small; any other refusal is thrown. */
function prepareUnlessRefused(machine: Machine, item: RandomCase, refused: Map<string, number>): Prepared | undefined {
  try {
    return prepareFor(machine, item);
  } catch (error) {
    const code = error instanceof UserError ? error.faults[0]!.code : "";
    if (!REFUSALS.includes(code)) throw error;
    refused.set(code, (refused.get(code) ?? 0) + 1);
    return undefined;
  }
}

/** A sentence for each of P1, P2, P3 and P9 that a run breaks. */
function againstPhysics(machine: Machine, program: Program, { mapping }: Prepared, counters: RunCounters): readonly string[] {
  const report = reportOf(machine, program, mapping, counters);
  const bounds = Object.entries(report.bounds_cycles).filter(([, bound]) => report.cycles < bound);
  const lost = report.units.filter(({ unattributed_cycles }) => unattributed_cycles !== 0);
  const moved = counters.sections.reduce((sum, { tiers }) => sum + (tiers.hbm?.write_bytes ?? 0) + (tiers.ddr?.write_bytes ?? 0), 0);
  return [
    ...brokenInvariants(report),
    ...bounds.map(([resource, bound]) => `${report.cycles} cycles are below the ${resource} bound of ${bound}`),
    ...lost.map(({ id, unattributed_cycles }) => `${unattributed_cycles} cycles of ${id} are nobody's`),
    ...(moved >= leavingBytes(program) ? [] : [`${moved} bytes are written, ${leavingBytes(program)} are asked for`]),
  ];
}

/** Bytes of the outputs that are written whole, once. */
function leavingBytes({ operators, outputs, tensors }: Program): number {
  const whole = operators.filter((operator) => operator.kind === "map" || operator.kind === "scan");
  const names = whole.filter(({ domain }) => domain.every(({ count }) => count === undefined)).map((operator) => operator.name);
  const written = tensors.filter((tensor) => names.includes(tensor.name) && Object.values(outputs).includes(tensor.name));
  return written.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
}
