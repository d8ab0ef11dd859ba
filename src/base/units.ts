/** Brands for quantities and identities that cross a folder. Inside a body a plain `number` with its unit in the name is enough. */
declare const brand: unique symbol;
type Brand<T, B> = T & { readonly [brand]?: B };

/** A length of time in ticks of the fabric clock. */
export type Cycles = Brand<number, "Cycles">;
/** A point in time, in ticks of the fabric clock since the run began. */
export type Instant = Brand<number, "Instant">;
export type Bytes = Brand<number, "Bytes">;
export type Picojoules = Brand<number, "Picojoules">;

export type UnitId = Brand<string, "UnitId">;
export type NestId = Brand<string, "NestId">;
export type ChannelId = Brand<string, "ChannelId">;
