/** Energy of two runs, detail by detail: A, B and what changed. */

import { energy as joules } from "../../src/report/format.ts";
import { type EnergyCell, energyDetails, PART_WORDS } from "../model/energy.ts";
import { el } from "../ui/dom.ts";

export function drawChange(host: HTMLElement, a: readonly EnergyCell[], b: readonly EnergyCell[]): void {
  const [before, after] = [energyDetails(a), energyDetails(b)];
  const names = [...new Map([...before, ...after].map(({ part, words }) => [`${part} ${words}`, { part, words }])).values()];
  const of = (list: typeof before, { part, words }: (typeof names)[number]): number => list.find((one) => one.part === part && one.words === words)?.pJ ?? 0;
  const rows = names.map((name) => ({ ...name, a: of(before, name), b: of(after, name) })).sort((x, y) => Math.abs(y.b - y.a) - Math.abs(x.b - x.a));
  const most = rows.reduce((top, row) => Math.max(top, Math.abs(row.b - row.a)), 0) || 1;
  const total = rows.reduce((sum, row) => ({ a: sum.a + row.a, b: sum.b + row.b }), { a: 0, b: 0 });
  const heads = ["part", "what", "A", "B", "change", ""];
  const line = (part: string, words: string, one: { readonly a: number; readonly b: number }, colour: string | null): HTMLElement =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, colour === null ? null : el("i", { class: "dot", style: `background:${colour}`, "aria-hidden": "true" }), part),
      el("td", {}, words),
      el("td", {}, joules(one.a)),
      el("td", {}, joules(one.b)),
      el("td", {}, signed(one.b - one.a)),
      el(
        "td",
        { class: "bar" },
        colour === null ? null : el("i", { class: one.b < one.a ? "change less" : "change more", style: `width:${(100 * Math.abs(one.b - one.a)) / most}%` }),
      ),
    );
  host.append(
    el(
      "table",
      { class: "data energy-change" },
      el("thead", {}, el("tr", {}, ...heads.map((words) => el("th", { scope: "col" }, words)))),
      el("tbody", {}, ...rows.map((row) => line(row.part, row.words, row, PART_WORDS[row.part].colour)), line("total", "", total, null)),
    ),
  );
}

function signed(change: number): string {
  return change === 0 ? "0" : `${change < 0 ? "-" : "+"}${joules(Math.abs(change))}`;
}
