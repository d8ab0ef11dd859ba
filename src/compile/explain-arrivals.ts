/** How an operand reaches its stage, and why not in a simpler way: the choices of arrivals.ts in words. */

import type { Machine } from "../machine/machine.ts";
import { letter } from "../pattern/print.ts";
import { arrivalOf } from "./arrivals.ts";
import type { OperandRead } from "./body.ts";
import type { OuterLoop, StageBuffer, StagePlan, TierBuffer } from "./controllers.ts";
import { isFilledByMakers } from "./homes.ts";
import { product } from "./sizes.ts";
import { dependsOn, laneStep, ownPosition, type StageShape } from "./stage.ts";

/** `x: streamed from memory ...` of the operand at `position`; `before`: the stages before in the section; `pinned`: by the schedule. */
export function arrivalWords(
  stage: StagePlan,
  position: number,
  loops: readonly OuterLoop[],
  before: readonly StagePlan[],
  pinned: boolean,
  machine: Machine,
): string {
  const { shape } = stage;
  const operand = shape.operands[position]!;
  const { via, home } = stage.operands[position]!;
  const arrivals = shape.operands.map((other, at) => arrivalOf(other, stage, loops, before, { machine }, stage.operands[at]!.home !== undefined));
  const { direct } = arrivals[position]!;
  const awaited = shape.operands[arrivals.findIndex(({ earliest }) => earliest === stage.epoch)];
  const late =
    awaited === undefined
      ? "both take the tiles of one load"
      : awaited === operand
        ? "it must wait until the stage that makes it is done"
        : `it must wait for ${awaited.tensor}`;
  const asked = "the schedule wants it so";
  const simple = "in the order in which the stage takes it";
  switch (via.kind) {
    case "tier-stream":
      if (home !== undefined) return `${operand.tensor}: streamed ${simple} from its home on the chip, where a part before left it`;
      if (direct && !via.alone) return `${operand.tensor}: streamed from memory, ${simple}, each element once`;
      if (direct) return `${operand.tensor}: streamed from memory ${simple}, by an address generator of its own, as ${late}`;
      return `${operand.tensor}: streamed from memory again for each reuse, as no tile of it fits a PMU`;
    case "tier-buffer":
      if (isFilledByMakers(stage, position))
        return `${operand.tensor}: from ${buffersOf(1, via.box)} in PMUs, which the copies of the part that makes it fill: the stage keeps it all the time`;
      if (home !== undefined) return `${operand.tensor}: ${bufferWords(via, loops, shape, READERS)}, as ${whyBuffered(operand, shape)}`;
      return `${operand.tensor}: ${bufferWords(via, loops, shape)}, as ${pinned ? asked : direct ? `another stage reads it at another time, and here ${late}` : whyBuffered(operand, shape)}`;
    case "carried":
      return `${operand.tensor}: from ${buffersOf(2, via.shape)}, in which it is what stage ${via.from} made in the round before`;
    case "stage-stream":
      return `${operand.tensor}: streamed from stage ${via.from}, which makes it ${simple}`;
    case "stage-buffer":
      return `${operand.tensor}: from ${buffersOf(via.buffers, via.shape)}${spreadWords(via)} that stage ${via.from} fills, as ${pinned ? asked : direct ? late : whyHeld(operand, shape)}`;
  }
}

/** Walks of a home. */
const READERS = { one: "one reader of its home", many: "readers of its home" };

/** `loaders`: what fills them. */
function bufferWords(
  { buffers, box, held, hold, pmus, preset, generators }: TierBuffer,
  loops: readonly OuterLoop[],
  shape: StageShape,
  loaders = { one: "one address generator", many: "address generators" },
): string {
  const tiles = product(held.map((loop) => loops[loop]!.trips));
  const size = buffersOf(buffers, tiles > 1 ? [tiles, ...box] : box);
  const turn = loops.slice(0, hold).flatMap(({ trips }, position) => (trips > 1 ? [letterAt(shape, position)] : []));
  const when = turn.length === 0 ? "once" : `for each turn of ${turn.join(" and ")}`;
  const many = product(generators);
  if (preset) return `from ${size} in ${pmus} PMUs, where it stands from the start`;
  return `from ${size} in ${pmus === 1 ? "PMUs" : `${pmus} PMUs, as one holds only a part of a tile`}, loaded ${when} by ${many === 1 ? loaders.one : `${many} ${loaders.many}`}`;
}

/** Where a copy of the reader has its buffers in several PMUs. */
function spreadWords({ pmus, cuts }: StageBuffer): string {
  if (pmus === 1) return "";
  return ` in ${pmus} PMUs, as ${cuts > 1 ? "one holds only a part of a tile" : "tiles of several copies meet there"},`;
}

const buffersOf = (count: number, shape: readonly number[]): string =>
  `${count === 1 ? "a buffer" : `${count} buffers`} of ${shape.length === 0 ? "1" : shape.join(" x ")}`;

/** Why no address generator can feed it directly. */
function whyBuffered(operand: OperandRead, shape: StageShape): string {
  if (shape.mode === "systolic") return "an array takes its operands from PMUs";
  if (laneStep(operand, shape.lane) === "strided") return `its lanes step along ${letterIn(shape, shape.lane!)}, where neighbours are apart in memory`;
  const reused = shape.loops.filter(({ name, extent }) => extent > 1 && !dependsOn(operand, name));
  if (reused.length > 0) return `each element is used again for every ${reused.map(({ name }) => letterIn(shape, name)).join(" and ")}`;
  return "neighbouring steps read the same elements";
}

/** Why the stage that makes it cannot hand it over as a stream. */
function whyHeld(operand: OperandRead, shape: StageShape): string {
  const reused = shape.loops.filter(({ name, extent }) => extent > 1 && !dependsOn(operand, name));
  return reused.length > 0
    ? `each element is used again for every ${reused.map(({ name }) => letterIn(shape, name)).join(" and ")}`
    : "it is made in another order than it is taken";
}

const letterIn = (shape: StageShape, index: string): string =>
  letterAt(
    shape,
    shape.loops.findIndex(({ name }) => name === index),
  );

/** As the operator itself is printed; the round of a loop on the chip is no loop of it. */
export function letterAt(shape: StageShape, position: number): string {
  const { operator, kept } = shape;
  const first = operator.kind === "map" ? kept - operator.domain.length : 0;
  return position < first ? "round" : letter(ownPosition(shape, position) - first);
}
