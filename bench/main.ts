/** `npm run bench`: all of it; `npm run bench -- engine`, `forward`, `record`, `workloads`, `noc`, `mapper`, `dram`, `fidelity`, `compile` or `page`: one part. */

import { benchCompile } from "./compile.ts";
import { benchDram } from "./dram.ts";
import { benchEngine } from "./engine.ts";
import { benchFidelity } from "./fidelity.ts";
import { benchForward } from "./forward.ts";
import { benchMapper } from "./mapper.ts";
import { benchNoc } from "./noc.ts";
import { benchPage } from "./page.ts";
import { benchRecord } from "./record.ts";
import { benchWorkloads } from "./workloads.ts";

const parts = {
  engine: benchEngine,
  forward: benchForward,
  record: benchRecord,
  noc: benchNoc,
  mapper: benchMapper,
  workloads: benchWorkloads,
  dram: benchDram,
  fidelity: benchFidelity,
  compile: benchCompile,
  page: benchPage,
};
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined) throw new Error(`there is no bench "${unknown}"; there are ${Object.keys(parts).join(", ")}`);

for (const [name, bench] of Object.entries(parts)) if (wanted.length === 0 || wanted.includes(name)) process.stdout.write(await bench());
