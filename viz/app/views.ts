/** All views, in the order in which they stand in their tabs. */

import { live } from "../live/panel.ts";
import { bandwidth } from "../views/bandwidth.ts";
import { buffers } from "../views/buffers.ts";
import { energy } from "../views/energy.ts";
import { fabric } from "../views/fabric.ts";
import { gpu } from "../views/gpu.ts";
import { liveness } from "../views/liveness.ts";
import { passes } from "../views/passes.ts";
import { program } from "../views/program.ts";
import { raster } from "../views/raster.ts";
import { roofline } from "../views/roofline.ts";
import { stages } from "../views/stages.ts";
import { tensors } from "../views/tensors.ts";
import { timeline } from "../views/timeline.ts";
import { verdict } from "../views/verdict.ts";
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

// biome-ignore format: a line each
export const VIEWS: readonly View[] = [
  verdict,
  timeline,
  fabric,
  raster,
  stages,
  buffers,
  program,
  bandwidth,
  tensors,
  liveness,
  energy,
  gpu,
  roofline,
  passes,
  live,
];
