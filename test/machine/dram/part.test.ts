/** Parts: every combination of the tables resolves; figures restated from Ramulator 2.1's own resolution of three of them. */

import { describe, expect, it } from "vitest";
import { standards } from "../../../src/machine/dram/index.ts";
import { partOf } from "../../../src/machine/dram/part.ts";
import { evaluate } from "../../../src/machine/dram/standard.ts";

describe("the DRAM tables", () => {
  for (const standard of standards) {
    it(`${standard.name}: every organisation at every speed has all timings that its rules name`, () => {
      for (const organization of Object.keys(standard.organizations)) {
        for (const speed of Object.keys(standard.speeds)) {
          const part = partOf({ organization, speed });
          expect(Object.values(part.timings).every((clocks) => Number.isInteger(clocks) && clocks > 0)).toBe(true);
          expect(part.rules.every(({ delay }) => Number.isInteger(delay))).toBe(true);
          expect(Math.log2(part.columns) % 1).toBe(0);
        }
      }
    });
  }

  it("resolve as the peer resolves them", () => {
    const timings = (organization: string, speed: string) => partOf({ organization, speed }).timings;
    expect(timings("DDR4_8Gb_x8", "DDR4_3200AA")).toEqual({
      nBL: 4,
      nCL: 22,
      nRCD: 22,
      nRP: 22,
      nRAS: 52,
      nRC: 74,
      nWR: 24,
      nRTP: 12,
      nCWL: 16,
      nCCDS: 4,
      nCCDL: 8,
      nWTRS: 4,
      nWTRL: 12,
      nCS: 2,
      nRRDS: 4,
      nRRDL: 8,
      nFAW: 34,
      nRFC: 576,
      nREFI: 12480,
    });
    expect(timings("DDR5_16Gb_x8", "DDR5_4800AN")).toEqual({
      nBL: 8,
      nCL: 34,
      nRCD: 34,
      nRP: 34,
      nRAS: 77,
      nRC: 111,
      nWR: 72,
      nRTP: 18,
      nCWL: 32,
      nPPD: 2,
      nCCDS: 8,
      nCCDL: 12,
      nCCDS_WR: 8,
      nCCDL_WR: 48,
      nWTRS: 6,
      nWTRL: 24,
      nCS: 2,
      nRRDS: 8,
      nRRDL: 12,
      nFAW: 48,
      nRFC: 710,
      nREFI: 9375,
    });
    expect(timings("HBM2_8Gb", "HBM2_2000Mbps")).toEqual({
      nBL: 2,
      nCL: 14,
      nRCDRD: 14,
      nRCDWR: 12,
      nRP: 14,
      nRAS: 34,
      nRC: 48,
      nWR: 16,
      nRTP: 5,
      nCWL: 5,
      nCCDS: 2,
      nCCDL: 4,
      nWTRS: 6,
      nWTRL: 8,
      nRRDS: 4,
      nRRDL: 4,
      nFAW: 15,
      nRFC: 350,
      nRFCpb: 160,
      nRREFD: 8,
      nREFI: 3900,
      nREFIpb: 122,
    });
  });

  it("count a command of several clocks from its last one", () => {
    const between = (after: string, before: string) =>
      partOf({ organization: "DDR5_16Gb_x8", speed: "DDR5_4800AN" }).rules.find((rule) => rule.level === 3 && rule.after === after && rule.before === before)
        ?.delay;
    expect([between("ACT", "PREpb"), between("PREpb", "ACT"), between("ACT", "RD")]).toEqual([77 + 1, 34 - 1, 34]);
  });

  it("take other counts and timings, and say what they do not know", () => {
    expect(partOf({ organization: "DDR4_8Gb_x8", speed: "DDR4_3200AA", counts: { rank: 2 } }).banks).toBe(32);
    expect(partOf({ organization: "DDR4_8Gb_x8", speed: "DDR4_3200AA", timings: { nCL: 30 } }).readLatency).toBe(34);
    expect(() => partOf({ organization: "DDR4_8Gb_x9", speed: "DDR4_3200AA" })).toThrow('there is no DRAM organisation "DDR4_8Gb_x9"');
    expect(() => partOf({ organization: "DDR4_8Gb_x8", speed: "DDR4_9999" })).toThrow('there is no speed grade "DDR4_9999"');
  });

  it("evaluate sums", () => expect(evaluate("nCL + nBL + 2 - nCWL", { nCL: 22, nBL: 4, nCWL: 16 })).toBe(12));
});
