/** From an energy table as its file has it to one whose figures are all at its node: factors and lines applied, areas for one thing each, sources saying so. */

import { factorOf, onLine, type Scaling, scalingWords } from "./scaling.ts";
import type { TableForm } from "./schema.ts";
import type { AreaFigure, CommandEnergy, EnergyFigure, EnergyTable, SwitchTable, TierEnergy } from "./table.ts";

/** Of the table: its node, and the factors that its figures name. */
interface Node {
  readonly nm: number;
  readonly scalings: Readonly<Record<string, Scaling>>;
}

type RawFigure = TableForm["active_pJ"]["ag"];
type RawArea = TableForm["area"]["ag"];
type RawTier = NonNullable<TableForm["tier_pJ"]["ddr"]>;

export function tableAtNode({ scaling: scalings, ...form }: TableForm): EnergyTable {
  const node = { nm: form.process_nm, scalings };
  const { active_pJ, sram, network, tier_pJ: tiers, static: drawn, area } = form;
  return {
    ...form,
    compute_pJ: mapped(form.compute_pJ, (rows) => energies(node, rows as Readonly<Record<string, RawFigure>>)),
    active_pJ: energies(node, active_pJ),
    sram: { rows: sram.rows, factor: factorBy(node, sram.by), source: sourced(node, sram.source, sram.by) },
    network: {
      static: switchesAt(node, network.static),
      packet: switchesAt(node, network.packet),
      wire_bit_mm: energyAt(node, network.wire_bit_mm),
    },
    tier_pJ: { ...(tiers.hbm && { hbm: tierAt(node, tiers.hbm) }), ...(tiers.ddr && { ddr: tierAt(node, tiers.ddr) }) },
    static: { W_per_mm2: drawn.W / drawn.mm2, source: drawn.source },
    area: {
      pcu: areas(node, area.pcu),
      pmu: areas(node, area.pmu),
      ...{ interconnect: areaAt(node, area.interconnect), ag: areaAt(node, area.ag), coalescer: areaAt(node, area.coalescer) },
    },
  };
}

// --- one figure ---

function energyAt(node: Node, { pJ, line, by, source }: RawFigure): EnergyFigure {
  if (line === undefined) return { pJ: (pJ ?? 0) * factorBy(node, by), source: sourced(node, source, by) };
  const points = line.map(({ nm, at }) => `${at} pJ at ${nm} nm`).join(" and ");
  return { pJ: onLine(line, node.nm), source: `${source}, on the line through ${points}` };
}

function areaAt(node: Node, { mm2, per, by, source }: RawArea): AreaFigure {
  return { mm2: (mm2 / per) * factorBy(node, by), source: sourced(node, source, by) };
}

/** The schema has seen that a name is there. */
const factorBy = ({ nm, scalings }: Node, name: string | undefined): number => (name === undefined ? 1 : factorOf(scalings[name]!, nm));

const sourced = ({ nm, scalings }: Node, source: string, name: string | undefined): string =>
  name === undefined ? source : `${source}, ${scalingWords(name, scalings[name]!, nm)}`;

// --- several ---

const energies = <K extends string>(node: Node, figures: Readonly<Record<K, RawFigure>>) => mapped(figures, (one) => energyAt(node, one));

const areas = <K extends string>(node: Node, figures: Readonly<Record<K, RawArea>>) => mapped(figures, (one) => areaAt(node, one));

function switchesAt(node: Node, { rows, by, source }: TableForm["network"]["static"]): SwitchTable {
  return {
    rows: rows.map((row) => ({ ...row, pJ: row.pJ * factorBy(node, by?.pJ), mm2: row.mm2 * factorBy(node, by?.mm2) })),
    source: sourced(node, sourced(node, source, by?.pJ), by?.mm2),
  };
}

function tierAt(node: Node, { bit, command }: RawTier): TierEnergy {
  return { ...(bit && { bit: energies(node, bit) }), ...(command && { command: commandsAt(node, command) }) };
}

function commandsAt(node: Node, { background, ...commands }: NonNullable<RawTier["command"]>): CommandEnergy {
  return { ...energies(node, commands), background };
}

function mapped<K extends string, A, B>(record: Readonly<Record<K, A>>, of: (value: A) => B): Readonly<Record<K, B>> {
  return Object.fromEntries(Object.entries<A>(record).map(([key, value]) => [key, of(value)])) as Record<K, B>;
}
