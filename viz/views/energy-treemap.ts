/** Energy as areas: parts of the machine, and in them what happened there. */

import { hierarchy, treemap } from "d3";
import { energy as joules, percent } from "../../src/report/format.ts";
import { type DetailEnergy, ENERGY_PARTS, type EnergyCell, energyDetails, PART_WORDS } from "../model/energy.ts";
import { inkOn } from "../model/ink.ts";
import { svg } from "../ui/dom.ts";
import { tipRows } from "../ui/tip.ts";
import { tipped } from "../ui/tipped.ts";

interface Area {
  readonly name: string;
  readonly detail: DetailEnergy | null;
  readonly children: readonly Area[];
}

const HEIGHT = 320;

export function drawTreemap(host: HTMLElement, cells: readonly EnergyCell[]): void {
  const width = host.clientWidth || 800;
  const details = energyDetails(cells);
  const total = details.reduce((sum, { pJ }) => sum + pJ, 0);
  const leaf = (detail: DetailEnergy): Area => ({ name: detail.words, detail, children: [] });
  const parts = ENERGY_PARTS.map((part): Area => ({ name: part, detail: null, children: details.filter((detail) => detail.part === part).map(leaf) }));
  const root = hierarchy<Area>({ name: "all", detail: null, children: parts.filter(({ children }) => children.length > 0) }, ({ children }) => children).sum(
    ({ detail }) => detail?.pJ ?? 0,
  );
  const placed = treemap<Area>().size([width, HEIGHT]).paddingInner(2).round(true)(root);
  const element = svg("svg", { class: "plot treemap", height: HEIGHT, role: "group", "aria-label": `Energy: ${joules(total)} by area` });
  for (const { data, x0, y0, x1, y1 } of placed.leaves())
    if (data.detail !== null) element.append(block(data.detail, { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }, total));
  host.append(element);
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function block({ part, words, pJ }: DetailEnergy, box: Box, total: number): SVGGElement {
  const share = percent(pJ / total);
  const rect = svg("rect", { ...box, fill: PART_WORDS[part].colour });
  tipped(rect, `${part}, ${words}: ${joules(pJ)}, ${share}`, () =>
    tipRows(words, [
      ["part", part],
      ["energy", joules(pJ)],
      ["share", share],
    ]),
  );
  const line = (text: string, row: number): SVGTextElement | null =>
    box.height < 20 * row - 4 || box.width < text.length * 6.4 + 8
      ? null
      : svg("text", { x: box.x + 5, y: box.y + 16 * row, style: `fill:${inkOn(PART_WORDS[part].colour)}`, "pointer-events": "none" }, text);
  return svg("g", {}, rect, line(words.startsWith(part) ? words : `${part}: ${words}`, 1), line(`${joules(pJ)}, ${share}`, 2));
}
