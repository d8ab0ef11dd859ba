import { describe, expect, test } from "vitest";
import type { SectionPlan, TierBuffer } from "../../src/compile/controllers.ts";
import { product, treeFan } from "../../src/compile/sizes.ts";
import { count, groupBy, input, map, reduce } from "../../src/pattern/builder.ts";
import * as s from "../../src/pattern/scalars.ts";
import { type Build, planOn, planWith, simdMachine, withAg, withPcu, withPmu } from "./support.ts";

const gemm: Build = () => {
  const a = input("a", "f32", [64, 40]);
  const b = input("b", "f32", [40, 96]);
  return { c: map("c", [64, 96], (i, j) => reduce("add", [40], (l) => s.mul(a.at(i, l), b.at(l, j)))) };
};

const softmax: Build = () => {
  const x = input("x", "f32", [40, 50]);
  const most = map("most", [40], (i) => reduce("max", [50], (k) => x.at(i, k)));
  const e = map("e", [40, 50], (i, j) => s.exp(s.sub(x.at(i, j), most.at(i))));
  const sum = map("sum", [40], (i) => reduce("add", [50], (k) => e.at(i, k)));
  return { y: map("y", [40, 50], (i, j) => s.div(e.at(i, j), sum.at(i))) };
};

const turned: Build = () => {
  const x = input("x", "f32", [40, 48]);
  return { y: map("y", [48, 40], (i, j) => x.at(j, i)) };
};

function planned(plan: SectionPlan | string): SectionPlan {
  if (typeof plan === "string") throw new Error(plan);
  return plan;
}

const vias = (plan: SectionPlan, stage: number) => plan.stages[stage]!.operands.map(({ via }) => via);

describe("outer loops", () => {
  test("share out the tiles among the copies, the last turn possibly beyond the extent", () => {
    const plan = planned(planWith(simdMachine, gemm, { tile: [6, 32], par: [2, 3], split: 1 }));
    expect(plan.loops).toEqual([
      { name: "c.0", extent: 64, tile: 6, par: 2, trips: 6 },
      { name: "c.1", extent: 96, tile: 32, par: 3, trips: 1 },
    ]);
    expect(plan.stages[0]!.inner).toEqual([
      { index: "c.i0", trip: 6, step: 1, extent: 6 },
      { index: "c.i1", trip: 2, step: 16, extent: 32 },
      { index: "c.r0", trip: 40, step: 1, extent: 40 },
    ]);
  });
});

describe("tile buffers", () => {
  const [a, b] = vias(planned(planWith(simdMachine, gemm, { tile: [8, 32], par: [2, 3], split: 1 })), 0) as [TierBuffer, TierBuffer];

  test("hold the box that a tile touches, double where it is handed over more than once", () => {
    expect(a).toMatchObject({ kind: "tier-buffer", hold: 1, held: [], box: [8, 40], buffers: 2 });
    expect(b).toMatchObject({ kind: "tier-buffer", hold: 0, held: [], box: [40, 32], buffers: 1 });
  });

  test("keep all tiles of a loop where they fit, rather than load them again", () => {
    const [, all] = vias(planned(planWith(simdMachine, gemm, { tile: [8, 32], par: [1, 1], split: 1 })), 0);
    expect(all).toMatchObject({ hold: 0, held: [1], box: [40, 32], buffers: 1 });
    const [, some] = vias(planned(planWith(withPmu({ bytes: 12_000 }), gemm, { tile: [8, 32], par: [1, 1], split: 1 })), 0);
    expect(some).toMatchObject({ hold: 2, held: [], box: [40, 32], buffers: 2 });
  });

  test("reach below and beyond the tile as the places do", () => {
    const window: Build = () => {
      const x = input("x", "f32", [200]);
      return { y: map("y", [60], (i) => reduce("add", [5], (k) => x.at(s.add(s.mul(i, 3), k)))), z: map("z", [200], (i) => x.at(s.sub(199, i))) };
    };
    const [section] = [planned(planWith(simdMachine, window, { tile: [20], par: [1], split: 1 }))];
    expect(vias(section, 0)).toMatchObject([{ kind: "tier-buffer", box: [1 + 3 * 19 + 4] }]);
  });

  test("are refused where they are larger than a scratchpad", () => {
    expect(planWith(withPmu({ bytes: 2048, count: 2 }), turned, { tile: [16, 40], par: [1, 1], split: 1 })).toBe(
      `a tile of "x" needs 5440 bytes of a PMU's 2048`,
    );
    expect(planWith(withPmu({ bytes: 399, count: 1 }), softmax, { tile: [1], par: [1], split: 1 })).toBe(`a tile of "e" needs 400 bytes of a PMU's 399`);
    expect(planWith(withPmu({ bytes: 400 }), softmax, { tile: [1], par: [1], split: 1 })).not.toBeTypeOf("string");
  });
});

