/** `weft dram`: a stream on a memory, told in words and as JSON; and what is said where the words are wrong. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../support/cli.ts";
import { said } from "../support/said.ts";

vi.mock("../../src/cli/thread.ts", async (original) => ({ ...(await original<object>()), inThread: (await import("../support/said.ts")).inThisThread }));

const dram = (line: string) => said(["dram", ...line.split(" ")]);

/** The first row of DRAMsim3's of test/validation/data/dram.json, on 2000 lines of it. */
const IDLE = "--pattern seq --source idle --lines 2000";

describe("weft dram", () => {
  it("tells bandwidth, latency, commands and energy of a configuration of DRAMsim3", async () => {
    const { code, stdout } = await dram(`DDR4_8Gb_x8_3200 ${IDLE}`);
    expect(code).toBe(0);
    expect(stdout).toBe(`DDR4_8Gb_x8_3200: 2,000 reads and 0 writes in 59,335 ticks of 630 ps
bandwidth  3.4242 GB/s, 13.5 % of 25.3968
latency    28.668 ticks on average, 18.061 ns; p50 27, p95 27, p99 49, most 629 ticks
commands   21 activates, 19 precharges, 2,000 reads, 0 writes, 9 refreshes, 0 bank refreshes
energy     43.412 uJ
`);
  });

  it("takes a file of DRAMsim3's format, and a part of the standards' tables, with settings", async () => {
    const file = join(temporaryFolder(), "slow.ini");
    writeFileSync(file, "[dram_structure]\nprotocol = DDR3\n[timing]\nCL = 30\n[system]\nchannels = 1\n");
    const slow = JSON.parse((await dram(`${file} ${IDLE} --set timing.CL=40 --json -`)).stdout);
    expect(slow.latency_ticks.p50).toBe(1 + 40 + 4);
    const fast = JSON.parse((await dram(`DDR5_16Gb_x8,DDR5_4800AN ${IDLE} --set mapping=MOP4CLXOR --set refresh=none --set nCL=20 --json -`)).stdout);
    expect([fast.reads, fast.commands.refreshes, fast.latency_ticks.p50 < 40]).toEqual([2000, 0, true]);
  });

  it("tells of writes that count as done and wait: a short stream of them seems faster than the pins", async () => {
    const line = "DDR3_1Gb_x8_1333 --pattern seqw --lines 307";
    const { writes, commands, bytes_per_second, peak_bytes_per_second } = JSON.parse((await dram(`${line} --json -`)).stdout);
    expect([writes, commands.writes, bytes_per_second > peak_bytes_per_second]).toEqual([307, 259, true]);
    expect((await dram(line)).stdout).toContain("waiting    48 writes, done once the controller took them in, not yet in the banks");
    expect((await dram("DDR5_16Gb_x8,DDR5_4800AN --pattern seqw --lines 307")).stdout).not.toContain("waiting");
  });

  it("refuses a file that holds none of DRAMsim3's sections, and a structure that fills no rank", async () => {
    const file = join(temporaryFolder(), "none.ini");
    writeFileSync(file, "tCK = 1\n");
    expect((await dram(`${file} ${IDLE}`)).stderr).toContain("expected the sections dram_structure, timing, power or system, found none of them");
    for (const key of ["system.bus_width=4", "dram_structure.rows=100", "dram_structure.BL=3"])
      expect((await dram(`DDR4_8Gb_x8_3200 --set ${key}`)).stderr).toContain("dram_structure: expected banks of whole megabytes");
  });

  it("says what is wrong, where, and what would be right", async () => {
    const faults: readonly (readonly [line: string, said: string])[] = [
      ["DDR4_8Gb_x8_320", 'there is no memory "DDR4_8Gb_x8_320"; did you mean "DDR4_8Gb_x8_3200"?'],
      ["DDR4_8Gb_x8,DDR4_3200A", 'there is no speed grade "DDR4_3200A"; did you mean "DDR4_3200AA"?'],
      ["DDR4_8Gb_x8_3200 --pattern sqe", 'there is no pattern "sqe"; did you mean "seq"?'],
      ["DDR4_8Gb_x8_3200 --source rate:-1", 'there is no source "rate:-1"; expected max, idle or rate:ACCESSES_PER_TICK, of at least 0.000001'],
      ["DDR4_8Gb_x8_3200 --source rate:1e-9", 'there is no source "rate:1e-9"; expected max, idle or rate:ACCESSES_PER_TICK, of at least 0.000001'],
      ["DDR4_8Gb_x8_3200 --lines 1e15", '--lines: expected a whole number from 1 to 100000000, found "1e15"'],
      ["DDR4_8Gb_x8_3200 --range 100B", '--range: expected a size with its unit, a multiple of 256 B, found "100B"; for instance 1GiB'],
      ["DDR4_8Gb_x8_3200 --set mapping", '--set: expected KEY=VALUE, found "mapping"; for instance mapping=MOP4CLXOR'],
      [
        "DDR4_8Gb_x8_3200 --set sytem.channels=2",
        '--set: there is no "sytem.channels" to set; expected dram_structure.KEY, timing.KEY, power.KEY or system.KEY',
      ],
      ["DDR5_16Gb_x8,DDR5_4800AN --set refrsh=none", '--set: there is no "refrsh" to set; did you mean "refresh"?'],
      ["DDR5_16Gb_x8,DDR5_4800AN --set refresh=nun", '--set: there is no refresh "nun"; expected none, all-bank, staggered, per-bank or paired'],
      ["DDR4_8Gb_x8_3200 --set system.channels=0", 'system.channels: expected a number from 1 to 1024, found "0"'],
      ["DDR4_8Gb_x8_3200 --set timing.tRCD=x", 'timing.tRCD: expected a number from 0 to 10000000, found "x"'],
      ["DDR4_8Gb_x8_3200 --set timing.tCK=0", "timing.tCK: expected more than 0, found 0"],
      ["DDR4_8Gb_x8_3200 --set timing.tREFI=1", "timing.tREFI: expected more than tRFC = 560, found 1"],
      ["DDR5_16Gb_x8,DDR5_4800AN --set nRCDX=1", 'there is no timing of DDR5 "nRCDX"; did you mean "nRCD"?'],
      ["DDR5_16Gb_x8,DDR5_4800AN --set channels=1e9", '--set channels: expected a whole number from 1 to 1024, found "1e9"'],
      ["DDR5_16Gb_x8,DDR5_4800AN --set nREFI=1", "nREFI: expected refreshes further apart than the 710 ticks that each takes, found 1"],
    ];
    for (const [line, text] of faults) expect(await dram(line), line).toMatchObject({ code: 2, stdout: "", stderr: `weft: ${text}\n` });
  });
});
