/** The kernels of a program and the loops around them, with all ways in which each can be cut into blocks. Nothing here depends on what L2 holds. */

import type { GpuMachine } from "../machine/gpu.ts";
import { tensorsReadBy } from "../pattern/analysis.ts";
import type { IterateOperator, Operator, Program } from "../pattern/program.ts";
import type { PlainOperator } from "./operators.ts";
import { type Exchange, type Share, shareOf } from "./parallel.ts";
import { type Kernel, scheduleKernels } from "./schedule.ts";
import type { Tiling } from "./tiling.ts";
import { tilingsOf } from "./timing.ts";

export type Step = KernelStep | LoopStep;

export interface KernelStep {
  readonly kind: "kernel";
  readonly kernel: Kernel;
  readonly tilings: readonly Tiling[];
  /** Behind it, with other GPUs. */
  readonly exchanges: readonly Exchange[];
}

export interface LoopStep extends Pick<IterateOperator, "times" | "carries"> {
  readonly kind: "loop";
  readonly body: readonly Step[];
  /** Of which a round reads so many bytes that no other round does. */
  readonly swept: readonly { readonly tensor: string; readonly bytes: number; readonly whole: number }[];
}

/** What one of the machine's GPUs runs. */
export function planOf(program: Program, machine: GpuMachine): readonly Step[] {
  const share = shareOf(program, machine.link.gpus);
  return planBlock(share.program.operators, new Set(Object.values(program.outputs)), share, machine);
}

/** Operators up to a loop share kernels. `outside`: tensors that are read when the block is over. */
function planBlock(operators: readonly Operator[], outside: ReadonlySet<string>, share: Share, machine: GpuMachine): readonly Step[] {
  const { program, exchanges } = share;
  const steps: Step[] = [];
  let plain: PlainOperator[] = [];
  const flush = (at: number): void => {
    const later = operators.slice(at).flatMap((operator) => [...tensorsReadBy(operator)]);
    for (const kernel of scheduleKernels(plain, program, machine, new Set([...outside, ...later]), new Set(exchanges.keys()))) {
      const after = kernel.writes.flatMap(({ tensor }) => exchanges.get(tensor) ?? []);
      steps.push({ kind: "kernel", kernel, tilings: tilingsOf(kernel, machine), exchanges: after });
    }
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
    const inner = planBlock(body, kept, share, machine);
    steps.push({ kind: "loop", times, carries, body: inner, swept: sweptIn(inner) });
  });
  flush(operators.length);
  return steps;
}

/** Of a loop's own kernels; those of a loop inside sweep by its rounds. */
function sweptIn(steps: readonly Step[]): LoopStep["swept"] {
  const found = new Map<string, { readonly tensor: string; readonly bytes: number; readonly whole: number }>();
  for (const step of steps) {
    if (step.kind === "loop") continue;
    for (const { tensor, bytes, swept } of step.tilings[0]!.reads) {
      if (swept !== null && bytes > (found.get(tensor)?.bytes ?? 0)) found.set(tensor, { tensor, bytes, whole: swept });
    }
  }
  return [...found.values()];
}
