import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import type { Fabric } from "../../src/fabric/fabric.ts";
import { checkFabric, verifyFabric } from "../../src/fabric/verify.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { centreRows, dot, elementwise, groupBy, systolicGemm } from "../support/examples.ts";
import { tensor, tinyMachine } from "../support/fabrics.ts";
import { steeredFabrics } from "../support/indirect-examples.ts";

/** A copy with one thing changed, at a path such as `channels.a.depth`: entries of arrays go by id, name, tensor or index. `null` takes an entry out. */
function having<T>(whole: T, path: string, value: unknown): T {
  const copy = structuredClone(whole);
  const keys = path.split("/");
  let at = copy as Record<string, unknown> | Record<string, unknown>[];
  for (const key of keys.slice(0, -1)) at = entry(at, key) as typeof at;
  const last = keys.at(-1)!;
  if (value === null && Array.isArray(at)) at.splice(at.indexOf(entry(at, last) as Record<string, unknown>), 1);
  else (at as Record<string, unknown>)[last] = value;
  return copy;
}

function entry(at: Record<string, unknown> | Record<string, unknown>[], key: string): unknown {
  if (!Array.isArray(at)) return at[key];
  return at.find(({ id, name, tensor }) => key === id || key === name || key === tensor) ?? at[Number(key)];
}

/** Faults as `code: message`. */
function faultsOf(fabric: Fabric, machine: Machine = tinyMachine): readonly string[] {
  return verifyFabric(fabric, machine).map(({ code, message }) => `${code}: ${message}`);
}

const gemm = systolicGemm(8, 32, 16).fabric;
const rows = centreRows(7, 37).fabric;
const map = elementwise(100).fabric;
const scatter = groupBy(100, 7).fabric;
const { gather, fetch, append, hash, shard } = steeredFabrics();

/** `map` in a loop of 5 rounds that carries x and ends by `done`; its load goes by the round. */
const looped: Fabric = {
  ...having(map, "sections/0/units/load.a/nests/load/work/access/dims/0/rounds", { r: 1 }),
  tensors: [...map.tensors, tensor("x0", "f32", [100], 1 << 22), tensor("done", "bool", [], 1 << 23), tensor("n", "i32", [], 1 << 24)],
  steps: [
    {
      ...{ kind: "repeat", name: "loop", round: "r", times: 5, until: "done" },
      carries: [{ to: "x", init: "x0", from: "y" }],
      steps: [{ kind: "section", section: 0 }],
    },
  ],
};
/** `map` over the first n of 100 elements. */
const n = { tensor: "n", per: 16 };
const counted = ["load.a/nests/load", "axpy/nests/body", "store.b/nests/store"].reduce(
  (fabric, nest) => having(fabric, `sections/0/units/${nest}/loops/0/size`, n),
  having(looped, "sections/0/units/axpy/nests/body/guards", [{ value: { constant: 0, loops: [16], lane: 1 }, limit: 100, size: "n" }]),
);

