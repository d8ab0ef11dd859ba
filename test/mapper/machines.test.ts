/** The mapper on the machines that come with weft, filled to the brim. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Machine } from "../../src/machine/machine.ts";
import { loadMachine } from "../../src/machine/schema.ts";
import { mapFabric, verifyMapping } from "../../src/mapper/index.ts";
import { fabricOf, type PipelineShape, pipelineSection } from "./support.ts";

function machineNamed(name: string): Machine {
  const file = `configs/${name}.yaml`;
  return loadMachine(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"), file);
}

function mapPipelines(name: string, shape: PipelineShape) {
  const machine = machineNamed(name);
  const fabric = fabricOf([pipelineSection(shape)]);
  const mapping = mapFabric(fabric, machine, { seed: 1 });
  expect(verifyMapping(mapping, machine)).toEqual([]);
  const { quality } = mapping.sections[0]!;
  return { hopsPerChannel: quality.wirelength_hops / fabric.sections[0]!.channels.length, quality };
}

describe("a full machine", () => {
  it("plasticine holds 16 pipelines of 8 units, whose channels are short", () => {
    const { hopsPerChannel, quality } = mapPipelines("plasticine", { pipelines: 16, length: 8, group: 4 });
    expect(hopsPerChannel).toBeLessThan(3);
    expect(quality.longest_route_hops).toBeLessThan(30);
  });

  it("sn10 holds 80 pipelines of 8 units", () => {
    expect(mapPipelines("sn10", { pipelines: 80, length: 8, group: 16 }).hopsPerChannel).toBeLessThan(4);
  });

  it("sn40l holds 260 pipelines of 8 units with broadcasts to 32", () => {
    const { hopsPerChannel, quality } = mapPipelines("sn40l", { pipelines: 260, length: 8, group: 32 });
    expect(hopsPerChannel).toBeLessThan(4);
    expect(quality.longest_route_hops).toBeLessThan(120);
  });
});
