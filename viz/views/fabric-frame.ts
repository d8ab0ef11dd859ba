/** Where the grid stands on the canvas. A place is a square of `pitch` pixels: its switch in the corner, its unit in the rest, links in the gutters between. */

import type { ZoomTransform } from "d3";
import type { Extent, Place } from "../model/places.ts";

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Pixels from a place to the next. */
  readonly pitch: number;
  /** Of the place at column 0 and row 0. */
  readonly left: number;
  readonly top: number;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Parts of the pitch. */
const GUTTER = 0.28;
const UNIT = 0.68;
const SWITCH = 0.13;
const LARGEST_PITCH = 64;

/** All of the grid in view. */
export function wholeFrame({ left, right, rows }: Extent, width: number, height: number): Frame {
  const columns = right - left + 1;
  const pitch = Math.min(LARGEST_PITCH, width / columns, height / rows);
  return { width, height, pitch, left: (width - columns * pitch) / 2 - left * pitch, top: (height - rows * pitch) / 2 };
}

/** Pixels that the grid wants in this width, if it may be so high. */
export function heightFor({ left, right, rows }: Extent, width: number, most: number): number {
  return Math.max(96, Math.min(most, rows * Math.min(LARGEST_PITCH, width / (right - left + 1))));
}

export function zoomed({ width, height, pitch, left, top }: Frame, { k, x, y }: ZoomTransform): Frame {
  return { width, height, pitch: pitch * k, left: left * k + x, top: top * k + y };
}

/** PCUs are square, PMUs upright, address generators flat. */
const SHAPES = { pcu: [1, 1], pmu: [0.72, 1], ag: [1, 0.72] } as const;

/** Of every place. */
export function boxesOf({ pitch, left, top }: Frame, places: readonly Place[]): readonly Box[] {
  return places.map(({ x, y, kind }) => {
    const [wide, high] = SHAPES[kind];
    const [width, height] = [pitch * UNIT * wide, pitch * UNIT * high];
    return { x: left + (x + GUTTER) * pitch + (pitch * UNIT - width) / 2, y: top + (y + GUTTER) * pitch + (pitch * UNIT - height) / 2, width, height };
  });
}

export function isInView({ width, height, pitch, left, top }: Frame, x: number, y: number): boolean {
  const [px, py] = [left + x * pitch, top + y * pitch];
  return px > -pitch && py > -pitch && px < width && py < height;
}

export function switchAt({ pitch, left, top }: Frame, x: number, y: number): readonly [x: number, y: number] {
  return [left + (x + SWITCH) * pitch, top + (y + SWITCH) * pitch];
}

/** Column and row under a point of the canvas. */
export function gridAt({ pitch, left, top }: Frame, px: number, py: number): readonly [x: number, y: number] {
  return [Math.floor((px - left) / pitch), Math.floor((py - top) / pitch)];
}
