/** The list of DRAM standards. */

import { ddr4 } from "./ddr4.ts";
import type { Standard } from "./standard.ts";

export const standards: readonly Standard[] = [ddr4];
