/**
 * RunResult + trace -> a file for ui.perfetto.dev: a process for the run (its sections, its bandwidth, its busy units) and one for each section, with a track a unit, units of an operator together.
 * Slices are states, each with its exact `cycles`, since time there is whole nanoseconds. Where no slice is, the unit's section was not on the chip. Field numbers:
 * github google/perfetto, protos/perfetto/trace/, checked against perfetto.dev/docs/reference/synthetic-track-event.
 */

import { grouped, scaled } from "../report/format.ts";
import { coarsen } from "./coarsen.ts";
import { ProtobufWriter } from "./protobuf.ts";
import { type Placed, type Recorded, STATES, type Stretch, stretchesOf, unitsOf, windowsOf } from "./states.ts";

/** A viewer in a browser stays quick with as many; where there are more, bins become longer. */
const MOST_SLICES = 1_000_000;

/** `mostSlices`: a million unless said. */
export function perfettoTrace(recorded: Recorded, mostSlices = MOST_SLICES): Uint8Array {
  const { trace, units } = withinSlices(recorded, mostSlices);
  const file = new TraceFile(recorded.report.clock_hz);
  writeRun(file, { ...recorded, trace });
  recorded.report.sections.forEach(({ name }, s) => {
    const process = file.process(`section ${name}`);
    writeUnits(
      file,
      process,
      units.filter(({ placed }) => placed.section === s),
    );
  });
  return file.bytes();
}

interface UnitTrack {
  readonly placed: Placed;
  readonly stretches: readonly Stretch[];
}

/** The finest bins, by powers of two, that do not make too many slices. */
function withinSlices({ report, trace: finest }: Recorded, most: number): { readonly trace: Recorded["trace"]; readonly units: readonly UnitTrack[] } {
  for (let factor = 1; ; factor *= 2) {
    const trace = coarsen(finest, factor);
    const windows = windowsOf(trace);
    const units = unitsOf({ report }).map((placed) => ({ placed, stretches: stretchesOf(trace, windows[placed.section]!, placed) }));
    const slices = units.reduce((total, { stretches }) => total + stretches.length, 0);
    if (slices <= most || factor >= finest.bins) return { trace, units };
  }
}

// --- the run ---

function writeRun(file: TraceFile, { report, trace }: Recorded): void {
  const { workload, machine, sections, cycles } = report;
  const bins = `bins of ${grouped(trace.bin_cycles)} cycles, states within one in a fixed order`;
  const process = file.process(`${workload.name} on ${machine.name}: ${grouped(cycles)} cycles, ${bins}`);
  const track = file.track("sections", process);
  for (const { section, start, configuring_cycles, cycles: length, runs } of trace.spans) {
    file.begin(track, start, `section ${sections[section]!.name}`, { cycles: length, runs });
    if (configuring_cycles > 0) file.slice(track, start, start + configuring_cycles, "configuring");
    file.end(track, start + length);
  }
  for (const tier of trace.tiers) {
    const peak = report.tiers[tier.name]?.peak_bytes_per_second ?? 0;
    const counter = file.counter(`${tier.name} bandwidth, B/s (peak ${scaled(peak, "B/s")})`, process);
    writeRates(file, counter, { report, trace }, (b, cyclesOfBin) => (sumOfBin(tier.served, trace.bins, b) * tier.burst_bytes * report.clock_hz) / cyclesOfBin);
  }
  for (const kind of ["pcu", "pmu", "ag"] as const) {
    const busy = busyOf({ report, trace }, kind);
    writeRates(file, file.counter(`busy ${kind}s`, process), { report, trace }, (b, cyclesOfBin) => busy[b]! / cyclesOfBin);
  }
}

/** The mean of each bin from its beginning on, 0 from the end on. */
function writeRates(file: TraceFile, counter: number, { trace }: Recorded, rateOf: (bin: number, cycles: number) => number): void {
  let last = -1;
  for (let b = 0; b < trace.bins; b++) {
    const start = b * trace.bin_cycles;
    const rate = rateOf(b, Math.min(trace.cycles - start, trace.bin_cycles));
    if (rate !== last) file.value(counter, start, rate);
    last = rate;
  }
  file.value(counter, trace.cycles, 0);
}

function sumOfBin(column: Uint32Array, bins: number, bin: number): number {
  let sum = 0;
  for (let at = bin; at < column.length; at += bins) sum += column[at]!;
  return sum;
}

/** Busy cycles of all units of a kind, by bin of the run. */
function busyOf(recorded: Recorded, kind: string): Float64Array {
  const sums = new Float64Array(recorded.trace.bins);
  for (const { section, row, unit } of unitsOf(recorded)) {
    if (unit.kind !== kind) continue;
    const { busy, first, bins } = recorded.trace.sections[section]!;
    for (let b = 0; b < bins; b++) sums[first + b]! += busy[row * bins + b]!;
  }
  return sums;
}

// --- its units ---

function writeUnits(file: TraceFile, process: number, units: readonly UnitTrack[]): void {
  const groups = new Map<string, number>();
  for (const { placed, stretches } of units) {
    const name = `${placed.unit.kind}s of ${placed.unit.op}`;
    const group = groups.get(name) ?? file.track(name, process);
    groups.set(name, group);
    const track = file.track(placed.unit.id, group);
    for (const { begin, end, state } of stretches) file.slice(track, begin, end, state);
  }
}

