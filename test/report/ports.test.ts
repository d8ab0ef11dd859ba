import { expect, test } from "vitest";
import { describeRoots, groupOf } from "../../src/report/causes.ts";
import { unitRows } from "../../src/report/units.ts";
import { tilesRead, withPmu } from "../support/banks.ts";
import { run } from "../support/fabrics.ts";

const { fabric, inputs } = tilesRead({ tiles: 2, rows: 16, cols: 16, readers: ["rows", "rows"], reps: 200 });

test("what waits for a vector that queues at a port waits for the port", () => {
  const rows = unitRows(run(fabric, inputs, { machine: withPmu({}), values: false }));
  const { starved_cycles, causes } = rows.find(({ id }) => id === "sum1")!;
  const port = causes.filter(({ root }) => root === "tile read port").reduce((sum, { cycles }) => sum + cycles, 0);
  expect(port).toBeGreaterThan(0.8 * starved_cycles);
  expect(describeRoots(rows)).toMatch(/go back to tile read port/);
});

test("with a port for each nobody does", () => {
  const rows = unitRows(run(fabric, inputs, { machine: withPmu({ read_ports: 2 }), values: false }));
  expect(rows.flatMap(({ causes }) => causes).filter(({ root }) => root.includes("port"))).toEqual([]);
});

test("ports of copies are one group", () => {
  const groups = new Map([["y.x0[3]", "pmus of y"]]);
  expect(groupOf("y.x0[3]", groups)).toBe("pmus of y");
  expect(groupOf("y.x0[3] read port", groups)).toBe("read ports of pmus of y");
  expect(groupOf("y.x0[3] write port 1", groups)).toBe("write ports of pmus of y");
  expect(groupOf("hbm (latency)", groups)).toBeUndefined();
});
