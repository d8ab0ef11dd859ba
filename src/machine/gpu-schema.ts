/** The YAML form of a GPU. Keys are those of gpu.ts; sources and faults as in schema.ts. */

import * as z from "zod";
import { type Override, parseYaml } from "../base/yaml.ts";
import type { GpuMachine } from "./gpu.ts";
import { count, figure, quantity, sourceText } from "./quantity.ts";
import { checkSources, type Labels, labelsOf, plain, sourcesOf } from "./sources.ts";

/** The GPU that a config describes. Throws a UserError with every fault found. */
export function loadGpu(text: string, file: string, overrides: readonly Override[] = []): GpuMachine {
  const labels = labelsOf(overrides);
  const config = parseYaml(text, file, gpuConfig(labels), overrides);
  return { ...plain(config), sources: sourcesOf(config, labels) } as GpuMachine;
}

/** JSON Schema of the YAML form, for editors. */
export function gpuSchemaJson(): string {
  const schema = z.toJSONSchema(figures, { io: "input", target: "draft-7" });
  return `${JSON.stringify({ title: "weft GPU", ...schema }, null, 2)}\n`;
}

// --- the parts ---

const source = sourceText.optional();
const share = (meaning: string) => figure(z.number().positive().max(1)).describe(`${meaning} Above 0, at most 1.`);
const amount = (most: number, meaning: string) => figure(z.number().min(0).max(most)).describe(meaning);
const rate = (meaning: string) => figure(z.number().min(1e6).max(1e15)).describe(`${meaning} Bytes a second.`);
const seconds = (meaning: string) => quantity("time", "0 s", "1 s", meaning);

const tensorMacs = count(1, 65536, "Multiply-accumulates a cycle.").nullish();

const sm = z.strictObject({
  source,
  count: count(1, 4096, "Streaming multiprocessors."),
  tensor_macs: z.strictObject({
    source,
    ...{ f64: tensorMacs, f32: tensorMacs, bf16: tensorMacs, f16: tensorMacs, fp8e4m3: tensorMacs, fp8e5m2: tensorMacs, i8: tensorMacs },
  }),
  tensor_share: share("Of the tensor cores' peak, what a pipelined main loop sustains."),
  warp_tensor_share: share("Of the tensor cores' peak, what instructions of one warp (mma.sync) sustain."),
  cluster: count(1, 16, "Neighbouring blocks that share what they load of a factor of a product."),
  lanes: z.strictObject({
    source,
    f64: count(1, 1024, "Instructions of f64 a cycle."),
    f32: count(1, 1024, "Instructions of f32 a cycle."),
    i32: count(1, 1024, "Instructions of i32 a cycle."),
  }),
  special_lanes: count(1, 1024, "Transcendental approximations a cycle."),
  instructions: z.strictObject({
    source,
    exp: count(1, 1000, "Instructions of exp."),
    log: count(1, 1000, "Instructions of log."),
    sqrt: count(1, 1000, "Instructions of sqrt."),
    tanh: count(1, 1000, "Instructions of tanh."),
    sigmoid: count(1, 1000, "Instructions of sigmoid."),
    div: count(1, 1000, "Instructions of a division."),
    convert: count(1, 1000, "Instructions of a conversion between f32 and a narrow dtype."),
  }),
  threads: count(32, 65536, "Resident threads."),
  blocks: count(1, 1024, "Resident blocks."),
  register_bytes: quantity("size", "1 KiB", "16 MiB", "Register file."),
  shared_bytes: quantity("size", "1 KiB", "16 MiB", "Shared memory that blocks can have."),
  shared_bytes_per_cycle: count(1, 4096, "Bytes of shared memory read or written a cycle."),
  overlap: share("Of the shorter of memory and compute time, what the longer hides."),
  phase_overlap: share("The same of dependent phases of a fused attention."),
});

