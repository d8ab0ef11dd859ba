/** Where the energy of a run went: sections, parts, details. Of the whole run: energy is counted by section, not by cycle. */

import type { RunResult, SectionEnergy } from "../../src/result/result.ts";

/** In the order in which they are added up: their sum is the total to the last digit. */
export const ENERGY_PARTS = ["compute", "sram", "network", "hbm", "ddr", "static"] as const;
export type EnergyPart = (typeof ENERGY_PARTS)[number];

/** Okabe and Ito's colours; memory off the chip in the warm ones. */
export const PART_WORDS: { readonly [P in EnergyPart]: { readonly colour: string; readonly what: string } } = {
  compute: { colour: "#0072b2", what: "operations of datapaths; registers, FIFOs and control of PCUs while they work; address generators" },
  sram: { colour: "#009e73", what: "reads and writes of scratchpads; address pipelines and FIFOs of PMUs while they work" },
  network: { colour: "#56b4e9", what: "switches and wires between units" },
  hbm: { colour: "#d55e00", what: "HBM: bursts, rows opened, refresh, and what it draws all the time" },
  ddr: { colour: "#e69f00", what: "DDR: bursts, rows opened, refresh, and what it draws all the time" },
  static: { colour: "#8b93a3", what: "what the chip draws all the time, working or not" },
};

/** The words of the report's names. */
export const DETAIL_WORDS: Readonly<Record<string, string>> = {
  "compute.operations": "operations",
  "compute.pcu": "PCUs at work",
  "compute.ag": "address generators",
  "sram.read": "scratchpad reads",
  "sram.write": "scratchpad writes",
  "sram.pmu": "PMUs at work",
  "network.switches": "switches",
  "network.wires": "wires",
  "static.chip": "chip, all the time",
};

export interface EnergyCell {
  readonly section: string;
  readonly part: EnergyPart;
  readonly detail: string;
  /** "scratchpad reads". */
  readonly words: string;
  readonly pJ: number;
}

/** All details of all sections, zeros left out. */
export function energyCells({ energy_detail }: RunResult, only: string | null = null): readonly EnergyCell[] {
  return energy_detail.sections.filter(({ name }) => only === null || name === only).flatMap(cellsOf);
}

function cellsOf({ name, detail_pJ }: SectionEnergy): readonly EnergyCell[] {
  return ENERGY_PARTS.flatMap((part) =>
    Object.entries(detail_pJ[part]).flatMap(([detail, pJ]): readonly EnergyCell[] =>
      pJ === 0 ? [] : [{ section: name, part, detail, words: DETAIL_WORDS[`${part}.${detail}`] ?? `${part} ${detail}`, pJ }],
    ),
  );
}

export interface PartEnergy {
  readonly part: EnergyPart;
  readonly pJ: number;
}

/** Of the run, or of one of its sections: they add up to the total there, to the last digit. */
export function energyParts({ energy_pJ, energy_detail }: RunResult, only: string | null = null): readonly PartEnergy[] {
  const own = only === null ? energy_pJ : energy_detail.sections.find(({ name }) => name === only)?.energy_pJ;
  return ENERGY_PARTS.map((part) => ({ part, pJ: own?.[part] ?? 0 }));
}

export function totalOf(parts: readonly PartEnergy[]): number {
  return parts.reduce((sum, { pJ }) => sum + pJ, 0);
}

export interface DetailEnergy {
  readonly part: EnergyPart;
  readonly words: string;
  readonly pJ: number;
}

/** Over the sections, the parts in their order. */
export function energyDetails(cells: readonly EnergyCell[]): readonly DetailEnergy[] {
  const rows = new Map<string, { part: EnergyPart; words: string; pJ: number }>();
  for (const { part, detail, words, pJ } of cells) {
    const row = rows.get(`${part}.${detail}`) ?? { part, words, pJ: 0 };
    row.pJ += pJ;
    rows.set(`${part}.${detail}`, row);
  }
  return [...rows.values()].sort((a, b) => ENERGY_PARTS.indexOf(a.part) - ENERGY_PARTS.indexOf(b.part));
}

/** What the figures leave out or assume: the report's warnings that speak of energy. */
export function energyWarnings({ warnings }: RunResult): readonly string[] {
  return warnings.filter((warning) => /energy|\bpJ\b|power|watt/i.test(warning));
}

// --- Sankey ---

export interface SankeyNodes {
  readonly nodes: readonly {
    readonly id: string;
    readonly column: number;
    readonly words: string;
    readonly part: EnergyPart | null;
    readonly section: string | null;
  }[];
  readonly links: readonly { readonly source: string; readonly target: string; readonly pJ: number; readonly part: EnergyPart }[];
}

/** Sections that have a node of their own. */
const MOST_SECTIONS = 12;

/** From sections (the largest; the rest as one) to parts, from parts to details. One section: from the run. */
export function sankeyOf(cells: readonly EnergyCell[], title: string): SankeyNodes {
  const named = sectionsShown(cells);
  const sourceOf = ({ section }: EnergyCell): string => (named.size === 0 ? "run" : named.has(section) ? `section ${section}` : "others");
  const links = new Map<string, { source: string; target: string; pJ: number; part: EnergyPart }>();
  const add = (source: string, target: string, { pJ, part }: EnergyCell): void => {
    const link = links.get(`${source}>${target}`) ?? { source, target, pJ: 0, part };
    link.pJ += pJ;
    links.set(`${source}>${target}`, link);
  };
  const nodes = new Map<string, SankeyNodes["nodes"][number]>();
  for (const cell of cells) {
    const [from, part, detail] = [sourceOf(cell), `part ${cell.part}`, `detail ${cell.part}.${cell.detail}`];
    const section = named.has(cell.section) ? cell.section : null;
    nodes.set(from, { id: from, column: 0, words: named.size === 0 ? title : (section ?? "other sections"), part: null, section });
    nodes.set(part, { id: part, column: 1, words: cell.part, part: cell.part, section: null });
    nodes.set(detail, { id: detail, column: 2, words: cell.words, part: cell.part, section: null });
    add(from, part, cell);
    add(part, detail, cell);
  }
  return { nodes: [...nodes.values()], links: [...links.values()] };
}

/** None where there is but one. */
function sectionsShown(cells: readonly EnergyCell[]): ReadonlySet<string> {
  const sums = new Map<string, number>();
  for (const { section, pJ } of cells) sums.set(section, (sums.get(section) ?? 0) + pJ);
  if (sums.size < 2) return new Set();
  return new Set(
    [...sums]
      .sort(([, a], [, b]) => b - a)
      .slice(0, MOST_SECTIONS)
      .map(([name]) => name),
  );
}
