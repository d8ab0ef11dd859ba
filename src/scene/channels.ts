/** Channels that do the same between copies of the same units. */

import type { SceneChannel, SceneEnd, SceneSection } from "./scene.ts";

export interface ChannelCopies {
  /** "scores.q0 > scores". */
  readonly name: string;
  /** All of one kind. */
  readonly channels: readonly SceneChannel[];
}

export function channelCopies(section: SceneSection): readonly ChannelCopies[] {
  const copies = new Map<string, { readonly name: string; readonly channels: SceneChannel[] }>();
  for (const channel of section.channels) {
    const name = nameOf(section, channel);
    const key = `${name} ${channel.kind}`;
    const known = copies.get(key);
    if (known === undefined) copies.set(key, { name, channels: [channel] });
    else known.channels.push(channel);
  }
  return [...copies.values()];
}

/** Labels of copies, without their numbers; of a buffer, which stays in its unit, what its nests do. */
function nameOf({ units }: SceneSection, { kind, source, sinks }: SceneChannel): string {
  const workOf = ({ unit, nest }: SceneEnd): string => units[unit]!.nests[nest]!.work;
  const end = (at: SceneEnd): string => {
    const { label, nests } = units[at.unit]!;
    return nests.length === 1 ? roleOf(label) : `${roleOf(label)} ${workOf(at)}`;
  };
  const listed = (words: readonly string[]): string => [...new Set(words)].join(", ");
  if (kind === "stream") return `${end(source)} > ${listed(sinks.map(end))}`;
  return `in ${roleOf(units[source.unit]!.label)}: ${workOf(source)} > ${listed(sinks.map(workOf))}`;
}

/** "max.x0[2]" -> "max.x0", "x.load1" -> "x.load". */
const roleOf = (label: string): string => label.replace(/\[[^\]]*\]$/, "").replace(/\.(load|store)\d+$/, ".$1");
