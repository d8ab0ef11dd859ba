/** Every workload on sn40l: workload-cases.ts. A file for each machine, so that they run side by side. */

import { workloadsOn } from "./workload-cases.ts";

workloadsOn("sn40l", [0, 1, 2, 3]);
