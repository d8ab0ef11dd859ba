/** What the workloads import as "weft" where they run in the page: the language alone, none of what only Node has a use for. */

export * from "../../src/pattern/builder.ts";
export * from "../../src/pattern/scalars.ts";