describe("a buffer that is read across its rows", () => {
  test("is what the plan of a transpose reckons with", () => {
    const choice = { tile: [16, 40], par: [1, 1], split: 1 };
    const need = 40 * 17 * 4 * 2;
    expect(planWith(withPmu({ bytes: need }), turned, choice)).toMatchObject({ units: { pmu: 1 } });
    expect(planWith(withPmu({ bytes: need - 1 }), turned, choice)).toMatchObject({ units: { pmu: 2 } });
    expect(planWith(withPmu({ bytes: need - 1, count: 1 }), turned, choice)).toBe(`a tile of "x" needs ${need} bytes of a PMU's ${need - 1}`);
  });
});

describe("how operands arrive", () => {
  const plan = planned(planWith(simdMachine, softmax, { tile: [4], par: [2], split: 1 }));

  test("straight from the stage that makes them in the order in which they are read", () => {
    expect(vias(plan, 2)).toEqual([{ kind: "stage-stream", from: "e" }]);
    expect(plan.stages[2]!.operands[0]).toMatchObject({ level: 3, words: 16 });
  });

  test("through tile buffers where a fold of the same tile must end first", () => {
    expect(vias(plan, 3)).toMatchObject([
      { kind: "stage-buffer", from: "e", shape: [4, 50] },
      { kind: "stage-stream", from: "sum" },
    ]);
    expect(plan.stages.map((stage) => stage.epoch)).toEqual([1, 2, 2, 3]);
  });

  test("through tile buffers that one load fills where one stream from memory would have to wait for a fold of itself", () => {
    const [[first], [later]] = [vias(plan, 0), vias(plan, 1)];
    expect(first).toMatchObject({ kind: "tier-buffer", box: [4, 50], buffers: 2 });
    expect(later).toMatchObject({ kind: "tier-buffer", box: [4, 50], buffers: 3 });
    expect(plan.units.ag).toBe(product((first as TierBuffer).generators) + product(plan.stages[3]!.loops.map(({ par }) => par)));
  });

  test("by a stream of their own from memory where only the later region reads them", () => {
    const late = planned(
      planWith(
        simdMachine,
        () => {
          const x = input("x", "f32", [40, 50]);
          const z = input("z", "f32", [40, 50]);
          const most = map("most", [40], (i) => reduce("max", [50], (k) => x.at(i, k)));
          return { y: map("y", [40, 50], (i, j) => s.sub(z.at(i, j), most.at(i))) };
        },
        { tile: [4], par: [1], split: 1 },
      ),
    );
    expect(vias(late, 1)).toEqual([
      { kind: "tier-stream", alone: true },
      { kind: "stage-stream", from: "most" },
    ]);
  });

  test("by buffers where the FIFO could not hold what a fold makes before it is read", () => {
    const columns: Build = () => {
      const x = input("x", "f32", [40, 600]);
      const m = map("m", [600], (j) => reduce("max", [40], (i) => x.at(i, j)));
      return { y: map("y", [600], (j) => s.neg(m.at(j))), m };
    };
    const of = (tile: number) => vias(planned(planWith(simdMachine, columns, { tile: [tile], par: [1], split: 1 })), 1)[0];
    expect(of(256)).toEqual({ kind: "stage-stream", from: "m" });
    expect(of(272)).toMatchObject({ kind: "stage-buffer", from: "m" });
  });
});

describe("address generators", () => {
  test("serve copies in turn: they divide them, and are no more than the machine has", () => {
    for (const machine of [simdMachine, withAg({ count: 7 })]) {
      const plan = planned(planWith(machine, gemm, { tile: [8, 16], par: [2, 6], split: 1 }));
      const generators = vias(plan, 0).flatMap((via) => (via.kind === "tier-buffer" ? [via.generators] : []));
      expect(generators.length).toBeGreaterThan(0);
      for (const list of generators) expect(list.map((some, k) => plan.loops[k]!.par % some)).toEqual([0, 0]);
      expect(plan.units.ag).toBeLessThanOrEqual(machine.ag.count);
    }
  });

  test("store what several copies make after a PMU has gathered it", () => {
    const { stages, units } = planned(planWith(withAg({ count: 5 }), gemm, { tile: [8, 16], par: [1, 6], split: 1 }));
    expect(stages[0]!.stores).toEqual([{ tensor: "c", field: 0, to: ["memory"], collect: [1, 3], buffers: 2 }]);
    expect(units.ag).toBeLessThanOrEqual(5);
    const alone = planned(planWith(withAg({ count: 12 }), gemm, { tile: [8, 96], par: [1, 1], split: 1 }));
    expect(alone.stages[0]!.stores).toEqual([{ tensor: "c", field: 0, to: ["memory"], collect: [1, 1], buffers: 0 }]);
  });

  test("may be too few, which is said", () => {
    expect(planWith(withPmu({ vector_in: 1 }, withAg({ count: 5 })), gemm, { tile: [8, 16], par: [1, 6], split: 1 })).toBe(
      '6 copies store "c": gathered by as many as a PMU can take they still need 6 address generators of 3',
    );
    expect(planWith(withAg({ count: 1 }), gemm, { tile: [8, 16], par: [1, 1], split: 1 })).toBe("loads and stores need more address generators than there are");
  });
});

