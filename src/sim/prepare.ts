/** From a program to a mapping: compile, place, route; where the routes do not fit the links, compile again for fewer of them. */

import { UserError } from "../base/errors.ts";
import { type Compiled, compile, DEFAULT_LINK_SHARE } from "../compile/index.ts";
import type { Style } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import { mapFabric } from "../mapper/index.ts";
import type { Mapping } from "../mapper/mapping.ts";
import type { Program } from "../pattern/program.ts";

export interface PrepareOptions {
  readonly style: Style;
  readonly seed: number;
}

export interface Prepared extends Compiled {
  readonly mapping: Mapping;
}

/** Each try plans for this much less of the network. */
const STEP = 0.92;
const TRIES = 12;

export function prepare(source: Program, machine: Machine, { style, seed }: PrepareOptions): Prepared {
  let linkShare = DEFAULT_LINK_SHARE;
  for (let attempt = 1; ; attempt++) {
    const compiled = compile(source, machine, { style, linkShare });
    try {
      return { ...compiled, mapping: mapFabric(compiled.fabric, machine, { seed }) };
    } catch (error) {
      if (!isUnroutable(error) || attempt === TRIES) throw error;
    }
    const used = Math.max(...compiled.controllers.sections.map((section) => section.estimate.link_share));
    linkShare = Math.min(linkShare, used) * STEP;
  }
}

const isUnroutable = (error: unknown): boolean => error instanceof UserError && error.faults.some((fault) => fault.code === "unroutable");
