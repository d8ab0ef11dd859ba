/** What passes between the end of a kernel and the first instruction of the next, by the regime of a machine's `launch`. */

import type { Cycles } from "../base/units.ts";
import type { GpuMachine, LaunchSpec } from "../machine/gpu.ts";
import type { Kernel } from "./schedule.ts";

/** Of eager mode it keeps how far the host is behind the GPU. */
export class Host {
  readonly #launch: LaunchSpec;
  readonly #clock_hz: number;
  /** From the end of the last kernel until the host has issued its operator; below 0: it had before. */
  #behind = 0;
  /** In the rounds being run: by how much the host could have been slower before the GPU would have waited for it. */
  #slack = Number.POSITIVE_INFINITY;
  readonly #began: { readonly behind: Cycles; readonly slack: Cycles }[] = [];

  constructor({ launch, clock_hz }: GpuMachine) {
    this.#launch = launch;
    this.#clock_hz = clock_hz;
  }

  /** Cycles from the end of the kernel before to the start of this one, which takes `cycles`. */
  launch(kernel: Kernel, cycles: Cycles): Cycles {
    const { regime, stream_seconds, graph_seconds, persistent_seconds } = this.#launch;
    if (regime !== "eager") return this.#cycles({ stream: stream_seconds, graph: graph_seconds, persistent: persistent_seconds }[regime]);
    const least = this.#cycles(stream_seconds);
    const issued = this.#behind + this.#cycles(this.#issueSeconds(kernel));
    this.#slack = Math.min(this.#slack, least - issued);
    const gap = Math.max(issued, least);
    this.#behind = issued - gap - cycles;
    return gap;
  }

  beginRound(): void {
    this.#began.push({ behind: this.#behind, slack: this.#slack });
    this.#slack = Number.POSITIVE_INFINITY;
  }

  /** Of so many more rounds with the same kernels, how many have the same gaps, too; they count as run. */
  endRound(rounds: number): number {
    const { behind, slack } = this.#began.pop()!;
    const drift = this.#behind - behind;
    const alike = drift <= 0 ? rounds : Math.max(0, Math.min(rounds, Math.floor(this.#slack / drift)));
    this.#behind += drift * alike;
    this.#slack = Math.min(slack, this.#slack - Math.max(0, drift) * alike);
    return alike;
  }

  #issueSeconds(kernel: Kernel): number {
    const { contraction_seconds, rows_seconds, norm_seconds, elementwise_seconds } = this.#launch.eager;
    const rows = hasParameters(kernel) ? norm_seconds : rows_seconds;
    return { contraction: contraction_seconds, attention: contraction_seconds, rows, elementwise: elementwise_seconds }[kernel.kind];
  }

  #cycles(seconds: number): Cycles {
    return Math.round(seconds * this.#clock_hz);
  }
}

/** It reads numbers that belong to columns: no more than a row has. */
function hasParameters({ works, reads }: Kernel): boolean {
  const length = works.reduce((longest, { row }) => Math.max(longest, row), 1);
  return reads.some(({ inner, elements }) => inner && elements <= length && works.some((work) => work.elements > elements));
}
