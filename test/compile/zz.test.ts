import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compile, interpretControllers } from "../../src/compile/index.ts";
import { UserError } from "../../src/base/errors.ts";
import { mapFabric } from "../../src/mapper/index.ts";
import { simulate } from "../../src/sim/simulate.ts";
import { outputsOf } from "../../src/pattern/interpret.ts";
import { programCases } from "../support/programs.ts";
import { tinyMachine } from "../support/fabrics.ts";
import { differences, machineOf } from "../support/runs.ts";
import type { Program } from "../../src/pattern/program.ts";

const big = { ...tinyMachine, grid: { columns: 8, rows: 8 }, pcu: { ...tinyMachine.pcu, count: 32 }, pmu: { ...tinyMachine.pmu, count: 32, bytes: 4096 }, ag: { ...tinyMachine.ag, count: 24 } };
const small = { ...big, pmu: { ...big.pmu, bytes: 1024 } };
const machines = { plasticine: machineOf("plasticine"), sn40l: machineOf("sn40l"), big, small };
let compiled = 0, refused = new Map<string, number>(), multi = 0;
test.each(Object.keys(machines))("%s", (name) => {
  const machine = machines[name as keyof typeof machines];
  fc.assert(
    fc.property(programCases({ extents: [1, 3, 8, 17, 33, 50], mostSteps: 5 }), fc.array(fc.nat(1000), { minLength: 12, maxLength: 12 }), fc.boolean(), ({ program: plain, inputs }, dice, kernel) => {
      let program: Program = plain;
      let controllers, fabric;
      const style = kernel ? "kernel-by-kernel" as const : "spatial" as const;
      try {
        ({ controllers, fabric } = compile(program, machine, { style }));
        let d = 0;
        const tile: Record<string, number> = {}, par: Record<string, number> = {};
        for (const sec of controllers.sections) for (const loop of sec.loops) {
          const t = 1 + dice[d++ % 12]! % loop.extent;
          if (dice[d++ % 12]! % 3 > 0) tile[loop.name] = t;
          if (dice[d++ % 12]! % 3 > 0) par[loop.name] = 1 + dice[d % 12]! % Math.min(3, Math.ceil(loop.extent / (tile[loop.name] ?? 1000)));
        }
        program = { ...plain, schedule: { tile, par } };
        try { ({ controllers, fabric } = compile(program, machine, { style })); } catch (e) { if (!(e instanceof UserError)) throw e; const m = "scheduled: " + e.message.replace(/[0-9]+/g,"N").slice(0,160); refused.set(m, (refused.get(m)??0)+1); program = plain; }
      } catch (e) { if (!(e instanceof UserError)) throw e; const m = e.message.replace(/[0-9]+/g,"N").replace(/"[^"]*"/g,'""').slice(0,160); refused.set(m, (refused.get(m)??0)+1); return; }
      compiled++;
      expect(differences(program, inputs, outputsOf(program, interpretControllers(controllers, inputs)))).toEqual([]);
      let mapping; try { mapping = mapFabric(fabric, machine, { seed: 1 }); } catch (e) { if (!(e instanceof UserError)) throw e; const m = e.message.replace(/[0-9]+/g,"N").slice(0,100); refused.set(m, (refused.get(m)??0)+1); return; }
      const { outputs } = simulate(mapping, machine, { program, inputs, values: true, engine: "fast" });
      expect(differences(program, inputs, outputs!)).toEqual([]);
    }),
    { numRuns: Number(process.env.RUNS ?? 100), ...(process.env.SEED ? { seed: Number(process.env.SEED) } : {}) },
  );
  console.log(name, compiled, [...refused]);
});
