/** Pieces of SVG files that need nothing else: elements as text, fit for XML whatever the words. */

export function line(x1: number, y1: number, x2: number, y2: number, attributes: string): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" ${attributes}/>`;
}

export function text(x: number, y: number, words: string, attributes: string): string {
  return `<text x="${x}" y="${y}"${attributes === "" ? "" : ` ${attributes}`}>${escaped(words)}</text>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Control characters, which XML does not allow, are left out. */
export function escaped(words: string): string {
  const plain = [...words].filter((letter) => letter >= " " || letter === "\t").join("");
  return plain.replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter]!);
}

/** To a tenth of a pixel. */
export const tenths = (value: number): number => Math.round(value * 10) / 10;