describe("limits", () => {
  test("of units are those of the machine", () => {
    expect(planWith(withPcu({ count: 5 }), gemm, { tile: [8, 16], par: [1, 6], split: 1 })).toBe("needs 6 PCUs of 5");
    expect(planWith(withPmu({ count: 3 }), gemm, { tile: [8, 16], par: [1, 6], split: 1 })).toMatch(/^needs \d+ PMUs of 3$/);
  });

  test("of counters hold in every unit that walks a loop, and only for loops that turn", () => {
    const choice = { tile: [8, 32], par: [1, 1], split: 1 };
    expect(planWith(withPcu({ counters: 5 }), gemm, choice)).toMatchObject({ units: { pcu: 1 } });
    expect(planWith(withPcu({ counters: 4 }), gemm, choice)).toBe(`"c" needs 5 counters of a PCU's 4`);
    expect(planWith(withPmu({ counters: 4 }), gemm, choice)).toBe(`"c" needs 5 counters of a PMU's 4`);
    expect(planWith(withPcu({ counters: 4 }), gemm, { tile: [8, 16], par: [1, 6], split: 1 })).toMatchObject({ units: { pcu: 6 } });
  });

  test("of links are a share of all there are", () => {
    expect(planWith(simdMachine, gemm, { tile: [8, 16], par: [2, 6], split: 1 }, 0.01)).toMatch(/^its routes would take \d+ % of the network's links$/);
  });

  test("of counters make the search take other tiles, not fail", () => {
    const four: Build = () => {
      const x = input("x", "f32", [6, 7, 8, 40]);
      return { y: map("y", [6, 7, 8, 40], (i, j, k, l) => s.add(x.at(i, j, k, l), 1)) };
    };
    for (const counters of [4, 5, 6]) {
      const { loops, stages } = planOn(withPcu({ counters }, withPmu({ counters })), four);
      const turning = [...loops.map((loop) => loop.trips), ...stages[0]!.inner.map((loop) => loop.trip)].filter((trip) => trip > 1);
      expect(turning.length).toBeLessThanOrEqual(counters);
    }
  });
});

describe("a split fold", () => {
  const dot: Build = () => {
    const x = input("x", "f32", [5000]);
    const y = input("y", "f32", [5000]);
    return { d: map("d", [], () => reduce("add", [5000], (i) => s.mul(x.at(i), y.at(i)))) };
  };

  test("shares out the blocks of lanes among its parts, and counts the tree that combines them", () => {
    const plan = planned(planWith(simdMachine, dot, { tile: [], par: [], split: 5 }));
    expect(plan.stages[0]).toMatchObject({ split: 5, inner: [{ trip: 63, step: 16, extent: 5000 }] });
    expect(treeFan(simdMachine, 1)).toBe(4);
    expect(plan.units).toEqual({ pcu: 5 + 2 + 1, pmu: 0, ag: 2 * 5 + 1 });
  });

  test("gives each part its own scratchpad where the parts read different elements", () => {
    const strided: Build = () => {
      const x = input("x", "f32", [3, 40]);
      return { d: map("d", [], () => reduce("add", [40, 3], (i, k) => x.at(k, i))) };
    };
    expect(planned(planWith(simdMachine, strided, { tile: [], par: [], split: 4 })).units).toMatchObject({ pmu: 4 });
  });
});

describe("operators", () => {
  test("stand once in a section, however many stages they became", () => {
    const plan = planOn(simdMachine, () => {
      const x = input("x", "f32", [6, 7, 20]);
      return { y: map("y", [6], (i) => reduce("max", [7], (j) => reduce("add", [20], (k) => x.at(i, j, k)))) };
    });
    expect(plan.stages).toHaveLength(2);
    expect(plan.operators).toEqual(["y"]);
  });

  test("of a groupBy have a table in a PMU for each field", () => {
    const plan = planOn(simdMachine, () => {
      const x = input("x", "i32", [50]);
      return groupBy("g", [50], (i) => ({ key: s.and(x.at(i), 3), keys: 4, fields: { n: count(), x: { fn: "max", value: x.at(i) } } }));
    });
    expect(plan.units.pmu).toBe(2);
    expect(plan.stages[0]!.stores.map((store) => [store.tensor, store.field])).toEqual([
      ["g.n", 0],
      ["g.x", 1],
    ]);
  });
});
