/** Channels that share links of a packet network: as the oracle has it, no sooner than on circuits, and just as soon where nothing is shared. */

import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { withoutBuffers } from "../../examples/deadlock.ts";
import { UserError } from "../../src/base/errors.ts";
import type { Fabric } from "../../src/fabric/fabric.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { loadMachine } from "../../src/machine/schema.ts";
import { mapFabric } from "../../src/mapper/index.ts";
import { brokenInvariants } from "../../src/result/check.ts";
import { planSection } from "../../src/sim/build.ts";
import { DeadlockError } from "../../src/sim/deadlock.ts";
import type { Prepared } from "../../src/sim/prepare.ts";
import { simulate } from "../../src/sim/simulate.ts";
import { sliceFabric } from "../../src/sim/slice.ts";
import attention from "../../workloads/attention.ts";
import gemm from "../../workloads/gemm.ts";
import layernorm from "../../workloads/layernorm.ts";
import { programCases } from "../support/programs.ts";
import { machineOf, prepareOn, reportOf, runOn } from "../support/runs.ts";

/** The shipped machine with so few tracks that channels share them. */
function withTracks(vector_links: number, fidelity: "circuit" | "packet"): Machine {
  const machine = machineOf("sn40l");
  return { ...machine, network: { ...machine.network, vector_links, scalar_links: vector_links, fidelity } };
}

const plansOf = ({ mapping }: Pick<Prepared, "mapping">, machine: Machine) => {
  const slice = sliceFabric(mapping.fabric, true);
  return mapping.fabric.sections.map((_, s) => planSection(s, mapping, machine, slice.sections[s]!));
};

const sharingOf = (prepared: Pick<Prepared, "mapping">, machine: Machine): number =>
  plansOf(prepared, machine).reduce((sum, { relays }) => sum + relays.length, 0);

describe("with channels that share links", () => {
  test("the fast engine counts what the oracle counts, the values are the same, and every wait has a cause", () => {
    let shared = 0;
    fc.assert(
      fc.property(programCases({ extents: [1, 7, 16] }), fc.integer({ min: 1, max: 2 }), ({ program, inputs }, tracks) => {
        const [circuit, packet] = [withTracks(tracks, "circuit"), withTracks(tracks, "packet")];
        const prepared = preparedIf(circuit, program);
        if (prepared === undefined) return;
        shared += sharingOf(prepared, packet);
        const counters = runOn(packet, prepared, program, inputs);
        expect(counters).toEqual(runOn(packet, prepared, program, inputs, "oracle"));
        expect(counters.outputs).toEqual(runOn(circuit, prepared, program, inputs).outputs);
        const report = reportOf(packet, program, prepared.mapping, counters);
        expect(brokenInvariants(report)).toEqual([]);
        for (const unit of report.units) expect(unit.unattributed_cycles).toBe(0);
      }),
      { numRuns: 12 },
    );
    expect(shared).toBeGreaterThan(0);
  });

  it("fast-forward changes no counter, and tokens that wait say so", () => {
    const program = gemm.build({ m: 256, n: 128, k: 128, dtype: "bf16" });
    const packet = withTracks(2, "packet");
    const prepared = prepareOn(packet, program);
    expect(sharingOf(prepared, packet)).toBeGreaterThan(10);
    const run = (machine: Machine, fastForward: boolean) => runOn(machine, prepared, program, {}, "fast", false, fastForward);
    const counters = run(packet, true);
    expect(counters).toEqual(run(packet, false));
    expect(counters.ticks).toBeGreaterThanOrEqual(run(withTracks(2, "circuit"), true).ticks);
    const waits = counters.sections.flatMap(({ units }) => units.flatMap(({ nests }) => nests.flatMap((nest) => nest.waits)));
    expect(waits.some(({ contended }) => contended > 0)).toBe(true);
    const report = reportOf(packet, program, prepared.mapping, counters);
    expect(report.units.some(({ causes }) => causes.some(({ root }) => root === "shared links"))).toBe(true);
    expect(report.fidelity.network).toBe("packet");
  });

  it("a run takes as long as on circuits where every link has a track for each channel", () => {
    const program = attention.build({ seq: 64, heads: 2, dim: 32, dtype: "bf16" });
    const [circuit, packet] = [withTracks(64, "circuit"), withTracks(64, "packet")];
    const prepared = prepareOn(circuit, program);
    expect(sharingOf(prepared, packet)).toBe(0);
    expect(runOn(packet, prepared, program, {}, "fast", false)).toEqual(runOn(circuit, prepared, program, {}, "fast", false));
  });
});

