import { describe, expect, it } from "vitest";
import { channelBytes, peakBytesPerSecond, refreshShare, rowBytes, unloadedReadTicks } from "../../../src/machine/dram/figures.ts";
import { partOf } from "../../../src/machine/dram/part.ts";

const ddr4 = partOf({ organization: "DDR4_8Gb_x8", speed: "DDR4_3200AA" });
const ddr5 = partOf({ organization: "DDR5_16Gb_x8", speed: "DDR5_4800AN" });
const hbm2 = partOf({ organization: "HBM2_8Gb", speed: "HBM2_2000Mbps" });
const hbm3 = partOf({ organization: "HBM3_16Gb_8hi", speed: "HBM3_6400Mbps" });

describe("the closed figures of a part", () => {
  it("peak: pins times rate", () => {
    expect(peakBytesPerSecond(ddr4)).toBeCloseTo(25.6e9);
    expect(peakBytesPerSecond(ddr5) / 1e9).toBeCloseTo(19.2308, 4);
    expect(peakBytesPerSecond(hbm2)).toBeCloseTo(32e9);
    expect(peakBytesPerSecond(hbm3)).toBeCloseTo(51.2e9);
  });

  it("rows and capacity", () => {
    expect([rowBytes(ddr4), rowBytes(ddr5), rowBytes(hbm2)]).toEqual([8192, 4096, 1024]);
    expect([channelBytes(ddr4), channelBytes(hbm2)]).toEqual([2 ** 33, 2 ** 31]);
  });

  it("a read of an idle channel", () => {
    expect((["hit", "miss", "conflict"] as const).map((row) => unloadedReadTicks(ddr4, row))).toEqual([26, 48, 70]);
    expect((["hit", "miss", "conflict"] as const).map((row) => unloadedReadTicks(ddr5, row))).toEqual([42, 76, 109]);
  });

  it("refresh: the share of time that it takes", () => {
    expect(refreshShare(ddr4, "all-bank")).toBeCloseTo(576 / 12480);
    expect(refreshShare(hbm2, "per-bank")).toBeCloseTo(160 / (122 * 32));
    expect(refreshShare(ddr4, "per-bank")).toBe(0);
  });
});
