/**
 * The L2 of a GPU, tensor by tensor: how many bytes of each it holds. Free space is filled first; when there is none, what comes in throws out what is there at random, as replacement
 * without a known policy does on average: of everything held a share exp(-bytes in / capacity) stays.
 */

export class L2 {
  readonly #capacity: number;
  /** Memory of a tensor, where it has not its own: those that a loop carries change places. */
  readonly #places = new Map<string, string>();
  readonly #held = new Map<string, number>();
  /** Of `held`, bytes that HBM does not have yet. */
  readonly #dirty = new Map<string, number>();

  /** `capacity` in bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Reads all of a tensor `times` times in a row (a fraction: a part of it again); gives the bytes that HBM sends, and those that it takes because others leave. */
  read(name: string, bytes: number, times: number): { readonly read: number; readonly written: number } {
    const tensor = this.#placeOf(name);
    if (bytes === 0 || times <= 0) return { read: 0, written: 0 };
    const first = this.#missing(tensor, bytes) * Math.min(1, times);
    return { read: first + missedAgain(bytes, times, this.#capacity), written: this.#bringIn(tensor, first) };
  }

  /** Reads the part of a tensor that is of the present round of a loop: held are what this round has read of it, and what was held of the tensor when the loop began. */
  sweep(name: string, bytes: number, whole: number): { readonly read: number; readonly written: number } {
    const tensor = this.#placeOf(name);
    const fresh = Math.max(0, bytes - (this.#held.get(thisRound(tensor)) ?? 0));
    const read = fresh * (1 - Math.min(1, (this.#held.get(earlier(tensor)) ?? 0) / whole));
    return { read, written: this.#bringIn(thisRound(tensor), read) };
  }

  /** A sweep over a tensor begins. */
  beginSweep(name: string): void {
    const tensor = this.#placeOf(name);
    this.#move(tensor, earlier(tensor));
  }

  endRound(name: string): void {
    const tensor = this.#placeOf(name);
    this.#move(thisRound(tensor), tensor);
  }

  endSweep(name: string): void {
    const tensor = this.#placeOf(name);
    this.#move(earlier(tensor), tensor);
  }

  /** Writes all of a tensor; gives the bytes that HBM takes meanwhile, because they or others leave. */
  write(name: string, bytes: number): number {
    const tensor = this.#placeOf(name);
    const fresh = this.#missing(tensor, bytes);
    this.#dirty.delete(tensor);
    const others = this.#bringIn(tensor, fresh);
    const held = Math.min(bytes, this.#held.get(tensor) ?? 0);
    this.#dirty.set(tensor, held);
    return others + bytes - held;
  }

  /** Another of the same content. */
  copy(): L2 {
    const other = new L2(this.#capacity);
    for (const [name, place] of this.#places) other.#places.set(name, place);
    for (const [name, held] of this.#held) other.#held.set(name, held);
    for (const [name, dirty] of this.#dirty) other.#dirty.set(name, dirty);
    return other;
  }

  /** A tensor is where another one is. */
  alias(tensor: string, other: string): void {
    this.#places.set(tensor, this.#placeOf(other));
  }

  /** A round of a loop is over: what it carries is read where it was written, and next written where it was read, unless that is where another tensor still lies. */
  handOn(carries: readonly { readonly to: string; readonly init: string; readonly from: string }[]): void {
    const places = carries.map(({ from }) => this.#placeOf(from));
    const kept = new Set([...places, ...carries.map(({ init }) => this.#placeOf(init))]);
    const free = new Set(carries.map(({ to }) => this.#placeOf(to)).filter((place) => !kept.has(place)));
    carries.forEach(({ to }, c) => {
      this.#places.set(to, places[c]!);
    });
    const moving = new Set(carries.map(({ from }) => from).filter((from) => !carries.some(({ to }) => to === from)));
    for (const from of moving) {
      const [place = `${from} beside`] = free;
      free.delete(place);
      this.#places.set(from, place);
    }
  }

  #move(from: string, to: string): void {
    for (const amounts of [this.#held, this.#dirty]) {
      amounts.set(to, (amounts.get(to) ?? 0) + (amounts.get(from) ?? 0));
      amounts.delete(from);
    }
  }

  #placeOf(tensor: string): string {
    return this.#places.get(tensor) ?? tensor;
  }

  /** Of a pass over a tensor, bytes that are not held when it comes to them: what comes in meanwhile throws out part of what is yet to be passed, half of it on average. */
  #missing(tensor: string, bytes: number): number {
    const held = Math.min(bytes, this.#held.get(tensor) ?? 0);
    const free = Math.max(0, this.#capacity - sum(this.#held.values()));
    let missing = bytes - held;
    for (let round = 0; round < 4; round++) missing = bytes - held * Math.exp(-Math.max(0, missing - free) / (2 * this.#capacity));
    return missing;
  }

  /** Nobody needs a tensor any more: its bytes make room, and what HBM does not have of it, it never gets. */
  drop(tensor: string): void {
    this.#held.delete(tensor);
    this.#dirty.delete(tensor);
  }

  /** Bytes that HBM has yet to take. */
  dirtyBytes(): number {
    return sum(this.#dirty.values());
  }

  /** Takes bytes of a tensor in; gives those of others that had to be written out. */
  #bringIn(tensor: string, bytes: number): number {
    const free = Math.max(0, this.#capacity - sum(this.#held.values()));
    const filling = Math.min(free, bytes);
    const rest = bytes - filling;
    this.#held.set(tensor, (this.#held.get(tensor) ?? 0) + filling);
    if (rest <= 0) return 0;
    const stays = Math.exp(-rest / this.#capacity);
    let written = 0;
    for (const [name, held] of this.#held) {
      this.#held.set(name, held * stays);
      const dirty = this.#dirty.get(name) ?? 0;
      written += dirty * (1 - stays);
      this.#dirty.set(name, dirty * stays);
    }
    this.#held.set(tensor, (this.#held.get(tensor) ?? 0) + this.#capacity * (1 - stays));
    return written;
  }
}

const thisRound = (tensor: string): string => `${tensor} of this round`;

const earlier = (tensor: string): string => `${tensor} of the last sweep`;

/** Of so many passes over so many bytes, those that the passes after the first miss. */
export function missedAgain(bytes: number, times: number, capacity: number): number {
  return Math.max(0, times - 1) * bytes * (1 - foundAgain(bytes / capacity));
}

/** Of a tensor so many times as large as the capacity that is passed again and again, the share h that a pass finds: what is missed in one round throws the rest out, h = exp(-size (1 - h)). */
function foundAgain(size: number): number {
  if (size <= 1) return 1;
  let found = 0;
  for (let round = 0; round < 60; round++) found = Math.exp(-size * (1 - found));
  return found;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
