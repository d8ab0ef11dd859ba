/** The dataflow graph: operators as cards, tensors between them. */

import { grouped, percent, scaled } from "../../src/report/format.ts";
import type { ViewContext } from "../app/view.ts";
import { type Graph, type GraphEdge, type GraphNode, graphOf, INPUT } from "../model/graph.ts";
import type { RunView, UnitView } from "../model/run.ts";
import type { Pick } from "../model/selection.ts";
import { grouped as groupedBy } from "../model/stages.ts";
import { STATES } from "../model/states.ts";
import { figuresOf } from "../model/tree.ts";
import type { StateCycles } from "../model/window.ts";
import { el, svg } from "../ui/dom.ts";
import { hideTip, showTip, tipRows } from "../ui/tip.ts";
import { drawBar } from "./state-bar.ts";

export interface ProgramGraph {
  readonly element: HTMLElement;
  readonly draw: (cycles: readonly StateCycles[], pick: Pick | null, picked: Uint8Array | null) => void;
}

const WIDTH = 178;
const ROW = 104;
/** Heights of cards: of the operator that is busy least, and most. */
const LEAST = 44;
const MOST = 76;
const INPUT_HEIGHT = 24;
const MARGIN = 8;
/** A graph that is wider than its room is drawn smaller, down to this; beyond it is scrolled. */
const LEAST_SCALE = 0.7;
/** Half of the way that an edge goes straight down beside the cards of a layer. */
const BESIDE = MOST / 2;

interface Drawing {
  readonly context: ViewContext;
  readonly graph: Graph;
  readonly units: ReadonlyMap<string, readonly UnitView[]>;
  readonly places: ReadonlyMap<string, Card>;
  cycles: readonly StateCycles[];
  pick: Pick | null;
  picked: Uint8Array | null;
}

/** Where a node stands: middle, and height. */
interface Card {
  readonly x: number;
  readonly y: number;
  readonly height: number;
  /** Of the busy cycles of all units. */
  readonly share: number;
}

export function makeGraph(context: ViewContext): ProgramGraph {
  const { run } = context;
  const graph = graphOf(run.scene.program);
  const units = groupedBy(run.units, ({ scene }) => scene.operator);
  const [width, height] = [graph.width * WIDTH + 2 * MARGIN, graph.layers * ROW];
  const picture = svg("svg", {
    class: "graph",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    style: `min-width:${Math.round(LEAST_SCALE * width)}px`,
    role: "group",
    "aria-label": "Dataflow graph of the program",
  });
  return {
    element: el("div", { class: "scroll graph-box", tabindex: 0, role: "region", "aria-label": "Dataflow graph" }, picture),
    draw: (cycles, pick, picked) => {
      const drawing: Drawing = { context, graph, units, places: placesOf(graph, run, units, cycles), cycles, pick, picked };
      const most = Math.max(1, ...graph.edges.map(({ bytes }) => bytes));
      const focused = (document.activeElement as HTMLElement | null)?.dataset?.graph;
      picture.replaceChildren(
        arrowHead(),
        ...graph.edges.map((edge) => edgePath(edge, drawing, most)),
        ...graph.nodes.filter(({ kind }) => kind !== "bend").map((node) => nodeCard(node, drawing)),
      );
      if (focused !== undefined) picture.querySelector<SVGElement>(`[data-graph="${CSS.escape(focused)}"]`)?.focus();
    },
  };
}

function placesOf(graph: Graph, run: RunView, units: ReadonlyMap<string, readonly UnitView[]>, cycles: readonly StateCycles[]): ReadonlyMap<string, Card> {
  const busy = STATES.indexOf("busy");
  const total = cycles.reduce((sum, one) => sum + one[busy]!, 0);
  const shareOf = ({ operator }: GraphNode): number =>
    operator === null || total === 0 ? 0 : (units.get(operator.name) ?? []).reduce((sum, { number }) => sum + cycles[number]![busy]!, 0) / total;
  const shares = new Map(graph.nodes.map((node) => [node.id, shareOf(node)]));
  const most = Math.max(0, ...shares.values());
  const heightOf = (node: GraphNode): number => {
    if (node.kind === "bend") return 0;
    if (node.kind === "input") return INPUT_HEIGHT;
    return most === 0 || run.units.length === 0 ? LEAST : LEAST + (MOST - LEAST) * Math.sqrt(shares.get(node.id)! / most);
  };
  return new Map(
    graph.nodes.map((node) => [node.id, { x: MARGIN + node.x * WIDTH, y: (node.layer + 0.5) * ROW, height: heightOf(node), share: shares.get(node.id)! }]),
  );
}

