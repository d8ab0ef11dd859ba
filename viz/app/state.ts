/** What the page shows now: all of it can be said in the address, so that a link opens the same picture. */

import { produce } from "immer";
import type { Pick, PickKind } from "../model/selection.ts";

export interface ViewState {
  readonly tab: string;
  /** Cycles that are looked at; null: the whole run. */
  readonly window: readonly [from: number, to: number] | null;
  /** A point in time that the map shows instead of the window; null: the window. */
  readonly cursor: number | null;
  readonly pick: Pick | null;
  /** What colours a unit: "state", "operator", or the share of one state. */
  readonly colour: string;
  /** Of two runs: which are shown, side by side or as a difference (the second less the first). */
  readonly sides: "a" | "b" | "both" | "difference";
  readonly theme: "auto" | "light" | "dark";
  /** Of single views: what they want to be found again, by a name of their own ("raster.sort"). */
  readonly options: Readonly<Record<string, string>>;
}

export const START: ViewState = { tab: "overview", window: null, cursor: null, pick: null, colour: "state", sides: "both", theme: "auto", options: {} };

export type Change = Partial<ViewState>;

export interface Store {
  readonly get: () => ViewState;
  /** Tells those who listen once per frame, and writes the address. */
  readonly set: (change: Change) => void;
  readonly setOption: (name: string, value: string | null) => void;
  readonly listen: (listener: Listener) => () => void;
}

export type Listener = (state: ViewState, changed: ReadonlySet<keyof ViewState>) => void;

export function createStore(): Store {
  let state = readHash(location.hash);
  let told = state;
  let isWaiting = false;
  const listeners = new Set<Listener>();
  const writeAddress = atMostEvery(ADDRESS_MS, () => history.replaceState(null, "", `#${writeHash(state)}`));
  const tell = (): void => {
    isWaiting = false;
    const changed = new Set((Object.keys(state) as (keyof ViewState)[]).filter((key) => state[key] !== told[key]));
    told = state;
    if (changed.size === 0) return;
    writeAddress();
    for (const listener of [...listeners]) listener(state, changed);
  };
  const move = (next: ViewState): void => {
    state = next;
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(tell);
  };
  addEventListener("hashchange", () => move(readHash(location.hash)));
  return {
    get: () => state,
    set: (change) => move({ ...state, ...change }),
    setOption: (name, value) =>
      move(
        produce(state, (draft) => {
          if (value === null) delete draft.options[name];
          else draft.options[name] = value;
        }),
      ),
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Browsers take an address some ten times a second, and each takes its time: not every frame of a scrub is written, but always the last. */
const ADDRESS_MS = 200;

function atMostEvery(milliseconds: number, act: () => void): () => void {
  let isResting = false;
  let isDue = false;
  const go = (): void => {
    isDue = isResting;
    if (isResting) return;
    isResting = true;
    act();
    setTimeout(() => {
      isResting = false;
      if (isDue) go();
    }, milliseconds);
  };
  return go;
}

export function writeHash(state: ViewState): string {
  const words = new URLSearchParams();
  if (state.tab !== START.tab) words.set("tab", state.tab);
  if (state.window !== null) words.set("window", state.window.map((at) => Math.round(at)).join("-"));
  if (state.cursor !== null) words.set("cursor", `${Math.round(state.cursor)}`);
  if (state.pick !== null) words.set("pick", [state.pick.kind, state.pick.section ?? "", state.pick.name].join("|"));
  if (state.colour !== START.colour) words.set("colour", state.colour);
  if (state.sides !== START.sides) words.set("sides", state.sides);
  if (state.theme !== START.theme) words.set("theme", state.theme);
  for (const [name, value] of Object.entries(state.options)) words.set(`o.${name}`, value);
  return words.toString();
}

/** What it cannot make sense of it leaves out. */
export function readHash(hash: string): ViewState {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const numbers = (words.get("window") ?? "").split("-").map(Number);
  const cursor = Number(words.get("cursor") ?? "none");
  const [kind, section, ...name] = (words.get("pick") ?? "").split("|");
  return {
    tab: words.get("tab") ?? START.tab,
    window: numbers.length === 2 && numbers.every(Number.isFinite) && numbers[0]! < numbers[1]! ? [numbers[0]!, numbers[1]!] : null,
    cursor: Number.isFinite(cursor) ? cursor : null,
    pick: isPickKind(kind) && name.length > 0 ? { kind, section: section === "" ? null : section!, name: name.join("|") } : null,
    colour: words.get("colour") ?? START.colour,
    sides: oneOf(words.get("sides"), ["a", "b", "both", "difference"], START.sides),
    theme: oneOf(words.get("theme"), ["auto", "light", "dark"], START.theme),
    options: Object.fromEntries([...words].flatMap(([key, value]) => (key.startsWith("o.") ? [[key.slice(2), value]] : []))),
  };
}

const KINDS: readonly PickKind[] = ["unit", "stage", "operator", "section", "channel", "tensor", "kernel"];

const isPickKind = (word: string | undefined): word is PickKind => KINDS.some((kind) => kind === word);

function oneOf<T extends string>(word: string | null, choices: readonly T[], otherwise: T): T {
  return choices.find((choice) => choice === word) ?? otherwise;
}
