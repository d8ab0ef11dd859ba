import { describe, expect, it } from "vitest";
import { perfettoTrace } from "../../src/export/perfetto.ts";
import type { Recorded } from "../../src/export/states.ts";
import { decode, type Message, messages, number, string } from "../support/protobuf.ts";
import { kmeansBundle, roundsTogether, softmaxBundle } from "../support/traces.ts";

describe("a trace for Perfetto", () => {
  for (const [name, make] of [
    ["softmax", softmaxBundle],
    ["kmeans, its sections in turn", kmeansBundle],
    ["kmeans, its rounds put together", () => roundsTogether(kmeansBundle())],
  ] as const) {
    it(`of ${name} adds up to the report, by unit and state, in cycles`, () => {
      const bundle = make();
      expect(statesIn(read(perfettoTrace(bundle)), bundle)).toEqual(statesOf(bundle));
    });

    it(`of ${name} adds up to the report where slices must be few`, () => {
      const bundle = make();
      const few = read(perfettoTrace(bundle, 250));
      expect(few.slices.length).toBeLessThan(read(perfettoTrace(bundle)).slices.length);
      expect(statesIn(few, bundle)).toEqual(statesOf(bundle));
    });
  }

  it("has slices that follow each other on each unit's track, to the nanosecond of their cycles", () => {
    const bundle = kmeansBundle();
    const { slices, tracks } = read(perfettoTrace({ ...bundle, report: { ...bundle.report, clock_hz: 1_600_000_000 } }));
    const ends = new Map<number, number>();
    for (const { track, begin, end, cycles } of slices) {
      if (tracks.get(track)!.name === "sections") continue;
      expect(begin).toBeGreaterThanOrEqual(ends.get(track) ?? 0);
      expect(Math.abs(end - begin - cycles / 1.6)).toBeLessThanOrEqual(1);
      ends.set(track, end);
    }
  });

  it("merges neighbours in the same state", () => {
    const { slices } = read(perfettoTrace(softmaxBundle()));
    const last = new Map<number, { readonly name: string; readonly end: number }>();
    for (const slice of slices) {
      const before = last.get(slice.track);
      expect(before?.name === slice.name && before.end === slice.begin).toBe(false);
      last.set(slice.track, slice);
    }
  });

  it("counts the bandwidth of each tier: its bytes come back", () => {
    const bundle = softmaxBundle();
    const { counters } = read(perfettoTrace(bundle));
    const values = counters.find(({ name }) => name.startsWith("ddr bandwidth"))!.values;
    const bytes = values.reduce((sum, { at, value }, i) => sum + (value * ((values[i + 1]?.at ?? at) - at)) / 1e9, 0);
    const { read_bytes, write_bytes } = bundle.report.tiers.ddr!;
    expect(Math.round(bytes)).toBe(read_bytes + write_bytes);
    const busy = counters.find(({ name }) => name === "busy pcus")!.values;
    const cycles = busy.reduce((sum, { at, value }, i) => sum + value * ((busy[i + 1]?.at ?? at) - at), 0);
    expect(Math.round(cycles)).toBe(bundle.report.units.reduce((sum, unit) => sum + (unit.kind === "pcu" ? unit.busy_cycles : 0), 0));
  });

  it("shows a process for the run and one for each section, with its operators' units below", () => {
    const bundle = kmeansBundle();
    const { tracks } = read(perfettoTrace(bundle));
    const processes = [...tracks.values()].filter(({ pid }) => pid !== undefined);
    expect(processes.map(({ name }) => name.replace(/:.*/, ""))).toEqual([
      "kmeans on plasticine",
      ...bundle.report.sections.map(({ name }) => `section ${name}`),
    ]);
    expect(new Set(processes.map(({ pid }) => pid)).size).toBe(processes.length);
  });
});

// --- as a viewer reads it ---

interface Slice {
  readonly track: number;
  readonly name: string;
  readonly begin: number;
  readonly end: number;
  readonly cycles: number;
}

