/** The error for sections whose channels do not fit the links: the worst link, its need and bound, what is on it, a way out. */

import type { Fault } from "../base/errors.ts";
import type { Machine } from "../machine/machine.ts";
import type { RoutedSection } from "./section-routes.ts";
import { channelTitle, type Together, titleOf } from "./together.ts";

const mostNamed = 8;

/** `routed` has at least one overload. */
export function unroutable(together: Together, machine: Machine, { overloads }: RoutedSection): Fault {
  const { width, link, need, capacity, channels } = overloads[0]!;
  const [x, y, x2, y2] = link;
  const unit = machine.network.kind === "static" ? "channels" : "tokens a tick";
  const named = channels.slice(0, mostNamed).map((channel) => channelTitle(together, channel));
  const rest = channels.length > mostNamed ? ` and ${channels.length - mostNamed} more` : "";
  const others = overloads.length > 1 ? `, and ${overloads.length - 1} other links are too full` : "";
  return {
    code: "unroutable",
    message:
      `${titleOf(together)} cannot be routed on ${machine.name}: the ${width} link from (${x}, ${y}) to (${x2}, ${y2}) would carry ` +
      `${Number(need.toFixed(3))} ${unit}, its capacity is ${capacity}${others}; on it: ${named.join("; ")}${rest}`,
    hint: `raise network.${width}_links, lower the parallel factors in the workload's schedule, or try another seed`,
  };
}
