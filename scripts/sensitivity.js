// The sensitivity study: what spatial execution of attention gains over GPUs, against sequence length, batch and launch regime. `npm run study` runs it.
// It writes docs/sensitivity.csv after each run, docs/sensitivity.svg at the end, and the table of docs/sensitivity.md to standard output.
// A CSV that an interrupt left unfinished is gone on with (remove it if weft has changed since); a finished one is begun anew.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { gpuRuns, keyOf, POINTS, parseCsv, printCsv, printTable, SPATIAL_MACHINE, STYLES, spatialRun } from "./sensitivity-rows.js";
import { drawStudy } from "./sensitivity-svg.js";

const docs = (name) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
const CSV = docs("sensitivity.csv");

if (isMainThread) await study();
else parentPort.postMessage(await spatialRun(workerData));

async function study() {
  const jobs = POINTS.flatMap((point) => STYLES.map((style) => ({ style, ...point })));
  const gpus = await Promise.all(POINTS.map(gpuRuns));
  const done = unfinished(jobs.length);
  process.on("SIGINT", () => {
    say(`interrupted: ${done.size} of ${jobs.length} runs are done; start again to go on`);
    process.exit(130);
  });
  const left = largestFirst(jobs.filter((job) => !done.has(keyOf(job))));
  say(`${left.length} runs on ${SPATIAL_MACHINE}, the largest first`);
  await inLanes(left, async (job) => {
    const row = await inThread(job);
    done.set(keyOf(job), row);
    write(CSV, printCsv(done, gpus));
    say(`${done.size} of ${jobs.length}: ${keyOf(job)}: ${(row.seconds * 1e6).toFixed(1)} us`);
  });
  const text = readFileSync(CSV, "utf8");
  write(docs("sensitivity.svg"), drawStudy(parseCsv(text)));
  console.log(printTable(parseCsv(text)));
}

/** Runs on the accelerator of an earlier start that did not end, by their keys. */
function unfinished(all) {
  const rows = existsSync(CSV) ? parseCsv(readFileSync(CSV, "utf8")).filter(({ machine }) => machine === SPATIAL_MACHINE) : [];
  if (rows.length > 0) say(rows.length === all ? "the CSV is finished: begun anew" : `going on: ${rows.length} of ${all} runs are done`);
  return new Map(rows.length === all ? [] : rows.map((row) => [keyOf(row), row]));
}

/** So that none is left to run alone at the end. */
function largestFirst(jobs) {
  return jobs.toSorted((a, b) => b.seq ** 2 * b.batch - a.seq ** 2 * a.batch);
}

async function inLanes(jobs, work) {
  const queue = [...jobs];
  const lane = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane));
}

function inThread(job) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: job });
    worker.on("message", resolve);
    worker.on("error", reject);
  });
}

/** Whole or not at all. */
function write(file, text) {
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
}

function say(line) {
  process.stderr.write(`study: ${line}\n`);
}