// --- the file ---

const TRACE_PACKET = 1;
const PACKET = { timestamp: 8, sequence: 10, trackEvent: 11, internedData: 12, sequenceFlags: 13, trackDescriptor: 60 } as const;
const FLAGS = { cleared: 1, needsState: 2 } as const;
const DESCRIPTOR = { uuid: 1, name: 2, process: 3, parent: 5, counter: 8, childOrdering: 11, rank: 12 } as const;
const EXPLICIT_ORDER = 3;
const PROCESS = { pid: 1, name: 6 } as const;
const EVENT = { annotations: 4, type: 9, nameId: 10, track: 11, counterValue: 44 } as const;
const TYPE = { begin: 1, end: 2, counter: 4 } as const;
const INTERNED = { eventNames: 2, annotationNames: 3 } as const;
const NAME = { id: 1, name: 2 } as const;
const ANNOTATION = { nameId: 1, value: 3 } as const;
const SEQUENCE = 1;

/** What a slice tells beside its name. */
type Notes = Readonly<Partial<Record<"cycles" | "runs", number>>>;
const NOTE_IDS: Readonly<Record<keyof Required<Notes>, number>> = { cycles: 1, runs: 2 };

/** Tracks and what happens on them; points in time are cycles. */
class TraceFile {
  readonly #out = new ProtobufWriter();
  readonly #names = new Map<string, number>();
  #tracks = 0;
  #pids = 0;

  /** `clock_hz`: cycles a second. */
  constructor(readonly clock_hz: number) {
    this.#intern(true, () => {
      for (const [name, id] of Object.entries(NOTE_IDS)) this.#internName(INTERNED.annotationNames, id, name);
      for (const state of STATES) this.#internName(INTERNED.eventNames, this.#newName(state), state);
    });
  }

  bytes(): Uint8Array {
    return this.#out.bytes();
  }

  process(name: string): number {
    const pid = ++this.#pids;
    return this.#describe(name, null, () =>
      this.#out.message(DESCRIPTOR.process, () => {
        this.#out.number(PROCESS.pid, pid);
        this.#out.string(PROCESS.name, name);
      }),
    );
  }

  track(name: string, parent: number): number {
    return this.#describe(name, parent, () => {});
  }

  counter(name: string, parent: number): number {
    return this.#describe(name, parent, () => this.#out.message(DESCRIPTOR.counter, () => {}));
  }

  slice(track: number, begin: number, end: number, name: string): void {
    this.begin(track, begin, name, { cycles: end - begin });
    this.end(track, end);
  }

  begin(track: number, at: number, name: string, notes: Notes): void {
    const id = this.#names.get(name) ?? this.#internLate(name);
    this.#event(track, at, TYPE.begin, () => {
      for (const [note, value] of Object.entries(notes)) {
        this.#out.message(EVENT.annotations, () => {
          this.#out.number(ANNOTATION.nameId, NOTE_IDS[note as keyof Notes]);
          this.#out.number(ANNOTATION.value, value);
        });
      }
      this.#out.number(EVENT.nameId, id);
    });
  }

  end(track: number, at: number): void {
    this.#event(track, at, TYPE.end, () => {});
  }

  value(counter: number, at: number, value: number): void {
    this.#event(counter, at, TYPE.counter, () => this.#out.double(EVENT.counterValue, value));
  }

  #event(track: number, at: number, type: number, more: () => void): void {
    const out = this.#out;
    out.message(TRACE_PACKET, () => {
      out.number(PACKET.timestamp, Math.round((at * 1e9) / this.clock_hz));
      out.number(PACKET.sequence, SEQUENCE);
      out.message(PACKET.trackEvent, () => {
        more();
        out.number(EVENT.type, type);
        out.number(EVENT.track, track);
      });
      out.number(PACKET.sequenceFlags, FLAGS.needsState);
    });
  }

  /** Children are shown in the order in which they are described. */
  #describe(name: string, parent: number | null, more: () => void): number {
    const out = this.#out;
    const uuid = ++this.#tracks;
    out.message(TRACE_PACKET, () => {
      out.number(PACKET.sequence, SEQUENCE);
      out.message(PACKET.trackDescriptor, () => {
        out.number(DESCRIPTOR.uuid, uuid);
        out.string(DESCRIPTOR.name, name);
        if (parent !== null) out.number(DESCRIPTOR.parent, parent);
        more();
        out.number(DESCRIPTOR.childOrdering, EXPLICIT_ORDER);
        out.number(DESCRIPTOR.rank, uuid);
      });
    });
    return uuid;
  }

  #newName(name: string): number {
    const id = this.#names.size + 1;
    this.#names.set(name, id);
    return id;
  }

  #internLate(name: string): number {
    const id = this.#newName(name);
    this.#intern(false, () => this.#internName(INTERNED.eventNames, id, name));
    return id;
  }

  #intern(isFirst: boolean, names: () => void): void {
    this.#out.message(TRACE_PACKET, () => {
      this.#out.number(PACKET.sequence, SEQUENCE);
      this.#out.message(PACKET.internedData, names);
      this.#out.number(PACKET.sequenceFlags, isFirst ? FLAGS.cleared : FLAGS.needsState);
    });
  }

  #internName(list: number, id: number, name: string): void {
    this.#out.message(list, () => {
      this.#out.number(NAME.id, id);
      this.#out.string(NAME.name, name);
    });
  }
}
