/** Address mappings: there and back, one address a place, and the orders that the field names. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partOf } from "../../../src/machine/dram/part.ts";
import { addressOf, createMapping, locate, type MappingChoice, NAMED_MAPPINGS, type Place } from "../../../src/memory/dram/mapping.ts";
import { PARTS } from "../../support/dram.ts";

const ddr4 = partOf({ organization: "DDR4_8Gb_x8", speed: "DDR4_3200AA" });
const nowhere = (): Place => ({ channel: -1, bank: -1, row: -1, column: -1 });

function placeOf(choice: MappingChoice, address: number, part = ddr4): Place {
  const place = nowhere();
  locate(createMapping(part, choice), address, place);
  return place;
}

const orders = [...Object.keys(NAMED_MAPPINGS), "rochrastpcbabgco", "chrastpcbabgroco", "rorastpccobaco3bgchco2", "RoRaStPcBgBaChCo"];

describe("an address mapping", () => {
  for (const choice of PARTS) {
    const part = partOf(choice);
    it(`leads from any address of ${choice.organization} to its place and back`, () => {
      const cases = fc.tuple(fc.constantFrom(...orders), fc.constantFrom(1, 2, 8, 12), fc.integer({ min: 0, max: 2 ** 45 }), fc.constantFrom(1, 4));
      fc.assert(
        fc.property(cases, ([order, channels, seed, accesses]) => {
          const outside = order in NAMED_MAPPINGS ? { interleave_bytes: accesses * part.access_bytes } : {};
          const mapping = createMapping(part, { channels, order, ...outside });
          const capacity = channels * part.banks * part.rows * part.columns * part.access_bytes;
          const address = (seed * part.access_bytes) % capacity;
          const place = nowhere();
          locate(mapping, address, place);
          expect([place.channel < channels, place.bank < part.banks, place.row < part.rows, place.column < part.columns]).toEqual([true, true, true, true]);
          expect(addressOf(mapping, place)).toBe(address);
        }),
        { numRuns: 200 },
      );
    });
  }

  it("wraps round above its highest field", () => {
    expect(placeOf({ channels: 1, order: "RoBaRaCoCh" }, 2 ** 33 + 64)).toEqual(placeOf({ channels: 1, order: "RoBaRaCoCh" }, 64));
  });

  it("RoBaRaCoCh fills a row, then goes to the next bank group, then to the next bank", () => {
    const at = (address: number): Place => placeOf({ channels: 1, order: "RoBaRaCoCh" }, address);
    expect(at(64)).toEqual({ channel: 0, bank: 0, row: 0, column: 1 });
    expect(at(8192)).toEqual({ channel: 0, bank: 4, row: 0, column: 0 });
    expect(at(4 * 8192)).toEqual({ channel: 0, bank: 1, row: 0, column: 0 });
    expect(at(16 * 8192)).toEqual({ channel: 0, bank: 0, row: 1, column: 0 });
  });

  it("ChRaBaRoCo fills a bank before the next", () => {
    expect(placeOf({ channels: 1, order: "ChRaBaRoCo" }, 8192)).toEqual({ channel: 0, bank: 0, row: 1, column: 0 });
    expect(placeOf({ channels: 1, order: "ChRaBaRoCo" }, 8192 * 65536)).toEqual({ channel: 0, bank: 1, row: 0, column: 0 });
  });

  it("MOP4CLXOR moves on after four lines, and XORs bank group, bank and row with the column", () => {
    const at = (line: number): Place => placeOf({ channels: 1, order: "MOP4CLXOR" }, 64 * line);
    expect(at(3)).toEqual({ channel: 0, bank: 3 * 4, row: 0, column: 3 });
    expect(at(4)).toEqual({ channel: 0, bank: 4, row: 0, column: 0 });
    expect(at(4 * 16)).toEqual({ channel: 0, bank: 1, row: 0, column: 4 });
    expect(at(4 * 16 * 4)).toEqual({ channel: 0, bank: 0, row: 1, column: 16 });
  });

  it("cuts the channel out below an order that does not name it", () => {
    const at = (line: number): Place => placeOf({ channels: 4, order: "RoBaRaCoCh", interleave_bytes: 128 }, 64 * line);
    expect([0, 1, 2, 7, 8].map((line) => [at(line).channel, at(line).column])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [3, 1],
      [0, 2],
    ]);
  });

  it("takes DRAMsim3's orders as they are written", () => {
    const at = (line: number): Place => placeOf({ channels: 2, order: "rochrababgco" }, 64 * line);
    expect([at(127).column, at(128).bank, at(4 * 128).bank, at(16 * 128).channel, at(32 * 128).row]).toEqual([127, 4, 1, 1, 1]);
  });

  it("refuses an order that leaves a field out, or names one that does not exist", () => {
    expect(() => createMapping(ddr4, { channels: 2, order: "robabgco" })).toThrow('address mapping "robabgco": it does not take ch whole and once');
    expect(() => createMapping(ddr4, { channels: 1, order: "robaxxco" })).toThrow("a field is one of");
  });
});
