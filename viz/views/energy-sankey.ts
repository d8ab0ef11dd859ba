/** Energy as flows: sections, parts of the machine, details. */

import { type SankeyGraph, type SankeyLink, type SankeyNode, sankey, sankeyJustify, sankeyLinkHorizontal } from "d3-sankey";
import { energy as joules, percent } from "../../src/report/format.ts";
import type { ViewContext } from "../app/view.ts";
import { type EnergyCell, PART_WORDS, type SankeyNodes, sankeyOf } from "../model/energy.ts";
import { svg } from "../ui/dom.ts";
import { tipRows } from "../ui/tip.ts";
import { tipped } from "../ui/tipped.ts";

type NodeData = SankeyNodes["nodes"][number];
interface LinkData {
  readonly part: SankeyNodes["links"][number]["part"];
}
type Node = SankeyNode<NodeData, LinkData>;
type Link = SankeyLink<NodeData, LinkData>;

const LEAST_HEIGHT = 300;
/** Room for a label beside a node. */
const LINE = 17;
const LABELS = 250;

export function drawSankey(host: HTMLElement, cells: readonly EnergyCell[], { app, run }: ViewContext): void {
  const width = host.clientWidth || 800;
  const { nodes, links } = sankeyOf(cells, run.report.workload.name);
  const total = cells.reduce((sum, { pJ }) => sum + pJ, 0);
  const columns = [0, 1, 2].map((column) => nodes.filter((node) => node.column === column).length);
  const height = Math.max(LEAST_HEIGHT, Math.max(...columns) * (LINE + 6));
  const graph = laidOut({ nodes, links }, width, height);
  const named = new Map(graph.nodes.map((node) => [node.id, node]));
  const element = svg("svg", { class: "plot sankey", height, role: "group", "aria-label": `Energy: ${joules(total)} by ${columns[1]} parts` });
  for (const link of graph.links) {
    const { part, width: thick = 0, value } = link;
    const [source, target] = [named.get((link.source as Node).id)!, named.get((link.target as Node).id)!];
    element.append(
      svg(
        "path",
        { class: "flow", d: sankeyLinkHorizontal<NodeData, LinkData>()(link as Link), stroke: PART_WORDS[part].colour, "stroke-width": Math.max(0.5, thick) },
        svg("title", {}, `${source.words} to ${target.words}: ${joules(value)}, ${percent(value / total)}`),
      ),
    );
  }
  for (const node of graph.nodes)
    element.append(nodeGroup(node, total, width, (section) => app.store.set({ pick: { kind: "section", name: section, section: null } })));
  host.append(element);
}

function laidOut({ nodes, links }: SankeyNodes, width: number, height: number): SankeyGraph<NodeData, LinkData> {
  return sankey<NodeData, LinkData>()
    .nodeId(({ id }) => id)
    .nodeAlign(sankeyJustify)
    .nodeSort((a, b) => orderOf(a) - orderOf(b) || (b.value ?? 0) - (a.value ?? 0))
    .nodeWidth(12)
    .nodePadding(LINE - 5)
    .extent([
      [1, 8],
      [width - LABELS, height - 8],
    ])({ nodes: nodes.map((node) => ({ ...node })), links: links.map(({ source, target, pJ, part }) => ({ source, target, value: pJ, part })) });
}

/** Details stand beside their parts. */
function orderOf({ part }: NodeData): number {
  return part === null ? 0 : Object.keys(PART_WORDS).indexOf(part);
}

const LETTERS = 28;

function nodeGroup(node: Node, total: number, width: number, pick: (section: string) => void): SVGGElement {
  const { x0 = 0, x1 = 0, y0 = 0, y1 = 0, value = 0, words, part, section } = node;
  const share = percent(value / total);
  const label = `${words}: ${joules(value)}, ${share} of it`;
  const block = svg("rect", { x: x0, y: y0, width: x1 - x0, height: Math.max(1, y1 - y0), fill: part === null ? "var(--muted)" : PART_WORDS[part].colour });
  const rows = (): HTMLElement =>
    tipRows(words, [["energy", joules(value)], ["share", share], ...(part === null ? [] : [[part, PART_WORDS[part].what] as const])]);
  tipped(block, label, rows, section === null ? null : () => pick(section));
  const short = words.length > LETTERS ? `${words.slice(0, LETTERS - 1)}…` : words;
  const text = svg("text", { class: "halo ink", x: Math.min(x1 + 6, width - 4), y: (y0 + y1) / 2 + 4 }, `${short} ${joules(value)}, ${share}`);
  return svg("g", {}, block, text);
}
