/**
 * A DRAM controller of one channel as the server of a resource. A word is twice the number of the burst within its channel, plus one for a write. What does not fit into
 * the controller's queues waits before them, reads and writes apart, each in order. A write completes when its data are in; a read that takes its data from a queued
 * write, and a write that takes the place of one, as if their row were open.
 */

import type { Complete, PlainServer, Server, ServerSpec } from "../engine/server.ts";
import type { Part } from "../machine/dram/part.ts";
import { evaluate } from "../machine/dram/standard.ts";
import type { DramSpec } from "../machine/machine.ts";
import { partOfTier } from "../machine/tier-part.ts";
import type { CommandCounts, Controller, UnifiedPolicy } from "./dram/controller.ts";
import { createMapping, locate, type Mapping, type Place } from "./dram/mapping.ts";
import { stepped } from "./dram/stepped.ts";
import { unified } from "./dram/unified.ts";
import { copyData, restoreData } from "./dram-data.ts";

/** What a channel counts, in order. Refreshes go by time alone and are counted elsewhere. */
export const COMMANDS = ["activates", "precharges", "reads", "writes"] as const satisfies readonly (keyof CommandCounts)[];

/** `family`: the tier's, whose channels get words that move together. */
export function dramServer(dram: DramSpec, family: number): ServerSpec {
  const kit = makeKit(dram);
  return {
    counters: COMMANDS,
    least: Math.min(kit.readLatency, kit.writeLatency),
    interval: kit.cycle,
    family,
    create: (now, counts) => createChannel(kit, unified, now, counts),
    createPlain: (now, counts) => createChannel(kit, stepped, now, counts),
  };
}

/** What the channels of a tier have in common. */
interface Kit {
  readonly part: Part;
  readonly policy: UnifiedPolicy;
  readonly mapping: Mapping;
  /** Ticks from the command to the last of the data. */
  readonly readLatency: number;
  readonly writeLatency: number;
  /** Ticks after which refreshes, and the edges of the clock, are where they were. */
  readonly cycle: number;
}

function makeKit(dram: DramSpec): Kit {
  const part = partOfTier(dram);
  const { mapping: order, mapping_xor: into } = dram;
  return {
    part,
    policy: policyOf(dram),
    mapping: createMapping(part, { channels: 1, order, ...(into === undefined || into.length === 0 ? {} : { xor: { of: "ro", into } }) }),
    readLatency: part.readLatency,
    writeLatency: part.standard.ticks_per_clock * evaluate("nCWL + nBL", part.timings),
    cycle: cycleOf(part, dram.controller.refresh),
  };
}

export function policyOf({ controller }: DramSpec): UnifiedPolicy {
  const { scheduler, read_entries, write_entries, drain_above, drain_below, row_accesses, refresh } = controller;
  return {
    ...{ scheduler, read_entries, write_entries, refresh },
    drain: { high: drain_above / write_entries, low: drain_below / write_entries },
    page: row_accesses === 0 ? { kind: "open" } : { kind: "closed", accesses: row_accesses },
  };
}

function cycleOf({ refreshInterval, bankRefreshInterval, banks, allBanks, standard }: Part, refresh: UnifiedPolicy["refresh"]): number {
  const edges = standard.ticks_per_clock;
  const whole = { none: edges, "all-bank": refreshInterval, staggered: Math.floor(refreshInterval / (banks / allBanks)) * (banks / allBanks) };
  const cycle = refresh === "per-bank" || refresh === "paired" ? bankRefreshInterval * banks : whole[refresh];
  return cycle % edges === 0 ? cycle : edges * cycle;
}

// --- one channel ---

/** A burst that the channel holds. The controller's tag is its place in the list. */
interface Held {
  seen: number;
  tag: number;
  write: boolean;
}

interface Waiting {
  readonly seen: number;
  readonly word: number;
  readonly entry: number;
}

