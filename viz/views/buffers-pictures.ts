/** A small picture of how full channels were. */

import { area, curveStep, line } from "d3";
import { grouped } from "../../src/report/format.ts";
import { piecesOf } from "../model/occupancy.ts";
import { el, svg } from "../ui/dom.ts";
import type { BufferRow } from "./buffers.ts";

const WIDTH = 150;
const HEIGHT = 34;
/** Means that it shows: several bins each, as single samples are rough. */
const PIECES = 48;

/** Mean over the channels as an area, from the first to the last bin of the window in which the section runs; the dashed line is all slots. */
export function areaPicture({ run, window, group: { section }, use, mean }: BufferRow): Node {
  if (use === null) return el("span", { class: "tree-kind" }, run.trace.origin === "means" ? "not recorded" : "data decides");
  const pieces = piecesOf(run, section, use, window, PIECES);
  const points = pieces.flatMap((piece) => [[piece.from, piece.mean] as const, [piece.to, piece.mean] as const]);
  const [from, to] = [pieces[0]?.from ?? 0, pieces.at(-1)?.to ?? 1];
  const x = ([at]: readonly [number, number]): number => (WIDTH * (at - from)) / (to - from);
  const height = (slots: number): number => HEIGHT - 1 - ((HEIGHT - 4) * slots) / use.slots;
  const y = ([, slots]: readonly [number, number]): number => height(slots);
  const unknown = use.known < use.all ? `; of ${use.all - use.known} of ${use.all} it cannot be told` : "";
  const words =
    mean === null ? "its section does not run in this time" : `about ${Number(mean.toPrecision(2))} of ${grouped(use.slots)} slots in use on average${unknown}`;
  return svg(
    "svg",
    { width: WIDTH, height: HEIGHT, role: "img", "aria-label": words, class: "use" },
    svg("title", {}, words),
    svg("line", { x1: 0, x2: WIDTH, y1: height(use.slots), y2: height(use.slots), stroke: "var(--muted)", "stroke-dasharray": "3 3" }),
    svg("path", { d: area(x, HEIGHT - 1, y).curve(curveStep)(points) ?? "", fill: "var(--accent)", "fill-opacity": 0.3 }),
    svg("path", { d: line(x, y).curve(curveStep)(points) ?? "", fill: "none", stroke: "var(--accent)" }),
  );
}
