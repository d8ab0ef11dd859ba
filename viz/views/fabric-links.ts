/** Links of the fabric map: a line each way between neighbouring switches, wider and darker the fuller. */

import type { SceneChannel } from "../../src/scene/scene.ts";
import { type Link, linksOf, occupancyOf, tokensOfChannels, tokensOn } from "../model/links.ts";
import type { RunView, SectionView } from "../model/run.ts";
import type { Window } from "../model/window.ts";
import { fillPixels, mixed, type Pixels, pixelOf } from "../ui/pixels.ts";
import { type Frame, isInView, switchAt } from "./fabric-frame.ts";

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

export function trafficOf(run: RunView, sections: readonly SectionView[], lanes: readonly Lane[], window: Window): Traffic {
  const tokens = tokensOfChannels(run, sections, window);
  const occupancy = new Float64Array(lanes.length);
  let [most, busiest] = [0, null as Link | null];
  lanes.forEach(({ links }, lane) => {
    for (const link of links) {
      const share = occupancyOf(link, tokens, window);
      if (share > occupancy[lane]!) occupancy[lane] = share;
      if (share > most) [most, busiest] = [share, link];
    }
  });
  if (busiest === null) return { occupancy, busiest };
  const [section, channel] = busiest.channels.reduce((best, one) => (tokens.get(one[0])![one[1]]! > tokens.get(best[0])![best[1]]! ? one : best));
  return {
    occupancy,
    busiest: { link: busiest, occupancy: most, tokens: tokensOn(busiest, tokens), channel: run.sections[section]!.scene.channels[channel]! },
  };
}

/** So many steps of width: lines of one are one path. */
const STEPS = 10;

/** The root of the share, so that a hundredth can be seen beside the whole. */
const stepOf = (occupancy: number): number => (occupancy === 0 ? 0 : Math.max(1, Math.ceil(Math.sqrt(Math.min(1, occupancy)) * STEPS)));

export const widthAt = (pitch: number, step: number): number => Math.max(0.5, (pitch * 0.13 * step) / STEPS);

/** On the ground that is there: the colour of the panel. */
export function paintLinks(pixels: Pixels, frame: Frame, lanes: readonly Lane[], { occupancy }: Traffic, ground: string, unused: string): void {
  const colours = Array.from({ length: STEPS + 1 }, (_, step) =>
    step === 0 ? pixelOf(unused) : mixed(pixelOf(ground), pixelOf(LINK_COLOUR), 0.3 + (0.7 * step) / STEPS),
  );
  const widths = colours.map((_, step) => Math.max(1, Math.round(widthAt(frame.pitch, step) * pixels.scale)));
  lanes.forEach((lane, i) => {
    if (!isInView(frame, lane.x, lane.y) && !isInView(frame, lane.x2, lane.y2)) return;
    const step = stepOf(occupancy[i]!);
    const { scale } = pixels;
    const [x, y, wide, high] = laneBox(frame, lane, widths[step]! / scale);
    const [left, top] = [Math.round(x * scale), Math.round(y * scale)];
    const isFlat = lane.y === lane.y2;
    fillPixels(
      pixels,
      left,
      top,
      isFlat ? Math.round((x + wide) * scale) : left + widths[step]!,
      isFlat ? top + widths[step]! : Math.round((y + high) * scale),
      colours[step]!,
    );
  });
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
