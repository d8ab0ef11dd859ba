/** All views, in the order in which they stand in their tabs. */

import { bandwidth } from "../views/bandwidth.ts";
import { energy } from "../views/energy.ts";
import { fabric } from "../views/fabric.ts";
import { gpu } from "../views/gpu.ts";
import { liveness } from "../views/liveness.ts";
import { roofline } from "../views/roofline.ts";
import { tensors } from "../views/tensors.ts";
import type { TabId, View } from "./view.ts";

export const TABS: readonly { readonly id: TabId; readonly title: string }[] = [
  { id: "overview", title: "Overview" },
  { id: "fabric", title: "Fabric" },
  { id: "stages", title: "Stages and buffers" },
  { id: "program", title: "Program" },
  { id: "memory", title: "Memory and energy" },
  { id: "gpu", title: "Beside a GPU" },
  { id: "compiler", title: "Compiler" },
  { id: "live", title: "Try it" },
];

export const VIEWS: readonly View[] = [fabric, bandwidth, tensors, liveness, energy, gpu, roofline];
