/** Channels and tile buffers: how full they were over time, and who waited for them. */

import type { ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import { type Compared, compared } from "../model/compared.ts";
import { type ChannelGroup, channelGroups, type GroupOccupancy, groupOccupancy, meanIn, singleChannels } from "../model/occupancy.ts";
import type { RunView } from "../model/run.ts";
import { pickedUnits } from "../model/selection.ts";
import type { Window } from "../model/window.ts";
import { windowOf, windowWords } from "../model/words.ts";
import { el } from "../ui/dom.ts";
import { makeTable } from "../ui/table.ts";
import { bufferColumns } from "./buffers-columns.ts";

export const buffers: View = {
  id: "buffers",
  tab: "stages",
  title: "Channels and buffers",
  what: "A row is a channel, or the channels between copies of the same units: how long units waited for its tokens (starved: it was empty) or its slots (blocked: it was full), and about how many slots were in use over time. Those that cost most stand first.",
  wide: true,
  absent: ({ scene }) => (scene.sections.every(({ channels }) => channels.length === 0) ? "This run used no channel." : null),
  mount,
};

export interface BufferRow {
  readonly group: ChannelGroup;
  readonly run: RunView;
  readonly window: Window;
  /** Null: it cannot be told from the trace. */
  readonly use: GroupOccupancy | null;
  /** Slots in use in the window, on average. */
  readonly mean: number | null;
  /** One channel of a group. */
  readonly isSingle: boolean;
}

export type BufferCell = Compared<BufferRow>;

function mount(host: HTMLElement, { app, run, base }: ViewContext): MountedView {
  const words = el("p", { class: "now" });
  const groups = groupsOf(run);
  const others = base === null ? null : groupsOf(base);
  let picked: Uint8Array | null = null;
  const table = makeTable<BufferCell>({
    ...{ id: "buffers", app, run, what: "channels", columns: bufferColumns(run.sections.length > 1, base !== null) },
    order: { column: base === null ? "waited" : "changed", descending: true },
    example: "blocked>1000 buffer",
    keyOf: ({ row, only }) => `${keyOf(row)}${only ?? ""}`,
    pick: ({ row }) =>
      app.store.set({ pick: isPick(row, app.store.get()) ? null : { kind: "channel", name: row.group.channels[0]!.id, section: row.group.section.name } }),
    isPicked: ({ row }) => isPick(row, app.store.get()),
    isDim: ({ row, only }) => only !== "A" && !touches(row.group, picked),
    canOpen: ({ row, only }) => row.group.channels.length > 1 && only !== "A",
    inside: ({ row }) => singles(row),
  });
  host.replaceChildren(words, table.element);
  return {
    update: (state, changed) => {
      if (!changed.has("window") && !changed.has("pick") && !changed.has("options")) return;
      picked = pickedUnits(run, state.pick);
      words.textContent = headWords(run, state);
      const before = others?.map((prepared) => rowOf(base!, prepared, windowOf(base!, state.window))) ?? null;
      table.draw(
        compared(
          groups.map((prepared) => rowOf(run, prepared, windowOf(run, state.window))),
          before,
          keyOf,
        ),
        state,
      );
    },
  };
}

interface Prepared {
  readonly group: ChannelGroup;
  readonly use: GroupOccupancy | null;
}

function groupsOf(run: RunView): readonly Prepared[] {
  return channelGroups(run).map((group) => ({ group, use: groupOccupancy(run, group) }));
}

function rowOf(run: RunView, { group, use }: Prepared, window: Window): BufferRow {
  return { group, run, window, use, mean: use === null ? null : meanIn(run, group.section, use, window), isSingle: false };
}

/** Each channel of a group by itself. */
function singles({ group, run, window }: BufferRow): readonly BufferCell[] {
  return singleChannels(group).map((one) => ({
    row: { ...rowOf(run, { group: one, use: groupOccupancy(run, one) }, window), isSingle: true },
    before: null,
    only: null,
  }));
}

const keyOf = ({ group, isSingle }: BufferRow): string => `${group.section.name} · ${isSingle ? group.channels[0]!.id : `${group.name} ${group.kind}`}`;

const isPick = ({ group, isSingle }: BufferRow, { pick }: ViewState): boolean =>
  pick?.kind === "channel" && (isSingle ? pick.name === group.channels[0]!.id : group.channels.some(({ id }) => id === pick.name));

function touches({ section, channels }: ChannelGroup, picked: Uint8Array | null): boolean {
  if (picked === null) return true;
  const isPicked = (unit: number): boolean => picked[section.units[unit]!.number] === 1;
  return channels.some(({ source, sinks }) => isPicked(source.unit) || sinks.some(({ unit }) => isPicked(unit)));
}

function headWords(run: RunView, { window }: ViewState): string {
  if (run.trace.origin === "means")
    return "Activity over time was not recorded in this run, so that how full channels were is not known; who waited for them is, over the whole run.";
  return `Waits are counted, over the whole run. Slots in use are estimated from firings, ${windowWords(run, windowOf(run, window))}, while the section runs. ${searchWords(run)}`;
}

function searchWords({ scene, report }: RunView): string {
  if (scene.depths === null)
    return `Which depth would remove a wait for slots was not searched: weft run ${report.workload.name} --machine ${report.machine.name} --out DIR --tries 8.`;
  if (scene.depths.length === 0) return "No channel was searched for a depth that removes its wait.";
  return "Of the channels whose slots units waited for most, the smallest depth that removes the wait was searched by running the program again, all else as it is: write verified into the box to see them alone.";
}
