/**
 * A DRAM controller of one channel as the server of a resource. A word is twice the number of the burst within its channel, plus one for a write. What does not fit into
 * the controller's queues waits before them, reads and writes apart, each in order. A write completes when its data are in; a read that takes its data from a queued
 * write, and a write that takes the place of one, as if their row were open.
 */

import type { Complete, PlainServer, Server, ServerMove, ServerSpec } from "../engine/server.ts";
import type { Part } from "../machine/dram/part.ts";
import { evaluate } from "../machine/dram/standard.ts";
import type { DramSpec } from "../machine/machine.ts";
import { partOfTier } from "../machine/tier-part.ts";
import type { CommandCounts, Controller, UnifiedPolicy } from "./dram/controller.ts";
import { createMapping, locate, type Mapping, type Place } from "./dram/mapping.ts";
import { createRefresh } from "./dram/refresh.ts";
import { stepped } from "./dram/stepped.ts";
import { type UnifiedState, unified } from "./dram/unified.ts";
import { copyData, restoreData } from "./dram-data.ts";
import { repeatsOf, shiftRows } from "./dram-recurrence.ts";

/** What a channel counts, in order. Refreshes go by time alone and are counted elsewhere. */
export const COMMANDS = ["activates", "precharges", "reads", "writes"] as const satisfies readonly (keyof CommandCounts)[];

/** `family`: the tier's, whose channels get words that move together. */
export function dramServer(dram: DramSpec, family: number): ServerSpec {
  const kit = kits.get(dram) ?? makeKit(dram);
  kits.set(dram, kit);
  return {
    counters: COMMANDS,
    least: Math.min(kit.readLatency, kit.writeLatency),
    interval: dram.controller.refresh === "none" ? 0 : kit.cycle,
    stride: kit.rowWords * kit.rowSteps,
    family,
    create: (now, counts) => recurring(kit, createChannel(kit, unified, now, counts)),
    createPlain: (now, counts) => createChannel(kit, stepped, now, counts).server,
  };
}

/** Throws a UserError where the mapping does not cover the part, or where the part has no such refresh. */
export function assertServed(dram: DramSpec): void {
  const { part, policy } = makeKit(dram);
  createRefresh(part, policy.refresh);
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
  /** By how much a word must grow for the burst to be in the next row of the same bank, and in how many such steps XORs come out alike. 0: it never is. */
  readonly rowWords: number;
  readonly rowSteps: number;
}

/** What was made of a spec, for every section that asks. */
const kits = new WeakMap<DramSpec, Kit>();

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
    rowWords: isRowFirst(order) ? 2 * part.columns * part.banks : 0,
    rowSteps: (into ?? []).reduce((product, field) => product * (part.levels.find(({ level }) => level === XORED[field])?.count ?? 1), 1),
  };
}

const XORED = { bg: "bankgroup", ba: "bank", ra: "rank", pc: "pseudochannel" } as const;

/** Is the row all that is left of an address above everything else? */
const isRowFirst = (order: string): boolean => /^ro(?!\d)/i.test(order) && order !== "ChRaBaRoCo";

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

interface MadeChannel<S> {
  readonly channel: Channel;
  readonly state: S;
  readonly server: Pick<Server, "save" | "restore"> & PlainServer;
}

function createChannel<S>(kit: Kit, controller: Controller<UnifiedPolicy, S>, start: number, counts: Float64Array): MadeChannel<S> {
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
    for (let i = 0; i < COMMANDS.length; i++) {
      const name = COMMANDS[i]!;
      counts[i]! += now[name] - counted[name];
      counted[name] = now[name];
    }
  };
  const seenOf = (waiting: readonly Waiting[]): number => (waiting.length === 0 ? Number.POSITIVE_INFINITY : waiting[0]!.seen - channel.base);

  const after = (now: number, seen: number): number => (seen > now ? seen : Number.POSITIVE_INFINITY);

  const server: MadeChannel<S>["server"] = {
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
        controller.step(state, Math.min(end, after(now, seenOf(channel.reads)), after(now, seenOf(channel.writes))));
        tell(complete, 0);
      }
      count();
    },
    save: () => ({ channel: structuredClone(channel), state: copyData(state), counted: { ...counted } }),
    restore(saved) {
      const from = saved as { channel: Channel; state: unknown; counted: CommandCounts };
      Object.assign(channel, structuredClone(from.channel));
      restoreData(state, from.state);
      counted = { ...from.counted };
    },
  };
  return { channel, state, server };
}

// --- what recurs ---

interface SavedChannel {
  readonly channel: Channel;
  readonly state: UnifiedState;
}

function recurring(kit: Kit, { channel, state, server }: MadeChannel<UnifiedState>): Server {
  return {
    ...server,
    repeats(saved, move) {
      const before = saved as SavedChannel;
      const rows = rowsOf(kit, move.words);
      if (rows === null || !areAlike(channel, before.channel, move)) return 0;
      const isMoved = (tag: number, old: number): boolean => isHeldAlike(channel.held[tag]!, before.channel.held[old]!, move);
      return repeatsOf(state, before.state, { part: kit.part, ticks: move.ticks - channel.base + before.channel.base, rows, isMoved });
    },
    shift(ticks, words) {
      // A period that spans refreshes is no shorter than it is until the next; one that does not was proven to end before that.
      const spans = state.refresh.next - ticks <= state.now;
      channel.base += ticks;
      shiftRows(state, kit.part, rowsOf(kit, words)!, spans ? 0 : ticks);
      for (const entry of channel.held) entry.seen += ticks;
      for (const waiting of [channel.reads, channel.writes]) {
        waiting.forEach(({ seen, word, entry }, i) => {
          waiting[i] = { seen: seen + ticks, word: word + words, entry };
        });
      }
    },
  };
}

/** Rows by which a word moves that is moved by so much; null where its bank or column would change. */
function rowsOf({ rowWords, rowSteps, part }: Kit, words: number): number | null {
  if (words === 0) return 0;
  if (rowWords === 0 || words < 0 || words % (rowWords * rowSteps) !== 0) return null;
  return (words / rowWords) % part.rows;
}

function isHeldAlike(held: Held, before: Held, { ticks, rank, rankBefore }: ServerMove): boolean {
  return held.seen - before.seen === ticks && held.write === before.write && rank(held.tag) === rankBefore(before.tag);
}

/** What waits before the queues. */
function areAlike(channel: Channel, before: Channel, move: ServerMove): boolean {
  const isSame = (waiting: readonly Waiting[], old: readonly Waiting[]): boolean =>
    waiting.length === old.length &&
    waiting.every(({ word, entry }, i) => word - old[i]!.word === move.words && isHeldAlike(channel.held[entry]!, before.held[old[i]!.entry]!, move));
  return channel.inside === before.inside && isSame(channel.reads, before.reads) && isSame(channel.writes, before.writes);
}
