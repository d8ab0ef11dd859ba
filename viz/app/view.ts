/** What a view promises. A view is mounted once for each run that it shows, asks the store for what is picked, and puts back what the user picks in it. */

import type { RunView } from "../model/run.ts";
import type { Store, ViewState } from "./state.ts";

export interface View {
  /** In addresses and tests. */
  readonly id: string;
  /** Of the tab in which it stands. */
  readonly tab: TabId;
  readonly title: string;
  /** One or two sentences: what one sees, and what one can do. */
  readonly what: string;
  /** It takes the whole width of the page. */
  readonly wide?: boolean;
  /** It shows no run but stands for the page: it is mounted once, and stays where it is when runs are replaced. */
  readonly isOfPage?: boolean;
  /** It has nothing to show for this run: then these words stand in its place. */
  readonly absent?: (run: RunView) => string | null;
  readonly mount: (host: HTMLElement, context: ViewContext) => MountedView;
}

export type TabId = "overview" | "fabric" | "stages" | "program" | "memory" | "gpu" | "compiler" | "live";

export interface ViewContext {
  readonly app: App;
  readonly run: RunView;
  /** A difference is wanted: `run` less this one. Null: the run alone. */
  readonly base: RunView | null;
}

export interface MountedView {
  /** Called once after mounting with all keys, and on every change of what is shown (at most once a frame). */
  readonly update: (state: ViewState, changed: ReadonlySet<keyof ViewState>) => void;
  /** Called where the room it has changes. */
  readonly resize?: () => void;
  readonly destroy?: () => void;
}

export interface App {
  readonly store: Store;
  /** One, or two that are compared. */
  readonly runs: () => readonly RunView[];
  /** Puts a run in the place of the one at the position (0: A, 1: B), or beside it; null takes the second away. */
  readonly replaceRun: (position: 0 | 1, run: RunView | null) => void;
}
