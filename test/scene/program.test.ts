import { expect, test } from "vitest";
import { programOf } from "../../src/scene/program.ts";
import kmeans from "../../workloads/kmeans.ts";
import softmax from "../../workloads/softmax.ts";
import { machineOf, prepareOn } from "../support/runs.ts";

const sceneOf = (definition: typeof softmax | typeof kmeans, settings: Readonly<Record<string, number>>) => {
  const program = definition.build(settings);
  return programOf(program, prepareOn(machineOf("plasticine"), program).fabric, (place) => ({ ...place, line: place.line! + 1 }));
};

test("operators stand as written, with what they read and write", () => {
  const { name, operators } = sceneOf(softmax, { rows: 32, cols: 64 });
  expect(name).toBe("softmax");
  expect(operators.map(({ name, kind, inside }) => [name, kind, inside])).toEqual([
    ["max", "map", null],
    ["e", "map", null],
    ["sum", "map", null],
    ["y", "map", null],
  ]);
  expect(operators[1]).toMatchObject({ reads: ["x", "max"], writes: ["e"] });
  expect(operators[0]!.text).toBe("max: f32[32]\n  max[i] = max(j < 64: x[i, j])");
});

test("their places go through what knows the user's files", () => {
  const { operators } = sceneOf(softmax, { rows: 32, cols: 64 });
  for (const { place } of operators) expect(place!.file).toMatch(/workloads\/softmax\.ts$/);
  expect(programOf({ ...softmax.build(), operators: [] }, { tensors: [] }, (place) => place).operators).toEqual([]);
});

test("tensors say what they are, how large and where", () => {
  const { tensors } = sceneOf(softmax, { rows: 32, cols: 64 });
  expect(tensors.find(({ name }) => name === "x")).toEqual({ name: "x", dtype: "f32", shape: [32, 64], bytes: 8192, role: "input", tier: "ddr" });
  expect(tensors.find(({ name }) => name === "e")).toMatchObject({ role: "intermediate", tier: null });
  expect(tensors.find(({ name }) => name === "y")).toMatchObject({ role: "output" });
});

test("what a loop runs stands behind it, and what it makes itself it does not read", () => {
  const { operators } = sceneOf(kmeans, {});
  const loop = operators.findIndex(({ kind }) => kind === "iterate");
  const { name, reads, writes, text } = operators[loop]!;
  const body = operators.slice(loop + 1).filter(({ inside }) => inside === name);
  expect(body.length).toBeGreaterThan(1);
  expect(text.split("\n")).toHaveLength(1);
  const made = new Set([...writes, ...body.flatMap((operator) => operator.writes)]);
  expect(reads.filter((tensor) => made.has(tensor))).toEqual([]);
});
