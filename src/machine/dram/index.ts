/** The list of DRAM standards. */

import { ddr3 } from "./ddr3.ts";
import { ddr4 } from "./ddr4.ts";
import { ddr5 } from "./ddr5.ts";
import { gddr6 } from "./gddr6.ts";
import { hbm1 } from "./hbm1.ts";
import { hbm2 } from "./hbm2.ts";
import { hbm3 } from "./hbm3.ts";
import { hbm4 } from "./hbm4.ts";
import type { Standard } from "./standard.ts";

export const standards: readonly Standard[] = [ddr3, ddr4, ddr5, gddr6, hbm1, hbm2, hbm3, hbm4];
