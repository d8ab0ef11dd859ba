// Rows of the sensitivity study -> one SVG that needs nothing else: a column of panels for each GPU, gain against sequence length above, against batch below.
// Colours that the colour-blind can tell apart (Okabe and Ito, "Color Universal Design", 2008), and a shape of its own for each launch regime.
import { BATCHES, FUSIONS, GPUS, HEADS, REGIMES, SEQUENCES, SPATIAL_MACHINE } from "./sensitivity-rows.js";

const WIDTH = 1070;
const HEIGHT = 860;
const PANEL = { width: 350, height: 300 };
const LEFTS = [86, 488];
const TOPS = [104, 488];
const LEGEND = 870;

const STYLES = {
  eager: { color: "#CC79A7", shape: "circle" },
  stream: { color: "#0072B2", shape: "square" },
  graph: { color: "#D55E00", shape: "triangle" },
  persistent: { color: "#009E73", shape: "diamond" },
};
/** Persistent first: its marks are the largest, and those of graph often lie on them. */
const DRAWN = [...REGIMES].reverse();
const KERNELS = { color: "#444444", shape: "cross" };

const WALKS = [
  {
    axis: "sequence length (log scale)",
    title: `batch ${SEQUENCES.batch}`,
    values: SEQUENCES.values,
    of: ({ seq }) => seq,
    has: ({ batch }) => batch === SEQUENCES.batch,
  },
  {
    axis: `batch (log scale), ${HEADS} heads each`,
    title: `sequence length ${BATCHES.seq}`,
    values: BATCHES.values,
    of: ({ batch }) => batch,
    has: ({ seq }) => seq === BATCHES.seq,
  },
];

