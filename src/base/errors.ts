/** The errors weft throws on purpose. Everything else that escapes is a bug in weft. */

/** Where a mistake is: any part that is known. Lines and columns count from 1; `path` is a key path such as `pcu.lanes` or `--set #2`. */
export interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly path?: string;
}

export interface Fault {
  /** Stable, kebab-case: "unknown-key", "shape-mismatch" ... */
  readonly code: string;
  /** What is wrong, with the value found and the bound or the type expected, in one line. */
  readonly message: string;
  readonly place?: Place;
  /** The nearest valid choice or the way out, as a phrase: `did you mean "stages"?` */
  readonly hint?: string;
}

/** The input is at fault (exit code 2). Carries all faults found, not only the first. */
export class UserError extends Error {
  readonly faults: readonly Fault[];
  /** `cause`: the error that it says with more of its place. */
  constructor(faults: Fault | readonly Fault[], cause?: UserError) {
    const list = "code" in faults ? [faults] : faults;
    super(list.map(printFault).join("\n"), cause === undefined ? {} : { cause });
    this.name = "UserError";
    this.faults = list;
  }
}

/** A network that cannot move, a limit reached (exit code 3), or a run that was told to stop. */
export class RunError extends Error {
  readonly code: "deadlock" | "limit" | "interrupted";
  constructor(code: RunError["code"], message: string) {
    super(message);
    this.name = "RunError";
    this.code = code;
  }
}

/** `file:line:column path: message; hint` with the parts that are known. */
export function printFault({ message, place, hint }: Fault): string {
  const spot = [place?.file, place?.line, place?.column].filter((part) => part !== undefined).join(":");
  const head = [spot, place?.path].filter((part) => part !== undefined && part !== "").join(" ");
  return `${head === "" ? "" : `${head}: `}${message}${hint === undefined ? "" : `; ${hint}`}`;
}

/** Adds the file to the places of faults that name none. */
export function inFile<T>(file: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof UserError ? new UserError(error.faults.map((fault) => ({ ...fault, place: { file, ...fault.place } }))) : error;
  }
}
