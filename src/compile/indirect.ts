/** Units of the stages that address memory by data: gathers, the appends of a flatMap, hash tables. */

import type { Affine, Nest, Port } from "../fabric/fabric.ts";
import { slotTableOf } from "../fabric/nests.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { scratchLayout } from "./banking.ts";
import type { StagePlan } from "./controllers.ts";
import { type Copy, elementGuards, loopsOf, unitPlace, withoutUnitLoops } from "./nests.ts";
import { generator } from "./operands.ts";
import { hashSlots } from "./sizes.ts";
import { addUnit, type Builder, connect, counter, freshId, handOver, label, port, resultKey, type Source } from "./wiring.ts";

/** The loops of a stage with all its ports at the innermost level: what a unit behind its PCUs does at each firing of theirs. */
function tailNest(stage: StagePlan, copy: Copy, id: string, latency: number, ports: readonly Port[], work: Nest["work"]): Nest {
  const { shape } = stage;
  const all = shape.loops.map((index) => index.name);
  const guards = elementGuards(all, stage, stage.loops, copy);
  return { id, loops: loopsOf(stage, stage.loops), lanes: shape.lane === null ? 1 : shape.lanes, ii: 1, latency, guards, ports, work };
}

const levelOf = ({ loops, inner }: StagePlan): number => loops.length + inner.length;

/** Looks elements up in a copy of the table on the chip, or fetches each from memory. */
export function buildGather(builder: Builder, stage: StagePlan, copy: Copy, index: Source): Source {
  const { name, lane, lanes, table } = stage.shape;
  const id = freshId(builder, `${name}.gather${label(stage.loops, copy.at)}`);
  const source = { end: { unit: id, nest: id, port: "out" }, words: lane === null ? 1 : lanes, dtype: table!.dtype };
  if (stage.table === "pmu") return gatherOnChip(builder, stage, copy, id, index, source);
  const level = levelOf(stage);
  const ports = [port("index", "in", level), port("out", "out", level)];
  const work = { kind: "fetch", tensor: table!.name, indexPort: "index", port: "out" } as const;
  addUnit(builder, { id, kind: "ag", operator: name, nests: [tailNest(stage, copy, id, builder.machine.ag.latency_cycles, ports, work)] });
  connect(builder, index, { unit: id, nest: id, port: "index" });
  return source;
}

function gatherOnChip(builder: Builder, stage: StagePlan, copy: Copy, id: string, index: Source, { words, dtype }: Source): Source {
  const { machine } = builder;
  const { lanes, table } = stage.shape;
  const level = levelOf(stage);
  const last = table!.shape.length - 1;
  const loops = table!.shape.map((size, d) => ({ name: `dim.${d}`, trip: d === last ? Math.ceil(size / lanes) : size }));
  const dims = table!.shape.map((_, d): Affine => (d === last ? unitPlace(loops.length, d, lanes) : counter(loops.length, d)));
  const width = table!.shape[last] ?? 1;
  const guards = width % lanes === 0 || last < 0 ? [] : [{ value: dims[last]!, limit: width }];
  const walk = { loops, lanes: last < 0 ? 1 : lanes, access: { dims, shape: table!.shape }, guards };
  // A table is filled whole before the first look-up: a generator that also fed a stream beside it would wait for itself.
  const source = generator(builder, table!.name, dtype, withoutUnitLoops(walk), "table");
  const writer: Nest = {
    id: `${id}/write`,
    ...{ loops, lanes: walk.lanes, ii: 1, latency: 1, guards },
    ports: [port("in", "in", loops.length), port("full", "out", 0, "buffer")],
    work: { kind: "write", scratch: table!.name, access: walk.access, port: "in" },
  };
  const ports = [port("ready", "in", 0, "buffer"), port("index", "in", level), port("out", "out", level)];
  const work = { kind: "gather", scratch: table!.name, indexPort: "index", port: "out" } as const;
  const reader = tailNest(stage, copy, `${id}/gather`, machine.pmu.latency_cycles, ports, work);
  const { bytes, lie } = scratchLayout(table!.shape, bytesOf(dtype), machine, "numbers");
  addUnit(builder, {
    ...{ id, kind: "pmu", operator: stage.shape.name },
    nests: [writer, reader],
    scratch: [{ name: table!.name, dtype, shape: table!.shape, ...lie, buffers: 1, bytes }],
  });
  connect(builder, source, { unit: id, nest: writer.id, port: "in" });
  connect(builder, index, { unit: id, nest: reader.id, port: "index" });
  handOver(builder, { unit: id, nest: writer.id, port: "full" }, { unit: id, nest: reader.id, port: "ready" }, 1);
  return { end: { unit: id, nest: reader.id, port: "out" }, words, dtype };
}

