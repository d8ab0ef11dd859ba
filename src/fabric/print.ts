/** A fabric as people read it: sections, units with their nests, channels; one line each where it fits. */

import type { Access, Affine, Channel, Fabric, Guard, Loop, Nest, Node, Preset, Scratch, Section, Shard, Step, TensorLayout, Unit } from "./fabric.ts";

export function printFabric(fabric: Fabric): string {
  const { program, machine, style, tensors, sections } = fabric;
  const head = `fabric of ${program} on ${machine}, ${style}`;
  return [head, ...tensors.map(printTensor), ...printOrder(fabric), ...sections.flatMap((section) => printSection(section, sections)), ""].join("\n");
}

/** The steps, where they are more than one section after the other. */
function printOrder({ steps, sections }: Fabric): string[] {
  const isPlain = steps.length === sections.length && steps.every((step, s) => step.kind === "section" && step.section === s);
  return isPlain ? [] : ["", "steps", ...steps.flatMap((step) => printStep(step, sections)).map(indent)];
}

function printStep(step: Step, sections: readonly Section[]): string[] {
  if (step.kind === "section") return [`run ${sections[step.section]?.name ?? `#${step.section}`}`];
  const { name, round, times, until, carries } = step;
  const head = `repeat ${name}: ${round} < ${times}${until === undefined ? "" : ` until ${until}`}`;
  const carried = carries.map(({ to, init, from }) => `carry ${to} = ${init}, then ${from}`);
  return [head, ...[...carried, ...step.steps.flatMap((inner) => printStep(inner, sections))].map(indent)];
}

function printTensor({ tensor, dtype, shape, tier, base_bytes }: TensorLayout): string {
  return `tensor ${tensor}: ${dtype}[${shape.join(", ")}] in ${tier} at ${base_bytes}`;
}

/** `all` sections, to say which are on the chip with it. */
function printSection(section: Section, all: readonly Section[]): string[] {
  const { name, operators, units, channels, configuration } = section;
  const counts = (["pcu", "pmu", "ag"] as const).map((kind) => `${units.filter((unit) => unit.kind === kind).length} ${kind}`);
  const beside = all.flatMap((other) => (configuration !== undefined && other !== section && other.configuration === configuration ? [other.name] : []));
  const head = `section ${name} (${operators.join(", ")}): ${counts.join(", ")}, ${channels.length} channels${beside.length === 0 ? "" : `, on the chip with ${beside.join(", ")}`}`;
  return ["", head, ...units.flatMap(printUnit).map(indent), ...channels.map(printChannel).map(indent)];
}

function indent(line: string): string {
  return `  ${line}`;
}

function printUnit({ id, kind, operator, label, nests, scratch, stages, registers }: Unit): string[] {
  const body = kind === "pcu" ? `, ${stages} stages, ${registers} registers` : "";
  return [`${kind} ${id} = ${label} of ${operator}${body}`, ...scratch.map(printScratch).map(indent), ...nests.flatMap(printNest).map(indent)];
}

function printScratch({ name, dtype, shape, strides, banking, buffers, bytes, preset }: Scratch): string {
  const lie = `${strides === undefined ? "" : ` strides [${strides.join(", ")}]`}${banking === undefined ? "" : `, ${banking} over the banks`}`;
  const packed = `scratch ${name}: ${buffers} x ${dtype}[${shape.join(", ")}]${lie}, ${bytes} bytes`;
  return preset === undefined ? packed : `${packed}, preset with ${printPreset(preset)}`;
}

function printPreset({ tensor, loops, lanes, guards, from, to }: Preset): string {
  const named = (affine: Affine): string => printAffine(affine, loops);
  const cuts = guards.map((guard) => ` where ${printGuard(guard, named)}`).join("");
  return `${tensor}${printAccess(from, named)} at ${printAccess(to, named)}, [${loops.map(printLoop).join(", ")}] x ${lanes} lanes${cuts}`;
}

function printNest({ id, loops, lanes, ii, latency, guards, ports, work }: Nest): string[] {
  const named = (affine: Affine): string => printAffine(affine, loops);
  const trips = loops.map(printLoop).join(", ");
  const lines = ports.map(
    ({ name, channel, direction, kind, level }) => `${direction} ${name}${name === channel ? "" : ` = ${channel}`} (${kind}, level ${level})`,
  );
  const cuts = guards.map((guard) => `where ${printGuard(guard, named)}`);
  return [`nest ${id}: [${trips}] x ${lanes} lanes, ii ${ii}, latency ${latency}`, ...[...lines, ...cuts, ...printWork(work, named)].map(indent)];
}

function printGuard({ value, limit, size }: Guard, named: Named): string {
  return `0 <= ${named(value)} < ${size === undefined ? limit : `${size} <= ${limit}`}`;
}

function printLoop({ name, trip, size, port }: Loop): string {
  if (port !== undefined) return `${name} < token of ${port} <= ${trip}`;
  return size === undefined ? `${name} < ${trip}` : `${name} < ${size.tensor} / ${size.per} <= ${trip}`;
}

/** `r + 64 i + 16 j + lane + 3`, with the names of rounds and loops. */
export function printAffine({ constant, loops, lane, rounds = {} }: Affine, names: readonly Loop[]): string {
  const counted = [...Object.entries(rounds), ...loops.map((factor, l): [string, number] => [names[l]?.name ?? `#${l}`, factor])];
  const terms = [...counted.map(([name, factor]) => printTerm(factor, name)), printTerm(lane, "lane")].filter((term) => term !== "");
  const all = constant === 0 && terms.length > 0 ? terms : [...terms, String(constant)];
  return all.join(" + ");
}

function printTerm(factor: number, name: string): string {
  if (factor === 0) return "";
  return factor === 1 ? name : `${factor} ${name}`;
}

type Named = (affine: Affine) => string;

function printWork(work: Nest["work"], named: Named): string[] {
  switch (work.kind) {
    case "compute":
      return [...work.nodes.map((node, i) => `%${i} = ${printNode(node, named)}`), ...work.outputs.map(({ port, node }) => `${port} <- %${node}`)];
    case "systolic":
      return [`${work.scratch}[${work.stages} stages x lanes] += ${work.stagePort} * ${work.lanePort} in ${work.product} + ${work.acc}, level ${work.level}`];
    case "load":
      return [`${work.port} <- ${work.tensor}${printAccess(work.access, named)}`];
    case "store":
      return [`${work.tensor}${printAccess(work.access, named)} <- ${work.port}`];
    case "write":
      return [`${work.scratch}${printAccess(work.access, named)} <- ${work.port}${work.first === undefined ? "" : `, from buffer ${work.first} on`}`];
    case "read":
      return [`${work.port} <- ${work.scratch}${printAccess(work.access, named)}${work.rest === undefined ? "" : `, else ${work.rest}`}`];
    case "fold":
      return [`${work.scratch}${printAccess(work.access, named)} ${work.fn}= ${work.port} in ${work.acc}`];
    case "scatter":
      return [`${work.scratch}[${work.keyPort}] ${work.fn}= ${work.valuePort} in ${work.acc}${printShard(work.shard)}`];
    case "gather":
      return [`${work.port} <- ${work.scratch}[${work.indexPort}]`];
    case "fetch":
      return [`${work.port} <- ${work.tensor}[${work.indexPort}]`];
    case "append": {
      const records = work.emits.map(({ whenPort, valuePort }) => `${work.tensor} += ${valuePort} where ${whenPort}`);
      return work.sizePort === undefined ? records : [...records, `${work.sizePort} <- records`];
    }
    case "hash":
      return [`${work.port} <- number of ${work.keyPort} where ${work.whenPort}, in ${work.slots} slots; keys in ${work.keys}`];
  }
}

function printShard(shard: Shard | undefined): string {
  return shard === undefined ? "" : `, keys from ${shard.first} on of ${shard.keys}`;
}

function printAccess({ dims, shape }: Access, named: Named): string {
  return `[${dims.map(named).join(", ")}] of [${shape.join(", ")}]`;
}

function printNode(node: Node, named: Named): string {
  switch (node.kind) {
    case "input":
      return `${node.dtype} ${node.port}`;
    case "const":
      return `${node.dtype} ${node.value}`;
    case "affine":
      return `${node.dtype} ${named(node.value)}`;
    case "op":
      return `${node.dtype} ${node.op} ${node.args.map((arg) => `%${arg}`).join(" ")}`;
    case "cast":
      return `${node.dtype} cast %${node.arg}`;
    case "reduce":
      return `${node.dtype} ${node.fn} of %${node.arg} inside level ${node.level}${node.lanes ? " and across lanes" : ""} in ${node.acc}`;
    case "scan": {
      const order = `${node.exclusive ? "exclusive" : "inclusive"}, ${node.lanes ? "lane after lane" : "each lane for itself"}`;
      return `${node.dtype} running ${node.fn} of %${node.arg} inside level ${node.level}, ${order}, in ${node.acc}`;
    }
  }
}

function printChannel({ id, kind, width, dtype, words, depth, initial, source, sinks }: Channel): string {
  const payload = kind === "buffer" ? "hand-over" : `${width} ${words} x ${dtype}`;
  const start = initial === undefined ? "" : `, ${initial} at the start`;
  return `channel ${id}: ${payload}, depth ${depth}${start}: ${source.unit}.${source.nest} -> ${sinks.map((sink) => `${sink.unit}.${sink.nest}`).join(", ")}`;
}
