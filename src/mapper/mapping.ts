/** A placed and routed fabric: what `simulate` takes. */

import type { ChannelId, UnitId } from "../base/units.ts";
import type { Fabric } from "../fabric/fabric.ts";

export interface Mapping {
  readonly schemaVersion: 1;
  readonly fabric: Fabric;
  readonly seed: number;
  /** Like fabric.sections. */
  readonly sections: readonly MappedSection[];
}

export interface MappedSection {
  readonly placement: readonly Placement[];
  readonly routes: readonly Route[];
  readonly quality: MappingQuality;
}

/** Grid position. Columns of the grid are 0 .. columns - 1; AGs stand at x = -1 and x = columns. */
export interface Placement {
  readonly unit: UnitId;
  readonly x: number;
  readonly y: number;
}

/** One per stream channel: a tree of links from the source to every sink. */
export interface Route {
  readonly channel: ChannelId;
  /** Hops from source to each sink, like channel.sinks; at least 1. Latency of the channel = hops * machine.network.hop_cycles. */
  readonly hops: readonly number[];
  /** Links of the tree, each once: from (x, y) to its neighbour (x2, y2). */
  readonly links: readonly (readonly [x: number, y: number, x2: number, y2: number])[];
}

export interface MappingQuality {
  /** Sum over channels of links in the tree. */
  readonly wirelength_hops: number;
  readonly longest_route_hops: number;
  /** Largest use of a link over its capacity, 0 .. 1, by this section's channels alone. */
  readonly busiest_link_share: number;
}
