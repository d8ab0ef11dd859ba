/** A fabric as people read it: sections, units with their nests, channels; one line each where it fits. */

import type { Access, Affine, Channel, Fabric, Guard, Loop, Nest, Node, Scratch, Section, TensorLayout, Unit } from "./fabric.ts";

export function printFabric(fabric: Fabric): string {
  const { program, machine, style, tensors, sections } = fabric;
  return [`fabric of ${program} on ${machine}, ${style}`, ...tensors.map(printTensor), ...sections.flatMap(printSection), ""].join("\n");
}

function printTensor({ tensor, dtype, shape, tier, base_bytes }: TensorLayout): string {
  return `tensor ${tensor}: ${dtype}[${shape.join(", ")}] in ${tier} at ${base_bytes}`;
}

function printSection({ name, operators, units, channels }: Section): string[] {
  const counts = (["pcu", "pmu", "ag"] as const).map((kind) => `${units.filter((unit) => unit.kind === kind).length} ${kind}`);
  const head = `section ${name} (${operators.join(", ")}): ${counts.join(", ")}, ${channels.length} channels`;
  return ["", head, ...units.flatMap(printUnit).map(indent), ...channels.map(printChannel).map(indent)];
}

function indent(line: string): string {
  return `  ${line}`;
}

function printUnit({ id, kind, operator, label, nests, scratch, stages, registers }: Unit): string[] {
  const body = kind === "pcu" ? `, ${stages} stages, ${registers} registers` : "";
  return [`${kind} ${id} = ${label} of ${operator}${body}`, ...scratch.map(printScratch).map(indent), ...nests.flatMap(printNest).map(indent)];
}

function printScratch({ name, dtype, shape, strides, buffers, bytes }: Scratch): string {
  return `scratch ${name}: ${buffers} x ${dtype}[${shape.join(", ")}]${strides === undefined ? "" : ` strides [${strides.join(", ")}]`}, ${bytes} bytes`;
}

function printNest({ id, loops, lanes, ii, latency, guards, ports, work }: Nest): string[] {
  const named = (affine: Affine): string => printAffine(affine, loops);
  const trips = loops.map(({ name, trip }) => `${name} < ${trip}`).join(", ");
  const lines = ports.map(
    ({ name, channel, direction, kind, level }) => `${direction} ${name}${name === channel ? "" : ` = ${channel}`} (${kind}, level ${level})`,
  );
  const cuts = guards.map(({ value, limit }: Guard) => `where 0 <= ${named(value)} < ${limit}`);
  return [`nest ${id}: [${trips}] x ${lanes} lanes, ii ${ii}, latency ${latency}`, ...[...lines, ...cuts, ...printWork(work, named)].map(indent)];
}

/** `64 i + 16 j + lane + 3`, with the loops' names. */
export function printAffine({ constant, loops, lane }: Affine, names: readonly Loop[]): string {
  const terms = [...loops.map((factor, l) => printTerm(factor, names[l]?.name ?? `#${l}`)), printTerm(lane, "lane")].filter((term) => term !== "");
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
      return [`${work.scratch}${printAccess(work.access, named)} <- ${work.port}`];
    case "read":
      return [`${work.port} <- ${work.scratch}${printAccess(work.access, named)}`];
    case "scatter":
      return [`${work.scratch}[${work.keyPort}] ${work.fn}= ${work.valuePort} in ${work.acc}`];
  }
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
  }
}

function printChannel({ id, kind, width, dtype, words, depth, source, sinks }: Channel): string {
  const payload = kind === "buffer" ? "hand-over" : `${width} ${words} x ${dtype}`;
  return `channel ${id}: ${payload}, depth ${depth}: ${source.unit}.${source.nest} -> ${sinks.map((sink) => `${sink.unit}.${sink.nest}`).join(", ")}`;
}