/** `rows`: of the finished CSV. Ends in a line break. */
export function drawStudy(rows) {
  const gains = rows.flatMap(({ gain }) => (gain === null ? [] : [Math.log2(gain)]));
  const range = [Math.floor(Math.min(...gains) - 0.1), Math.ceil(Math.max(...gains) + 0.1)];
  const title = `What spatial execution gains: attention on ${SPATIAL_MACHINE} against GPUs`;
  const body = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(LEFTS[0], 34, title, 'font-size="18" font-weight="bold"'),
    text(
      LEFTS[0],
      56,
      `Gain: the other's time divided by the time of the spatial run. Above 1 the spatial run is faster. ${HEADS} heads of 128 a sequence, bf16.`,
      'fill="#555555"',
    ),
    ...WALKS.flatMap((walk, w) => GPUS.flatMap((gpu, g) => panel(rows, gpu, walk, range, LEFTS[g], TOPS[w]))),
    ...legend(),
  ];
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="Helvetica, Arial, sans-serif" font-size="13" fill="#222222" role="img">`;
  return `${[head, `<title>${title}</title>`, ...body, "</svg>"].join("\n")}\n`;
}

// --- a panel ---

function panel(rows, gpu, walk, [low, high], left, top) {
  const bottom = top + PANEL.height;
  const right = left + PANEL.width;
  const [first, last] = [walk.values[0], walk.values.at(-1)].map(Math.log2);
  const x = (value) => left + 24 + ((Math.log2(value) - first) / (last - first)) * (PANEL.width - 48);
  const y = (gain) => bottom - ((Math.log2(gain) - low) / (high - low)) * PANEL.height;
  const place = (row) => [x(walk.of(row)), y(row.gain)];
  const at = rows.filter((row) => walk.has(row) && row.gain !== null).sort((a, b) => walk.of(a) - walk.of(b));
  const ways = FUSIONS.flatMap((fusion) => DRAWN.map((regime) => ({ machine: gpu, fusion, regime })));
  const steps = Array.from({ length: high - low + 1 }, (_, s) => 2 ** (low + s));
  return [
    `<rect x="${left}" y="${top}" width="${PANEL.width}" height="${PANEL.height}" fill="#ffffff" stroke="#999999"/>`,
    `<rect x="${left}" y="${round(y(1))}" width="${PANEL.width}" height="${round(bottom - y(1))}" fill="#eeeeee"/>`,
    ...steps.map((gain) => rule(left, y(gain), right, y(gain), gain === 1 ? 'stroke="#222222" stroke-width="1.5"' : 'stroke="#dddddd"')),
    ...steps.map((gain) => text(left - 8, y(gain) + 4, gain < 1 ? `1/${1 / gain}` : `${gain}`, 'text-anchor="end"')),
    ...walk.values.flatMap((value) => [
      rule(x(value), bottom, x(value), bottom + 5, 'stroke="#999999"'),
      text(x(value), bottom + 20, value, 'text-anchor="middle"'),
    ]),
    text((left + right) / 2, bottom + 40, walk.axis, 'text-anchor="middle"'),
    text(left, top - 10, `against ${gpu}, ${walk.title}`, 'font-weight="bold"'),
    ...(left === LEFTS[0]
      ? [text(0, 0, "gain, times (log scale)", `text-anchor="middle" transform="translate(${left - 46} ${(top + bottom) / 2}) rotate(-90)"`)]
      : []),
    text(left + 8, bottom - 9, `${gpu} is faster`, 'fill="#555555" font-style="italic"'),
    text(left + 8, top + 19, `spatial on ${SPATIAL_MACHINE} is faster`, 'fill="#555555" font-style="italic"'),
    ...series(at.filter(({ machine }) => machine === SPATIAL_MACHINE).map(place), KERNELS, "dotted"),
    ...ways.flatMap((way) => series(at.filter((row) => Object.keys(way).every((key) => row[key] === way[key])).map(place), STYLES[way.regime], way.fusion)),
  ];
}

/** A line through its points. Library: drawn through, marks filled; fused: dashed, marks hollow. */
function series(places, { color, shape }, way) {
  const dash = { library: "", fused: ' stroke-dasharray="7 4"', dotted: ' stroke-dasharray="2 3"' }[way];
  const points = places.map(([x, y]) => `${round(x)},${round(y)}`).join(" ");
  return [
    `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="1.8"${dash}/>`,
    ...places.map(([x, y]) => mark(x, y, shape, color, way !== "fused")),
  ];
}

const SHAPES = {
  circle: "M-4.5,0 a4.5,4.5 0 1,0 9,0 a4.5,4.5 0 1,0 -9,0 z",
  square: "M-4,-4 h8 v8 h-8 z",
  triangle: "M0,-5 L5,4 L-5,4 z",
  diamond: "M0,-8.5 L8.5,0 L0,8.5 L-8.5,0 z",
  cross: "M-4,-4 L4,4 M-4,4 L4,-4",
};

function mark(x, y, shape, color, isFilled) {
  return `<path d="${SHAPES[shape]}" transform="translate(${round(x)} ${round(y)})" fill="${isFilled ? color : "#ffffff"}" stroke="${color}" stroke-width="1.6"/>`;
}

// --- the legend ---

function legend() {
  const titles = { library: "GPU, library kernels", fused: "GPU, one fused kernel" };
  let at = TOPS[0] + 10;
  const lines = [];
  for (const fusion of FUSIONS) {
    lines.push(text(LEGEND, at, titles[fusion], 'font-weight="bold"'));
    for (const regime of REGIMES) {
      at += 24;
      lines.push(...sample(at, STYLES[regime], fusion, regime));
    }
    at += 40;
  }
  lines.push(text(LEGEND, at, `The same ${SPATIAL_MACHINE}`, 'font-weight="bold"'), ...sample(at + 24, KERNELS, "dotted", "kernel by kernel"));
  const notes = ["A triangle on a diamond: in a", "graph, launches take about as", "long as in a persistent kernel."];
  return [...lines, ...notes.map((note, n) => text(LEGEND, at + 70 + 17 * n, note, 'font-size="12" fill="#555555"'))];
}

function sample(at, style, way, name) {
  const places = [LEGEND, LEGEND + 20, LEGEND + 40].map((x) => [x, at - 4]);
  const [line, , middle] = series(places, style, way);
  return [line, middle, text(LEGEND + 50, at, name)];
}

// --- pieces ---

function text(x, y, words, attributes = "") {
  return `<text x="${round(x)}" y="${round(y)}"${attributes === "" ? "" : ` ${attributes}`}>${words}</text>`;
}

const rule = (x1, y1, x2, y2, attributes) => `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ${attributes}/>`;

const round = (value) => Math.round(value * 10) / 10;
