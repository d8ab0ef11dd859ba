/** Live mode: what the page simulates is what the command line simulates, to the byte; it can be cancelled, and says in words what is wrong. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import type { RunResult } from "../../src/result/result.ts";
import type { App } from "../../viz/app/view.ts";
import { root } from "../support/cli.ts";
import { freshFolder, inBrowser, runTo } from "./support.ts";

const PAIRS: readonly { readonly workload: string; readonly machine: string; readonly settings: readonly string[] }[] = [
  { workload: "softmax", machine: "plasticine", settings: ["rows=96", "machine.pcu.lanes=8"] },
  { workload: "gemm", machine: "sn40l", settings: ["m=64", "n=64", "k=256"] },
  { workload: "kmeans", machine: "plasticine", settings: ["n=64", "dim=4", "k=4", "iterations=3"] },
  { workload: "plasticine-outer", machine: "plasticine-20x20-ddr4", settings: ["m=512", "n=512"] },
  { workload: "layernorm", machine: "sn10", settings: ["rows=64"] },
  { workload: "attention", machine: "h100", settings: [] },
];

inBrowser("live mode", (open) => {
  let file: string;
  beforeAll(async () => {
    file = join(await runTo(["softmax", "--set", "rows=64", "--set", "cols=100"]), "index.html");
  });
  const live = (): ReturnType<typeof open> => open(file, { hash: "tab=live" });

  it("begins with the run of the page, and gives the bytes of the command line", async () => {
    const { page, close } = await live();
    await page.locator(".live-command", { hasText: "weft run softmax --machine plasticine --set rows=64 --set cols=100" }).waitFor();
    await page.getByRole("button", { name: "run", exact: true }).click();
    await ended(page);
    expect(await reportOf(page, 1)).toBe(await reportOf(page, 0));
    for (const { workload, machine, settings } of PAIRS) {
      const text = await asked(page, workload, machine, settings);
      expect(text, `${workload} on ${machine}`).toBe(withoutHost(nodeReport(await page.locator(".live-command").textContent())));
    }
    await close();
  });

  it("runs again where a slider moves, and shows the result beside the page's run or in its place", async () => {
    const { page, close } = await live();
    const slider = page.getByRole("slider", { name: "lanes of a PCU" });
    await slider.focus();
    await page.keyboard.press("ArrowRight");
    await ended(page);
    expect(await page.locator(".live-command").textContent()).toContain("--set machine.pcu.lanes=32");
    expect(await slider.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await page.locator("h1").textContent()).toContain("B: softmax on plasticine");
    await page.locator("[data-choice='show the result']").selectOption("in the place of the page's run");
    await ended(page);
    expect(await page.locator("h1").textContent()).toBe("softmax on plasticine");
    await page.getByRole("tab", { name: "Fabric" }).click();
    await page.getByRole("tab", { name: "Try it" }).click();
    expect(await page.getByRole("slider", { name: "lanes of a PCU" }).getAttribute("aria-valuetext")).toBe("32");
    await close();
  });

  it("is cancelled at once, and runs again after that", async () => {
    const { page, close } = await live();
    await page.locator("[data-choice=workload]").selectOption("attention");
    await page.locator("[data-choice=machine]").selectOption("sn40l");
    await page.locator(".live-status", { hasText: "compiling" }).waitFor();
    const before = Date.now();
    await page.getByRole("button", { name: "cancel" }).click();
    await page.locator(".live-status", { hasText: "cancelled" }).waitFor();
    expect(Date.now() - before).toBeLessThan(1000);
    await asked(page, "softmax", "plasticine", ["rows=32"]);
    await close();
  });

  it("says what is wrong in the words of the command line", async () => {
    const { page, close } = await live();
    await page.getByLabel("more settings").fill("machine.pcu.lane=8");
    const alert = page.locator(".live-fault:not(:empty)");
    await alert.waitFor();
    const { stderr } = spawnSync(process.execPath, [join(root, "bin/weft.js"), "run", "softmax", "--set", "machine.pcu.lane=8"], { encoding: "utf8" });
    expect(`${await alert.textContent()}\n`).toBe(stderr);
    await page.getByLabel("more settings").fill("");
    await ended(page);
    expect(await alert.count()).toBe(0);
    await close();
  });
});

/** The result of what is chosen now is shown. */
async function ended(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const [results, command, status] = [".live-results", ".live-command", ".live-status"].map((name) => document.querySelector<HTMLElement>(name));
      return results?.dataset.command === command?.textContent && status?.textContent?.startsWith("done in ") === true;
    },
    undefined,
    { timeout: 100_000 },
  );
}

/** The report without the host's part, once it is there. */
async function asked(page: Page, workload: string, machine: string, settings: readonly string[]): Promise<string> {
  await page.locator(".live-choices").waitFor();
  await page.locator("[data-choice=workload]").selectOption(workload);
  await page.locator("[data-choice=machine]").selectOption(machine);
  await page.getByLabel("more settings").fill(settings.join(" "));
  await ended(page);
  return reportOf(page, 1);
}

function reportOf(page: Page, position: 0 | 1): Promise<string> {
  return page.evaluate((at) => {
    const { host: _, ...report } = (window as unknown as { weft: App }).weft.runs()[at]!.report;
    return JSON.stringify(report);
  }, position);
}

function nodeReport(command: string | null): RunResult {
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, "bin/weft.js"), ...command!.split(" ").slice(1), "--json", "-"], {
    cwd: freshFolder(),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as RunResult;
}

function withoutHost({ host: _, ...report }: RunResult): string {
  return JSON.stringify(report);
}
