/**
 * A program on a GPU, kernel after kernel: each kernel's grid on the SMs (grid.ts), with what L2 holds of the tensors (l2.ts), and between kernels what launching costs. Times are whole cycles of the
 * SM clock, so that parts add up.
 */

import type { Cycles } from "../base/units.ts";
import type { GpuMachine } from "../machine/gpu.ts";
import type { Program } from "../pattern/program.ts";
import { Host } from "./host.ts";
import { L2 } from "./l2.ts";
import { type KernelStep, type LoopStep, planOf, type Step } from "./plan.ts";
import { type Conditions, exchangeRun, type KernelRun, kernelRun, NOTHING_SPARED, readThrough, type Spared, timed } from "./timing.ts";

export { type KernelRun, NOTHING_SPARED, type Spared, sumOfLaunches } from "./timing.ts";

export interface GpuRun {
  /** In the order of their first launches. */
  readonly kernels: readonly KernelRun[];
  /** From the first launch to the last kernel's end. */
  readonly cycles: Cycles;
  /** Of what was written, bytes that only L2 has at the end. */
  readonly held_bytes: number;
}

/** `spared`: nothing unless said. */
export function runGpu(program: Program, machine: GpuMachine, spared: Spared = NOTHING_SPARED): GpuRun {
  const steps = planOf(program, machine);
  const l2 = new L2(spared.roundTrips ? Number.MAX_SAFE_INTEGER : machine.l2.bytes * machine.l2.usable_share);
  const conditions: Conditions = { machine, spared, through: new Set(spared.roundTrips ? Object.values(program.outputs) : []) };
  const run = (): GpuRun => new Run(conditions, l2).all(steps);
  if (machine.execution.start === "warm") run();
  return run();
}

class Run {
  readonly #conditions: Conditions;
  readonly #l2: L2;
  readonly #host: Host;
  readonly #kernels: KernelRun[] = [];
  /** The end of the last kernel. */
  #now = 0;

  constructor(conditions: Conditions, l2: L2) {
    this.#conditions = conditions;
    this.#l2 = l2;
    this.#host = new Host(conditions.machine);
  }

  all(steps: readonly Step[]): GpuRun {
    this.#run(steps);
    return { kernels: this.#kernels, cycles: this.#now, held_bytes: this.#l2.dirtyBytes() };
  }

  #run(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === "kernel") this.#launch(step);
      else this.#loop(step);
    }
  }

  /** Rounds are run until one is like the one before it; those that follow are like that, too, for as long as the host keeps as far ahead or behind. */
  #loop({ body, times, carries, swept }: LoopStep): void {
    let before: readonly KernelRun[] | null = null;
    for (const { to, init } of carries) this.#l2.alias(to, init);
    for (const { tensor } of swept) this.#l2.beginSweep(tensor);
    for (let round = 0; round < times; ) {
      const [first, began] = [this.#kernels.length, this.#now];
      this.#host.beginRound();
      this.#run(body);
      this.#l2.handOn(carries);
      for (const { tensor } of swept) this.#l2.endRound(tensor);
      round++;
      const kernels = this.#kernels.slice(first);
      const recurring = this.#host.endRound(moreLike(kernels, before, round, times - round));
      this.#repeat(kernels, this.#now - began, recurring);
      for (const { tensor, bytes, whole } of swept) {
        this.#l2.sweep(tensor, bytes * recurring, whole);
        this.#l2.endRound(tensor);
      }
      round += recurring;
      before = kernels;
    }
    for (const { tensor } of swept) this.#l2.endSweep(tensor);
  }

  #repeat(kernels: readonly KernelRun[], cycles: Cycles, rounds: number): void {
    if (rounds === 0) return;
    for (const one of kernels) this.#kernels.push({ ...one, start: one.start + cycles, launches: one.launches * rounds });
    this.#now += cycles * rounds;
  }

  #launch({ kernel, tilings, exchanges }: KernelStep): void {
    const ran = tilings.map((tiling) => timed(kernel, tiling, this.#l2, this.#conditions));
    const best = ran.reduce((least, one) => (one.cycles < least.cycles ? one : least));
    readThrough(kernel, best.tiling, this.#l2, this.#conditions.through);
    const gap = this.#conditions.spared.launches ? 0 : this.#host.launch(kernel, best.cycles);
    const start = this.#now + gap;
    this.#kernels.push(kernelRun(kernel, best, start, gap, this.#conditions.machine));
    this.#now = start + best.cycles;
    for (const exchange of exchanges) {
      const run = exchangeRun(exchange, this.#now, this.#conditions.machine);
      this.#kernels.push(run);
      this.#now += run.cycles;
    }
  }
}

/** Largest difference between figures of two rounds that are alike: of them, or so many cycles or bytes. */
const ALIKE = 0.01;
const FEW = 32;

/** How many more rounds are taken to be like the last: all of them where it is like the one before it in every figure, as many as there were where it is nearly so, as what L2 holds may still change. */
function moreLike(kernels: readonly KernelRun[], before: readonly KernelRun[] | null, done: number, left: number): number {
  if (before === null || kernels.length !== before.length) return 0;
  const differences = kernels.flatMap((one, k) => COMPARED.map((figure) => [Math.abs(one[figure] - before[k]![figure]), one[figure]] as const));
  if (differences.every(([difference]) => difference === 0)) return left;
  return differences.every(([difference, figure]) => difference <= Math.max(FEW, figure * ALIKE)) ? Math.min(left, done) : 0;
}

const COMPARED = ["cycles", "launch_cycles", "launches", "hbm_read_bytes", "hbm_write_bytes"] as const;
