/**
 * The YAML form of a Machine. Keys are those of machine.ts. Every figure has a source: its own (`lanes: { value: 32, source: "assumed: ..." }`) or that of the
 * nearest mapping around it that has a `source` key. Checked figure by figure, then against each other.
 */

import * as z from "zod";
import { type Override, parseYaml } from "../base/yaml.ts";
import type { Machine } from "./machine.ts";
import { count, figure, powerOfTwo, quantity, sourceText } from "./quantity.ts";
import { checkSources, type Labels, labelsOf, type Plain, plain, sourcesOf } from "./sources.ts";
import { tierOfPart } from "./tier-part.ts";
import { clockOfTier, refuse, tier } from "./tier-schema.ts";

/** The machine that a config describes. Throws a UserError with every fault found. */
export function loadMachine(text: string, file: string, overrides: readonly Override[] = []): Machine {
  const labels = labelsOf(overrides);
  const config = parseYaml(text, file, machineConfig(labels), overrides);
  return { ...resolved(plain(config)), sources: sourcesOf(config, labels) };
}

/** With what follows from the DRAM parts of its tiers. */
function resolved(figures: Plain<Config>): Omit<Machine, "sources"> {
  const tiers = Object.entries(figures.tiers).map(([name, spec]) => [name, spec.dram === undefined ? spec : { ...spec, ...tierOfPart(spec.dram) }]);
  return { ...figures, tiers: Object.fromEntries(tiers) };
}

/** JSON Schema of the YAML form, for editors. */
export function machineSchemaJson(): string {
  const schema = z.toJSONSchema(figures, { io: "input", target: "draft-7" });
  return `${JSON.stringify({ title: "weft machine", ...schema }, null, 2)}\n`;
}

// --- the parts ---

const source = sourceText.optional();
const flag = (meaning: string) => figure(z.boolean()).describe(meaning);
const ports = (what: string) => count(0, 64, `${what} ports.`);

const grid = z.strictObject({
  source,
  columns: count(1, 1024, "Columns of PCUs and PMUs."),
  rows: count(1, 1024, "Rows of PCUs and PMUs."),
});

const pcu = z.strictObject({
  source,
  count: count(1, 65536, "Pattern compute units."),
  lanes: powerOfTwo(1, 1024, "SIMD lanes of a PCU; a power of two, for the reduction tree."),
  stages: count(1, 256, "Pipeline stages of a PCU: one operation a lane each."),
  registers: count(1, 256, "Pipeline registers a lane and stage."),
  vector_in: count(1, 64, "Vector input ports."),
  vector_out: count(1, 64, "Vector output ports."),
  scalar_in: ports("Scalar input"),
  scalar_out: ports("Scalar output"),
  counters: count(1, 64, "Chained counters: bounds the loops of a nest."),
  fifo_depth: count(1, 65536, "Entries of each input FIFO."),
  modes: figure(z.array(z.enum(["simd", "systolic"])).min(1)).describe("What the body can be."),
  special_stages: count(1, 256, "Stages that exp, log, sqrt, tanh, sigmoid and div take without a tail unit."),
  tail: flag("A tail unit does one special function on a vector each cycle, after the last stage."),
  packing: powerOfTwo(1, 8, "Most narrow numbers that a lane takes as one 32-bit word; a fold across lanes takes a stage more for those of a word."),
  folded_tree: flag("The tree across lanes is one stage, passed log2(lanes) times; else log2(lanes) stages."),
});

const pmu = z
  .strictObject({
    source,
    count: count(1, 65536, "Pattern memory units."),
    bytes: quantity("size", "64 B", "1 GiB", "Scratchpad of one PMU."),
    banks: powerOfTwo(1, 1024, "Banks of the scratchpad; a power of two, so that a bank is some bits of the address."),
    word_bytes: powerOfTwo(1, 8, "Smallest word stored."),
    vector_in: count(1, 64, "Vector input ports."),
    vector_out: count(1, 64, "Vector output ports."),
    scalar_in: ports("Scalar input"),
    scalar_out: ports("Scalar output"),
    counters: count(1, 64, "Chained counters: bounds the loops of a nest."),
    fifo_depth: count(1, 65536, "Entries of each input FIFO."),
    latency_cycles: count(1, 1000, "Cycles from an address to its data."),
    banking: figure(z.array(z.enum(["block", "cyclic", "hashed", "diagonal"])).min(1)).describe("Layouts of words over banks that a scratch memory can have."),
    read_ports: count(1, 64, "Vectors that can be read at a time."),
    write_ports: count(1, 64, "Vectors that can be written at a time."),
  })
  .superRefine(({ bytes, banks, word_bytes }, context) => {
    const row = banks.value * word_bytes.value;
    if (bytes.value % row !== 0) refuse(context, ["bytes"], `expected a multiple of banks * word_bytes = ${row}, found ${bytes.value}`);
  });

