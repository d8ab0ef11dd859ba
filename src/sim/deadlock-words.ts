/** A deadlock in words: when, who waits for whom, and what to change. */

import { printFault } from "../base/errors.ts";
import type { Instant } from "../base/units.ts";
import type { Deadlock, DeadlockCure, DepthChange, Waiting } from "./deadlock.ts";

export function printDeadlock({ section, began, lastProgress, ring, isRing, others, cure }: Deadlock): string {
  const since = lastProgress === null ? "nothing fires at all" : `nothing fires after cycle ${lastProgress}`;
  const after = began === 0 || lastProgress === null ? "" : `, ${lastProgress - began} cycles after the section began`;
  return [
    `section ${section} is in deadlock: ${since}${after}`,
    ...ring.map((waiting) => `  ${printWaiting(waiting, isRing)}`),
    ...(others.length === 0 ? [] : [`  behind ${ring.length === 1 ? "it" : "them"}: ${shortList(others)}`]),
    ...printCure(cure),
  ].join("\n");
}

function printWaiting({ nest, kind, operator, place, fired, firings, need, channel, slots, other }: Waiting, isRing: boolean): string {
  const rest = need === "token" ? `a token on ${channel} from` : `one of ${slots} slots on ${channel} towards`;
  const where = place === undefined ? "" : ` at ${printFault({ code: "", message: "", place }).replace(/: $/, "")}`;
  return `${nest} waits for ${rest} ${other}${isRing ? "" : ", which is done"}; ${fired} of ${firings} firings done; ${kind} of operator ${operator}${where}`;
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}

function printCure(cure: DeadlockCure): readonly string[] {
  switch (cure.kind) {
    case "deeper": {
      const changes = cure.changes.map(({ channel, holds, from, to }) => `${channel} from ${from} to ${to} ${holds === "buffers" ? "buffers" : "slots"}`);
      return [`${cure.least ? "smallest cure" : "cure"}: deepen ${changes.join(", ")}; ${printProof(cure.ends)}`, ...cure.changes.flatMap(printCost)];
    }
    case "tokens":
      return ["no depth is a cure: the ring has nothing to start with", ...printStarts(cure)];
    case "counts": {
      const { channel, source, pushed, sink, popped } = cure;
      return [
        `no depth is a cure: ${source} pushes ${pushed} tokens to ${channel} in all, ${sink} pops ${popped}; their loops outside these ports must count the same`,
      ];
    }
    case "unknown":
      return ["no cure found: the network is too large to search"];
  }
}

function printProof(ends: Instant | null): string {
  return ends === null ? "run again so, the section moves on until the limit" : `run again so, the section ends at cycle ${ends}`;
}

function printStarts({ starts, ends }: Extract<DeadlockCure, { readonly kind: "tokens" }>): readonly string[] {
  const [first] = starts;
  if (first === undefined) return ["  no tokens on one of its channels alone are a cure either"];
  const options = starts.map(({ channel, tokens }) => `${tokens} on ${channel}`);
  return [`  smallest cure: tokens at the start, ${options.join(" or ")}; with ${first.tokens} on ${first.channel}, ${printProof(ends)}`];
}

/** What the further slots take, and how to get them where the machine's FIFOs end. */
function printCost({ channel, holds, from, to, bytes, stream, limit }: DepthChange): readonly string[] {
  const { kind, fifo_depth, scratchpad_bytes } = limit;
  const more = to - from;
  if (holds === "buffers") return [`  ${channel}: ${counted(more, "buffer")} more, ${bytes} bytes of a PMU's ${scratchpad_bytes}`];
  const whole = to >= stream ? `, the whole stream of ${stream} tokens` : "";
  const size = `  ${channel}: ${counted(more, "slot")} more, ${bytes} bytes${whole}`;
  if (to <= fifo_depth) return [size];
  const elsewhere =
    bytes > scratchpad_bytes ? `more than a PMU's ${scratchpad_bytes} bytes` : `or a buffer in a PMU (${scratchpad_bytes} bytes) between its ends`;
  return [`${size}; a FIFO of a ${kind} has ${fifo_depth} entries: it takes machine.${kind}.fifo_depth=${to}, ${elsewhere}`];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
