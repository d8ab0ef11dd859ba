/**
 * Which access of which bank of which channel an address is. A mapping is an order of fields, the most significant first, as the field writes it
 * ("rochrababgco"), and XORs that spread strides. Bits below an access are left out; what is above the highest field wraps round.
 */

import { UserError } from "../../base/errors.ts";
import { either } from "../../base/suggest.ts";
import type { Part } from "../../machine/dram/part.ts";
import type { Level } from "../../machine/dram/standard.ts";

/** Two letters a field: channel, pseudochannel, rank, stack, bank group, bank, row, column. */
export type Field = "ch" | "pc" | "ra" | "st" | "bg" | "ba" | "ro" | "co";

export interface MappingChoice {
  readonly channels: number;
  /** A name of NAMED_MAPPINGS, or fields from the most significant: "rochrababgco". A number takes that many bits of the field, from its lowest not yet taken: "robaco7bgco3". */
  readonly order: string;
  /** Consecutive bytes of a channel before the next, where the channel is not a field of the order: its bits are cut out before the order counts. */
  readonly interleave_bytes?: number;
  /** Successive slices of field `of`, from its lowest bit, are XORed into these fields. */
  readonly xor?: { readonly of: Field; readonly into: readonly Field[] };
}

/**
 * Ramulator 2.1's mappers within a channel (src/ramulator/controller/addr_mapper/impl): there Ba means bank above bank group, Ra rank, stack and
 * pseudochannel, and the channel stands outside the mapper.
 */
export const NAMED_MAPPINGS: { readonly [name: string]: Pick<MappingChoice, "order" | "xor"> } = {
  RoBaRaCoCh: { order: "robabgstrapcco" },
  ChRaBaRoCo: { order: "pcrastbgbaroco" },
  MOP4CLXOR: { order: "rocobabgstrapcco2", xor: { of: "co", into: ["pc", "ra", "st", "bg", "ba", "ro"] } },
};

/** Where an access is; written by `locate`. */
export interface Place {
  channel: number;
  bank: number;
  row: number;
  column: number;
}

/** A run of bits (or digits of another base) of an address that belongs to a field. */
interface Slice {
  readonly field: number;
  /** The address, in accesses, is divided by it. */
  readonly divisor: number;
  readonly size: number;
  /** What one of it counts in the field. */
  readonly scale: number;
  /** The same in bits, where divisor, size and scale are powers of two. */
  readonly shift: number;
  readonly mask: number;
}

export interface Mapping {
  readonly access_bytes: number;
  /** Fields in FIELDS' order. */
  readonly sizes: readonly number[];
  readonly slices: readonly Slice[];
  readonly xors: readonly { readonly field: number; readonly of: number; readonly shift: number; readonly mask: number }[];
  /** All slices are runs of bits. */
  readonly binary: boolean;
  readonly scratch: number[];
}

const FIELDS: readonly Field[] = ["ch", "pc", "ra", "st", "bg", "ba", "ro", "co"];
const LEVEL_OF: { readonly [F in Field]?: Level } = { pc: "pseudochannel", ra: "rank", st: "stack", bg: "bankgroup", ba: "bank" };
const CH = FIELDS.indexOf("ch");
const RO = FIELDS.indexOf("ro");
const CO = FIELDS.indexOf("co");

/** Throws a UserError where the order does not cover the part. */
export function createMapping(part: Part, choice: MappingChoice): Mapping {
  const { order, xor } = { ...choice, ...NAMED_MAPPINGS[choice.order] };
  const sizes = FIELDS.map((field) => sizeOf(part, choice, field));
  const slices = slicesOf(part, { ...choice, order }, sizes);
  const binary = slices.every(({ divisor, size, scale }) => [divisor, size, scale].every((factor) => Number.isInteger(Math.log2(factor))));
  return { access_bytes: part.access_bytes, sizes, slices, xors: xor === undefined ? [] : xorsOf(sizes, xor), binary, scratch: FIELDS.map(() => 0) };
}

function sizeOf(part: Part, { channels }: MappingChoice, field: Field): number {
  if (field === "ch") return channels;
  if (field === "ro") return part.rows;
  if (field === "co") return part.columns;
  return part.levels.find(({ level }) => level === LEVEL_OF[field])?.count ?? 1;
}

