/**
 * The page in a real browser. Debian's Chromium, driven by playwright-core; where there is none the tests are skipped, and say how to get it (with REQUIRE_BROWSER set they fail). Every page is watched: a test that ends with
 * an error on its console, or a request that left it, has failed.
 */

import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import type { RunResult } from "../../src/result/result.ts";
import { cyclesIn, STATES } from "../../viz/model/states.ts";
import { weft } from "../support/cli.ts";

const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const executable = PLACES.find((path): path is string => path !== undefined && existsSync(path));

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Tests of the page. `body` gets a function that opens files. */
export function inBrowser(title: string, body: (open: Open) => void): void {
  if (executable === undefined && process.env.REQUIRE_BROWSER !== undefined)
    throw new Error("there is no Chromium, and REQUIRE_BROWSER says that there must be");
  const suite = executable === undefined ? describe.skip : describe;
  suite(executable === undefined ? `${title} (no Chromium: apt-get install chromium, or set CHROMIUM)` : title, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(() => browser.close());
    body((file, options) => openPage(browser, file, options));
  });
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: executable!, args: FLAGS });
}

export type Open = (file: string, options?: OpenOptions) => Promise<OpenedPage>;

export interface OpenOptions {
  /** Behind the #. */
  readonly hash?: string;
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
}

export interface OpenedPage {
  readonly page: Page;
  /** What went wrong so far: errors of the console and of the page, and requests that left it. */
  readonly faults: readonly string[];
  /** Ends the page; throws where something went wrong. */
  readonly close: () => Promise<void>;
}

export async function openPage(
  browser: Browser,
  file: string,
  { hash = "", width = 1280, height = 900, scheme = "light" }: OpenOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, acceptDownloads: true });
  const page = await context.newPage();
  const faults = watch(context, page);
  await page.goto(`${file.includes("://") ? file : pathToFileURL(file).href}${hash === "" ? "" : `#${hash}`}`);
  await page.waitForFunction(() => performance.getEntriesByName("weft-ready").length > 0 || document.querySelector("[role=alert]") !== null);
  return {
    page,
    faults,
    close: async () => {
      await context.close();
      expect(faults).toEqual([]);
    },
  };
}

function watch(context: BrowserContext, page: Page): string[] {
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`page: ${error.message}`));
  context.on("request", (request) => {
    const url = request.url();
    if (!/^(file|data|blob):/.test(url) && !/^http:\/\/127\.0\.0\.1:/.test(url)) faults.push(`request: ${url}`);
  });
  return faults;
}

/** Serious and critical findings of axe, in words. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target, failureSummary }) => `${target.join(" ")} ${failureSummary}`).join("; ")}`);
}

/** What a view says that it draws, by state. */
export async function drawnSums(page: Page, view: string): Promise<Readonly<Record<string, number>>> {
  return page.$$eval(`[data-test="${view}-sums"] [data-state]`, (items) =>
    Object.fromEntries(items.map((item) => [item.getAttribute("data-state") ?? "", Number(item.getAttribute("data-cycles"))])),
  );
}

export function freshFolder(): string {
  return mkdtempSync(join(tmpdir(), "weft-page-"));
}

/** Runs `weft run ... --out`, and gives the folder. */
export async function runTo(args: readonly string[], folder = freshFolder()): Promise<string> {
  const { code, stderr } = await weft(["run", ...args, "--out", folder], folder);
  if (code !== 0) throw new Error(`weft run ${args.join(" ")} ended with ${code}: ${stderr}`);
  return folder;
}

export function reportIn(folder: string): RunResult {
  return JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as RunResult;
}

/** Unit cycles by state, as the report counts them. */
export function reportedSums({ units }: RunResult): Readonly<Record<string, number>> {
  return Object.fromEntries(STATES.map((state) => [state, units.reduce((sum, unit) => sum + cyclesIn(unit, state), 0)]));
}
