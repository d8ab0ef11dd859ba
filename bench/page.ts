/** The page of a run in Chromium: its size, how soon it answers, how smoothly time is scrubbed, how soon a trace of a million changes of state is open, and how soon a slider's move shows new results. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inflateSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright-core";
import { packageRoot } from "../src/cli/files.ts";
import { PAGE, packRun, pageOf } from "../src/cli/output.ts";
import { counted } from "../src/report/format.ts";
import { unpackBundle } from "../src/scene/pack.ts";
import { busyBundle } from "../test/support/busy-bundle.ts";

/** All units of an SN40L for more than ten million cycles: with one channel of its HBM, and the copies pinned that the compiler chooses with all of them. */
const ATTENTION = 'program: attention\nparams: { heads: 80 }\nschedule: { tile: { "scores.1": 6 }, par: { "scores.0": 7, "scores.1": 64 } }\n';
const CHANGES = 1_000_000;
const FRAMES = 240;

export async function benchPage(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "weft-bench-"));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const workload = join(folder, "attention.yaml");
    writeFileSync(workload, ATTENTION);
    runTo(folder, workload, "--machine", "sn40l", "--set", "machine.tiers.hbm.channels=1");
    const bundle = unpackBundle(inflateSync(readFileSync(join(folder, "trace.bin"))));
    const busy = join(folder, "busy.html");
    writeFileSync(busy, pageOf([packRun(busyBundle(bundle, CHANGES, 1))]));
    const rows = [
      await measure(
        browser,
        join(folder, PAGE),
        `attention on sn40l with one channel of HBM, ${bundle.report.units.length} units, ${counted(bundle.report.cycles)} cycles`,
      ),
      await measure(browser, busy, `${CHANGES / 1e6} M changes of state`),
      await measureLive(browser, folder, 256),
      await measureLive(browser, folder, 1024),
      await measureLive(browser, folder, 4096),
    ];
    return `the page (Chromium without a GPU)\n${rows.join("")}`;
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

function runTo(folder: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [join(packageRoot, "bin/weft.js"), "run", ...args, "--out", folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

async function measure(browser: Browser, file: string, what: string): Promise<string> {
  const words = [`${(statSync(file).size / 1e6).toFixed(2)} MB`];
  for (const tab of ["overview", "fabric"]) {
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
    await page.goto(`${pathToFileURL(file).href}#tab=${tab}`);
    words.push(`${tab} answers after ${(await readySeconds(page)).toFixed(2)} s`);
    if (tab === "fabric") words.push(await scrubWords(page));
    await page.close();
  }
  return `  ${what}: ${words.join(", ")}\n`;
}

/** From the navigation's start until all that the tab shows is there and the next frame has been drawn. */
function readySeconds(page: Page): Promise<number> {
  return page.evaluate(`new Promise((resolve) => {
    const look = () => performance.getEntriesByName("weft-ready").length === 0 ? setTimeout(look, 5) : requestAnimationFrame(() => setTimeout(() => resolve(performance.now() / 1000)));
    look();
  })`);
}

/** The cursor goes through the run, a step a frame, and the fabric map follows. */
async function scrubWords(page: Page): Promise<string> {
  const frames = (await page.evaluate(`new Promise((resolve) => {
    const { store, runs } = window.weft;
    const { cycles } = runs()[0].report;
    const times = [];
    const step = (now) => {
      times.push(now);
      if (times.length > ${FRAMES}) return resolve(times.slice(1).map((time, i) => time - times[i]));
      store.set({ cursor: Math.floor((cycles * times.length) / ${FRAMES + 2}) });
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  })`)) as number[];
  const sorted = [...frames].sort((a, b) => a - b);
  const total = frames.reduce((sum, one) => sum + one, 0);
  return `scrubs at ${((1000 * frames.length) / total).toFixed(0)} frames a second, 95 % of them within ${sorted[Math.floor(0.95 * sorted.length)]!.toFixed(0)} ms`;
}

const MOVES = 9;

/** Waits until the figures of a live run are there, half a minute at most, and gives the time. */
const SHOWN = `new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error("the live run gave no result")), 30_000);
  const look = () => {
    const [shown] = performance.getEntriesByName("weft-live-shown");
    if (shown === undefined) setTimeout(look, 5);
    else resolve(shown.startTime);
  };
  look();
})`;

/** From the move of a slider that doubles or halves the rows of softmax to its figures on the page: the worker has done the same before. */
async function measureLive(browser: Browser, folder: string, rows: number): Promise<string> {
  const own = join(folder, `live-${rows}`);
  runTo(own, "softmax", "--set", `rows=${rows}`, "--set", `cols=${rows}`);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${pathToFileURL(join(own, PAGE)).href}#tab=live`);
  await readySeconds(page);
  await page.waitForTimeout(1500);
  await page.getByRole("slider", { name: "rows" }).focus();
  const times: number[] = [];
  for (let move = 0; move < MOVES; move++) {
    const moved = Number(await page.evaluate("performance.clearMarks('weft-live-shown'), performance.now()"));
    await page.keyboard.press(move % 2 === 0 ? "ArrowRight" : "ArrowLeft");
    times.push(Number(await page.evaluate(SHOWN)) - moved);
  }
  await page.close();
  const sorted = times.slice(1).sort((a, b) => a - b);
  return `  a slider's move, softmax of ${rows} x ${rows} on plasticine: ${sorted[0]!.toFixed(0)} ms at best, ${sorted[sorted.length >> 1]!.toFixed(0)} ms as a rule\n`;
}
