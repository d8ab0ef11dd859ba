/**
 * Open-loop measurements of a packet network, as BookSim 2 makes them (its trafficmanager.cpp; seeds give its very traffic): each node makes packets by chance, queues them
 * without bound and sends them in order; periods of warm-up, then periods until latency and throughput stay within 5 % three times, then a drain during which
 * traffic goes on until all measured packets have arrived.
 */

import { nextLagged, seedFraction, seedWhole } from "../base/lagged.ts";
import type { NocSpec } from "./spec.ts";
import { areCreditsBack, createNoc } from "./state.ts";
import { makeNoc, type Noc, offerPacket, stepNoc, type Traffic } from "./terminal.ts";
import { routersBetween } from "./topology.ts";
import { type Destination, destinationOf, drawBelow, type Pattern } from "./traffic.ts";

export interface Experiment {
  readonly pattern: Pattern;
  /** Flits a node and cycle that are offered, 0 .. 1. */
  readonly load: number;
  readonly flits: number;
  readonly seed: number;
  /** Latency: stops where it diverges, and waits until every measured packet has arrived. Throughput: goes on beyond saturation. */
  readonly measures: "latency" | "throughput";
  readonly period_cycles: number;
  readonly warmUpPeriods: number;
  readonly mostPeriods: number;
  /** Mean latency beyond which the load counts as more than the network carries. */
  readonly unstable_cycles: number;
}

export const EXPERIMENT: Omit<Experiment, "pattern" | "load" | "flits" | "seed" | "measures"> = {
  period_cycles: 1000,
  warmUpPeriods: 3,
  mostPeriods: 10,
  unstable_cycles: 500,
};

/** Sum, count, least and most of whole numbers. */
export interface Summary {
  sum: number;
  count: number;
  least: number;
  most: number;
}

export interface Measurement {
  readonly isStable: boolean;
  /** From the making of a packet until its tail arrives; from its head's leaving the node; and of single flits from leaving to arriving. Cycles. */
  readonly packetLatency: Summary;
  readonly networkLatency: Summary;
  readonly flitLatency: Summary;
  /** Routers passed. */
  readonly hops: Summary;
  /** Flits a node and cycle. */
  readonly accepted: number;
  readonly injected: number;
  /** Until everything was drained. */
  readonly cycles: number;
}

export const mean = ({ sum, count }: Summary): number => sum / count;

/** Relative change between two periods up to which they count as the same. */
const STEADY = 0.05;

type Phase = "warming up" | "running" | "draining";

interface Course {
  readonly noc: Noc;
  readonly traffic: Traffic;
  readonly experiment: Experiment;
  phase: Phase;
  /** When the statistics were cleared and when the drain began; a packet made in the drain from then on is not measured. */
  clearedAt: number;
  drainsFrom: number;
  /** Per node: the first cycle for which it has not yet been decided whether it makes a packet. */
  readonly decided: Float64Array;
  packetLatency: Summary;
  networkLatency: Summary;
  flitLatency: Summary;
  hops: Summary;
  acceptedFlits: number;
  /** Flits that nodes had sent when the statistics were cleared, and when the drain began. */
  sentBefore: number;
  sentUntilDrain: number;
  /** Flits made and not arrived: number, those to be measured, sum of the cycles in which their packets were made. */
  alive: number;
  aliveMeasured: number;
  aliveCreated: number;
}

export function measureNoc(spec: NocSpec, experiment: Experiment): Measurement {
  const course = startCourse(spec, experiment);
  const converged = runPeriods(course);
  beginDrain(course);
  const isStable = converged && drainMeasured(course);
  const { clearedAt, drainsFrom, sentBefore, sentUntilDrain } = course;
  const { state } = course.noc;
  if (isStable) while (course.alive > 0 || !areCreditsBack(state)) step(course, false);
  const rate = (flits: number): number => flits / (drainsFrom - clearedAt) / state.nodes;
  const { packetLatency, networkLatency, flitLatency, hops } = course;
  return {
    isStable,
    ...{ packetLatency, networkLatency, flitLatency, hops },
    accepted: rate(course.acceptedFlits),
    injected: rate(sentUntilDrain - sentBefore),
    cycles: state.now,
  };
}

// --- periods ---

/** Until they are steady, or there were enough of them. False where latency diverges. */
function runPeriods(course: Course): boolean {
  const { period_cycles, warmUpPeriods, mostPeriods, measures, unstable_cycles } = course.experiment;
  let before = { latency: 0, accepted: 0 };
  let steady = 0;
  let mustClear = false;
  for (let period = 0; period < mostPeriods && (course.phase !== "running" || steady < 3); period++) {
    if (mustClear || (course.phase === "warming up" && period % 2 === 0)) clearStatistics(course);
    mustClear = false;
    for (let cycle = 0; cycle < period_cycles; cycle++) step(course, true);
    const now = { latency: mean(course.packetLatency), accepted: course.acceptedFlits / (course.noc.state.now - course.clearedAt) };
    if (measures === "latency" && latencySoFar(course) > unstable_cycles) return false;
    if (course.phase === "running") steady = isSteady(before, now, measures) ? steady + 1 : 0;
    else if (period + 1 >= warmUpPeriods) {
      mustClear = true;
      course.phase = "running";
    }
    before = now;
  }
  return course.phase === "running";
}

