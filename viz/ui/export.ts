/** Pictures of what a panel shows: SVG and PNG, with the styles and the theme of the page written into them. */

import { svg } from "./dom.ts";

interface Part {
  readonly node: SVGSVGElement | HTMLCanvasElement;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Null: there is nothing drawn in it. */
export function pictureOf(host: HTMLElement, title: string): SVGSVGElement | null {
  const area = host.getBoundingClientRect();
  const parts = [...host.querySelectorAll<SVGSVGElement | HTMLCanvasElement>("svg, canvas")].flatMap((node): readonly Part[] => {
    const { left, top, width, height } = node.getBoundingClientRect();
    return width * height < 400 || node.parentElement?.closest("svg") ? [] : [{ node, x: left - area.left, y: top - area.top, width, height }];
  });
  if (parts.length === 0) return null;
  const width = Math.ceil(Math.max(...parts.map((part) => part.x + part.width)));
  const height = Math.ceil(Math.max(...parts.map((part) => part.y + part.height))) + HEAD;
  const picture = svg("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height, "font-family": FONT, "font-size": 12 });
  const { backgroundColor, color } = getComputedStyle(document.body);
  picture.append(svg("rect", { width, height, fill: backgroundColor }), svg("text", { x: 8, y: 18, fill: color, "font-weight": 600 }, title));
  for (const part of parts) picture.append(drawn(part));
  return picture;
}

const HEAD = 28;
const FONT = "system-ui, sans-serif";

function drawn({ node, x, y, width, height }: Part): SVGElement {
  if (node instanceof HTMLCanvasElement) return svg("image", { x, y: y + HEAD, width, height, href: node.toDataURL("image/png") });
  const copy = node.cloneNode(true) as SVGSVGElement;
  const [own, copies] = [
    [node, ...node.querySelectorAll("*")],
    [copy, ...copy.querySelectorAll("*")],
  ];
  own.forEach((element, i) => writeStyle(element, copies[i] as SVGElement));
  copy.setAttribute("x", `${x}`);
  copy.setAttribute("y", `${y + HEAD}`);
  copy.setAttribute("width", `${width}`);
  copy.setAttribute("height", `${height}`);
  return copy;
}

const STYLES = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "opacity",
  "fill-opacity",
  "stroke-opacity",
  "font-size",
  "font-weight",
  "font-family",
  "text-anchor",
  "dominant-baseline",
  "display",
  "visibility",
];

function writeStyle(from: Element, to: SVGElement): void {
  const style = getComputedStyle(from);
  to.removeAttribute("class");
  to.setAttribute("style", STYLES.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
}

export function saveSvg(picture: SVGSVGElement, name: string): void {
  save(new Blob([new XMLSerializer().serializeToString(picture)], { type: "image/svg+xml" }), `${name}.svg`);
}

/** Twice as fine as on the page. */
export async function savePng(picture: SVGSVGElement, name: string): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(picture))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = 2 * image.width;
  canvas.height = 2 * image.height;
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob !== null) save(blob, `${name}.png`);
}

export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
