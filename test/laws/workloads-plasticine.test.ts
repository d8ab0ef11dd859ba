/** Every workload on plasticine: workload-cases.ts. A file for each machine, so that they run side by side. */

import { workloadsOn } from "./workload-cases.ts";

workloadsOn("plasticine", [0, 1, 2, 3]);
