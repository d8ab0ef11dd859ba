/** The views of memory, of energy and of the GPU beside the run: what they draw is what the report says, and what is picked in them is picked everywhere. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import type { App } from "../../viz/app/view.ts";
import { drawnSums, inBrowser, type OpenedPage, reportedSums, reportIn, runTo } from "./support.ts";

declare const window: { readonly weft?: App };

const small = ["softmax", "--set", "rows=64", "--set", "cols=100"];
const several = ["kmeans", "--set", "n=64", "--set", "dim=4", "--set", "k=4", "--set", "iterations=3"];

inBrowser("the views of memory and of the GPU", (open) => {
  let a: string;
  let b: string;
  let rounds: string;
  beforeAll(async () => {
    a = await runTo(small);
    b = await runTo([...small, "--set", "rows=128"]);
    rounds = await runTo([...several, "--gpu", "none"]);
  }, 60_000);
  const at = (folder: string, hash: string): Promise<OpenedPage> => open(join(folder, "index.html"), { hash });

  it("draw the bytes of the report, by tier and direction", async () => {
    for (const folder of [a, rounds]) {
      const opened = await at(folder, "tab=memory");
      const { ddr } = reportIn(folder).tiers;
      for (const view of ["bandwidth", "tensors"]) {
        expect(await drawnBytes(opened.page, view)).toEqual({ "ddr read": ddr!.read_bytes, "ddr write": ddr!.write_bytes });
      }
      await opened.close();
    }
  });

  it("draw the energy of the report: the parts add up to its total, to the last digit", async () => {
    for (const folder of [a, rounds]) {
      const opened = await at(folder, "tab=memory");
      const parts = await opened.page.$$eval('[data-test="energy-sums"] [data-part]', (items) => items.map((item) => Number(item.getAttribute("data-pj"))));
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(reportIn(folder).energy_pJ.total);
      expect(await opened.page.locator("[data-view=energy] .flow").count()).toBeGreaterThan(4);
      await opened.page.locator("[data-view=energy] select").selectOption("treemap");
      await opened.page.locator("[data-view=energy] .treemap").waitFor();
      await opened.page.waitForFunction(() => location.hash.includes("energy.figure=treemap"));
      await opened.close();
    }
  });

  it("show a window that is dragged over bandwidth, zoom to it, and are found there again", async () => {
    const opened = await at(a, "tab=memory");
    const box = (await opened.page.locator("[data-view=bandwidth] .overlay").first().boundingBox())!;
    await opened.page.mouse.move(box.x + box.width * 0.7, box.y + 40);
    await opened.page.mouse.down();
    await opened.page.mouse.move(box.x + box.width * 0.9, box.y + 40, { steps: 4 });
    await opened.page.mouse.up();
    await opened.page.waitForFunction(() => location.hash.includes("window="));
    const inWindow = await drawnBytes(opened.page, "bandwidth");
    const { ddr } = reportIn(a).tiers;
    expect(inWindow["ddr read"]).toBeGreaterThan(0);
    expect(inWindow["ddr read"]).toBeLessThan(ddr!.read_bytes);
    expect(await drawnBytes(opened.page, "tensors")).toEqual(inWindow);
    await opened.page.getByRole("button", { name: "show the window alone" }).click();
    await opened.page.getByRole("button", { name: "show the whole run" }).waitFor();
    await opened.page.waitForFunction(() => location.hash.includes("memory.zoom=window"));
    const hash = await opened.page.evaluate(() => location.hash.slice(1));
    await opened.close();
    const again = await at(a, hash);
    expect(await drawnBytes(again.page, "bandwidth")).toEqual(inWindow);
    await again.page.getByRole("button", { name: "show the whole run" }).waitFor();
    await again.close();
  });

  it("pick a tensor in the table, in the legend and in what lives, by mouse and by keyboard", async () => {
    const opened = await at(a, "tab=memory");
    const picked = (name: string): Promise<unknown> =>
      opened.page.waitForFunction((wanted) => decodeURIComponent(location.hash).includes(`pick=tensor||${wanted}`), name);
    await opened.page.locator("[data-view=tensors] .row-name", { hasText: "x" }).click();
    await picked("x");
    await opened.page.locator("[data-view=bandwidth] .swatch", { hasText: "y" }).click();
    await picked("y");
    await opened.page.locator('[data-view=liveness] .life[aria-label^="x:"]').focus();
    await opened.page.keyboard.press("Enter");
    await picked("x");
    expect(await opened.page.locator("[data-view=tensors] tr.picked").count()).toBe(1);
    await opened.close();
  });

  it("tell what is under the pointer", async () => {
    const opened = await at(a, "tab=memory");
    const figure = opened.page.locator("[data-view=bandwidth] svg.plot").first();
    const box = (await figure.boundingBox())!;
    await opened.page.mouse.move(box.x + box.width * 0.8, box.y + 60);
    await opened.page.locator(".tip", { hasText: "served" }).waitFor();
    await opened.page.keyboard.press("Escape");
    await figure.focus();
    await opened.page.keyboard.press("ArrowRight");
    await opened.page.locator(".tip", { hasText: "served" }).waitFor();
    await opened.close();
  });

  it("draw where in time the cursor stands, in the window that is shown alone, too", async () => {
    const { cycles } = reportIn(a);
    const opened = await at(a, `tab=memory&cursor=${Math.round(cycles * 0.9)}`);
    const cursor = opened.page.locator("[data-view=bandwidth] line.cursor");
    const place = async (): Promise<number> => Number(await cursor.getAttribute("x1"));
    const late = await place();
    await opened.page.evaluate((cycle) => window.weft!.store.set({ cursor: cycle }), Math.round(cycles * 0.5));
    await expect.poll(place).toBeLessThan(late);
    await opened.page.evaluate((to) => window.weft!.store.set({ window: [0, to], options: { "memory.zoom": "window" } }), Math.round(cycles * 0.25));
    await expect.poll(() => cursor.getAttribute("visibility")).toBe("hidden");
    await opened.close();
  });

  it("draw the GPU's bytes and a waterfall that adds up, of each way to run its kernels", async () => {
    const opened = await at(a, "tab=gpu");
    const sides = await opened.page.evaluate(() => window.weft!.runs()[0]!.scene.gpu.sides.map(({ result }) => result.tiers.hbm!));
    const ends = await opened.page.evaluate(() => window.weft!.runs()[0]!.scene.gpu.comparison.waterfalls.map(({ from_ps, to_ps }) => [from_ps, to_ps]));
    expect([sides.length, ends.length]).toEqual([2, 2]);
    for (const [side, { read_bytes, write_bytes }] of sides.entries()) {
      await opened.page.locator("[data-view=gpu] select").first().selectOption(`${side}`);
      await expect.poll(() => drawnBytes(opened.page, "gpu")).toEqual({ "hbm read": read_bytes, "hbm write": write_bytes });
      const drawn = await opened.page.locator("[data-test=waterfall]").evaluate((group) => ({
        ends: [Number(group.getAttribute("data-from-ps")), Number(group.getAttribute("data-to-ps"))],
        parts: [...group.querySelectorAll("[data-ps]")].map((part) => Number(part.getAttribute("data-ps"))),
      }));
      expect(drawn.ends).toEqual(ends[side]);
      expect(drawn.parts.reduce((sum, part) => sum + part, drawn.ends[0]!)).toBe(drawn.ends[1]);
    }
    expect(await drawnSums(opened.page, "gpu")).toEqual(reportedSums(reportIn(a)));
    await opened.close();
  });

  it("say why each part of the waterfall is there, by keyboard, too", async () => {
    const opened = await at(a, "tab=gpu");
    const [first, why] = await opened.page.evaluate(() => {
      const [waterfall] = window.weft!.runs()[0]!.scene.gpu.comparison.waterfalls;
      return [waterfall!.parts[0]!.name, waterfall!.parts[0]!.why];
    });
    const part = opened.page.locator(`[data-part="${first}"]`);
    expect(await part.getAttribute("aria-label")).toContain(why);
    await opened.page.keyboard.press("Tab");
    await part.focus();
    await opened.page.locator(".tip", { hasText: why! }).waitFor();
    await opened.close();
  });

  it("pick kernels and sections in the roofline and on the line of time", async () => {
    const opened = await at(a, "tab=gpu");
    const points = await opened.page.locator("[data-view=roofline] [data-point]").count();
    expect(points).toBe(
      await opened.page.evaluate(
        () => window.weft!.runs()[0]!.scene.gpu.comparison.roofline.points.filter(({ operations_per_byte }) => operations_per_byte !== null).length,
      ),
    );
    await opened.page.locator("[data-view=roofline] circle[data-point]").first().focus();
    await opened.page.keyboard.press("Enter");
    await opened.page.waitForFunction(() => location.hash.includes("pick=section"));
    await opened.page.locator("[data-view=gpu] .kernel").first().click();
    await opened.page.waitForFunction(() => location.hash.includes("pick=kernel"));
    await opened.page.locator("[data-view=roofline] .swatch").first().click();
    await expect.poll(() => opened.page.locator("[data-view=roofline] [data-point]").count()).toBe(points - 1);
    await opened.close();
  });

  it("compare two runs: A, B and the change", async () => {
    const opened = await at(a, "tab=memory&sides=difference");
    await opened.page.locator("input[type=file]").setInputFiles(join(b, "index.html"));
    await opened.page.locator("[data-view=energy] table.energy-change").waitFor();
    const [one, two] = [reportIn(a), reportIn(b)];
    expect(await drawnBytes(opened.page, "bandwidth")).toEqual({ "ddr read": two.tiers.ddr!.read_bytes, "ddr write": two.tiers.ddr!.write_bytes });
    expect(two.tiers.ddr!.read_bytes).toBeGreaterThan(one.tiers.ddr!.read_bytes);
    expect(await opened.page.locator("[data-view=bandwidth] .base-line").count()).toBe(1);
    expect(await opened.page.locator("[data-view=tensors] thead").textContent()).toContain("change");
    await opened.page.getByRole("tab", { name: "Beside a GPU" }).click();
    await opened.page.locator("[data-view=gpu]", { hasText: "sections of A" }).waitFor();
    await opened.close();
  });

  it("say in words that there is no GPU, and draw the roofline of the run alone", async () => {
    const opened = await at(rounds, "tab=gpu");
    await opened.page.locator("[data-view=gpu] .absent", { hasText: "no GPU was asked for" }).waitFor();
    expect(await opened.page.locator("[data-view=roofline] [data-point]").count()).toBeGreaterThan(0);
    await opened.close();
  });

  it("show a picked section's energy alone", async () => {
    const report = reportIn(rounds);
    const [first] = report.energy_detail.sections;
    const opened = await at(rounds, `tab=memory&pick=${encodeURIComponent(`section||${first!.name}`)}`);
    const parts = await opened.page.$$eval('[data-test="energy-sums"] [data-part]', (items) => items.map((item) => Number(item.getAttribute("data-pj"))));
    expect(parts.reduce((sum, part) => sum + part, 0)).toBe(first!.energy_pJ.total);
    await opened.close();
  });

  it("are saved as pictures", async () => {
    const opened = await at(a, "tab=memory");
    for (const view of ["bandwidth", "energy"]) {
      const panel = opened.page.locator(`[data-view=${view}]`);
      const [download] = await Promise.all([opened.page.waitForEvent("download"), panel.getByRole("button", { name: "as SVG" }).click()]);
      expect(readFileSync(await download.path(), "utf8")).toContain("<path");
    }
    await opened.close();
  });
});

/** "hbm read" -> bytes, as a view says that it draws them. */
async function drawnBytes(page: Page, view: string): Promise<Readonly<Record<string, number>>> {
  return page.$$eval(`[data-test="${view}-bytes"] [data-bytes]`, (items) =>
    Object.fromEntries(
      items.map((item) => [`${item.getAttribute("data-tier")} ${item.getAttribute("data-direction")}`, Number(item.getAttribute("data-bytes"))]),
    ),
  );
}
