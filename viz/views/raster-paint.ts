/** The raster's picture: a unit a row, time from left to right. */

import { LESS, MORE } from "../model/hues.ts";
import type { Rows } from "../model/rows.ts";
import type { RunView, UnitView } from "../model/run.ts";
import { samplerOf } from "../model/samples.ts";
import { STATE_WORDS, STATES } from "../model/states.ts";
import type { Window } from "../model/window.ts";
import { fillPixels, mixed, type Pixels, pixelOf } from "../ui/pixels.ts";

/** Rows of as many pixels are stacks of their states; lower ones have a mix of their colours. */
export const STACK_PIXELS = 6;

const COUNT = STATES.length;

/** What the picture is made of. `against`: the same rows of another run, where a difference is drawn; null at rows that it lacks. */
export interface Raster {
  readonly run: RunView;
  readonly rows: Rows;
  readonly window: Window;
  readonly against: { readonly run: RunView; readonly units: readonly (UnitView | null)[]; readonly window: Window } | null;
}

export interface RasterInk {
  readonly panel: string;
  readonly empty: string;
}

/** Fills the picture. */
export function paintRaster(pixels: Pixels, raster: Raster, ink: RasterInk, isDim: (unit: UnitView) => boolean): void {
  pixels.data.fill(pixelOf(ink.panel));
  const { units } = raster.rows;
  if (units.length === 0 || raster.window.to <= raster.window.from) return;
  const rowPixels = pixels.height / units.length;
  if (raster.against !== null) paintDifference(pixels, raster, ink);
  else if (rowPixels >= STACK_PIXELS) paintStacks(pixels, raster, ink, isDim);
  else paintMixes(pixels, raster, ink, isDim);
}

/** Of what is not picked. */
const DIM = 0.25;

function coloursOf({ panel }: RasterInk, alpha: number): readonly number[] {
  return STATES.map((state) => mixed(pixelOf(panel), pixelOf(STATE_WORDS[state].colour), alpha));
}

/** Each column of a row a stack, busy at the bottom. */
function paintStacks(pixels: Pixels, { run, rows: { units }, window }: Raster, ink: RasterInk, isDim: (unit: UnitView) => boolean): void {
  const { width, height } = pixels;
  const [bright, dim] = [coloursOf(ink, 1), coloursOf(ink, DIM)];
  const sample = samplerOf(run, window, width);
  const cycles = new Float64Array(width * COUNT);
  const column = (window.to - window.from) / width;
  units.forEach((unit, row) => {
    const [top, bottom] = edgesOf(row, units.length, height);
    const high = bottom - top - (bottom - top > 8 ? 1 : 0);
    const colours = isDim(unit) ? dim : bright;
    cycles.fill(0);
    sample(unit, cycles);
    for (let x = 0; x < width; x++) {
      let sum = 0;
      let from = bottom;
      for (let s = 0; s < COUNT; s++) {
        sum += cycles[x * COUNT + s]!;
        const to = bottom - Math.round((high * sum) / column);
        if (to < from) fillPixels(pixels, x, to, x + 1, from, colours[s]!);
        from = to;
      }
    }
  });
}

const edgesOf = (row: number, rows: number, height: number): readonly [number, number] => [
  Math.round((row * height) / rows),
  Math.round(((row + 1) * height) / rows),
];

/** Rows of few pixels, or several in one: the colours of the states mixed by their shares. */
function paintMixes(pixels: Pixels, { run, rows: { units }, window }: Raster, ink: RasterInk, isDim: (unit: UnitView) => boolean): void {
  const { width, height } = pixels;
  const lines = Math.min(units.length, height);
  const [bright, dim] = [channelsOf(coloursOf(ink, 1)), channelsOf(coloursOf(ink, DIM))];
  const sample = samplerOf(run, window, width);
  const cycles = new Float64Array(width * COUNT);
  const sums = new Float64Array(width * 3);
  for (let line = 0; line < lines; line++) {
    const [first, last] = edgesOf(line, lines, units.length);
    sums.fill(0);
    for (let row = first; row < last; row++) {
      cycles.fill(0);
      sample(units[row]!, cycles);
      addColours(sums, cycles, isDim(units[row]!) ? dim : bright);
    }
    const [top, bottom] = edgesOf(line, lines, height);
    putLine(pixels, top, bottom, sums, ((window.to - window.from) / width) * (last - first));
  }
}

/** Red, green, blue of each. */
function channelsOf(colours: readonly number[]): Float64Array {
  return Float64Array.from(colours.flatMap((pixel) => [pixel & 255, (pixel >>> 8) & 255, (pixel >>> 16) & 255]));
}

function addColours(sums: Float64Array, cycles: Float64Array, channels: Float64Array): void {
  for (let from = 0, to = 0; from < cycles.length; to += 3) {
    for (let s = 0; s < COUNT; s++, from++) {
      const part = cycles[from]!;
      if (part === 0) continue;
      sums[to]! += part * channels[3 * s]!;
      sums[to + 1]! += part * channels[3 * s + 1]!;
      sums[to + 2]! += part * channels[3 * s + 2]!;
    }
  }
}

function putLine(pixels: Pixels, top: number, bottom: number, sums: Float64Array, total: number): void {
  const { data, width } = pixels;
  const start = top * width;
  for (let x = 0; x < width; x++) {
    const [red, green, blue] = [sums[3 * x]! / total, sums[3 * x + 1]! / total, sums[3 * x + 2]! / total];
    data[start + x] = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  }
  for (let row = top + 1; row < bottom; row++) data.copyWithin(row * width, start, start + width);
}

/** Of busy shares, the mean over the rows of a line. Units that the other run lacks are left out. */
function paintDifference(pixels: Pixels, { run, rows: { units }, window, against }: Raster, { empty }: RasterInk): void {
  const { width, height } = pixels;
  const other = against!;
  const lines = Math.min(units.length, height);
  const samples = [samplerOf(run, window, width), samplerOf(other.run, other.window, width)] as const;
  const lengths = [window.to - window.from, other.window.to - other.window.from].map((cycles) => cycles / width);
  const both = [new Float64Array(width * COUNT), new Float64Array(width * COUNT)] as const;
  const ramp = [LESS, MORE].map((colour) => Array.from({ length: 65 }, (_, step) => mixed(pixelOf(empty), pixelOf(colour), Math.sqrt(step / 64))));
  for (let line = 0; line < lines; line++) {
    const [first, last] = edgesOf(line, lines, units.length);
    const [top, bottom] = edgesOf(line, lines, height);
    for (const cycles of both) cycles.fill(0);
    let matched = 0;
    for (let row = first; row < last; row++) {
      const twin = other.units[row]!;
      if (twin === null) continue;
      matched++;
      samples[0](units[row]!, both[0]);
      samples[1](twin, both[1]);
    }
    if (matched === 0) continue;
    for (let x = 0; x < width; x++) {
      const difference = (both[0][x * COUNT]! / lengths[0]! - both[1][x * COUNT]! / lengths[1]!) / matched;
      fillPixels(pixels, x, top, x + 1, bottom, ramp[difference < 0 ? 0 : 1]![Math.min(64, Math.round(Math.abs(difference) * 64))]!);
    }
  }
}
