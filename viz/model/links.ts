/** Links between switches and what crosses them in a window: tokens over cycles and tracks. */

import type { SceneChannel } from "../../src/scene/scene.ts";
import { tokensIn } from "./firings.ts";
import type { RunView, SectionView } from "./run.ts";
import type { Window } from "./window.ts";

/** One way between two neighbouring switches, of one width of channel. */
export interface Link {
  readonly x: number;
  readonly y: number;
  readonly x2: number;
  readonly y2: number;
  readonly width: SceneChannel["width"];
  readonly tracks: number;
  /** Whose tokens cross it: two numbers each, the section and the position of the channel in it. */
  readonly channels: readonly number[];
}

/** Each once, over all the sections. */
export function linksOf(run: RunView, sections: readonly SectionView[]): readonly Link[] {
  const links = new Map<string, Link & { readonly channels: number[] }>();
  for (const section of sections) {
    section.scene.channels.forEach((channel, c) => {
      for (let i = 0; i < channel.links.length; i += 4) {
        const [x, y, x2, y2] = [channel.links[i]!, channel.links[i + 1]!, channel.links[i + 2]!, channel.links[i + 3]!];
        const key = `${x},${y},${x2},${y2},${channel.width}`;
        const link = links.get(key) ?? { ...{ x, y, x2, y2 }, width: channel.width, tracks: run.scene.machine.tracks[channel.width], channels: [] };
        link.channels.push(section.number, c);
        links.set(key, link);
      }
    });
  }
  return [...links.values()];
}

/** Tokens of every channel in the window, by section and position. Sections that were not asked for have none. */
export type ChannelTokens = readonly (Float64Array | undefined)[];

export function tokensOfChannels(run: RunView, sections: readonly SectionView[], window: Window): ChannelTokens {
  const tokens: (Float64Array | undefined)[] = [];
  for (const section of sections) tokens[section.number] = tokensIn(run, section, window);
  return tokens;
}

export function tokensOn({ channels }: Link, tokens: ChannelTokens): number {
  let sum = 0;
  for (let i = 0; i < channels.length; i += 2) sum += tokens[channels[i]!]![channels[i + 1]!]!;
  return sum;
}

/** Of what its tracks could carry in the window, one token a cycle each. */
export function occupancyOf(link: Link, tokens: ChannelTokens, { from, to }: Window): number {
  return to <= from || link.tracks === 0 ? 0 : tokensOn(link, tokens) / ((to - from) * link.tracks);
}
