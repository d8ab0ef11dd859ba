/** The programs that come with weft. An instance with data (flights.yaml) goes before the program of the same name. */

import type { Definition } from "weft";
import attention from "./attention.ts";
import dot from "./dot.ts";
import flights from "./flights.ts";
import gemm from "./gemm.ts";
import softmax from "./softmax.ts";
import tpchQ6 from "./tpch-q6.ts";

export const workloads: readonly Definition[] = [attention, dot, flights, gemm, softmax, tpchQ6];
