// A query over three million flights, with values, checked against plain JavaScript; then attention on an SN40L, with a page that shows what every unit did. `npm start` runs it.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { createRecorder, makeResult, makeScene, prepare, printReport, simulate, traceOf } from "../dist/index.js";
import { loadWorkload, PAGE, packRun, readEnergyTable, readGpu, readMachine, version, writeOutput } from "../dist/node.js";

/** From a workload to its report, and to a page where there is a folder for it: every stage of weft is one function. */
async function run(name, machineName, { values, folder }) {
  const began = performance.now();
  const { program, hash, seed, inputs, placeOf } = await loadWorkload(name);
  const machine = readMachine(machineName);
  const prepared = prepare(program, machine, { style: "spatial", seed });
  const { mapping } = prepared;
  const recorder = folder && createRecorder(mapping, machine);
  const counters = simulate(mapping, machine, { program, inputs: await inputs(), values, engine: "fast", recorder });
  const wall_seconds = (performance.now() - began) / 1000;
  const periods = counters.periods.map(([cycles]) => cycles);
  const host = { wall_seconds, firings: counters.firings, skipped_firings: counters.skipped, periods, forward: [] };
  host.simulated_cycles_per_second = counters.ticks / wall_seconds;
  host.peak_rss_bytes = process.resourceUsage().maxRSS * 1024;
  const energyTable = readEnergyTable(machine);
  const report = makeResult({ version, program, workloadHash: hash, seed, machine, mapping, counters, energyTable, host });
  console.log(printReport(report));
  if (folder) {
    const trace = traceOf(recorder, counters);
    const scene = makeScene({ program, machine, prepared, counters, trace, report, placeOf, gpu: readGpu("a100-40") });
    writeOutput(folder, { result: report, packed: packRun({ report, scene, trace }) });
    console.log(`The page of this run, what every unit did and when: ${join(folder, PAGE)}`);
  }
  return counters.outputs;
}

/** The same question in plain JavaScript: how many flights were more than 15 minutes late, by airport, and by how much. */
async function plainAnswer() {
  const bytes = await readFile(fileURLToPath(new URL("../node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url)));
  const rows = await parquetReadObjects({ file: bytes.buffer, compressors, columns: ["delay", "origin"] });
  const airports = new Map([...new Set(rows.map((row) => row.origin))].sort().map((origin) => [origin, { count: 0, sum: 0 }]));
  for (const { delay, origin } of rows) {
    if (delay <= 15n) continue;
    airports.get(origin).count += 1;
    airports.get(origin).sum += Number(delay);
  }
  return airports;
}

const { count, sum, mean } = await run("flights", "plasticine", { values: true });
const airports = await plainAnswer();
const wrong = [...airports].filter(
  ([, late], code) => count[code] !== late.count || sum[code] !== late.sum || mean[code] !== Math.fround(late.sum / Math.max(late.count, 1)),
);
if (airports.size !== count.length || wrong.length > 0) throw new Error(`${wrong.length} of ${airports.size} airports differ from the plain answer`);
console.log(`flights: all ${airports.size} airports agree with plain JavaScript\n`);

await run("attention", "sn40l", { values: false, folder: fileURLToPath(new URL("../runs/attention", import.meta.url)) });
