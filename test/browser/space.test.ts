/** The views of space and time in a browser: they draw the report's cycles, over any window; what is picked or dragged in one is seen in all; time is scrubbed at the pace of the screen. */

import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { drawnSums, inBrowser, reportedSums, reportIn, runTo } from "./support.ts";

const VIEWS = ["fabric", "raster", "timeline"] as const;

inBrowser("space and time", (open) => {
  let softmax: string;
  let softmaxB: string;
  let kmeans: string;
  beforeAll(async () => {
    const rows = ["--set", "rows=64", "--set", "cols=512"];
    softmax = await runTo(["softmax", ...rows]);
    softmaxB = await runTo(["softmax", ...rows, "--set", "machine.pcu.lanes=8"]);
    kmeans = await runTo(["kmeans", "--set", "n=64", "--set", "iterations=4"]);
  }, 120_000);
  const page = (folder: string): string => join(folder, "index.html");
  const tabOf = (view: (typeof VIEWS)[number]): string => (view === "timeline" ? "overview" : "fabric");
  const total = (sums: Readonly<Record<string, number>>): number => Object.values(sums).reduce((sum, one) => sum + one, 0);

  it.each(VIEWS)("%s draws the cycles of the report, of one section and of several", async (view) => {
    for (const folder of [softmax, kmeans]) {
      const opened = await open(page(folder), { hash: `tab=${tabOf(view)}` });
      expect(await drawnSums(opened.page, view)).toEqual(reportedSums(reportIn(folder)));
      await opened.close();
    }
  });

  it.each(VIEWS)("%s draws the window that the address says, of what the address picks", async (view) => {
    const { cycles, units } = reportIn(kmeans);
    const [from, to] = [Math.floor(cycles / 4), Math.floor(cycles / 2)];
    const all = await open(page(kmeans), { hash: `tab=${tabOf(view)}&window=${from}-${to}` });
    const sums = await drawnSums(all.page, view);
    expect(Math.abs(total(sums) - (to - from) * units.length)).toBeLessThanOrEqual(7);
    await all.close();
    const { op } = units[0]!;
    const some = await open(page(kmeans), { hash: `tab=${tabOf(view)}&window=${from}-${to}&pick=operator||${encodeURIComponent(op)}` });
    const picked = units.filter((unit) => unit.op === op).length;
    expect(Math.abs(total(await drawnSums(some.page, view)) - (to - from) * picked)).toBeLessThanOrEqual(7);
    await some.close();
  });

  it("picks the unit that is clicked on the map, its operator with shift, and nothing beside the units", async () => {
    const { page: tab, close } = await open(page(softmax), { hash: "tab=fabric" });
    const map = tab.locator('[data-test="fabric-map"]');
    await map.focus();
    await tab.keyboard.press("ArrowDown");
    await tab.keyboard.press("ArrowRight");
    await expect.poll(() => tab.locator('[data-test="fabric-cell"]').textContent()).toMatch(/column -?\d+, row \d+/);
    const position = await placeOf(tab, softmax);
    await map.click({ position });
    await tab.waitForFunction(() => decodeURIComponent(location.hash).includes("pick=unit|"));
    const alone = await drawnSums(tab, "raster");
    expect(total(alone)).toBe(reportIn(softmax).cycles);
    await map.click({ position, modifiers: ["Shift"] });
    await tab.waitForFunction(() => decodeURIComponent(location.hash).includes("pick=operator|"));
    expect(total(await drawnSums(tab, "raster"))).toBeGreaterThan(total(alone));
    await tab.keyboard.press("Escape");
    await expect.poll(() => drawnSums(tab, "raster")).toEqual(reportedSums(reportIn(softmax)));
    await close();
  });

  it("shows on the map the window that is dragged on the raster, and all on a double click", async () => {
    const { page: tab, close } = await open(page(softmax), { hash: "tab=fabric" });
    const { cycles, units } = reportIn(softmax);
    const map = tab.locator('[data-test="raster-map"]');
    await map.scrollIntoViewIfNeeded();
    const box = (await map.boundingBox())!;
    await tab.mouse.move(box.x + box.width / 2, box.y + 30);
    await tab.mouse.down();
    await tab.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 4 });
    await tab.mouse.up();
    await tab.waitForFunction(() => location.hash.includes("window="));
    const [from, to] = await windowIn(tab);
    expect(Math.abs(to - from - cycles / 4)).toBeLessThan(cycles / 50);
    expect(Math.abs(total(await drawnSums(tab, "fabric")) - (to - from) * units.length)).toBeLessThanOrEqual(7);
    await tab.mouse.move(box.x + box.width / 2, box.y + 30);
    await tab.mouse.wheel(0, -200);
    await expect.poll(async () => (([begin, end]) => end - begin)(await windowIn(tab))).toBeLessThan(to - from);
    await map.dblclick({ position: { x: 50, y: 30 } });
    await expect.poll(() => tab.evaluate(() => location.hash)).not.toContain("window=");
    await close();
  });

  it("scrubs through time with slider and keys, and plays", async () => {
    const { page: tab, close } = await open(page(softmax), { hash: "tab=fabric" });
    const slider = tab.locator(".space-slider");
    await slider.focus();
    await tab.keyboard.press("ArrowRight");
    await expect.poll(() => tab.locator('[data-test="fabric-time"]').textContent()).toMatch(/cycles from cycle [\d,]+ on/);
    const cursor = (): Promise<number> => tab.evaluate(() => Number(/cursor=(\d+)/.exec(location.hash)?.[1] ?? -1));
    await expect.poll(cursor).toBeGreaterThan(0);
    const before = await cursor();
    await tab.locator('[data-test="fabric-map"]').focus();
    await tab.keyboard.press(".");
    await expect.poll(cursor).toBeGreaterThan(before);
    await tab.locator('[data-test="fabric-play"]').click();
    const at = await cursor();
    await expect.poll(cursor).toBeGreaterThan(at + 2 * (at - before));
    await tab.keyboard.press("Space");
    await close();
  });

  it("names what fills and drains, and the busiest stages", async () => {
    const { page: tab, close } = await open(page(softmax), { hash: "tab=overview" });
    const stages = await tab.$$eval(".space-row-stage", (rows) => rows.map((row) => ({ ...(row as HTMLElement).dataset })));
    expect(stages.some(({ busiest }) => busiest !== undefined)).toBe(true);
    for (const { fill, drain } of stages) expect(Number(fill) + Number(drain)).toBeLessThan(reportIn(softmax).cycles);
    await tab.locator(".space-stage-name").first().click();
    await tab.waitForFunction(() => decodeURIComponent(location.hash).includes("pick=stage|"));
    await tab.locator('[aria-expanded="true"]').first().click();
    await expect.poll(() => tab.locator(".space-row-stage").count()).toBe(0);
    await close();
  });

  it.each(VIEWS)("%s draws the difference of two runs", async (view) => {
    const { page: tab, close } = await open(page(softmax), { hash: `tab=${tabOf(view)}&sides=difference` });
    await tab.locator("input[type=file]").setInputFiles(page(softmaxB));
    await tab.locator("h1", { hasText: "B: softmax on plasticine" }).waitFor();
    const [a, b] = [reportedSums(reportIn(softmax)), reportedSums(reportIn(softmaxB))];
    expect(await drawnSums(tab, view)).toEqual(Object.fromEntries(Object.keys(a).map((state) => [state, b[state]! - a[state]!])));
    await close();
  });
});

async function windowIn(tab: Page): Promise<readonly [number, number]> {
  return tab.evaluate(() => {
    const [, from, to] = /window=(\d+)-(\d+)/.exec(location.hash) ?? [];
    return [Number(from), Number(to)] as const;
  });
}

/** Where on the map the first PCU of the report stands, in pixels. */
async function placeOf(tab: Page, folder: string): Promise<{ readonly x: number; readonly y: number }> {
  const unit = reportIn(folder).units.find(({ kind }) => kind === "pcu")!;
  const grid = await tab.$eval('[data-test="fabric-map"]', (map) => ({ ...(map as HTMLElement).dataset }));
  const [pitch, left, top] = [grid.pitch, grid.left, grid.top].map(Number) as [number, number, number];
  return { x: left + (unit.x + 0.6) * pitch, y: top + (unit.y + 0.6) * pitch };
}