function arrowHead(): SVGElement {
  const shape = svg("path", { d: "M0,0 L7,3.5 L0,7 z", fill: "var(--muted)" });
  return svg(
    "defs",
    {},
    svg(
      "marker",
      { id: "graph-arrow", viewBox: "0 0 7 7", refX: 6, refY: 3.5, markerWidth: 7, markerHeight: 7, orient: "auto", markerUnits: "userSpaceOnUse" },
      shape,
    ),
  );
}

/** From the lower edge of the maker through its bends to the upper edge of the reader; to the next round at the side. */
function edgePath({ tensor, bytes, way, isNextRound }: GraphEdge, { places, pick, graph }: Drawing, most: number): SVGElement {
  const [from, to] = [places.get(way[0]!)!, places.get(way.at(-1)!)!];
  const isPicked = pick?.kind === "tensor" && pick.name === tensor;
  const touches = isPicked || (pick?.kind === "operator" && (way[0] === pick.name || way.at(-1) === pick.name));
  const points = way.map((id, i) => {
    const { x, y, height } = places.get(id)!;
    return [x, i === 0 ? y + height / 2 : i === way.length - 1 ? y - height / 2 - 2 : y - BESIDE] as const;
  });
  const label = `${tensor}: ${scaled(bytes, "B")}${isNextRound ? ", to the next round" : ""}`;
  const path = svg("path", {
    ...{
      d: isNextRound ? backPath(from, to, graph.width) : downPath(points),
      fill: "none",
      stroke: touches ? "var(--pick)" : "var(--muted)",
      "marker-end": "url(#graph-arrow)",
    },
    ...{ "stroke-width": 1 + (3 * Math.sqrt(bytes)) / Math.sqrt(most), "stroke-opacity": touches ? 1 : 0.55, "stroke-dasharray": isNextRound ? "5 4" : null },
  });
  const wide = svg("path", { d: path.getAttribute("d")!, fill: "none", stroke: "transparent", "stroke-width": 10 });
  wide.addEventListener("pointermove", (event) => showTip(event.clientX, event.clientY, label));
  wide.addEventListener("pointerleave", hideTip);
  return svg("g", {}, svg("title", {}, label), path, wide);
}

function downPath(points: readonly (readonly [x: number, y: number])[]): string {
  const [[startX, startY], ...rest] = points as readonly [readonly [number, number], ...(readonly [number, number])[]];
  let y = startY;
  let x = startX;
  const parts = rest.map(([nextX, nextY], i) => {
    const isBend = i < rest.length - 1;
    const middle = (y + nextY) / 2;
    const part = `C${x},${middle} ${nextX},${middle} ${nextX},${nextY}${isBend ? `v${2 * BESIDE}` : ""}`;
    [x, y] = [nextX, nextY + (isBend ? 2 * BESIDE : 0)];
    return part;
  });
  return `M${startX},${startY}${parts.join("")}`;
}

/** Around the side of the cards, upward. */
function backPath(from: Card, to: Card, width: number): string {
  if (from === to) return `M${from.x + WIDTH / 2 - 4},${from.y + 10} c20,4 20,-24 2,-20`;
  const side = Math.min(MARGIN + width * WIDTH - 3, Math.max(from.x, to.x) + WIDTH / 2 + 10);
  return `M${from.x + WIDTH / 2 - 6},${from.y} C${side + 6},${from.y} ${side + 6},${to.y} ${to.x + WIDTH / 2 - 4},${to.y}`;
}

// --- cards ---

function nodeCard(node: GraphNode, drawing: Drawing): SVGElement {
  const { context, places, units, pick } = drawing;
  const { x, y, height } = places.get(node.id)!;
  const name = node.operator?.name ?? node.id.slice(INPUT.length);
  const own = units.get(name) ?? [];
  const target: Pick | null =
    node.operator === null ? { kind: "tensor", name, section: null } : own.length === 0 ? null : { kind: "operator", name, section: null };
  const isPicked = target !== null && pick?.kind === target.kind && pick.name === target.name;
  const isDim = drawing.picked !== null && !own.some(({ number }) => drawing.picked![number] === 1);
  const choose = (): void => {
    if (target !== null) context.app.store.set({ pick: isPicked ? null : target });
  };
  const rows = node.operator === null ? inputRows(name, context.run) : operatorRows(node, own, drawing);
  const card = svg(
    "g",
    {
      ...{ class: `card ${node.kind}${isPicked ? " picked" : ""}${isDim ? " dim" : ""}`, transform: `translate(${x - WIDTH / 2 + 4},${y - height / 2})` },
      ...{
        role: "button",
        tabindex: 0,
        "aria-pressed": `${isPicked}`,
        "data-graph": node.id,
        "aria-label": `${name}: ${rows.map(([key, value]) => `${key} ${value}`).join(", ")}`,
      },
    },
    svg("rect", { class: "box", width: WIDTH - 8, height, rx: node.kind === "input" ? INPUT_HEIGHT / 2 : 6 }),
    ...(node.operator === null ? inputContent(name, context.run) : operatorContent(node, own, drawing)),
  );
  card.addEventListener("click", choose);
  card.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose();
  });
  card.addEventListener("pointermove", (event) => showTip(event.clientX, event.clientY, tipRows(name, rows)));
  card.addEventListener("pointerleave", hideTip);
  card.addEventListener("focus", () => {
    const { left, bottom } = card.getBoundingClientRect();
    showTip(left, bottom - 10, tipRows(name, rows));
  });
  card.addEventListener("blur", hideTip);
  return card;
}

