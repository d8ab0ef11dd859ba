/**
 * The switch mesh: one switch at every grid position and at x = -1 and x = columns, each linked to its neighbours both ways. A link is
 * numbered 4 * (switch it leaves) + direction; a link over the border has a number but is never used.
 */

import type { Machine } from "../machine/machine.ts";

export interface Mesh {
  /** Switches in a row: columns + 2. */
  readonly width: number;
  readonly height: number;
}

/** East, west, south (y + 1), north: the opposite of d is d ^ 1. */
export const directions = 4;
const stepX: readonly number[] = [1, -1, 0, 0];
const stepY: readonly number[] = [0, 0, 1, -1];

export function meshOf(machine: Machine): Mesh {
  return { width: machine.grid.columns + 2, height: machine.grid.rows };
}

export function switchAt(mesh: Mesh, x: number, y: number): number {
  return y * mesh.width + x + 1;
}

/** [x, y, x2, y2] as a route gives it. */
export function linkEnds(mesh: Mesh, link: number): readonly [number, number, number, number] {
  const from = Math.floor(link / directions);
  const x = (from % mesh.width) - 1;
  const y = Math.floor(from / mesh.width);
  return [x, y, x + stepX[link % directions]!, y + stepY[link % directions]!];
}

/** Switch at the far end of every link, -1 over the border. */
export function linkTargets(mesh: Mesh): Int32Array {
  const targets = new Int32Array(mesh.width * mesh.height * directions);
  for (let link = 0; link < targets.length; link++) {
    const [, , x, y] = linkEnds(mesh, link);
    targets[link] = x < -1 || x > mesh.width - 2 || y < 0 || y >= mesh.height ? -1 : switchAt(mesh, x, y);
  }
  return targets;
}
