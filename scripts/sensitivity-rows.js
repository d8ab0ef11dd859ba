// What the sensitivity study runs, and the rows of its CSV: attention of 8 heads of 128 in bf16, spatial and kernel by kernel on sn40l, and on GPUs in every launch regime.
import { makeGpuResult, makeResult, prepare, runGpu, simulate } from "../dist/index.js";
import { loadWorkload, readEnergyTable, readGpu, readMachine } from "../dist/node.js";

/** Heads of one sequence; a batch has so many for each of its sequences. */
export const HEADS = 8;
export const SPATIAL_MACHINE = "sn40l";
export const STYLES = ["spatial", "kernel-by-kernel"];
export const GPUS = ["a100-80", "h100"];
export const REGIMES = ["eager", "stream", "graph", "persistent"];
export const FUSIONS = ["library", "fused"];

/** The two walks: along sequence length at one batch, and along the batch at one sequence length. */
export const SEQUENCES = { batch: 4, values: [128, 256, 512, 1024, 2048] };
export const BATCHES = { seq: 256, values: [1, 2, 4, 8, 16] };

/** Every size of either walk, once. */
export const POINTS = [
  ...SEQUENCES.values.map((seq) => ({ seq, batch: SEQUENCES.batch })),
  ...BATCHES.values.filter((batch) => batch !== SEQUENCES.batch).map((batch) => ({ seq: BATCHES.seq, batch })),
];

const COLUMNS = [
  "machine",
  "style",
  "regime",
  "fusion",
  "seq",
  "batch",
  "seconds",
  "bytes",
  "launches",
  "launch_seconds",
  "gain",
  "gain_free",
  "break_even_seconds",
];

// --- runs ---

const setting = (path, value) => ({ path, value: String(value), label: `${path}=${value}` });

const attention = ({ seq, batch }) => loadWorkload("attention", { settings: [setting("seq", seq), setting("heads", batch * HEADS)] });

const HOST = { wall_seconds: 0, peak_rss_bytes: 0 };

/** One run on the accelerator. Takes seconds. */
export async function spatialRun({ style, ...point }) {
  const { program, hash, seed, inputs } = await attention(point);
  const machine = readMachine(SPATIAL_MACHINE);
  const { mapping } = prepare(program, machine, { style, seed });
  const counters = simulate(mapping, machine, { program, inputs: await inputs(), values: false, engine: "fast" });
  const host = { ...HOST, firings: counters.firings, skipped_firings: counters.skipped, periods: [], forward: [], simulated_cycles_per_second: 0 };
  const energyTable = readEnergyTable(machine);
  const result = makeResult({ version: "study", program, workloadHash: hash, seed, machine, mapping, counters, energyTable, host });
  return { ...measured(result), machine: SPATIAL_MACHINE, style, regime: "", fusion: "", ...point };
}

/** All runs of one size on GPUs, which take no time. */
export async function gpuRuns(point) {
  const { program, hash, seed } = await attention(point);
  const ways = GPUS.flatMap((machine) => FUSIONS.flatMap((fusion) => REGIMES.map((regime) => ({ machine, fusion, regime }))));
  return ways.map(({ machine: name, fusion, regime }) => {
    const machine = readGpu(name, [setting("launch.regime", regime), setting("execution.fusion", fusion)]);
    const result = makeGpuResult({ version: "study", program, workloadHash: hash, seed, machine, run: runGpu(program, machine), host: HOST });
    return { ...measured(result), machine: name, style: "kernel-by-kernel", regime, fusion, ...point };
  });
}

/** Off-chip bytes; a launch is a kernel's, or the loading of a configuration. Times as the CSV has them, so that it does not matter whether a row was read from it. */
function measured({ seconds, launches, launch_seconds, tiers }) {
  const bytes = [tiers.hbm, tiers.ddr].reduce((sum, tier) => sum + (tier?.read_bytes ?? 0) + (tier?.write_bytes ?? 0), 0);
  return { seconds: Number(exact(seconds)), bytes: Math.round(bytes), launches, launch_seconds: Number(exact(launch_seconds)) };
}

// --- the CSV ---

