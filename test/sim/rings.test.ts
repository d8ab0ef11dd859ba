/** Rings of buffers on hand-made fabrics: what stands in them at the start, which buffer a round finds, what memories chained to each other give, and what is refused. */

import { describe, expect, test } from "vitest";
import type { Fabric, Nest, Unit } from "../../src/fabric/fabric.ts";
import { printFabric } from "../../src/fabric/print.ts";
import { verifyFabric } from "../../src/fabric/verify.ts";
import {
  acquires,
  affine,
  constant,
  fabricOf,
  handsOver,
  input,
  load,
  nest,
  op,
  pcu,
  reads,
  run,
  scratch,
  sends,
  store,
  tensor,
  tinyMachine,
  unit,
} from "../support/fabrics.ts";

const N = 40;
const ROUNDS = 3;
const vectors = 3;
const a = tensor("a", "f32", [N], 0);
const b = tensor("b", "f32", [N], 256);
const start = Float32Array.from({ length: N }, (_, i) => i);
const place = { dims: [affine([0, 16], 1)], shape: [N] };
const whole = { dims: [affine([16], 1)], shape: [N] };
const preset = { tensor: "a", loops: [{ name: "v", trip: vectors }], lanes: 16, guards: [], from: whole, to: whole };
const last = { value: affine([1, 0], 0, 1 - ROUNDS), limit: 1 };

/** A PMU whose reader begins with the buffer that stands there, and whose writer fills the other one for the next round. */
function ring(writer: Partial<Extract<Nest["work"], { kind: "write" }>>, memory: Partial<Unit["scratch"][number]>): Unit {
  const write = nest("write", [ROUNDS, vectors], [reads("new", 2), handsOver("turn", 1)], {
    kind: "write",
    scratch: "m",
    access: place,
    port: "new",
    first: 1,
    ...writer,
  });
  const read = nest("read", [ROUNDS, vectors], [acquires("turn", 1), sends("old", 2)], { kind: "read", scratch: "m", access: place, port: "old" });
  return unit("pmu", "ring", [write, read], [{ ...scratch("m", "f32", [N], 2), ...memory }]);
}

/** Three rounds of x = 2 x + 1; the last is stored. */
function rounds(memory: Unit, initial: number | null = 1): Fabric {
  const work = pcu(
    "twice",
    [ROUNDS, vectors],
    [reads("old", 2), sends("new", 2)],
    [input("old"), constant(2), op("mul", [0, 1]), constant(1), op("add", [2, 3])],
    {
      new: 4,
    },
  );
  const out = store("new", b, [ROUNDS, vectors], [affine([0, 16], 1)], { guards: [last] });
  const fabric = fabricOf([a, b], [memory, work, out], { turn: { depth: 2 } });
  const [section] = fabric.sections;
  const channels = section!.channels.map((channel) => (channel.id === "turn" && initial !== null ? { ...channel, initial } : channel));
  return { ...fabric, sections: [{ ...section!, channels }] };
}

const faultsOf = (fabric: Fabric): readonly string[] => verifyFabric(fabric, tinyMachine).map(({ code }) => code!);

describe("a ring of buffers", () => {
  test.each([
    ["zeros", {}, 0],
    ["what came with the configuration", { preset }, 1],
  ] as const)("starts from %s and turns with the rounds", (_, memory, factor) => {
    const fabric = rounds(ring({}, memory));
    expect(faultsOf(fabric)).toEqual([]);
    const fast = run(fabric, { a: start });
    expect([...fast.outputs!.b!]).toEqual([...start].map((x) => 8 * factor * x + 7));
    expect(run(fabric, { a: start }, { engine: "oracle" })).toEqual(fast);
  });

  test("says when it is printed what stands in it, and where its writer begins", () => {
    const text = printFabric(rounds(ring({}, { preset })));
    expect(text).toContain("preset with a[16 v + lane] of [40] at [16 v + lane] of [40], [v < 3] x 16 lanes");
    expect(text).toContain("from buffer 1 on");
    expect(text).toContain("hand-over, depth 2, 1 at the start");
  });

  test("is refused where writer and start disagree, or what it starts with does not fit", () => {
    expect(faultsOf(rounds(ring({ first: 0 }, {})))).toEqual(["buffer-order"]);
    expect(faultsOf(rounds(ring({}, {}), 3))).toContain("bad-start");
    expect(faultsOf(rounds(ring({}, {}), null))).toEqual(["buffer-order"]);
    expect(faultsOf(rounds(ring({}, { preset: { ...preset, tensor: "z" } })))).toEqual(["no-such-tensor"]);
    expect(faultsOf(rounds(ring({}, { preset: { ...preset, to: { ...whole, shape: [N - 1] } } })))).toEqual(["access-shape"]);
    expect(faultsOf(rounds(ring({}, { preset, dtype: "i32" })))).toContain("dtype-disagrees");
  });
});

describe("memories that stand for each other", () => {
  /** The first `cut` elements in one PMU, the rest in another that passes them on. */
  function chain(cut: number, more: Partial<Nest> = {}): Fabric {
    const piece = (id: string, from: number, size: number, port: string, rest?: string): Unit => {
      const access = { dims: [affine([16], 1, -from)], shape: [size] };
      const work = { kind: "read", scratch: "m", access, port, ...(rest !== undefined && { rest }) } as const;
      const read = nest("read", [vectors], [...(rest === undefined ? [] : [reads(rest, 1)]), sends(port, 1)], work);
      return unit("pmu", id, [rest === undefined ? read : { ...read, ...more }], [{ ...scratch("m", "f32", [size], 1), preset: { ...preset, to: access } }]);
    };
    return fabricOf([a, b], [piece("near", 0, cut, "out", "far"), piece("rest", cut, N - cut, "far"), store("out", b, [vectors], [affine([16], 1)])]);
  }

  test.each([1, 16, 21, 39])("give together what one gives alone, cut at %i", (cut) => {
    const fabric = chain(cut);
    expect(faultsOf(fabric)).toEqual([]);
    const fast = run(fabric, { a: start });
    expect([...fast.outputs!.b!]).toEqual([...start]);
    expect(run(fabric, { a: start }, { engine: "oracle" })).toEqual(fast);
  });

  test("are refused where the rest does not come in each firing, or nothing stands there", () => {
    expect(faultsOf(chain(16, { ports: [reads("far", 0), sends("out", 1)] }))).toContain("bad-level");
    const [section] = chain(16).sections;
    const units = section!.units.map((one) => ({ ...one, scratch: one.scratch.map(({ preset: _, ...memory }) => memory) }));
    expect(faultsOf({ ...chain(16), sections: [{ ...section!, units }] })).toEqual(["no-handover", "no-handover"]);
  });
});

test("a preset without a load moves no bytes of a tier", () => {
  const loaded = fabricOf([a, b], [load("x", a, [vectors], [affine([16], 1)]), store("x", b, [vectors], [affine([16], 1)])]);
  const read = (fabric: Fabric): number => run(fabric, { a: start }).sections[0]!.tiers.ddr!.read_bytes;
  expect([read(loaded) > 0, read(rounds(ring({}, { preset })))]).toEqual([true, 0]);
});