/** Letters that fit, by the mean width of one. */
function fitting(text: string, pixels: number, letter: number): string {
  const most = Math.floor(pixels / letter);
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}

function inputContent(name: string, run: RunView): readonly SVGElement[] {
  const bytes = run.scene.program.tensors.find((tensor) => tensor.name === name)?.bytes ?? 0;
  const size = scaled(bytes, "B");
  const y = INPUT_HEIGHT / 2;
  return [
    svg("text", { x: 12, y, "dominant-baseline": "central" }, fitting(name, WIDTH - 40 - size.length * 7, 7)),
    svg("text", { x: WIDTH - 20, y, "dominant-baseline": "central", "text-anchor": "end", class: "small" }, size),
  ];
}

function operatorContent({ operator, outputs, id }: GraphNode, own: readonly UnitView[], { places, cycles, context: { run } }: Drawing): readonly SVGElement[] {
  const { share, height } = places.get(id)!;
  const inner = WIDTH - 28;
  const words =
    own.length === 0
      ? `${operator!.kind}, no units of its own`
      : `${operator!.kind} · ${own.length === 1 ? "1 unit" : `${grouped(own.length)} units`} · ${percent(share)}`;
  const bar = svg("svg", { x: 10, y: height - 12, width: inner, height: 6, class: "state-bar", role: "img" });
  if (own.length > 0) drawBar(bar, figuresOf(run, own, cycles, 0).cycles);
  const [stall] = figuresOf(run, own, cycles, 0).stalls;
  const cause = stall === undefined ? "" : `waits for ${stall.root}`;
  const badge = `${operator!.inside === null ? "" : "↻ "}${outputs.length === 0 ? "" : "▸ output"}`;
  return [
    svg("text", { x: 10, y: 15, class: "name" }, fitting(operator!.name, inner - badge.length * 7, 7.9)),
    svg("text", { x: WIDTH - 18, y: 15, "text-anchor": "end", class: "small" }, badge),
    svg("text", { x: 10, y: 29, class: "small" }, fitting(words, inner, 6)),
    ...(own.length === 0 || height < 58 || cause === "" ? [] : [svg("text", { x: 10, y: 44, class: "small" }, fitting(cause, inner, 6))]),
    ...(own.length === 0 ? [] : [bar]),
  ];
}

type Rows = readonly (readonly [name: string, value: string])[];

function inputRows(name: string, { scene }: RunView): Rows {
  const tensor = scene.program.tensors.find((one) => one.name === name);
  return tensor === undefined
    ? []
    : [
        ["input", `${tensor.dtype} [${tensor.shape.join(", ")}]`],
        ["size", scaled(tensor.bytes, "B")],
        ["home", tensor.tier ?? "on the chip"],
      ];
}

function operatorRows({ operator, outputs }: GraphNode, own: readonly UnitView[], { cycles, places, context: { run } }: Drawing): Rows {
  const { kind, text, place, inside, name } = operator!;
  const { stalls } = figuresOf(run, own, cycles, 0);
  const sections = [...new Set(own.map(({ section }) => run.sections[section]!.name))];
  return [
    ["kind", kind],
    ...(inside === null ? [] : [["in each round of", inside] as const]),
    ["units", own.length === 0 ? "none of its own: merged into another operator" : grouped(own.length)],
    ...(own.length === 0 ? [] : [["of the busy cycles", percent(places.get(name)!.share)] as const]),
    ...(stalls.length === 0 ? [] : [["waits most for", `${stalls[0]!.root} (${stalls[0]!.state})`] as const]),
    ...(sections.length === 0 || run.sections.length === 1 ? [] : [["section", sections.join(", ")] as const]),
    ...(outputs.length === 0 ? [] : [["output", outputs.join(", ")] as const]),
    ...(place === null ? [] : [["written in", `${place.file}:${place.line}`] as const]),
    ["text", text.length > 400 ? `${text.slice(0, 400)} ...` : text],
  ];
}
