/** The page as a whole: it opens from a file, says what the report says, is found again by its address, compares two runs, and asks for nothing. */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { beforeAll, expect, it } from "vitest";
import { axeFindings, drawnSums, inBrowser, reportedSums, reportIn, runTo } from "./support.ts";

const small = ["softmax", "--set", "rows=64", "--set", "cols=100"];

inBrowser("the page of a run", (open) => {
  let a: string;
  let b: string;
  beforeAll(async () => {
    a = await runTo(small);
    b = await runTo([...small, "--set", "machine.pcu.lanes=8"]);
  });
  const page = (): string => join(a, "index.html");

  it("opens from a file, and its strip draws the cycles of the report", async () => {
    const opened = await open(page());
    expect(await opened.page.title()).toBe("weft: softmax on plasticine");
    expect(await drawnSums(opened.page, "strip")).toEqual(reportedSums(reportIn(a)));
    await opened.close();
  });

  it("shows a window of time that is dragged, says it in its address, and opens there again", async () => {
    const opened = await open(page());
    const box = (await opened.page.locator("svg.strip .overlay").boundingBox())!;
    await opened.page.mouse.move(box.x + box.width * 0.25, box.y + 20);
    await opened.page.mouse.down();
    await opened.page.mouse.move(box.x + box.width * 0.75, box.y + 20, { steps: 4 });
    await opened.page.mouse.up();
    await opened.page.waitForFunction(() => location.hash.includes("window="));
    const hash = await opened.page.evaluate(() => location.hash.slice(1));
    const { cycles, units } = reportIn(a);
    const [from, to] = /window=(\d+)-(\d+)/.exec(hash)!.slice(1).map(Number) as [number, number];
    expect(Math.abs(from - cycles / 4)).toBeLessThan(cycles / 50);
    const sums = await drawnSums(opened.page, "strip");
    const total = Object.values(sums).reduce((sum, one) => sum + one, 0);
    expect(Math.abs(total - (to - from) * units.length)).toBeLessThanOrEqual(7);
    await opened.close();
    const again = await open(page(), { hash });
    expect(await drawnSums(again.page, "strip")).toEqual(sums);
    await again.page.keyboard.press("Escape");
    await again.page.waitForFunction(() => !location.hash.includes("window="));
    expect(await drawnSums(again.page, "strip")).toEqual(reportedSums(reportIn(a)));
    await again.close();
  });

  it("shows nothing of a window that lies behind the run, and says no time below nothing", async () => {
    const { cycles } = reportIn(a);
    for (const tab of ["overview", "stages", "memory", "gpu"]) {
      const opened = await open(page(), { hash: `tab=${tab}&window=${2 * cycles}-${3 * cycles}&cursor=${5 * cycles}` });
      expect(Object.values(await drawnSums(opened.page, "strip")).every((sum) => sum === 0)).toBe(true);
      expect(await opened.page.locator(".strip-words").textContent()).toMatch(/^cycles ([\d.]+ k) to \1, 0 ns/);
      expect(await opened.page.locator("#panels").innerText()).not.toMatch(/\(-\d+ ns|NaN|undefined/);
      expect(await opened.page.$$eval(".panel [data-state]", (items) => items.filter((item) => item.getAttribute("data-cycles") !== "0").length)).toBe(0);
      await opened.close();
    }
  });

  it("takes another run beside it, and takes it away again", async () => {
    const opened = await open(page());
    await opened.page.locator("input[type=file]").setInputFiles(join(b, "index.html"));
    await opened.page.locator("h1", { hasText: "B: softmax on plasticine" }).waitFor();
    await opened.page.locator("select").first().selectOption("b");
    await expect.poll(() => drawnSums(opened.page, "strip")).toEqual(reportedSums(reportIn(b)));
    await opened.page.getByRole("button", { name: "close B" }).click();
    await expect.poll(() => drawnSums(opened.page, "strip")).toEqual(reportedSums(reportIn(a)));
    await opened.page.locator("input[type=file]").setInputFiles(join(b, "trace.bin"));
    await opened.page.locator("h1", { hasText: "B: softmax on plasticine" }).waitFor();
    await opened.close();
  });

  it("says what is wrong with a file that holds no run", async () => {
    const opened = await open(page());
    await opened.page.locator("input[type=file]").setInputFiles(join(a, "report.txt"));
    await opened.page.locator(".page-words", { hasText: "report.txt: " }).waitFor();
    await opened.close();
  });

  it("is without serious findings of axe in every tab, light and dark", async () => {
    for (const scheme of ["light", "dark"] as const) {
      const opened = await open(page(), { scheme });
      const tabs = await opened.page.getByRole("tab").all();
      for (const tab of tabs) {
        await tab.click();
        expect(await axeFindings(opened.page), `${scheme} ${await tab.textContent()}`).toEqual([]);
      }
      await opened.close();
    }
  });

  it("goes from tab to tab by the keyboard, and the address says which", async () => {
    const opened = await open(page());
    const count = await opened.page.getByRole("tab").count();
    for (let tab = 0; tab < count; tab++) await opened.page.keyboard.press("]");
    await opened.page.keyboard.press("[");
    const last = opened.page.getByRole("tab").last();
    await expect.poll(() => last.getAttribute("aria-selected")).toBe("true");
    await opened.close();
  });

  it("saves what a panel shows as SVG and as PNG", async () => {
    const opened = await open(page(), { hash: "tab=fabric" });
    const panel = opened.page.locator(".panel").first();
    const saved = async (format: string): Promise<string> => {
      const [download] = await Promise.all([opened.page.waitForEvent("download"), panel.getByRole("button", { name: `as ${format}` }).click()]);
      return download.path();
    };
    expect(readFileSync(await saved("SVG"), "utf8")).toMatch(/^<svg xmlns/);
    const { width, height } = PNG.sync.read(readFileSync(await saved("PNG")));
    expect(width * height).toBeGreaterThan(100_000);
    await opened.close();
  });

  it("is small, and names no other place", () => {
    const text = readFileSync(page(), "utf8");
    expect(statSync(page()).size).toBeLessThan(3e6);
    expect(text).not.toMatch(/<(?:script|link|img)[^>]+(?:src|href)="(?!data:)/);
  });
});
