/** Every workload on sn10: workload-cases.ts. A file for each machine, so that they run side by side. It is built as sn40l is, of fewer units and with other memory, so two of the four sizes are enough. */

import { workloadsOn } from "./workload-cases.ts";

workloadsOn("sn10", [1, 3]);
