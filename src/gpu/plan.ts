/** The kernels of a program and the loops around them, with all ways in which each can be cut into blocks. Nothing here depends on what L2 holds. */

import type { GpuMachine } from "../machine/gpu.ts";
import { tensorsReadBy } from "../pattern/analysis.ts";
import type { IterateOperator, Operator, Program } from "../pattern/program.ts";
import type { PlainOperator } from "./operators.ts";
import { type Kernel, scheduleKernels } from "./schedule.ts";
import type { Tiling } from "./tiling.ts";
import { tilingsOf } from "./timing.ts";

export type Step = KernelStep | LoopStep;

export interface KernelStep {
  readonly kind: "kernel";
  readonly kernel: Kernel;
  readonly tilings: readonly Tiling[];
}

export interface LoopStep extends Pick<IterateOperator, "times" | "carries"> {
  readonly kind: "loop";
  readonly body: readonly Step[];
}

export function planOf(program: Program, machine: GpuMachine): readonly Step[] {
  return planBlock(program.operators, new Set(Object.values(program.outputs)), program, machine);
}

/** Operators up to a loop share kernels. `outside`: tensors that are read when the block is over. */
function planBlock(operators: readonly Operator[], outside: ReadonlySet<string>, program: Program, machine: GpuMachine): readonly Step[] {
  const steps: Step[] = [];
  let plain: PlainOperator[] = [];
  const flush = (at: number): void => {
    const later = operators.slice(at).flatMap((operator) => [...tensorsReadBy(operator)]);
    for (const kernel of scheduleKernels(plain, program, machine, new Set([...outside, ...later])))
      steps.push({ kind: "kernel", kernel, tilings: tilingsOf(kernel, machine) });
    plain = [];
  };
  operators.forEach((operator, at) => {
    if (operator.kind !== "iterate") {
      plain.push(operator);
      return;
    }
    flush(at);
    const { body, times, carries, until } = operator;
    const kept = new Set([...outside, ...carries.map(({ from }) => from), ...(until === undefined ? [] : [until])]);
    steps.push({ kind: "loop", times, carries, body: planBlock(body, kept, program, machine) });
  });
  flush(operators.length);
  return steps;
}