describe("a section that gets stuck", () => {
  it("is diagnosed as on circuits, which have no more slots", () => {
    const program = { ...layernorm.build({ rows: 8, cols: 8192 }), schedule: { par: { "y.0": 1 } } };
    const [circuit, packet] = [withTracks(1, "circuit"), withTracks(1, "packet")];
    const [{ fabric }] = withoutBuffers(program, circuit, ["centred.x0"]) as readonly [{ readonly fabric: Fabric }];
    const mapping = mapFabric(fabric, circuit, { seed: 1 });
    expect(sharingOf({ mapping }, packet)).toBeGreaterThan(0);
    const stuck = (machine: Machine, engine: "fast" | "oracle"): DeadlockError => {
      try {
        simulate(mapping, machine, { program, inputs: {}, values: false, engine });
      } catch (error) {
        if (error instanceof DeadlockError) return error;
      }
      throw new Error("it does not get stuck");
    };
    expect(stuck(packet, "fast").deadlock).toEqual(stuck(circuit, "fast").deadlock);
    expect(stuck(packet, "oracle").deadlock).toEqual(stuck(circuit, "oracle").deadlock);
  });
});

describe("the way of a channel with relays", () => {
  const program = gemm.build({ m: 256, n: 128, k: 128, dtype: "bf16" });
  const packet = withTracks(2, "packet");
  const prepared = prepareOn(packet, program);

  it("takes to each sink what the circuit takes, and has at least its slots", () => {
    const [plan] = plansOf(prepared, packet);
    const [circuit] = plansOf(prepared, withTracks(2, "circuit"));
    const before = new Map(plan!.relays.flatMap(({ input, outputs }) => outputs.map((output) => [output, input])));
    for (const [id, ends] of plan!.sinks) {
      ends.forEach((end, sink) => {
        const way = [end];
        while (before.has(way[0]!)) way.unshift(before.get(way[0]!)!);
        const total = (of: "latency" | "depth") => way.reduce((sum, c) => sum + plan!.channels[c]![of], 0);
        const whole = circuit!.channels[circuit!.sinks.get(id)![sink]!]!;
        expect(total("latency")).toBe(whole.latency);
        expect(total("depth")).toBe(whole.depth + way.length - 1);
      });
    }
  });

  it("asks each shared link once for a token, also of a broadcast", () => {
    const [plan] = plansOf(prepared, packet);
    const links = new Map<number, number[]>();
    for (const { head, link } of plan!.relays) links.set(head, [...(links.get(head) ?? []), link]);
    for (const asked of links.values()) expect(new Set(asked).size).toBe(asked.length);
    expect(plan!.relays.some(({ outputs }) => outputs.length > 1)).toBe(true);
  });
});

describe("a machine's network of fidelity packet", () => {
  const sn40l = readFileSync(new URL("../../configs/sn40l.yaml", import.meta.url), "utf8");
  const config = (changes: Readonly<Record<string, string>>) =>
    loadMachine(
      sn40l,
      "sn40l",
      Object.entries(changes).map(([path, value]) => ({ path, value, label: path })),
    );

  it("must be a packet network whose hops take a cycle in the router and one on the wire", () => {
    expect(config({ "network.fidelity": "packet" }).network.fidelity).toBe("packet");
    expect(() => config({ "network.fidelity": "packet", "network.kind": "static" })).toThrow(/expected circuit beside kind = static, found packet/);
    expect(() => config({ "network.fidelity": "packet", "network.hop_cycles": "1" })).toThrow(/expected circuit beside hop_cycles = 1, found packet/);
  });
});

/** Undefined where the program does not fit so few tracks. */
function preparedIf(machine: Machine, program: Parameters<typeof prepareOn>[1]): Prepared | undefined {
  try {
    return prepareOn(machine, program);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
