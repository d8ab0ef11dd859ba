/** Spelling help: the valid choice that a mistyped word was probably meant to be. */

/** The choice nearest to `found` by edit distance (a swap of neighbours counts once, case never counts), if one is near; of equals one that `found` begins, else the first. */
export function suggest(found: string, choices: readonly string[]): string | undefined {
  const word = found.toLowerCase();
  const reach = Math.max(1, Math.min(3, Math.floor(word.length / 3)));
  let best: string | undefined;
  let bestDistance = reach + 1;
  for (const choice of choices) {
    const distance = editDistance(word, choice.toLowerCase()) - (choice.toLowerCase().startsWith(word) ? 0.5 : 0);
    if (distance < bestDistance) [best, bestDistance] = [choice, distance];
  }
  return best ?? (word.length < 3 ? undefined : choices.find((choice) => choice.toLowerCase().startsWith(word)));
}

/** `did you mean "stages"?`, or the choices themselves where none is near. */
export function suggestion(found: string, choices: readonly string[]): string {
  const near = suggest(found, choices);
  return near === undefined ? expectedOneOf(choices) : `did you mean ${JSON.stringify(near)}?`;
}

/** `expected a, b or c`; of many only the first dozen. */
export function expectedOneOf(choices: readonly string[]): string {
  if (choices.length === 0) return "expected none";
  const shown = choices.length > 12 ? [...choices.slice(0, 12), `${choices.length - 12} more`] : choices;
  return `expected ${either(shown)}`;
}

/** "a, b or c". */
export function either(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words[words.length - 1]}`;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (same ? 0 : 1), swapped ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY);
    }
    [before, above] = [above, row];
  }
  return above[b.length]!;
}
