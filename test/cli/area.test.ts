/** `weft area`. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../src/cli/files.ts";
import { temporaryFolder } from "../support/cli.ts";
import { said, wordsOf } from "../support/said.ts";

const area = async (command: string): Promise<string> => {
  const { stdout, stderr } = await said(wordsOf(command));
  return stdout + stderr;
};

describe("weft area", () => {
  it("prints what a machine takes", async () => {
    const text = await area("area plasticine");
    expect(text).toContain("plasticine: 112.796 mm2 at 28 nm");
    expect(text).toMatch(/address generator +34 +0\.055 +1\.870 +1\.7 %/);
  });

  it("takes settings of the machine, and other tables", async () => {
    expect(await area("area plasticine --set machine.pcu.lanes=32")).toContain("plasticine: 161.820 mm2 at 28 nm");
    expect(await area("area plasticine --set machine.energy=sn40l")).toContain("at 5 nm");
  });

  it("writes JSON", async () => {
    const file = join(temporaryFolder(), "area.json");
    await area(`area sn40l --json ${file}`);
    const report = JSON.parse(readFileSync(file, "utf8"));
    expect(report).toMatchObject({ schemaVersion: 1, machine: "sn40l", table: "sn40l", process_nm: 5, kinds: { pcu: { count: 1040 } } });
    const total = Object.values(report.kinds as Record<string, { total_mm2: number }>).reduce((sum, { total_mm2 }) => sum + total_mm2, 0);
    expect(report.total_mm2).toBeCloseTo(total, 9);
  });

  it("refuses settings of a workload, and machines that there are not", async () => {
    expect(await area("area plasticine --set rows=3")).toContain("--set rows=3: an area has no workload");
    expect(await area("area plasticin")).toContain('did you mean "plasticine"?');
    expect(await area("area")).toContain("area needs a machine");
  });

  it("refuses a machine whose DRAM no controller could serve, as every command does", async () => {
    const refused = (field: string): Promise<string> => area(`area sn40l --set machine.tiers.ddr.dram.${field}`);
    expect(await refused("mapping=robabgra")).toContain('tiers.ddr.dram: address mapping "robabgra": it does not take co whole and once: 128');
    expect(await refused("controller.refresh=per-bank")).toContain("tiers.ddr.dram: DDR5 has no per-bank refresh");
    const file = join(temporaryFolder(), "sn40l.yaml");
    writeFileSync(file, readFileSync(join(packageRoot, "configs/sn40l.yaml"), "utf8").replaceAll(/mapping: (\{ value: )?\w+/g, "mapping: $1robaxx"));
    expect(await area(`check ${file}`)).toContain('address mapping "robaxx": a field is one of ch');
  });

  it("says where a flag of other commands is none of this one", async () => {
    expect(await area("check configs/sn40l.yaml --set a=b")).toBe("weft: check takes no --set; weft check --help says more\n");
  });
});