function slicesOf(part: Part, { order, interleave_bytes }: MappingChoice, sizes: readonly number[]): readonly Slice[] {
  const words = wordsOf(order).toReversed();
  const taken = sizes.map(() => 1);
  const slices: Slice[] = [];
  let divisor = 1;
  const cut = interleave_bytes === undefined ? Number.POSITIVE_INFINITY : interleave_bytes / part.access_bytes;
  const take = (field: number, size: number): void => {
    slices.push({ field, divisor, size, scale: taken[field]!, shift: Math.log2(divisor), mask: size - 1 });
    divisor *= size;
    taken[field]! *= size;
  };
  for (const { field, bits } of words) {
    let left = bits === undefined ? sizes[field]! / taken[field]! : 2 ** bits;
    if (divisor < cut && divisor * left > cut) {
      const below = cut / divisor;
      take(field, below);
      left /= below;
    }
    if (divisor === cut && taken[CH] === 1) take(CH, sizes[CH]!);
    take(field, left);
  }
  checkCover(order, sizes, taken);
  return slices;
}

function wordsOf(order: string): { field: number; bits: number | undefined }[] {
  const words = [...order.toLowerCase().matchAll(/([a-z]{2})(\d*)[^a-z\d]*/g)];
  const unread = words.reduce((rest, [word]) => rest.replace(word, ""), order.toLowerCase());
  const fields = words.map(([, name, bits]) => ({ field: FIELDS.indexOf(name as Field), bits: bits === "" ? undefined : Number(bits) }));
  if (unread !== "" || fields.some(({ field }) => field < 0)) throw badOrder(order, `a field is one of ${either(FIELDS)}`);
  return fields;
}

function checkCover(order: string, sizes: readonly number[], taken: readonly number[]): void {
  const wrong = FIELDS.filter((_, field) => taken[field] !== sizes[field]);
  if (wrong.length > 0)
    throw badOrder(order, `it does not take ${wrong.join(", ")} whole and once: ${wrong.map((name) => sizes[FIELDS.indexOf(name)]).join(", ")}`);
}

const badOrder = (order: string, why: string): UserError => new UserError({ code: "bad-mapping", message: `address mapping "${order}": ${why}` });

function xorsOf(sizes: readonly number[], { of, into }: NonNullable<MappingChoice["xor"]>): Mapping["xors"] {
  let shift = 0;
  return into.map((name) => {
    const field = FIELDS.indexOf(name);
    const width = Math.log2(sizes[field]!);
    if (!Number.isInteger(width)) throw badOrder(name, `an XOR needs a power of two, not ${sizes[field]}`);
    const slice = { field, of: FIELDS.indexOf(of), shift, mask: sizes[field]! - 1 };
    shift += width;
    return slice;
  });
}

/** Where the access with this byte address is. */
export function locate(mapping: Mapping, address: number, place: Place): void {
  const { scratch, slices, sizes } = mapping;
  const access = Math.floor(address / mapping.access_bytes);
  for (let field = 0; field < scratch.length; field++) scratch[field] = 0;
  if (mapping.binary && access < 2 ** 31) for (const { field, shift, mask, scale } of slices) scratch[field]! += scale * ((access >>> shift) & mask);
  else for (const { field, divisor, size, scale } of slices) scratch[field]! += scale * (Math.floor(access / divisor) % size);
  spread(mapping);
  place.channel = scratch[CH]!;
  place.row = scratch[RO]!;
  place.column = scratch[CO]!;
  place.bank = 0;
  for (let field = CH + 1; field < RO; field++) place.bank = place.bank * sizes[field]! + scratch[field]!;
}

/** The byte address of an access: the inverse of `locate`. */
export function addressOf(mapping: Mapping, { channel, bank, row, column }: Readonly<Place>): number {
  const { scratch, slices, sizes } = mapping;
  scratch[CH] = channel;
  scratch[RO] = row;
  scratch[CO] = column;
  let rest = bank;
  for (let field = RO - 1; field > CH; field--) {
    scratch[field] = rest % sizes[field]!;
    rest = Math.floor(rest / sizes[field]!);
  }
  spread(mapping);
  return mapping.access_bytes * slices.reduce((sum, { field, divisor, size, scale }) => sum + divisor * (Math.floor(scratch[field]! / scale) % size), 0);
}

/** XORs in place; it is its own inverse, as no field is both `of` and `into`. */
function spread({ xors, scratch }: Mapping): void {
  for (const { field, of, shift, mask } of xors) scratch[field] = scratch[field]! ^ ((scratch[of]! >> shift) & mask);
}