describe("verifyFabric", () => {
  it("finds nothing wrong with the examples", () => {
    for (const fabric of [gemm, rows, map, scatter, dot(5).fabric, gather, fetch, append, hash, shard, looped, counted])
      expect(verifyFabric(fabric, tinyMachine)).toEqual([]);
  });

  it("leaves a hash alone in its unit", () => {
    const { nests } = hash.sections[0]!.units.find(({ id }) => id === "table")!;
    const crowded = having(hash, "sections/0/units/table/nests", [...nests, { ...nests[0]!, id: "more" }]);
    expect(faultsOf(crowded)).toContain("hash-alone: table.hash: shares table with 1 more nests; its probes take all ports");
  });

  it("throws all faults at once", () => {
    const broken = having(having(map, "sections/0/units/axpy/stages", 7), "sections/0/channels/a/depth", 17);
    expect(() => checkFabric(broken, tinyMachine)).toThrow(UserError);
    expect(() => checkFabric(broken, tinyMachine)).toThrow(/7 stages, a PCU has 6[\s\S]*17 slots at axpy, a FIFO of a PCU has 16/);
    expect(checkFabric(map, tinyMachine)).toBe(map);
  });

  const limits: readonly (readonly [path: string, bound: unknown, fabric: Fabric, fault: string])[] = [
    ["pcu/count", 1, rows, "too-many-units: the section needs 2 PCUs, the machine has 1"],
    ["ag/count", 1, rows, "too-many-units: the section needs 2 AGs, the machine has 1"],
    ["pcu/lanes", 8, map, "limit-exceeded: axpy (axpy) needs 16 lanes, a PCU has 8"],
    ["pcu/counters", 2, gemm, "limit-exceeded: array (array) needs 3 counters, a PCU has 2"],
    ["pmu/counters", 2, gemm, "limit-exceeded: a.tile (a.tile) needs 3 counters, a PMU has 2"],
    ["pcu/vector_in", 1, gemm, "limit-exceeded: array (array) needs 2 vector inputs, a PCU has 1"],
    ["pcu/vector_out", 0, map, "limit-exceeded: axpy (axpy) needs 1 vector outputs, a PCU has 0"],
    ["pcu/scalar_in", 0, rows, "limit-exceeded: centre (centre) needs 1 scalar inputs, a PCU has 0"],
    ["pcu/scalar_out", 0, rows, "limit-exceeded: sum (sum) needs 1 scalar outputs, a PCU has 0"],
    ["pmu/vector_in", 0, rows, "limit-exceeded: rows (rows) needs 1 vector inputs, a PMU has 0"],
    ["pcu/stages", 3, gemm, "limit-exceeded: array (array) needs 4 stages, a PCU has 3"],
    ["pmu/bytes", 295, rows, "limit-exceeded: rows (rows) needs 296 bytes of scratchpad, a PMU has 295"],
    ["network/vector_bytes", 63, map, "token-too-wide: a token of a has 16 x f32 = 64 bytes, a vector has 63"],
    ["pcu/modes", ["simd"], gemm, "no-systolic: array.mac: is a systolic array, the machine's PCUs only do simd"],
    ["tiers/ddr/bytes", (1 << 20) + 399, map, "tier-overflow: y takes bytes 1048576 .. 1048976 of ddr, which has 1048975"],
  ];
  it.each(limits)("names unit, need and bound where %s is %j", (path, bound, fabric, fault) => {
    expect(faultsOf(fabric, having(tinyMachine, path, bound))).toContain(fault);
  });

  it("counts the units of all sections that are on the chip together", () => {
    const section = { ...rows.sections[0]!, configuration: 4 };
    const together = { ...rows, sections: [section, { ...section, name: "other" }], steps: [0, 1].map((s) => ({ kind: "section", section: s }) as const) };
    const machine = having(tinyMachine, "pcu/count", 3);
    expect(faultsOf(together, machine)).toEqual(["too-many-units: the sections section, other are on the chip together and need 4 PCUs, the machine has 3"]);
    expect(faultsOf(together)).toEqual([]);
    expect(faultsOf(having(together, "sections/1/configuration", 5), machine)).toEqual([]);
  });

  it("lets a broadcast take one output port", () => {
    expect(faultsOf(scatter, having(tinyMachine, "pcu/vector_out", 3))).toEqual([]);
    expect(faultsOf(scatter, having(tinyMachine, "pcu/vector_out", 2))).toContain("limit-exceeded: select (select) needs 3 vector outputs, a PCU has 2");
  });

  it("lets a word travel on a vector channel, so that it takes a vector port", () => {
    const noScalars = having(having(tinyMachine, "pcu/scalar_in", 0), "pcu/scalar_out", 0);
    expect(faultsOf(having(rows, "sections/0/channels/s/width", "vector"), noScalars)).toEqual([]);
  });

  it("bounds stages and registers of a PCU", () => {
    expect(faultsOf(having(map, "sections/0/units/axpy/stages", 7))).toEqual(["limit-exceeded: axpy (axpy) needs 7 stages, a PCU has 6"]);
    expect(faultsOf(having(map, "sections/0/units/axpy/registers", 7))).toEqual(["limit-exceeded: axpy (axpy) needs 7 registers, a PCU has 6"]);
  });

  type Case = readonly [fabric: Fabric, path: string, value: unknown, fault: string];
  const tensors: readonly Case[] = [
    [map, "tensors/x/tier", "hbm", "unknown-tier: x lives in hbm, which the machine does not have"],
    [map, "tensors/y/base_bytes", 399, "tensors-overlap: y begins at byte 399, inside x"],
    [map, "tensors/x", null, "no-such-tensor: load.a.load: loads x, which the fabric does not place"],
  ];
  const names: readonly Case[] = [
    [map, "units/store.b/id", "axpy", "repeated-id: two units are called axpy"],
    [rows, "units/rows/nests/read/id", "write", "repeated-id: two nests of rows are called write"],
    [map, "channels/b/id", "a", "repeated-id: two channels are called a"],
    [map, "units/axpy/nests/body/ports/b/name", "a", "repeated-id: axpy.body: two ports are called a"],
  ];
  const channels: readonly Case[] = [
    [map, "channels/a/sinks", [], "no-sink: a has no sink"],
    [map, "channels/a/depth", 0, "bad-depth: a has a depth of 0, it needs at least 1"],
    [map, "channels/a/rate", 1.5, "bad-rate: a has a rate of 1.5 tokens a tick, it must lie in (0, 1]"],
    [rows, "channels/full/words", 1, "bad-words: full hands over buffers, but carries 1 words; it must carry 0"],
    [map, "channels/a/width", "scalar", "bad-words: a is a scalar channel, but carries 16 words; it must carry 1"],
    [map, "channels/a/words", 8, "bad-words: axpy.body: port a needs 16 words or 1, a carries 8"],
    [map, "channels/a/source/port", "z", "no-such-port: a names the port load.a.load.z, which does not exist"],
    [map, "channels/a/kind", "buffer", "port-disagrees: load.a.load.a is a stream-out of a, but a takes it as its buffer-out"],
    [map, "channels/b", null, "dangling-port: axpy.body.b is an end of 0 channels (it asks for b); it must be an end of one"],
    [map, "channels/a/depth", 17, "fifo-too-deep: a needs 17 slots at axpy, a FIFO of a PCU has 16"],
    [map, "channels/a/dtype", "i32", "dtype-disagrees: axpy.body: node 0 is f32, a carries i32"],
    [rows, "channels/full/depth", 3, "buffer-count: full hands over up to 3 buffers, row of rows has 2"],
    [
      rows,
      "channels/full/sinks/0",
      { unit: "centre", nest: "body", port: "b" },
      "buffer-leaves-unit: full hands over a buffer from rows to centre; it must stay in one unit",
    ],
    [scatter, "channels/key/dtype", "f32", "dtype-disagrees: one.table.scatter: its keys come as f32, they must be integers"],
  ];
  const tokens: readonly Case[] = [
    [map, "units/store.b/nests/store/loops/0/trip", 6, "token-count: axpy.body.b pushes 7 tokens to b, store.b.store.b pops 6"],
    [rows, "units/centre/nests/body/ports/s/level", 2, "token-count: sum.body.s pushes 7 tokens to s, centre.body.s pops 21"],
  ];
  const nests: readonly Case[] = [
    [map, "units/load.a/nests/load/loops/0/trip", 0, "bad-trip: load.a.load: loop load0 has the trip count 0, it needs at least 1"],
    [map, "units/load.a/nests/load/loops/0/trip", 2 ** 53, `bad-trip: load.a.load: its loops make ${2 ** 53} firings, more than 2^53`],
    [map, "units/load.a/nests/load/ii", 0, "bad-ii: load.a.load: fires every 0 ticks, it needs at least 1"],
    [map, "units/load.a/nests/load/latency", -1, "bad-latency: load.a.load: has a latency of -1 ticks, it needs at least 0"],
    [map, "units/load.a/nests/load/lanes", 0, "bad-lanes: load.a.load: has 0 lanes, it needs at least 1"],
    [map, "units/axpy/nests/body/ports/a/level", 2, "bad-level: axpy.body: port a acts at level 2, the nest has 1 loops"],
    [map, "units/axpy/nests/body/ports/a/channel", "q", "no-such-channel: axpy.body: port a names the channel q, which does not exist"],
    [rows, "units/sum/nests/body/guards/0/value/loops", [1], "affine-loops: sum.body: a guard has 1 coefficients, the nest has 2 loops"],
    [map, "units/axpy/kind", "pmu", "wrong-unit: axpy.body: a PMU cannot compute"],
  ];
  const memories: readonly Case[] = [
    [rows, "units/rows/scratch/row/bytes", 295, "scratch-too-small: row of rows is given 295 bytes, its 2 buffers hold 296"],
    [hash, "units/table/nests/hash/ports/e/kind", "buffer", "buffer-memory: table.hash: hands over buffers, but has no scratch memory to hand over"],
    [rows, "units/rows/nests/write/ports/full", null, "no-handover: rows.write: works on row, but has no buffer port for it"],
    [rows, "units/rows/nests/write/ports/full/direction", "in", "handover-direction: rows.write: writes row: its buffer ports must be buffer-out"],
    [rows, "units/rows/nests/write/work/scratch", "z", "no-such-scratch: rows.write: works on z, which rows does not have"],
    [rows, "units/rows/nests/write/work/access/shape", [36], "access-shape: rows.write: sees [36], but the memory has [37]"],
    [rows, "units/rows/nests/write/work/access/dims", [], "access-rank: rows.write: gives 0 coordinates for the shape [37]"],
    [
      gemm,
      "units/a.tile/scratch/t/strides",
      [16, 1],
      "bank-conflict: a.tile (a.tile) fires every 1 ticks, but its 4 lanes lie 16 words apart: 16 banks need 4",
    ],
    [rows, "units/rows/scratch/row/banking", "hashed", "no-such-banking: row of rows lies hashed over the banks, a PMU has cyclic"],
    [scatter, "units/one.table/scratch/table/dtype", "f32", "dtype-disagrees: one.table.scatter: combines in i32, but table holds f32"],
  ];
  const works: readonly Case[] = [
    [
      map,
      "units/load.a/nests/load/work/access/dims/0/lane",
      2,
      "not-contiguous: load.a.load: its 16 lanes step by [2] along x; they must step by 1 along the last dimension only",
    ],
    [map, "units/axpy/nests/body/work/nodes/2/args", [0, 3], "bad-node: axpy.body: node 2 (op) reads 0, 3; it may read the nodes before it"],
    [map, "units/axpy/nests/body/work/outputs/0/node", 9, "bad-node: axpy.body: port b sends node 9, there are 5"],
    [map, "units/axpy/nests/body/work/outputs", [], "nothing-to-send: axpy.body: port b sends 16 words, but the work makes none for it"],
    [map, "units/axpy/nests/body/work/nodes/0/port", "z", "no-such-port: axpy.body: the work uses z as a stream-in, which does not exist"],
    [rows, "units/sum/nests/body/work/nodes/1/level", 3, "bad-level: sum.body: node 1 folds inside level 3, the nest has 2 loops"],
    [gemm, "units/array/nests/mac/work/level", 1, "bad-level: array.mac: accumulates inside level 1, but hands over at level 2"],
    [gemm, "units/array/scratch/acc/shape", [3, 16], "array-shape: array.mac: 4 x 16 accumulators drain into acc of shape [3, 16]"],
  ];
  const steered: readonly Case[] = [
    [gather, "units/table/kind", "pcu", "wrong-unit: table.gather: a PCU cannot gather"],
    [fetch, "units/fetch/kind", "pmu", "wrong-unit: fetch.fetch: a PMU cannot fetch"],
    [append, "units/append/kind", "pcu", "wrong-unit: append.append: a PCU cannot append"],
    [hash, "units/table/kind", "ag", "wrong-unit: table.hash: an AG cannot hash"],
    [gather, "channels/i/dtype", "f32", "dtype-disagrees: table.gather: its indices come as f32, they must be integers"],
    [fetch, "channels/i/dtype", "f32", "dtype-disagrees: fetch.fetch: its indices come as f32, they must be integers"],
    [gather, "channels/b/dtype", "i8", "dtype-disagrees: table.gather: table is f32, b carries i8"],
    [fetch, "channels/b/dtype", "i8", "dtype-disagrees: fetch.fetch: t is f32, b carries i8"],
    [gather, "units/table/nests/gather/ports/full/direction", "out", "handover-direction: table.gather: gathers table: its buffer ports must be buffer-in"],
    [gather, "units/table/nests/gather/work/scratch", "z", "no-such-scratch: table.gather: works on z, which table does not have"],
    [gather, "units/table/nests/gather/work/indexPort", "z", "no-such-port: table.gather: the work uses z as a stream-in, which does not exist"],
    [fetch, "units/fetch/nests/fetch/work/tensor", "z", "no-such-tensor: fetch.fetch: fetches from z, which the fabric does not place"],
    [append, "units/append/nests/append/work/tensor", "z", "no-such-tensor: append.append: appends to z, which the fabric does not place"],
    [append, "units/append/nests/append/work/emits", [], "no-emits: append.append: appends to y, but emits nothing"],
    [append, "units/append/nests/append/work/emits/0/whenPort", "z", "no-such-port: append.append: the work uses z as a stream-in, which does not exist"],
    [append, "units/append/nests/append/ports/n/level", 1, "bad-level: append.append: tells the number of records at level 1, it is known at level 0"],
    [append, "channels/n/dtype", "f32", "dtype-disagrees: append.append: the number of records is i32, n carries f32"],
    [append, "channels/v/words", 8, "bad-words: append.append: port v needs 16 words or 1, v carries 8"],
    [hash, "units/table/nests/hash/work/slots", 48, "bad-slots: table.hash: has 48 slots for up to 30 keys, it needs a power of two of at least 30"],
    [hash, "units/table/nests/hash/work/slots", 16, "bad-slots: table.hash: has 16 slots for up to 30 keys, it needs a power of two of at least 30"],
    [hash, "units/table/scratch/keys.slots", null, "no-such-scratch: table.hash: works on keys.slots, which table does not have"],
    [hash, "units/table/scratch/keys.slots/shape", [32], "table-shape: table.hash: needs keys.slots as i32 of 64 elements, it is i32[32]"],
    [hash, "units/table/scratch/keys/dtype", "f32", "table-shape: table.hash: needs keys as i32 of 30 elements, it is f32[30]"],
    [hash, "units/table/scratch/keys.slots/bytes", 255, "scratch-too-small: keys.slots of table is given 255 bytes, its 1 buffers hold 256"],
    [shard, "units/part1/nests/scatter/work/shard/first", 26, "bad-shard: part1.scatter: has the keys from 26 up to 51 of a table of 50"],
    [shard, "units/part1/nests/scatter/work/shard/first", -1, "bad-shard: part1.scatter: has the keys from -1 up to 24 of a table of 50"],
    [shard, "units/part1/scratch/part/dtype", "f32", "dtype-disagrees: part1.scatter: combines in i32, but part holds f32"],
    [hash, "channels/k/dtype", "f32", "dtype-disagrees: table.hash: its keys come as f32, they must be integers"],
    [hash, "channels/e/dtype", "i8", "dtype-disagrees: table.hash: a key's number is i32, e carries i8"],
    [
      rows,
      "units/sum/nests/body/work/nodes/1",
      { ...{ kind: "scan", dtype: "f32", acc: "f32", fn: "add", arg: 0, level: 3 }, lanes: true, exclusive: false },
      "bad-level: sum.body: node 1 folds inside level 3, the nest has 2 loops",
    ],
  ];
  const sized: readonly Case[] = [
    [counted, "units/axpy/nests/body/loops/0/size/tensor", "z", "no-such-tensor: axpy.body: loop body0 goes by z, which the fabric does not place"],
    [counted, "units/axpy/nests/body/loops/0/size/tensor", "x", "bad-size: axpy.body: loop body0 goes by x, which is f32[100]; it must be an i32 scalar"],
    [counted, "units/axpy/nests/body/loops/0/size/per", 0, "bad-trip: axpy.body: loop body0 takes 0 of n a turn, it needs at least 1"],
    [counted, "units/axpy/nests/body/guards/0/size", "done", "bad-size: axpy.body: a guard goes by done, which is bool[]; it must be an i32 scalar"],
    [counted, "units/axpy/nests/body/loops/0/size", undefined, "token-count: load.a.load.a pushes to a by n / 16, axpy.body.a pops a fixed number"],
    [counted, "units/axpy/nests/body/loops/0/size/per", 8, "token-count: load.a.load.a pushes to a by n / 16, axpy.body.a pops by n / 8"],
  ];
  const steps: readonly Case[] = [
    [map, "steps/0/section", 1, "no-such-section: a step runs section 1, there are 1"],
    [map, "steps/0", null, "section-never-runs: no step runs the section section"],
    [looped, "steps/0/round", "s", "no-such-round: section goes by the round r, but runs in no loop that counts it"],
    [looped, "steps/0/times", 0, "bad-times: loop has 0 rounds, it needs at least 1"],
    [looped, "steps/0/until", "z", "no-such-tensor: loop names z, which the fabric does not place"],
    [looped, "steps/0/until", "x", "bad-until: loop ends by x: f32[100]; it must be a bool scalar"],
    [looped, "steps/0/carries/0/init", "z", "no-such-tensor: loop names z, which the fabric does not place"],
    [looped, "steps/0/carries/0/from", "n", "carry-disagrees: loop carries x: f32[100], but n: i32[] takes its place"],
    [looped, "steps/0/steps", looped.steps, "repeated-id: loop counts its rounds as r, as a loop around it does"],
  ];
  it.each(steps.map((c) => [c[1], c[2], c] as const))("refuses %s = %j", (_p, _v, [fabric, path, value, fault]) => {
    expect(faultsOf(having(fabric, path, value))).toContain(fault);
  });
  it.each([...steered, ...sized, ...names, ...channels, ...tokens, ...nests, ...memories, ...works].map((c) => [c[1], c[2], c] as const))(
    "refuses %s = %j",
    (_p, _v, [fabric, path, value, fault]) => {
      expect(faultsOf(having(fabric, `sections/0/${path}`, value))).toContain(fault);
    },
  );
  it.each(tensors.map((c) => [c[1], c[2], c] as const))("refuses %s = %j", (_p, _v, [fabric, path, value, fault]) => {
    expect(faultsOf(having(fabric, path, value))).toContain(fault);
  });
});
