/** What passes between kernels: rounds of a loop that are skipped are as rounds that are run. */

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Host } from "../../src/gpu/host.ts";
import type { Kernel, KernelKind } from "../../src/gpu/schedule.ts";
import { gpu } from "../support/gpus.ts";

const machine = gpu("a100-80", { "launch.regime": "eager" });
/** Its operators do not matter here. */
const kernelOf = (kind: KernelKind): Kernel => ({ ...{ name: kind, kind, works: [], reads: [], writes: [] }, attention: null, factors: null });

type Kernels = readonly { readonly kind: KernelKind; readonly cycles: number }[];

const launchAll = (host: Host, kernels: Kernels): number => kernels.reduce((sum, { kind, cycles }) => sum + cycles + host.launch(kernelOf(kind), cycles), 0);

test("a GPU that is slower than its host waits for a launch in its stream, a faster one for the host", () => {
  const host = new Host(machine);
  const [product, stream] = [21e-6, 2.35e-6].map((seconds) => Math.round(seconds * machine.clock_hz));
  expect(host.launch(kernelOf("contraction"), 10 * product!)).toBe(product);
  expect(host.launch(kernelOf("contraction"), 100)).toBe(stream);
  for (let ahead = 0; ahead < 12; ahead++) expect(host.launch(kernelOf("contraction"), 100)).toBeLessThanOrEqual(product! - 100);
  for (let late = 0; late < 3; late++) expect(host.launch(kernelOf("contraction"), 100)).toBe(product! - 100);
});

test("rounds that are skipped take what they take when they are run", () => {
  const kinds = fc.constantFrom<KernelKind[]>("contraction", "attention", "rows", "elementwise");
  const kernels = fc.array(fc.record({ kind: kinds, cycles: fc.integer({ min: 1, max: 150_000 }) }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(kernels, kernels, fc.integer({ min: 1, max: 300 }), (first, body, rounds) => {
      const [fast, slow] = [new Host(machine), new Host(machine)];
      let wanted = launchAll(slow, first);
      for (let round = 0; round < rounds; round++) wanted += launchAll(slow, body);
      let found = launchAll(fast, first);
      let before = -1;
      for (let round = 0; round < rounds; ) {
        fast.beginRound();
        const took = launchAll(fast, body);
        round++;
        const alike = fast.endRound(took === before ? rounds - round : 0);
        found += took * (alike + 1);
        round += alike;
        before = took;
      }
      expect(found).toBe(wanted);
      expect(launchAll(fast, first)).toBe(launchAll(slow, first));
    }),
    { numRuns: 500 },
  );
});
