/** Links of the fabric map: a line each way between neighbouring switches, wider and darker the fuller. */

import type { SceneChannel } from "../../src/scene/scene.ts";
import { type ChannelTokens, type Link, linksOf, occupancyOf, tokensOfChannels, tokensOn } from "../model/links.ts";
import type { RunView, SectionView } from "../model/run.ts";
import type { Window } from "../model/window.ts";
import { fillPixels, mixed, type Pixels, pixelOf } from "../ui/pixels.ts";
import { type Frame, switchAt } from "./fabric-frame.ts";

export const LINK_COLOUR = "#009e73";

/** Links of all widths between two switches, one way. */
export interface Lane {
  readonly x: number;
  readonly y: number;
  readonly x2: number;
  readonly y2: number;
  readonly links: readonly Link[];
}

export function lanesOf(run: RunView, sections: readonly SectionView[]): readonly Lane[] {
  const lanes = new Map<string, Lane & { readonly links: Link[] }>();
  for (const link of linksOf(run, sections)) {
    const { x, y, x2, y2 } = link;
    const key = `${x},${y},${x2},${y2}`;
    const lane = lanes.get(key);
    if (lane === undefined) lanes.set(key, { x, y, x2, y2, links: [link] });
    else lane.links.push(link);
  }
  return [...lanes.values()];
}

export interface Traffic {
  /** By lane, of its fullest width: 0 .. 1. */
  readonly occupancy: Float64Array;
  readonly busiest: { readonly link: Link; readonly occupancy: number; readonly tokens: number; readonly channel: SceneChannel } | null;
}

/** Asked for in every frame of a scrub. */
export function trafficOf(run: RunView, sections: readonly SectionView[], lanes: readonly Lane[], window: Window): Traffic {
  const tokens = tokensOfChannels(run, sections, window);
  const occupancy = new Float64Array(lanes.length);
  let most = 0;
  let busiest: Link | null = null;
  for (let lane = 0; lane < lanes.length; lane++) {
    for (const link of lanes[lane]!.links) {
      const share = occupancyOf(link, tokens, window);
      if (share > occupancy[lane]!) occupancy[lane] = share;
      if (share <= most) continue;
      most = share;
      busiest = link;
    }
  }
  return {
    occupancy,
    busiest: busiest === null ? null : { link: busiest, occupancy: most, tokens: tokensOn(busiest, tokens), channel: mainChannel(run, busiest, tokens) },
  };
}

/** The channel with most of a link's tokens. */
function mainChannel(run: RunView, { channels }: Link, tokens: ChannelTokens): SceneChannel {
  let best = 0;
  for (let i = 2; i < channels.length; i += 2) if (tokens[channels[i]!]![channels[i + 1]!]! > tokens[channels[best]!]![channels[best + 1]!]!) best = i;
  return run.sections[channels[best]!]!.scene.channels[channels[best + 1]!]!;
}

/** So many steps of width: lines of one are one path. */
const STEPS = 10;

/** The root of the share, so that a hundredth can be seen beside the whole. */
const stepOf = (occupancy: number): number => (occupancy === 0 ? 0 : Math.max(1, Math.ceil(Math.sqrt(Math.min(1, occupancy)) * STEPS)));

export const widthAt = (pitch: number, step: number): number => Math.max(0.5, (pitch * 0.13 * step) / STEPS);

export interface LinkPainter {
  /** On the ground that is there: the colour of the panel. */
  readonly paint: (pixels: Pixels, frame: Frame, lanes: readonly Lane[], traffic: Traffic, ground: string, unused: string) => void;
}

/** Keeps where the lanes stand as long as nothing moves. */
export function makeLinkPainter(): LinkPainter {
  let kept: { readonly frame: Frame; readonly lanes: readonly Lane[]; readonly places: Float64Array } | null = null;
  return {
    paint: (pixels, frame, lanes, { occupancy }, ground, unused) => {
      if (kept === null || kept.frame !== frame || kept.lanes !== lanes) kept = { frame, lanes, places: placesOfLanes(frame, lanes, pixels.scale) };
      const { places } = kept;
      const colours = Array.from({ length: STEPS + 1 }, (_, step) =>
        step === 0 ? pixelOf(unused) : mixed(pixelOf(ground), pixelOf(LINK_COLOUR), 0.3 + (0.7 * step) / STEPS),
      );
      const widths = colours.map((_, step) => Math.max(1, Math.round(widthAt(frame.pitch, step) * pixels.scale)));
      for (let lane = 0, at = 0; lane < lanes.length; lane++, at += 4) {
        const step = stepOf(occupancy[lane]!);
        const width = widths[step]!;
        const middle = Math.round(places[at]! - width / 2);
        if (places[at + 1] === FLAT) fillPixels(pixels, places[at + 2]!, middle, places[at + 3]!, middle + width, colours[step]!);
        else fillPixels(pixels, middle, places[at + 2]!, middle + width, places[at + 3]!, colours[step]!);
      }
    },
  };
}

const FLAT = 1;

/** Four numbers each, in pixels of the screen: where its middle is across, whether it lies flat, where it begins and ends along. */
function placesOfLanes(frame: Frame, lanes: readonly Lane[], scale: number): Float64Array {
  const places = new Float64Array(4 * lanes.length);
  lanes.forEach((lane, i) => {
    const isFlat = lane.y === lane.y2;
    const [x, y, wide, high] = laneBox(frame, lane, 0);
    const [across, along, length] = isFlat ? [y, x, wide] : [x, y, high];
    places.set([across * scale, isFlat ? FLAT : 0, Math.round(along * scale), Math.round((along + length) * scale)], 4 * i);
  });
  return places;
}

/** On the right hand of its way, so that both ways are seen: x, y, width and height. */
function laneBox(frame: Frame, { x, y, x2, y2 }: Pick<Lane, "x" | "y" | "x2" | "y2">, width: number): readonly [number, number, number, number] {
  const aside = frame.pitch * 0.065;
  const [left, top] = switchAt(frame, Math.min(x, x2), Math.min(y, y2));
  if (y === y2) return [left, top + (x2 - x) * aside - width / 2, frame.pitch, width];
  return [left - (y2 - y) * aside - width / 2, top, width, frame.pitch];
}

/** The tree of one channel, with a dot where its source and its sinks are. */
export function paintRoute(
  context: CanvasRenderingContext2D,
  frame: Frame,
  section: SectionView,
  { links, source, sinks }: SceneChannel,
  colour: string,
): void {
  context.fillStyle = colour;
  for (let i = 0; i < links.length; i += 4) {
    context.fillRect(...laneBox(frame, { x: links[i]!, y: links[i + 1]!, x2: links[i + 2]!, y2: links[i + 3]! }, Math.max(2, frame.pitch * 0.1)));
  }
  for (const [end, radius] of [[source, 0.12], ...sinks.map((sink) => [sink, 0.08] as const)] as const) {
    const { x, y } = section.units[end.unit]!.scene;
    const [px, py] = switchAt(frame, x, y);
    context.beginPath();
    context.arc(px, py, Math.max(2.5, frame.pitch * radius), 0, 2 * Math.PI);
    context.fill();
  }
}
