/** `weft validate noc`: the packet network against BookSim 2, in latency and throughput over load, and its latency without load for every source and destination. */

import { EXPERIMENT, type Experiment, type Measurement, mean, measureNoc } from "../network/measure.ts";
import { sendMessages } from "../network/messages.ts";
import { type NocSpec, nodesOf } from "../network/spec.ts";
import { makeTopology, routersBetween } from "../network/topology.ts";
import { parsePattern } from "../network/traffic.ts";
import { type ComparisonSuite, type Row, type RowProgress, readFigures } from "./comparison.ts";

export const NOC_SUITE: ComparisonSuite = {
  kind: "comparison",
  name: "noc",
  title:
    "The packet-switched network against BookSim 2: a mesh of 8 x 8 routers under synthetic traffic, with the peer's seed and so its very packets. Asked are 2 % of the mean latency at low load, 10 % up to 80 % of saturation and 5 % of the throughput at saturation; held here to all six digits that the peer prints, also beyond saturation. " +
    "Latency without load is that of the peer's pipeline, which its least and largest latencies at low load show: counted from making a packet to the arrival of its tail, 2 cycles and for each router 4 (3 where a head bids for the switch before it has a virtual channel), and one for each flit but the first.",
  leavesOut: [
    "virtual channels set aside for classes of traffic, priorities, speed-ups of the switch, allocators other than iSLIP: the peer's runs use none",
    "a second round of iSLIP: the peer's runs ask for 2, but its routers make their allocators without that setting (iq_router.cpp), and one round gives its figures",
    "allocators that take several cycles, which the peer does not pipeline",
  ],
  demands: [{ kind: "share within", least: 1 }],
  rows: compare,
};

interface Figures {
  readonly source: string;
  readonly network: Omit<NocSpec, "vcs" | "slots" | "reuse" | "speculative">;
  readonly variants: Readonly<Record<string, Pick<NocSpec, "vcs" | "slots" | "reuse" | "speculative">>>;
  readonly columns: readonly string[];
  /** A case each, in the order of the columns; null: not measured. */
  readonly figures: readonly (readonly (string | number | null)[])[];
}

/** A case of the peer's: its network, what was done to it and what came out, by column. */
export interface NocCase {
  readonly variant: string;
  readonly spec: NocSpec;
  readonly experiment: Experiment;
  readonly figures: ReadonlyMap<string, number | null>;
  readonly source: string;
}

export function readNocCases(): readonly NocCase[] {
  const { source, network, variants, columns, figures } = readFigures("booksim2.json") as Figures;
  return figures.map((values) => {
    const cell = new Map(columns.map((column, i) => [column, values[i] as number | null]));
    const [variant, flits, traffic, load, measures] = values as readonly [string, number, string, number, Experiment["measures"]];
    const isUnstable = cell.get("cycles") === null;
    const experiment = { ...EXPERIMENT, pattern: parsePattern(traffic), load, flits, measures, seed: SEED, ...(isUnstable ? { mostPeriods: 1 } : {}) };
    return { variant, spec: { ...network, ...variants[variant]! }, experiment, figures: cell, source };
  });
}

/** The peer's runs have it. */
const SEED = 12345;

/** The figure of a measurement that stands in each column. */
const FIGURES: readonly (readonly [column: string, what: string, of: (measurement: Measurement) => number])[] = [
  ["packet_latency", "latency, cycles", ({ packetLatency }) => mean(packetLatency)],
  ["packet_latency_least", "least", ({ packetLatency }) => packetLatency.least],
  ["packet_latency_most", "largest", ({ packetLatency }) => packetLatency.most],
  ["network_latency", "latency in the network, cycles", ({ networkLatency }) => mean(networkLatency)],
  ["flit_latency", "latency of flits, cycles", ({ flitLatency }) => mean(flitLatency)],
  ["accepted", "throughput, flits/node/cycle", ({ accepted }) => accepted],
  ["injected", "injected", ({ injected }) => injected],
  ["hops", "routers passed", ({ hops }) => mean(hops)],
  ["cycles", "cycles of the run", ({ cycles }) => cycles],
];

function compare(progress: RowProgress): readonly Row[] {
  const cases = readNocCases();
  const rows = cases.flatMap((one, i) => {
    progress(i, cases.length, `${one.variant}, ${caseName(one)}`);
    return rowsOf(one, measureNoc(one.spec, one.experiment));
  });
  return [...rows, ...emptyRows(cases)];
}

/** As the peer prints them, equal to the last digit. */
export function rowsOf(one: NocCase, measurement: Measurement): readonly Row[] {
  const group = `${one.variant}, packets of ${one.experiment.flits} flit${one.experiment.flits === 1 ? "" : "s"}`;
  const common = { group, case: caseName(one), source: one.source, tolerance: 0 };
  return FIGURES.flatMap(([column, what, of]) => {
    const expected = one.figures.get(column);
    return expected === null || expected === undefined ? [] : [{ ...common, what, expected, measured: Number(of(measurement).toPrecision(6)) }];
  });
}

function caseName({ experiment: { pattern, load, measures, mostPeriods } }: NocCase): string {
  const how = mostPeriods === 1 ? ", unstable: first period" : measures === "throughput" ? ", beyond saturation" : "";
  return `${pattern} at ${load}${how}`;
}

// --- without load ---

/** Of every source and destination, each with the network to itself. */
function emptyRows(cases: readonly NocCase[]): readonly Row[] {
  const kinds = new Map(cases.map((one) => [`${one.variant} ${one.experiment.flits}`, one]));
  return [...kinds.values()].map((one) => ({
    group: "Without load",
    case: `${one.variant}, packets of ${one.experiment.flits}`,
    what: `pairs of ${nodesOf(one.spec) ** 2} with the pipeline's latency`,
    expected: nodesOf(one.spec) ** 2,
    source: `the pipeline of ${one.source.split(",")[0]}`,
    measured: pairsOnTime(one.spec, one.experiment.flits),
    tolerance: 0,
  }));
}

function pairsOnTime(spec: NocSpec, flits: number): number {
  const nodes = Array.from({ length: nodesOf(spec) }, (_, node) => node);
  return nodes.reduce((sum, from) => sum + reachedOnTime(spec, from, nodes, flits), 0);
}

/** Messages of one node to all, each long after the one before has left an empty network behind. */
function reachedOnTime(spec: NocSpec, from: number, nodes: readonly number[], flits: number): number {
  const topology = makeTopology(spec);
  const messages = nodes.map((to, i) => ({ from, to: [to], flits, at: i * LONG }));
  const { deliveries } = sendMessages(spec, messages);
  return deliveries.filter(({ to, left, arrived }) => arrived - left === pipelineCycles(spec, routersBetween(topology, from, to), flits)).length;
}

/** Cycles in which any message crosses an empty network of this size. */
const LONG = 200;

const pipelineCycles = ({ speculative }: NocSpec, routers: number, flits: number): number => 2 + (speculative ? 3 : 4) * routers + flits - 1;