const l2 = z.strictObject({
  source,
  bytes: quantity("size", "64 KiB", "16 GiB", "Capacity."),
  usable_share: share("Of the capacity, what data fills before it is thrown out."),
  read_bytes_per_cycle: count(1, 1e6, "Bytes read a cycle of the SM clock."),
  write_bytes_per_cycle: count(1, 1e6, "Bytes written a cycle of the SM clock."),
  latency_cycles: count(1, 1e5, "From a load to its data."),
});

const hbm = z.strictObject({
  source,
  bytes: quantity("size", "1 MiB", "16 TiB", "Capacity."),
  bytes_per_second: rate("Of the pins."),
  achievable_share: share("Of the pins' rate, what streams sustain."),
  latency_cycles: count(1, 1e5, "From a load to its data, in cycles of the SM clock."),
});

const launch = z.strictObject({
  source,
  regime: figure(z.enum(["eager", "stream", "graph", "persistent"])).describe("How kernels follow each other."),
  stream_seconds: seconds("From a kernel's end to the next one's first instruction, in a stream."),
  graph_seconds: seconds("The same in a CUDA graph."),
  persistent_seconds: seconds("The same behind a barrier of one persistent kernel."),
  eager: z.strictObject({
    source,
    contraction_seconds: seconds("Host time of a matrix product."),
    rows_seconds: seconds("Host time of an operator with statistics of rows."),
    norm_seconds: seconds("The same where it has parameters for each column."),
    elementwise_seconds: seconds("Host time of any other operator."),
  }),
});

const link = z.strictObject({
  source,
  gpus: count(1, 1024, "GPUs that share the work by tensor parallelism."),
  bytes_per_second: rate("Of one GPU to the others, one way."),
  latency_seconds: seconds("Of one pass of a ring; an all-reduce is two."),
});

const power = z.strictObject({
  source,
  process_nm: count(1, 1000, "Feature size of the chip."),
  limit_W: amount(1e5, "Of the board."),
  static_W: amount(1e5, "Drawn all the time."),
  hbm_pJ_per_byte: amount(1e6, "Of a byte to or from HBM."),
  l2_pJ_per_byte: amount(1e6, "Of a byte to or from L2."),
  lane_pJ: z.strictObject({
    source,
    f64: amount(1e6, "Of an instruction of f64."),
    f32: amount(1e6, "Of an instruction of f32."),
    i32: amount(1e6, "Of an instruction of i32."),
  }),
  tensor_pJ_per_mac: amount(1e6, "Of a multiply-accumulate of 16-bit factors in tensor cores."),
  link_pJ_per_byte: amount(1e6, "Of a byte to another GPU."),
});

const execution = z.strictObject({
  source,
  fusion: figure(z.enum(["operator", "library", "fused"])).describe(
    "operator: a kernel each. library: biases join products, row statistics one kernel. fused: elementwise operators join their producer, attention is one kernel.",
  ),
  epilogue: figure(z.enum(["any", "bias"])).describe(
    "What a product takes along where fusion is fused: any operators element by element, or a factor and a bias.",
  ),
  attention: figure(z.enum(["unfused", "flash-1", "flash-2", "flash-3"])).describe("How fused attention is tiled."),
  tf32: figure(z.boolean()).describe("Products of f32 on tensor cores."),
  resident_elements: count(1, 1e6, "Longest row that a kernel keeps in registers between passes."),
  start: figure(z.enum(["cold", "warm"])).describe("What L2 holds at the start: nothing, or what the same program left there."),
});

const figures = z.strictObject({
  schemaVersion: z.literal(1).describe("Version of this form."),
  name: z.string().regex(/\S/, "a name").describe("Name of the machine in reports."),
  kind: z.literal("gpu").describe("A GPU."),
  source,
  clock_hz: quantity("frequency", "1 MHz", "100 GHz", "Clock of the SMs under load."),
  ...{ sm, l2, hbm, launch, link, power, execution },
});

function gpuConfig(labels: Labels) {
  return figures.check(z.superRefine((config, context) => checkSources(config, context, labels), { when: () => true }));
}