/** An address generator for each field that someone needs; the first also says how many records there are. */
export function buildAppends(builder: Builder, stage: StagePlan, copy: Copy, made: ReadonlyMap<number, Source>): void {
  const { operator, body } = stage.shape;
  if (operator.kind !== "flatMap") return;
  const level = levelOf(stage);
  const fields = Object.keys(operator.emits[0]!.fields);
  const size = `${operator.name}.size`;
  stage.appends.forEach((field, position) => {
    const tensor = `${operator.name}.${fields[field]}`;
    const id = freshId(builder, `${tensor}.append`);
    const sends = position === 0 && stage.stores.some((store) => store.tensor === size);
    const emits = operator.emits.map((_, e) => ({ whenPort: `when${e}`, valuePort: `value${e}` }));
    const ports = [...emits.flatMap(({ whenPort, valuePort }) => [port(whenPort, "in", level), port(valuePort, "in", level)])];
    if (sends) ports.push(port("size", "out", 0));
    const work = { kind: "append", tensor, emits, ...(sends && { sizePort: "size" }) } as const;
    addUnit(builder, { id, kind: "ag", operator: operator.name, nests: [tailNest(stage, copy, id, builder.machine.ag.latency_cycles, ports, work)] });
    emits.forEach(({ whenPort, valuePort }, e) => {
      const first = e * (1 + fields.length);
      connect(builder, made.get(body.results[first]!)!, { unit: id, nest: id, port: whenPort });
      connect(builder, made.get(body.results[first + 1 + field]!)!, { unit: id, nest: id, port: valuePort });
    });
    if (sends) builder.results.set(resultKey(size, copy.at), { end: { unit: id, nest: id, port: "size" }, words: 1, dtype: "i32" });
  });
}

/** The table that numbers keys as they come. */
export function buildHash(builder: Builder, stage: StagePlan, copy: Copy, made: ReadonlyMap<number, Source>): Source {
  const { machine } = builder;
  const { operator, body, lane, lanes } = stage.shape;
  if (operator.kind !== "hash") throw new Error(`"${operator.name}" is no hash`);
  const id = freshId(builder, `${operator.name}.hash`);
  const level = levelOf(stage);
  const slots = hashSlots(operator.keys);
  const work = { kind: "hash", slots, keyPort: "key", whenPort: "when", port: "out", keys: "keys" } as const;
  const ports = [port("key", "in", level), port("when", "in", level), port("out", "out", level)];
  const { bytes, lie } = scratchLayout([slots], 4, machine, "numbers");
  addUnit(builder, {
    ...{ id, kind: "pmu", operator: operator.name },
    nests: [tailNest(stage, copy, id, machine.pmu.latency_cycles, ports, work)],
    scratch: [
      { name: slotTableOf(work), dtype: "i32", shape: [slots], ...lie, buffers: 1, bytes },
      { name: "keys", dtype: "i32", shape: [operator.keys], buffers: 1, bytes: (bytes / slots) * operator.keys },
    ],
  });
  connect(builder, made.get(body.results[0]!)!, { unit: id, nest: id, port: "when" });
  connect(builder, made.get(body.results[1]!)!, { unit: id, nest: id, port: "key" });
  return { end: { unit: id, nest: id, port: "out" }, words: lane === null ? 1 : lanes, dtype: "i32" };
}
