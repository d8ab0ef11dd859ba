/**
 * CSV as RFC 4180 has it, with a line feed alone as the end of a line too: fields parted by commas, in quotes where they hold commas, quotes (doubled)
 * or line ends. What breaks this is refused with its line and column; nothing is guessed.
 */

import { type Fault, UserError } from "../base/errors.ts";

export interface CsvRecord {
  /** In which it begins, from 1. */
  readonly line: number;
  /** null: nothing between two commas; "" stands in quotes. */
  readonly fields: readonly (string | null)[];
}

/** A field (in quotes or plain) and what ends it. */
const pattern = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n|$)/y;

/** Throws a UserError that names the place in `file`. */
export function parseCsv(text: string, file: string): readonly CsvRecord[] {
  const records: CsvRecord[] = [];
  let position = text.startsWith("\ufeff") ? 1 : 0;
  for (let line = 1; position < text.length; ) {
    const fields: (string | null)[] = [];
    const first = line;
    for (let end = ","; end === ","; ) {
      pattern.lastIndex = position;
      const match = pattern.exec(text);
      if (match === null) throw new UserError(syntaxFault(text, position, file));
      const [whole, quoted, plain, ended = ""] = match;
      fields.push(quoted === undefined ? plain || null : quoted.replaceAll('""', '"'));
      line += lineFeeds(whole);
      position += whole.length;
      end = ended;
    }
    records.push({ line: first, fields });
  }
  return records;
}

const lineFeeds = (text: string): number => text.split("\n").length - 1;

/** Of the field that begins at `start`. */
function syntaxFault(text: string, start: number, file: string): Fault {
  const inQuotes = /"[^"]*(?:""[^"]*)*("?)/y;
  inQuotes.lastIndex = start;
  const quoted = inQuotes.exec(text);
  if (quoted?.[1] === "") return { code: "csv-syntax", message: "a quoted field has no closing quote", place: placeAt(text, start, file) };
  const at = quoted === null ? start + text.slice(start).search(/["\r]/) : inQuotes.lastIndex;
  const found = JSON.stringify(text[at]);
  const message = quoted === null ? `found ${found} in a field without quotes` : `expected a comma or the end of the line after a quoted field, found ${found}`;
  return { code: "csv-syntax", message, place: placeAt(text, at, file), hint: 'a field with quotes, commas or line ends is written "a ""b"", c"' };
}

function placeAt(text: string, position: number, file: string) {
  const before = text.slice(0, position);
  return { file, line: lineFeeds(before) + 1, column: position - before.lastIndexOf("\n") };
}
