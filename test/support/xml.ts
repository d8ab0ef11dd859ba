/** Is a text well-formed XML, as far as elements, attributes and entities go? */

const TAG = /<(\/?)([A-Za-z][\w:.-]*)((?:\s+[A-Za-z_:][\w:.-]*="[^"<]*")*)\s*(\/?)>/y;
const TEXT = /(?:[^<&]|&(?:amp|lt|gt|quot|#39);)+/y;

/** What is wrong with it; null: nothing. */
export function wellFormed(xml: string): string | null {
  const open: string[] = [];
  for (let at = 0; at < xml.length; ) {
    const tag = matchAt(TAG, xml, at);
    const found = tag ?? matchAt(TEXT, xml, at);
    if (found === null) return `neither a tag nor text at ${JSON.stringify(xml.slice(at, at + 20))}`;
    at += found[0].length;
    if (tag === null) continue;
    const [, closes, name = "", attributes = "", isEmpty] = tag;
    const names = [...attributes.matchAll(/([\w:.-]+)="/g)].map((match) => match[1]);
    if (new Set(names).size < names.length) return `<${name}> has an attribute twice`;
    if (/&(?!(?:amp|lt|gt|quot|#39);)/.test(attributes)) return `<${name}> has a bare & in an attribute`;
    if (closes === "/" && open.pop() !== name) return `</${name}> closes another element`;
    if (closes === "" && isEmpty === "") open.push(name);
    if (open.length === 0 && xml.slice(at).trim() !== "") return "something follows the root";
  }
  return open.length === 0 ? null : `<${open[0]}> is not closed`;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
