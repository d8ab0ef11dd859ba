import { deflateSync, inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { actionsOf, tryForPage, withTries } from "../../src/cli/actions.ts";
import type { Change } from "../../src/cli/changes.ts";
import type { Trial } from "../../src/cli/trials.ts";
import type { RunResult } from "../../src/result/result.ts";
import { packBundle, unpackBundle } from "../../src/scene/pack.ts";
import { softmaxBundle } from "../support/traces.ts";

const change = (what: string, of: Partial<Change> = {}): Change => ({
  what,
  of: "machine",
  section: null,
  set: ["machine.ag.count=64"],
  schedule: null,
  relieves: [],
  ...of,
});
const trial = (cycles: number | null): Trial => ({ schedule: {}, placement: 1, cycles, why: cycles === null ? "it does not fit" : null, sections: [] });

test("changes that were run, the one that gains most first, with what to type", () => {
  const verified = [
    { change: change("twice the address generators"), trial: trial(900) },
    { change: change("tiles of 4", { of: "program", set: [], schedule: { tile: { "y.0": 4 } } }), trial: trial(600) },
    { change: change("twice the lanes"), trial: trial(null) },
  ];
  expect(actionsOf({ cycles: 1000 } as RunResult, verified)).toEqual([
    { what: "tiles of 4", how: 'schedule: {"tile":{"y.0":4}}', before_cycles: 1000, after_cycles: 600 },
    { what: "twice the address generators", how: "--set machine.ag.count=64", before_cycles: 1000, after_cycles: 900 },
  ]);
});

test("a page gets them and keeps all else", async () => {
  const plain = softmaxBundle();
  const actions = [{ what: "more lanes", how: "--set machine.pcu.lanes=32", before_cycles: 10, after_cycles: 5 }];
  const packed = await withTries(deflateSync(packBundle(plain)), () => Promise.resolve({ actions, depths: [] }));
  const { scene, report, trace } = unpackBundle(new Uint8Array(inflateSync(packed)));
  expect(scene).toEqual({ ...JSON.parse(JSON.stringify(plain.scene)), actions, depths: [] });
  expect(report).toEqual(JSON.parse(JSON.stringify(plain.report)));
  expect(trace).toEqual(plain.trace);
});

test("as many as are asked for are run, those first of which most is expected, and then depths are searched", async () => {
  const said: string[] = [];
  const flags = { workload: "softmax", machine: "plasticine", style: "spatial", set: [], seed: undefined } as const;
  const { report: whole, scene } = softmaxBundle();
  const report = {
    ...whole,
    sections: [{ name: "a", ops: ["a"], cycles: 1000, limit: { resource: "ddr" } }],
    cycles: 1000,
    workload: { seed: 1 },
  } as unknown as RunResult;
  const { actions, depths } = await tryForPage(flags, { report, scene }, 2, Number.POSITIVE_INFINITY, {
    list: () => Promise.resolve([change("a little"), change("a lot"), change("nothing")]),
    estimate: ({ changes }) => Promise.resolve(changes.map(({ what }) => ({ "a little": 900, "a lot": 500, nothing: 1000 })[what] ?? 1000)),
    trial: () => Promise.resolve(trial(800)),
    depth: () => Promise.reject(new Error("no channel of this section is known to block")),
    lanes: 1,
    say: (line) => said.push(line),
  });
  expect(actions!.map(({ what }) => what).toSorted()).toEqual(["a little", "a lot"]);
  expect(depths).toEqual([]);
  expect(said[0]).toBe("estimating 3 changes");
});