interface Rates {
  readonly latency: number;
  readonly accepted: number;
}

function isSteady(before: Rates, now: Rates, measures: Experiment["measures"]): boolean {
  const isLatencySteady = measures === "throughput" || Math.abs((now.latency - before.latency) / now.latency) <= STEADY;
  return isLatencySteady && Math.abs((now.accepted - before.accepted) / now.accepted) <= STEADY;
}

/** Traffic goes on until all measured packets have arrived. False if latency diverges meanwhile. */
function drainMeasured(course: Course): boolean {
  const { decided, experiment } = course;
  if (experiment.measures === "throughput") return true;
  for (let steps = 1; course.aliveMeasured > 0 || decided.some((cycle) => cycle <= course.drainsFrom); steps++) {
    step(course, true);
    if (steps % 1000 === 0 && latencySoFar(course) > experiment.unstable_cycles) return false;
  }
  return true;
}

function beginDrain(course: Course): void {
  course.phase = "draining";
  course.drainsFrom = course.noc.state.now;
  course.sentUntilDrain = course.noc.state.flitsSent;
}

/** Mean over the packets that arrived and, with their age, all flits that did not. */
function latencySoFar({ noc, packetLatency, alive, aliveCreated }: Course): number {
  return (packetLatency.sum + alive * noc.state.now - aliveCreated) / (packetLatency.count + alive);
}

function step({ noc, traffic }: Course, isOffering: boolean): void {
  stepNoc(noc, traffic, isOffering);
}

// --- the course ---

const empty = (): Summary => ({ sum: 0, count: 0, least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY });

function add(summary: Summary, value: number): void {
  summary.sum += value;
  summary.count++;
  if (value < summary.least) summary.least = value;
  if (value > summary.most) summary.most = value;
}

function clearStatistics(course: Course): void {
  course.clearedAt = course.noc.state.now;
  course.packetLatency = empty();
  course.networkLatency = empty();
  course.flitLatency = empty();
  course.hops = empty();
  course.acceptedFlits = 0;
  course.sentBefore = course.noc.state.flitsSent;
}

function startCourse(spec: NocSpec, experiment: Experiment): Course {
  const whole = seedWhole(experiment.seed);
  const fraction = seedFraction(experiment.seed);
  const state = createNoc(spec, () => drawBelow(whole, 2));
  const destination = destinationOf(experiment.pattern, spec);
  const chance = experiment.load / experiment.flits;
  const makes = (): boolean => nextLagged(fraction) < chance;
  const draw = (bound: number): number => drawBelow(whole, bound);
  const course: Course = {
    noc: makeNoc(state),
    traffic: {
      offer: (_, node) => offer(course, node, makes, destination, draw),
      arrive: (_, node, packet, flit, isTail) => arrive(course, node, packet, flit, isTail),
    },
    experiment,
    phase: "warming up",
    clearedAt: 0,
    drainsFrom: Number.POSITIVE_INFINITY,
    decided: new Float64Array(state.nodes),
    ...{ packetLatency: empty(), networkLatency: empty(), flitLatency: empty(), hops: empty() },
    ...{ acceptedFlits: 0, sentBefore: 0, sentUntilDrain: 0, alive: 0, aliveMeasured: 0, aliveCreated: 0 },
  };
  return course;
}

/** A node that has sent its last packet catches up with the cycles in which it would have made one. */
function offer(course: Course, node: number, makes: () => boolean, destination: Destination, draw: (bound: number) => number): void {
  const { decided, noc, experiment, phase } = course;
  const { state } = noc;
  while (decided[node]! <= state.now) {
    const created = decided[node]!++;
    if (!makes()) continue;
    const to = destination(node, draw);
    draw(1);
    const isMeasured = phase === "running" || (phase === "draining" && created < course.drainsFrom);
    offerPacket(state, node, to, experiment.flits, created, isMeasured ? 1 : 0);
    course.alive += experiment.flits;
    course.aliveCreated += experiment.flits * created;
    if (isMeasured) course.aliveMeasured += experiment.flits;
    return;
  }
}

function arrive(course: Course, node: number, packet: number, flit: number, isTail: boolean): void {
  const { state } = course.noc;
  const created = state.packetCreated[packet]!;
  const isMeasured = state.packetTag[packet] === 1;
  course.alive--;
  course.aliveCreated -= created;
  if (isMeasured) course.aliveMeasured--;
  if (course.phase !== "draining") course.acceptedFlits++;
  add(course.flitLatency, state.now - state.flitInjected[flit]!);
  if (!isTail || !(isMeasured || course.phase === "warming up")) return;
  add(course.packetLatency, state.now - created);
  add(course.networkLatency, state.now - state.packetInjected[packet]!);
  add(course.hops, routersBetween(state.topology, state.packetSource[packet]!, node));
}