interface Channel {
  /** Of the resource's ticks, that at which the controller's own begin. */
  base: number;
  readonly held: Held[];
  readonly unused: number[];
  /** Before the queues of the controller: first out at `next`. */
  readonly reads: Waiting[];
  readonly writes: Waiting[];
  inside: number;
}

function createChannel<S>(kit: Kit, controller: Controller<UnifiedPolicy, S>, start: number, counts: Float64Array): Server & PlainServer {
  const { mapping, readLatency, writeLatency, cycle } = kit;
  const least = Math.min(readLatency, writeLatency);
  const state = controller.create(kit.part, kit.policy);
  const channel: Channel = { base: Math.max(0, Math.floor((start - 1) / cycle) - 1) * cycle, held: [], unused: [], reads: [], writes: [], inside: 0 };
  const place: Place = { channel: 0, bank: 0, row: 0, column: 0 };
  let counted = { ...controller.counts(state) };
  controller.advance(state, start - channel.base);
  counted = { ...controller.counts(state) };

  /** Hands over what has been seen, as far as the queues take it. */
  const admit = (waiting: Waiting[], complete: Complete): void => {
    for (let first = waiting[0]; first !== undefined && first.seen - channel.base <= controller.now(state); first = waiting[0]) {
      locate(mapping, Math.floor(first.word / 2) * mapping.access_bytes, place);
      const request = { bank: place.bank, row: place.row, column: place.column, write: first.word % 2 === 1, tag: first.entry };
      if (!controller.accepts(state, request)) return;
      waiting.shift();
      channel.inside++;
      controller.enqueue(state, request);
      tell(complete, controller.now(state) + (request.write ? 0 : readLatency));
    }
  };
  /** `atLeast`: no read completes before, no write's command issues. */
  const tell = (complete: Complete, atLeast: number): void => {
    const done = controller.completions(state);
    for (let i = 0; i < done.count; i++) {
      const entry = done.tags[i]!;
      const { seen, tag, write } = channel.held[entry]!;
      const tick = channel.base + Math.max(done.ticks[i]!, atLeast) + (write ? writeLatency : 0);
      channel.unused.push(entry);
      channel.inside--;
      complete(tag, tick, tick - seen - (write ? writeLatency : readLatency));
    }
    done.count = 0;
  };
  const count = (): void => {
    const now = controller.counts(state);
    COMMANDS.forEach((name, i) => {
      counts[i]! += now[name] - counted[name];
    });
    counted = { ...now };
  };
  const seenOf = (waiting: readonly Waiting[]): number => (waiting.length === 0 ? Number.POSITIVE_INFINITY : waiting[0]!.seen - channel.base);

  return {
    take(seen, word, tag) {
      const entry = channel.unused.pop() ?? channel.held.length;
      const write = word % 2 === 1;
      channel.held[entry] = { seen, tag, write };
      (write ? channel.writes : channel.reads).push({ seen, word, entry });
    },
    earliest() {
      const now = controller.now(state);
      const outside = Math.max(now, Math.min(seenOf(channel.reads), seenOf(channel.writes))) + least;
      const inside = channel.inside === 0 ? Number.POSITIVE_INFINITY : Math.max(now + least, controller.nextCompletion(state));
      return channel.base + Math.min(outside, inside);
    },
    run(until, complete) {
      const end = until - channel.base;
      for (;;) {
        admit(channel.reads, complete);
        admit(channel.writes, complete);
        const now = controller.now(state);
        if (now >= end) break;
        const arrivals = [seenOf(channel.reads), seenOf(channel.writes)].filter((seen) => seen > now);
        controller.step(state, Math.min(end, ...arrivals));
        tell(complete, 0);
      }
      count();
    },
    save: () => ({ channel: structuredClone(channel), state: copyData(state), counted }),
    restore(saved) {
      const from = saved as { channel: Channel; state: unknown; counted: CommandCounts };
      Object.assign(channel, structuredClone(from.channel));
      restoreData(state, from.state);
      counted = { ...from.counted };
    },
    repeats: () => 0,
    shift: () => {
      throw new Error("a channel that has not been proven to recur is not moved on");
    },
  };
}
