/** Property tests draw the same cases in every run, so that a red run can be repeated; FC_SEED=n draws others. */

import * as fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20261122) });
