/** From a program to a mapping: compile, place, route; where the routes do not fit the links, compile again for fewer of them. */

import { UserError } from "../base/errors.ts";
import { type Compiled, type CompileOptions, compile, DEFAULT_LINK_SHARE } from "../compile/index.ts";
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
  let unroutable: unknown;
  for (let attempt = 1; ; attempt++) {
    const compiled = attempt === 1 ? compile(source, machine, { style, linkShare }) : compiledAgain(source, machine, { style, linkShare }, unroutable);
    try {
      return { ...compiled, mapping: mapFabric(compiled.fabric, machine, { seed }) };
    } catch (error) {
      if (!isUnroutable(error)) throw error;
      unroutable ??= error;
      if (attempt === TRIES) throw unroutable;
    }
    const used = Math.max(...compiled.controllers.sections.map((section) => section.estimate.link_share));
    linkShare = Math.min(linkShare, used) * STEP;
  }
}

/** Where there is no plan for fewer links, what could not be routed at first is what is wrong. */
function compiledAgain(source: Program, machine: Machine, options: CompileOptions, unroutable: unknown): Compiled {
  try {
    return compile(source, machine, options);
  } catch (error) {
    throw error instanceof UserError ? unroutable : error;
  }
}

const isUnroutable = (error: unknown): boolean => error instanceof UserError && error.faults.some((fault) => fault.code === "unroutable");