/** The name of a run on the accelerator. */
export const keyOf = ({ style, seq, batch }) => `${style} seq=${seq} batch=${batch}`;

/** The rows of those sizes whose spatial run is done, in the order of the study. `done`: runs on the accelerator by their keys; `gpus`: by size, in the order of POINTS. */
export function printCsv(done, gpus) {
  const rows = POINTS.flatMap((point, p) => {
    const [spatial, kernels] = STYLES.map((style) => done.get(keyOf({ style, ...point })));
    if (spatial === undefined) return kernels === undefined ? [] : [line(kernels, {})];
    const against = [kernels ?? [], ...gpus[p]].flat();
    return [line(spatial, {}), ...against.map((row) => line(row, comparedWith(spatial, row)))];
  });
  return [COLUMNS.join(","), ...rows, ""].join("\n");
}

/**
 * gain: time over the spatial time. gain_free: the same where launches and configurations took no time. break_even_seconds: the reconfiguration time with which
 * the spatial run would take as long as the GPU; below 0, it takes longer with any.
 */
function comparedWith(spatial, row) {
  const own = spatial.seconds - spatial.launch_seconds;
  const gains = { gain: row.seconds / spatial.seconds, gain_free: (row.seconds - row.launch_seconds) / own };
  return row.machine === spatial.machine ? gains : { ...gains, break_even_seconds: (row.seconds - own) / spatial.launches };
}

function line(row, compared) {
  const { gain, gain_free, break_even_seconds } = compared;
  const ratio = (value) => value?.toFixed(4) ?? "";
  const { machine, style, regime, fusion, seq, batch, seconds, bytes, launches, launch_seconds } = row;
  const sizes = [machine, style, regime, fusion, seq, batch, exact(seconds), bytes, launches, exact(launch_seconds)];
  return [...sizes, ratio(gain), ratio(gain_free), break_even_seconds === undefined ? "" : exact(break_even_seconds)].join(",");
}

function exact(seconds) {
  return seconds.toExponential(6);
}

const WORDS = ["machine", "style", "regime", "fusion"];

/** What `printCsv` wrote; what it left empty is null. Throws where the columns are others. */
export function parseCsv(text) {
  const [head, ...lines] = text.trimEnd().split("\n");
  if (head !== COLUMNS.join(",")) throw new Error(`expected the columns ${COLUMNS.join(",")}, found ${head}`);
  return lines.map((text) => {
    const cells = text.split(",");
    return Object.fromEntries(COLUMNS.map((name, c) => [name, WORDS.includes(name) ? cells[c] : cells[c] === "" ? null : Number(cells[c])]));
  });
}

// --- the table ---

const TABLE_WAYS = [
  { regime: "eager", fusion: "library" },
  { regime: "stream", fusion: "library" },
  { regime: "graph", fusion: "library" },
  { regime: "graph", fusion: "fused" },
];

/** The main numbers as Markdown: a line for each size, along the one walk and then along the other; gains by machine and way. */
export function printTable(rows) {
  const ways = GPUS.flatMap((machine) => TABLE_WAYS.map((way) => ({ machine, ...way })));
  const head = [
    "sequence",
    "batch",
    "spatial, us",
    `${SPATIAL_MACHINE} kernel by kernel`,
    ...ways.map(({ machine, regime, fusion }) => `${machine} ${fusion}, ${regime}`),
  ];
  const sizes = [...SEQUENCES.values.map((seq) => ({ seq, batch: SEQUENCES.batch })), ...BATCHES.values.map((batch) => ({ seq: BATCHES.seq, batch }))];
  const cells = sizes.map(({ seq, batch }) => {
    const at = rows.filter((row) => row.seq === seq && row.batch === batch);
    const [spatial, kernels] = STYLES.map((style) => at.find((row) => row.machine === SPATIAL_MACHINE && row.style === style));
    const gains = ways.map((way) => at.find((row) => Object.keys(way).every((key) => row[key] === way[key])).gain);
    return [seq, batch, (spatial.seconds * 1e6).toFixed(1), ...[kernels.gain, ...gains].map((gain) => gain.toFixed(2))];
  });
  return [head, head.map(() => "---:"), ...cells].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
