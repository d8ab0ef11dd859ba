import { describe, expect, it } from "vitest";
import { readMachine } from "../../src/cli/machines.ts";
import { candidateSchedules, mergeSchedules, scheduleOf } from "../../src/compile/candidates.ts";
import { compile } from "../../src/compile/index.ts";
import softmax from "../../workloads/softmax.ts";

const machine = readMachine("plasticine");
const program = softmax.build({ rows: 64, cols: 256, dtype: "f32" });
const compiled = compile(program, machine, { style: "spatial" });

describe("the candidates of a search", () => {
  it("are other choices than the compiler's own, each once, and each is what the compiler makes of it", () => {
    const own = scheduleOf(compiled.controllers.sections[0]!);
    const schedules = candidateSchedules(compiled, 8);
    expect(new Set([own, ...schedules].map((schedule) => JSON.stringify(schedule))).size).toBe(9);
    for (const schedule of schedules) {
      const { controllers } = compile({ ...program, schedule }, machine, { style: "spatial" });
      expect(scheduleOf(controllers.sections[0]!)).toEqual(schedule);
    }
  });

  it("are best first, and of a smaller number the first ones", () => {
    const schedules = candidateSchedules(compiled, 8);
    expect(candidateSchedules(compiled, 3)).toEqual(schedules.slice(0, 3));
    const expected = schedules.map((schedule) => compile({ ...program, schedule }, machine, { style: "spatial" }).controllers.sections[0]!.estimate.cycles);
    expect(expected).toEqual(expected.toSorted((a, b) => a - b));
  });

  it("keep what the program's own schedule pins", () => {
    const pinned = compile({ ...program, schedule: { tile: { "max.0": 4 } } }, machine, { style: "spatial" });
    const schedules = candidateSchedules(pinned, 3);
    expect(schedules.length).toBeGreaterThan(0);
    expect(schedules.every(({ tile }) => tile?.["max.0"] === 4)).toBe(true);
  });

  it("keep the sections that it cuts", () => {
    const cut = compile({ ...program, schedule: { cut: ["sum"] } }, machine, { style: "spatial" });
    const schedules = candidateSchedules(cut, 3);
    expect(schedules.length).toBeGreaterThan(0);
    for (const schedule of schedules) {
      expect(schedule.cut).toEqual(["sum"]);
      expect(compile({ ...program, schedule }, machine, { style: "spatial" }).controllers.sections).toHaveLength(cut.controllers.sections.length);
    }
  });

  it("are merged pin by pin, the later counts", () => {
    expect(mergeSchedules([{ tile: { "a.0": 1, "b.0": 2 } }, {}, { tile: { "a.0": 3 }, buffer: { x: 2 } }])).toEqual({
      tile: { "a.0": 3, "b.0": 2 },
      buffer: { x: 2 },
    });
  });
});
