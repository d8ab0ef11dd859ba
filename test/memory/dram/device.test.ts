/** Every rule of every standard binds, and no sooner and no later than it says: refused a tick before, accepted at its tick. */

import { describe, expect, it } from "vitest";
import { commandsOf, type Part, partOf, type TickRule } from "../../../src/machine/dram/part.ts";
import type { Command } from "../../../src/machine/dram/standard.ts";
import { CLOSED, createDevice, type DeviceState, earliestIssue, issue } from "../../../src/memory/dram/device.ts";
import { PARTS } from "../../support/dram.ts";

const ROW = 5;
const START = 100;

/** Two ranks where there are ranks, so that rules between siblings have some. */
const parts = PARTS.map((choice) => partOf({ ...choice, counts: choice.organization.startsWith("DDR") ? { rank: 2 } : {} }));

for (const part of parts) {
  describe(`${part.standard.name} rules`, () => {
    const binding = part.rules.filter(({ delay }) => delay > 0);
    it("are many", () => expect(binding.length).toBeGreaterThan(40));

    for (const rule of binding) {
      it(`${rule.after} -> ${rule.before} at ${part.levels[rule.level]!.level}${rule.siblings ? " siblings" : ""} (${rule.what}): ${rule.delay} ticks`, () => {
        const device = createDevice({ ...part, rules: [rule] });
        const [first, ...others] = banksOf(part, rule);
        if (first === undefined) return expect(hasSiblings(part, rule)).toBe(false);
        const then = START + rule.delay;
        for (let i = 0; i < rule.window; i++) send(device, rule.after, first, START + i);
        for (const bank of others) {
          allow(device, rule.before, bank);
          expect(earliestIssue(device, rule.before, { bank, row: ROW }, START + rule.window)).toBe(Math.max(then, START + rule.window));
          expect(() => issue(device, rule.before, { bank, row: ROW }, then - 1)).toThrow(`may not issue before ${then}`);
        }
        const last = others.at(-1)!;
        allow(device, rule.before, last);
        issue(device, rule.before, { bank: last, row: ROW }, then);
      });
    }
  });
}

describe("a device", () => {
  const part = partOf(PARTS[1]!);
  it("has the commands of its standard's rules", () =>
    expect(commandsOf(part.standard).toSorted()).toEqual(["ACT", "PREab", "PREpb", "RD", "RDA", "REFab", "WR", "WRA"]));

  it("never reads a closed bank, nor another row than the open one", () => {
    const device = createDevice(part);
    expect(earliestIssue(device, "RD", { bank: 3, row: 7 }, 1)).toBe(Number.POSITIVE_INFINITY);
    issue(device, "ACT", { bank: 3, row: 7 }, 1);
    expect(earliestIssue(device, "RD", { bank: 3, row: 7 }, 1)).toBe(1 + 22);
    expect(earliestIssue(device, "RD", { bank: 3, row: 8 }, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(() => issue(device, "ACT", { bank: 3, row: 8 }, 500)).toThrow("ACT to bank 3 at 500");
  });

  it("refreshes closed banks only", () => {
    const device = createDevice(part);
    issue(device, "ACT", { bank: 3, row: 7 }, 1);
    expect(earliestIssue(device, "REFab", { bank: 0, row: CLOSED }, 1)).toBe(Number.POSITIVE_INFINITY);
    issue(device, "PREab", { bank: 0, row: CLOSED }, 53);
    expect(earliestIssue(device, "REFab", { bank: 0, row: CLOSED }, 54)).toBe(53 + 22);
  });
});

/** The bank that gets `after`, and those that must wait for it: of the same node, or of a sibling. None where the part has no sibling. */
function banksOf(part: Part, { level, siblings }: TickRule): readonly number[] {
  const under = part.banksUnder[level]!;
  if (!siblings) return under === 1 ? [1, 1] : [0, 0, under - 1];
  return hasSiblings(part, { level }) ? [0, under, 2 * under - 1] : [];
}

const hasSiblings = (part: Part, { level }: Pick<TickRule, "level">): boolean => part.levels[level]!.count > 1;

function send(device: DeviceState, command: Command, bank: number, at: number): void {
  allow(device, command, bank);
  issue(device, command, { bank, row: ROW }, at);
}

/** Opens or closes rows behind the device's back, so that only the rule is in the way. */
function allow(device: DeviceState, command: Command, bank: number): void {
  const isAccess = command === "RD" || command === "WR" || command === "RDA" || command === "WRA";
  device.open.fill(CLOSED);
  if (isAccess) device.open[bank] = ROW;
}