const ag = z.strictObject({
  source,
  count: count(1, 4096, "Address generators."),
  outstanding: count(1, 65536, "Requests (firings that need at least one burst) that may be under way at one time."),
  coalescing_entries: count(
    0,
    65536,
    "Bursts, under way or there, that are not asked for again; the least recently used gives way. 0: each vector stands alone.",
  ),
  fifo_depth: count(1, 65536, "Entries of each input FIFO."),
  latency_cycles: count(0, 1000, "Cycles from a firing to its bursts."),
});

const network = z
  .strictObject({
    source,
    kind: figure(z.enum(["static", "packet"])).describe("static: circuits. packet: links are shared as long as rates add up to the tracks."),
    fidelity: figure(z.enum(["circuit", "packet"]))
      .nullish()
      .describe("circuit, or absent: tokens never wait for a link. packet: those of channels that share a link wait for each other."),
    vector_links: count(1, 64, "Vector tracks between neighbouring switches, each way."),
    scalar_links: count(1, 64, "Scalar tracks between neighbouring switches, each way."),
    control_links: count(1, 64, "Control tracks between neighbouring switches, each way."),
    hop_cycles: count(0, 100, "Cycles from switch to switch; 0: each channel takes one cycle, however long its route."),
    vector_bytes: powerOfTwo(8, 4096, "Payload of one vector token; at least one word of the widest dtype."),
  })
  .superRefine(({ kind, fidelity, hop_cycles: hop }, context) => {
    if (fidelity?.value !== "packet") return;
    if (kind.value !== "packet") refuse(context, ["fidelity"], `expected circuit beside kind = ${kind.value}, found packet`);
    else if (hop.value < 2)
      refuse(context, ["fidelity"], `expected circuit beside hop_cycles = ${hop.value}, found packet: it takes a cycle in the router and one on the wire`);
  });

const tiers = z
  .strictObject({ source, hbm: tier.nullish().describe("The fast tier, on the package."), ddr: tier.nullish().describe("The large tier, on the board.") })
  .superRefine(({ hbm, ddr }, context) => {
    if (hbm == null && ddr == null) refuse(context, [], "expected at least one off-chip tier, hbm or ddr, found none");
  });

const schemaVersion = z.literal(1).describe("Version of this form.");
const name = z.string().regex(/\S/, "a name").describe("Name of the machine in reports.");
const kind = z.literal("rda").describe("A reconfigurable dataflow accelerator.");
const energy = z.string().regex(/\S/, "a name").describe("Name of an energy table in configs/energy/.");

const figures = z.strictObject({
  schemaVersion,
  name,
  kind,
  source,
  clock_hz: quantity("frequency", "1 MHz", "100 GHz", "Clock of the fabric."),
  grid,
  pcu,
  pmu,
  ag,
  network,
  tiers,
  reconfiguration_seconds: quantity("time", "0 s", "10 s", "Time to load the configuration of one section."),
  energy,
});

/** The whole form, and how its figures must fit each other. `labels` names the override that set a path, if one did. */
function machineConfig(labels: Labels) {
  return figures
    .check(z.superRefine((config, context) => checkSources(config, context, labels), { when: () => true }))
    .superRefine(checkGrid)
    .superRefine(checkClocks);
}

type Config = z.output<typeof figures>;
type Context = z.core.$RefinementCtx<unknown>;

// --- checks of figures against each other ---

/** Times convert exactly between the clocks as long as a run is shorter than 2^53 over this many ticks. */
const largestRatioTerm = 1_000_000;

function checkGrid({ grid: { columns, rows }, pcu, pmu }: Config, context: Context): void {
  const [positions, units] = [columns.value * rows.value, pcu.count.value + pmu.count.value];
  if (positions !== units)
    refuse(context, ["grid"], `expected columns * rows = pcu.count + pmu.count = ${units}, found ${columns.value} * ${rows.value} = ${positions}`);
}

function checkClocks({ clock_hz: fabric, tiers }: Config, context: Context): void {
  for (const key of ["hbm", "ddr"] as const) {
    const memory = tiers[key] == null ? undefined : clockOfTier(tiers[key]);
    if (memory === undefined) continue;
    const divisor = greatestCommonDivisor(memory, fabric.value);
    const [ticks, perTicks] = [memory / divisor, fabric.value / divisor];
    if (Math.max(ticks, perTicks) > largestRatioTerm)
      refuse(
        context,
        ["tiers", key, ...(tiers[key]?.dram == null ? [] : ["dram"]), "clock_hz"],
        `expected a simple ratio to the fabric's clock (terms up to ${largestRatioTerm}), found ${ticks}/${perTicks}`,
      );
  }
}

/** Of positive integers. */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
