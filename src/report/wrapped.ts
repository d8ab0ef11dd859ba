/** Words on lines that a terminal of 110 columns has room for. */

const LETTERS = 108;

/** Lines after the first begin with `indent`. A number stays with its "%". */
export function wrapped(words: string, indent: string): string {
  const [begin = ""] = /^ */.exec(words) ?? [];
  const lines: string[] = [];
  for (const word of words.trim().split(/ (?!%)/)) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(`${begin}${word}`);
    else if (`${last} ${word}`.length <= LETTERS) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${indent}${word}`);
  }
  return lines.join("\n");
}
