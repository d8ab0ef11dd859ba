/** Tensors of a tier with their colours; a click picks one. */

import { scaled } from "../../src/report/format.ts";
import type { ViewState } from "../app/state.ts";
import type { ViewContext } from "../app/view.ts";
import { OTHERS_COLOUR, tensorColours } from "../model/tensor-colours.ts";
import { bytesByTensor, type TierName } from "../model/traffic.ts";
import { windowOf } from "../model/words.ts";
import { el } from "../ui/dom.ts";

export function tensorLegend({ app, run }: ViewContext, tier: TierName, { window, pick }: ViewState): HTMLElement {
  const colours = tensorColours(run);
  const rows = bytesByTensor(run, windowOf(run, window))
    .filter((row) => row.tier === tier)
    .map((row) => ({ name: row.name, bytes: row.read_bytes + row.write_bytes, colour: colours.get(row.name) }))
    .sort((a, b) => b.bytes - a.bytes);
  const others = rows.filter(({ colour }) => colour === undefined);
  const one = ({ name, bytes, colour }: (typeof rows)[number]): HTMLElement => {
    const isPicked = pick?.kind === "tensor" && pick.name === name;
    const use = (): void => app.store.set({ pick: isPicked ? null : { kind: "tensor", name, section: null } });
    const swatch = el("i", { style: `background:${colour}`, "aria-hidden": "true" });
    const button = el(
      "button",
      { type: "button", class: isPicked ? "swatch picked" : "swatch", "aria-pressed": isPicked ? "true" : "false", onclick: use },
      swatch,
      `${name} ${scaled(bytes, "B")}`,
    );
    return el("li", {}, button);
  };
  const rest = others.reduce((sum, { bytes }) => sum + bytes, 0);
  return el(
    "ul",
    { class: "legend", "aria-label": `Tensors of ${tier}` },
    ...rows.filter(({ colour }) => colour !== undefined).map(one),
    others.length === 0
      ? null
      : el("li", {}, el("i", { style: `background:${OTHERS_COLOUR}`, "aria-hidden": "true" }), `${others.length} others ${scaled(rest, "B")}`),
  );
}