interface Track {
  readonly name: string;
  readonly parent: number | undefined;
  readonly pid: number | undefined;
}

interface Counter {
  readonly name: string;
  readonly values: { readonly at: number; readonly value: number }[];
}

interface Read {
  readonly tracks: ReadonlyMap<number, Track>;
  readonly slices: readonly Slice[];
  readonly counters: readonly Counter[];
}

/** Field numbers of github google/perfetto, protos/perfetto/trace/. */
function read(bytes: Uint8Array): Read {
  const [names, notes] = [new Map<number, string>(), new Map<number, string>()];
  const tracks = new Map<number, Track>();
  const counters = new Map<number, Counter>();
  const open = new Map<number, Slice[]>();
  const slices: Slice[] = [];
  let isCleared = false;
  for (const packet of messages(decode(bytes), 1)) {
    isCleared ||= ((number(packet, 13) ?? 0) & 1) === 1;
    for (const interned of messages(packet, 12)) {
      for (const one of messages(interned, 2)) names.set(number(one, 1)!, string(one, 2)!);
      for (const one of messages(interned, 3)) notes.set(number(one, 1)!, string(one, 2)!);
    }
    for (const descriptor of messages(packet, 60)) {
      const [process] = messages(descriptor, 3);
      const pid = process && number(process, 1);
      tracks.set(number(descriptor, 1)!, { name: string(descriptor, 2)!, parent: number(descriptor, 5), pid });
      if (descriptor[8] !== undefined) counters.set(number(descriptor, 1)!, { name: string(descriptor, 2)!, values: [] });
    }
    const [event] = messages(packet, 11);
    if (event === undefined) continue;
    expect(isCleared && (number(packet, 13)! & 2) === 2 && number(packet, 10) === 1).toBe(true);
    happen(event, number(packet, 8)!);
  }
  function happen(event: Message, at: number): void {
    const track = number(event, 11)!;
    const stack = open.get(track) ?? [];
    open.set(track, stack);
    switch (number(event, 9)) {
      case 1: {
        const cycles = messages(event, 4).find((note) => notes.get(number(note, 1)!) === "cycles")!;
        stack.push({ track, name: names.get(number(event, 10)!)!, begin: at, end: at, cycles: number(cycles, 3)! });
        break;
      }
      case 2:
        slices.push({ ...stack.pop()!, end: at });
        break;
      case 4:
        counters.get(track)!.values.push({ at, value: number(event, 44)! });
        break;
      default:
        throw new Error("an event of no type");
    }
  }
  expect([...open.values()].flat()).toEqual([]);
  return { tracks, slices, counters: [...counters.values()] };
}

const STATES = ["configuring", "starved", "memory", "busy", "blocked"] as const;

function statesIn({ tracks, slices }: Read, { report }: Recorded): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  const sections = report.sections.map(({ name }) => `section ${name}`);
  for (const { track, name, cycles } of slices) {
    const process = tracks.get(tracks.get(tracks.get(track)!.parent!)?.parent ?? -1)?.name;
    if (process !== undefined && sections.includes(process)) add(sums, `${process} ${tracks.get(track)!.name} ${name}`, cycles);
  }
  return sums;
}

/** idle: less what it is while other sections are on the chip. */
function statesOf({ report }: Recorded): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const unit of report.units) {
    for (const state of STATES) add(sums, `section ${unit.section} ${unit.id} ${state}`, unit[`${state}_cycles`]);
    const elsewhere = report.cycles - report.sections.find(({ name }) => name === unit.section)!.cycles;
    add(sums, `section ${unit.section} ${unit.id} idle`, unit.idle_cycles + unit.unattributed_cycles - elsewhere);
  }
  return sums;
}

function add(sums: Record<string, number>, key: string, cycles: number): void {
  if (cycles > 0) sums[key] = (sums[key] ?? 0) + cycles;
}
