/** The views of structure in a browser: verdict, stages, channels, program and passes. Their sums are the report's, and a pick in one is the pick of all. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { drawnSums, inBrowser, reportedSums, reportIn, runTo } from "./support.ts";

const small = ["softmax", "--set", "rows=64", "--set", "cols=100"];

inBrowser("the views of structure", (open) => {
  let a: string;
  let b: string;
  let rounds: string;
  beforeAll(async () => {
    a = await runTo([...small, "--tries", "2"]);
    b = await runTo([...small, "--set", "machine.tiers.ddr.channels=8"]);
    rounds = await runTo(["kmeans", "--set", "n=128", "--set", "dim=8", "--set", "k=4", "--set", "iterations=3", "--tries", "8"]);
  }, 240_000);
  const page = (): string => join(a, "index.html");

  it.each([
    ["overview", "verdict"],
    ["stages", "stages"],
    ["program", "program"],
  ])("%s: the sums of %s are those of the report", async (tab, view) => {
    for (const folder of [a, rounds]) {
      const opened = await open(join(folder, "index.html"), { hash: `tab=${tab}` });
      expect(await drawnSums(opened.page, view)).toEqual(reportedSums(reportIn(folder)));
      await opened.close();
    }
  });

  it("the verdict says what limits, and what changes gained that were run", async () => {
    const opened = await open(page());
    const { limit, cycles } = reportIn(a);
    const text = await opened.page.locator('[data-view="verdict"]').innerText();
    expect(text).toContain(limit.sentence.split("; ")[0]!);
    expect(text).toMatch(/verified by a run|None of the 2 changes/);
    const [from] = /\(([\d,]+) to [\d,]+, verified/.exec(text)?.slice(1) ?? [];
    if (from !== undefined) expect(Number(from.replaceAll(",", ""))).toBe(cycles);
    await opened.close();
    const untried = await open(join(b, "index.html"));
    expect(await untried.page.locator(".actions").innerText()).toContain("--tries 8");
    await untried.close();
  });

  it("stages are sorted by a header, filtered by comparisons, and found again by the address", async () => {
    const opened = await open(page(), { hash: "tab=stages" });
    const busy = opened.page.locator('[data-view="stages"] [data-column="busy"]');
    await busy.click();
    await opened.page.locator('[data-view="stages"] th[aria-sort="descending"] [data-column="busy"]').waitFor();
    const shares = await columnOf(opened.page, "busy");
    expect(shares).toEqual(shares.toSorted((one, other) => other - one));
    await opened.page.locator('[data-view="stages"] input[type=search]').fill("busy<30% pcu");
    await expect.poll(() => rowsOf(opened.page).then((rows) => rows.every((row) => row.endsWith("/ pcu")))).toBe(true);
    const rows = await rowsOf(opened.page);
    const hash = await opened.page
      .waitForFunction(() => (location.hash.includes("filter") ? location.hash.slice(1) : null))
      .then((handle) => handle.jsonValue());
    await opened.close();
    const again = await open(page(), { hash: hash! });
    expect(await rowsOf(again.page)).toEqual(rows);
    await again.close();
  });

  it("a stage that is clicked is picked in all views, and opens to its units", async () => {
    const opened = await open(page(), { hash: "tab=stages" });
    const row = opened.page.locator('[data-view="stages"] tr', { hasText: "max / pcu" }).first();
    await row.locator(".picker").click();
    await opened.page.locator('[data-view="stages"] tr.picked').waitFor();
    const { units, sections } = reportIn(a);
    const own = reportedSums({ ...reportIn(a), units: units.filter(({ op, kind }) => op === "max" && kind === "pcu") });
    await expect.poll(() => drawnSums(opened.page, "stages")).toEqual(own);
    expect(await drawnSums(opened.page, "strip")).toEqual(own);
    await expect
      .poll(() => opened.page.evaluate(() => decodeURIComponent(location.hash).replaceAll("+", " ")))
      .toContain(`pick=stage|${sections[0]!.name}|max / pcu`);
    await row.locator("button.opener").click();
    expect(await opened.page.locator('[data-view="stages"] tr.inside').count()).toBe(units.filter(({ op, kind }) => op === "max" && kind === "pcu").length);
    await opened.close();
  });

  it("what is saved as CSV are the rows that are shown", async () => {
    const opened = await open(page(), { hash: "tab=stages" });
    const [download] = await Promise.all([
      opened.page.waitForEvent("download"),
      opened.page.locator('[data-view="stages"] button', { hasText: "CSV" }).click(),
    ]);
    const [head, ...lines] = readFileSync(await download.path(), "utf8")
      .trim()
      .split("\r\n");
    expect(download.suggestedFilename()).toBe("weft-stages.csv");
    expect(head!.split(",").slice(0, 5)).toEqual(["stage", "section", "units", "firings", "ii"]);
    expect(lines.map((line) => line.split(",")[0])).toEqual(await rowsOf(opened.page));
    await opened.close();
  });

  it("channels say who waited for them", async () => {
    const opened = await open(page(), { hash: "tab=stages" });
    const causes = reportIn(a).units.flatMap((unit) => unit.causes);
    const waits = causes.filter(({ state }) => state === "starved" || state === "blocked").reduce((sum, { cycles }) => sum + cycles, 0);
    const [download] = await Promise.all([
      opened.page.waitForEvent("download"),
      opened.page.locator('[data-view="buffers"] button', { hasText: "CSV" }).click(),
    ]);
    const [head, ...lines] = readFileSync(await download.path(), "utf8")
      .trim()
      .split("\r\n")
      .map(cellsOf);
    const at = head!.indexOf("waited");
    expect(lines.reduce((sum, cells) => sum + Number(cells[at]), 0)).toBe(waits);
    await opened.close();
  });

  it("channels say which depth would remove the wait, as far as runs told it, and how to search where none was run", async () => {
    const opened = await open(join(rounds, "index.html"), { hash: "tab=stages" });
    const view = opened.page.locator('[data-view="buffers"]');
    await view.locator("input[type=search]").fill("verified");
    await expect.poll(() => view.locator(".needs").count()).toBe(2);
    const words = (await view.locator(".needs").allInnerTexts()).toSorted();
    expect(words[0]).toMatch(/^16 -> \d+: \d+ cycles fewer, verified$/);
    expect(words[1]).toBe("no depth helps (1,024 run), verified");
    await opened.close();
    const unsearched = await open(join(b, "index.html"), { hash: "tab=stages" });
    expect(await unsearched.page.locator('[data-view="buffers"] .now').innerText()).toContain("not searched: weft run softmax");
    await unsearched.close();
  });

  it("the program is walked by arrows and picked by enter, and the graph shows it", async () => {
    const opened = await open(page(), { hash: "tab=program" });
    const item = (name: string) => opened.page.locator(`[data-node="operator ${name}"]`);
    await item("max").focus();
    await opened.page.keyboard.press("ArrowRight");
    await expect.poll(() => item("max").getAttribute("aria-expanded")).toBe("true");
    expect(await item("max").innerText()).toContain("softmax.ts:");
    await opened.page.keyboard.press("ArrowLeft");
    await opened.page.keyboard.press("ArrowDown");
    await opened.page.keyboard.press("Enter");
    await opened.page.locator('.graph .card.picked[data-graph="e"]').waitFor();
    await opened.page.locator('.graph [data-graph="sum"]').click();
    await expect.poll(() => item("sum").getAttribute("aria-selected")).toBe("true");
    await opened.close();
  });

  it("passes are stepped through, and texts searched", async () => {
    const opened = await open(join(rounds, "index.html"), { hash: "tab=compiler" });
    const title = opened.page.locator('[data-view="passes"] .pass-head h3');
    expect(await opened.page.locator('[data-view="passes"] .diff .made').count()).toBeGreaterThan(0);
    const before = await title.innerText();
    await opened.page.getByRole("button", { name: "next", exact: true }).click();
    await expect.poll(() => title.innerText()).not.toBe(before);
    await opened.page.locator('[data-view="passes"] .pass-list button', { hasText: "mapping" }).click();
    await opened.page.locator('[data-view="passes"] input[type=search]').fill("routes");
    await opened.page.locator('[data-view="passes"] .text-line.at mark').waitFor();
    await opened.close();
  });

  it("words explain themselves on hover and focus, until Escape", async () => {
    const opened = await open(page(), { hash: "tab=stages" });
    const word = opened.page.locator('[data-view="stages"] [data-column="slowdown"]');
    await word.hover();
    await opened.page.locator("[role=tooltip]", { hasText: "required rate / achieved rate" }).waitFor();
    await opened.page.locator("[role=tooltip]").hover();
    await opened.page.waitForTimeout(300);
    expect(await opened.page.locator("[role=tooltip]").count()).toBe(1);
    await opened.page.keyboard.press("Escape");
    expect(await opened.page.locator("[role=tooltip]").count()).toBe(0);
    await word.focus();
    expect(await word.getAttribute("aria-describedby")).toBe("term-box");
    await opened.close();
  });

  it.each(["overview", "stages", "program", "compiler"])("%s of two runs says what changed", async (tab) => {
    const opened = await open(page(), { hash: `tab=${tab}&sides=difference`, width: 1920 });
    await opened.page.locator("input[type=file]").setInputFiles(join(b, "index.html"));
    await opened.page.locator("main h3", { hasText: "B less A" }).first().waitFor();
    const text = await opened.page.locator("main").innerText();
    expect(text).toMatch({ overview: /A [\d.]+ us, [−+]/, stages: /A \d/, program: /A .* points/, compiler: /only in A/ }[tab]!);
    await opened.close();
  });
});

const rowsOf = (page: Page): Promise<readonly string[]> =>
  page.locator('[data-view="stages"] tbody tr:not(.inside) .picker').evaluateAll((items) => items.map((item) => item.getAttribute("title") ?? ""));

/** Shares of a column, in percent. */
async function columnOf(page: Page, column: string): Promise<readonly number[]> {
  const position = await page
    .locator('[data-view="stages"] thead th')
    .evaluateAll((heads, id) => heads.findIndex((head) => head.querySelector(`[data-column="${id}"]`) !== null), column);
  const texts = await page.locator(`[data-view="stages"] tbody tr > :nth-child(${position + 1})`).allInnerTexts();
  return texts.map((text) => (text.startsWith("<") ? 0.05 : Number.parseFloat(text)));
}

/** Of a line of CSV. */
const cellsOf = (line: string): readonly string[] => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) => cell!);
