/** The YAML form of an off-chip tier: a DRAM part with what follows from it, or figures of a fixed rate. */

import * as z from "zod";
import { type Fault, UserError } from "../base/errors.ts";
import type { Part } from "./dram/part.ts";
import { count, figure, powerOfTwo, quantity, sourceText } from "./quantity.ts";
import { DERIVED, partOfTier, ticksASecond } from "./tier-part.ts";

type Context = z.core.$RefinementCtx<unknown>;

export function refuse(context: Context, path: readonly (string | number)[], message: string, code = "inconsistent"): void {
  context.addIssue({ code: "custom", path: [...path], message, params: { code } });
}

const source = sourceText.optional();
const name = (meaning: string) => figure(z.string().regex(/\S/, "a name")).describe(meaning);

const refresh = z
  .strictObject({
    source,
    interval_clocks: count(1, 1e9, "Memory clocks from refresh to refresh (tREFI)."),
    duration_clocks: count(1, 1e9, "Memory clocks that a refresh takes (tRFC)."),
  })
  .superRefine(({ interval_clocks: interval, duration_clocks: duration }, context) => {
    if (duration.value >= interval.value)
      refuse(context, ["duration_clocks"], `expected less than interval_clocks = ${interval.value}, found ${duration.value}`);
  });

const controller = z
  .strictObject({
    source,
    scheduler: figure(z.enum(["FR-FCFS", "FR-FCFS-row-hit", "FCFS"])).describe(
      "FR-FCFS: the oldest request that may go. FR-FCFS-row-hit: as that, but no row is closed under an older hit. FCFS: the oldest, or none.",
    ),
    read_entries: count(1, 4096, "Entries of the read queue of a channel."),
    write_entries: count(2, 4096, "Entries of the write queue of a channel."),
    drain_above: count(1, 4095, "Writes are drained once more of them wait; they are while no read waits."),
    drain_below: count(1, 4095, "... until fewer wait and a read does; with 0 no read would ever be served again."),
    row_accesses: count(0, 65536, "Accesses after which a row is closed; 0: it stays open until another is needed."),
    refresh: figure(z.enum(["none", "all-bank", "staggered", "per-bank", "paired"])).describe("Which banks are refreshed at a time."),
  })
  .superRefine(({ write_entries: entries, drain_above: above, drain_below: below }, context) => {
    if (above.value >= entries.value) refuse(context, ["drain_above"], `expected less than write_entries = ${entries.value}, found ${above.value}`);
    if (below.value > above.value) refuse(context, ["drain_below"], `expected at most drain_above = ${above.value}, found ${below.value}`);
  });

const dram = z
  .strictObject({
    source,
    organization: name("Organisation of the die and of the channel: a name of src/machine/dram, such as DDR4_8Gb_x8."),
    speed: name("Speed grade: a name of src/machine/dram, such as DDR4_3200AA."),
    ranks: count(1, 16, "Ranks of a channel."),
    clock_hz: quantity("frequency", "1 MHz", "100 GHz", "Clock (CK) where that is not the speed grade's; times stay, transfers take as many clocks.").nullish(),
    mapping: name(
      "Order of the address fields inside a channel, the most significant first: ro, ra, st, pc, bg, ba, co; or RoBaRaCoCh, ChRaBaRoCo, MOP4CLXOR.",
    ),
    mapping_xor: figure(z.array(z.enum(["bg", "ba", "ra", "pc"])))
      .describe("Fields into which the row's lowest bits are XORed.")
      .nullish(),
    controller,
  })
  .describe("What its channels are made of. Its clock, its bursts and its refresh follow from it.");

export const tier = z
  .strictObject({
    source,
    dram: dram.nullish(),
    fidelity: figure(z.enum(["detailed", "stream"]))
      .describe("detailed: every command. stream: each section's bursts at the rate and latency that the same controller reaches on its accesses.")
      .nullish(),
    standard: figure(z.string().regex(/\S/, "a name such as DDR4-3200")).describe("Memory standard; follows from dram.").nullish(),
    bytes: quantity("size", "1 KiB", "1024 TiB", "Capacity of all channels."),
    channels: count(1, 1024, "Independent channels; pseudochannels where the standard has them."),
    clock_hz: quantity("frequency", "1 MHz", "100 GHz", "Clock of the memory; follows from dram.").nullish(),
    burst_bytes: powerOfTwo(4, 8192, "Bytes of a burst; follows from dram.").nullish(),
    burst_clocks: count(1, 1024, "Memory clocks that a burst holds its channel; follows from dram.").nullish(),
    latency_seconds: quantity(
      "time",
      "0 s",
      "1 ms",
      "From the end of service to the data at the address generator; with dram, from the last of them on the pins.",
    ),
    refresh: refresh.nullish().describe("Absent: no refresh; follows from dram."),
    interleave_bytes: count(4, 2 ** 30, "Consecutive bytes on one channel before the next; a multiple of burst_bytes."),
    interleave: figure(z.enum(["linear", "skewed"])).describe("Order of the channels: the same in every stripe, or turned by one from stripe to stripe."),
  })
  .superRefine((form, context) => {
    if (form.dram == null) checkFixed(form, context);
    else checkDram(form, context);
  });

type Form = z.output<typeof tier>;

function checkFixed(form: Form, context: Context): void {
  for (const key of ["standard", "clock_hz", "burst_bytes", "burst_clocks"] as const)
    if (form[key] == null) refuse(context, [key], "expected it, or `dram` from which it follows; found neither", "missing-key");
  if (form.fidelity != null) refuse(context, ["fidelity"], "expected `dram` beside it: a tier of a fixed rate has one fidelity");
  if (form.burst_bytes != null) checkBytes(form, form.burst_bytes.value, context);
}

function checkDram(form: Form, context: Context): void {
  for (const key of DERIVED) if (form[key] != null) refuse(context, [key], "expected none: it follows from dram", "derived");
  if (form.fidelity == null) refuse(context, ["fidelity"], "expected detailed or stream, found nothing", "missing-key");
  const made = partOfForm(form.dram!);
  if ("message" in made) refuse(context, ["dram"], made.message, made.code);
  else checkBytes(form, made.access_bytes, context);
}

/** The part, or what is wrong with its names. */
function partOfForm({ organization, speed, ranks, clock_hz }: NonNullable<Form["dram"]>): Part | Fault {
  try {
    return partOfTier({ organization: organization.value, speed: speed.value, ranks: ranks.value, ...(clock_hz == null ? {} : { clock_hz: clock_hz.value }) });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [fault] = error.faults as readonly [Fault];
    return { ...fault, message: error.message };
  }
}

/** Ticks of the memory's clock a second; undefined where that cannot be told. */
export function clockOfTier({ dram, clock_hz }: Form): number | undefined {
  if (dram == null) return clock_hz?.value;
  const part = partOfForm(dram);
  return "message" in part ? undefined : ticksASecond(part, dram.clock_hz?.value);
}

function checkBytes({ bytes, channels, interleave_bytes: interleave }: Form, burst: number, context: Context): void {
  const stripe = channels.value * interleave.value;
  if (interleave.value % burst !== 0) refuse(context, ["interleave_bytes"], `expected a multiple of burst_bytes = ${burst}, found ${interleave.value}`);
  else if (bytes.value % burst !== 0) refuse(context, ["bytes"], `expected a multiple of burst_bytes = ${burst}, found ${bytes.value}`);
  else if (bytes.value < stripe) refuse(context, ["bytes"], `expected at least channels * interleave_bytes = ${stripe}, found ${bytes.value}`);
}
