/** What the page and its worker say to each other. */

import type { RunBundle } from "../../src/scene/scene.ts";
import type { Catalogue } from "./catalogue.ts";
import type { LiveJob } from "./run.ts";

/** `number`: of the run, given back with all that is said of it. */
export interface Ask {
  readonly number: number;
  readonly job: LiveJob;
}

export type Answer =
  | { readonly kind: "ready"; readonly catalogue: Catalogue }
  | { readonly kind: "progress"; readonly number: number; readonly words: string; readonly share: number }
  | { readonly kind: "done"; readonly number: number; readonly bundle: RunBundle }
  | { readonly kind: "failed"; readonly number: number; readonly words: string };
