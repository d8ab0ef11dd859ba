/** Two lists of lines as a diff, with the words that differ in lines that stand for the same. */

export interface DiffLine {
  readonly sign: "-" | "+";
  readonly parts: readonly Part[];
}

/** Of a line. */
export interface Part {
  readonly text: string;
  /** The other side has not got it. */
  readonly isChanged: boolean;
}

/** Blocks begin at lines that are not indented; those of the same name stand beside each other: what went, then what came. */
export function diffOf(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const [gone, made] = [blocksOf(before), blocksOf(after)];
  const rest = new Map(made.map((block) => [block.name, block.lines]));
  const lines = gone.flatMap(({ name, lines }): readonly DiffLine[] => {
    const other = rest.get(name);
    rest.delete(name);
    return other === undefined ? lines.map((line) => wholeLine("-", line)) : pairOf(lines, other);
  });
  return [...lines, ...[...rest.values()].flatMap((own) => own.map((line) => wholeLine("+", line)))];
}

interface Block {
  readonly name: string;
  readonly lines: readonly string[];
}

function blocksOf(lines: readonly string[]): readonly Block[] {
  const blocks: { name: string; lines: string[] }[] = [];
  for (const line of lines) {
    const last = blocks.at(-1);
    if (last !== undefined && /^\s/.test(line)) last.lines.push(line);
    else blocks.push({ name: `${line.split(":")[0]!}${blocks.some(({ name }) => name === line.split(":")[0]) ? ` ${blocks.length}` : ""}`, lines: [line] });
  }
  return blocks;
}

const wholeLine = (sign: DiffLine["sign"], text: string): DiffLine => ({ sign, parts: [{ text, isChanged: false }] });

/** Line beside line: equal ones on both sides stay plain. */
function pairOf(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const pairs = Array.from({ length: Math.max(before.length, after.length) }, (_, i) => [before[i], after[i]] as const);
  const gone = pairs.flatMap(([old, now]): readonly DiffLine[] =>
    old === undefined ? [] : [{ sign: "-", parts: now === undefined ? wholeLine("-", old).parts : marked(old, now) }],
  );
  const made = pairs.flatMap(([old, now]): readonly DiffLine[] =>
    now === undefined ? [] : [{ sign: "+", parts: old === undefined ? wholeLine("+", now).parts : marked(now, old) }],
  );
  return [...gone, ...made];
}

/** Words beyond which a line is not compared word by word. */
const MOST_WORDS = 400;

/** The words of a line, those marked that are in no longest common sequence with the other. */
function marked(line: string, other: string): readonly Part[] {
  const [own, others] = [wordsOf(line), wordsOf(other)];
  if (own.length > MOST_WORDS || others.length > MOST_WORDS) return [{ text: line, isChanged: line !== other }];
  const kept = commonOf(own, others);
  const parts: { text: string; isChanged: boolean }[] = [];
  own.forEach((text, i) => {
    const last = parts.at(-1);
    if (last !== undefined && last.isChanged === !kept[i]) last.text += text;
    else parts.push({ text, isChanged: !kept[i] });
  });
  return parts;
}

const wordsOf = (line: string): readonly string[] => line.match(/[\w.]+|\s+|[^\w\s]/g) ?? [];

/** Which words of `a` are in a longest common subsequence with `b`. */
function commonOf(a: readonly string[], b: readonly string[]): readonly boolean[] {
  const width = b.length + 1;
  const length = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i * width + j] = a[i] === b[j] ? length[(i + 1) * width + j + 1]! + 1 : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!);
    }
  }
  const kept = a.map(() => false);
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      kept[i++] = true;
      j++;
    } else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i++;
    else j++;
  }
  return kept;
}

/** Lines of one text that the other has not got, as often as it has them less. */
export function linesOnlyIn(lines: readonly string[], other: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of other) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
