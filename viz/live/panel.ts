/** Live mode: choose a workload and a machine, turn what there is to turn, and the page simulates again, in a worker. The result stands beside the run of the page, or in its place. */

import { duration, energy, grouped, percent } from "../../src/report/format.ts";
import type { RunBundle } from "../../src/scene/scene.ts";
import type { App, MountedView, View } from "../app/view.ts";
import { type RunView, viewOf } from "../model/run.ts";
import { el } from "../ui/dom.ts";
import type { Catalogue, Knob } from "./catalogue.ts";
import { type Choice, choiceOf, commandOf, jobOf, machineOf, turn, wordsAt, workloadOf } from "./choice.ts";
import { type Client, createClient } from "./client.ts";
import type { LiveJob } from "./run.ts";

export const live: View = {
  id: "live",
  tab: "live",
  title: "Try it",
  what: "The simulator itself, in this page: choose, move a slider, and it runs again. The result is shown beside the run of the page in every tab, or in its place. It is what the command line below gives.",
  wide: true,
  isOfPage: true,
  mount: (host, { app }) => {
    const panel = panels.get(app) ?? new LivePanel(app);
    panels.set(app, panel);
    host.append(panel.element);
    return { update: () => {} } satisfies MountedView;
  },
};

/** It stays while other tabs are looked at. */
const panels = new WeakMap<App, LivePanel>();

/** Milliseconds after the last change before a run begins. */
const CALM = 50;

class LivePanel {
  readonly element = el("div", { class: "live" });
  readonly #app: App;
  /** The run that the page was opened with. */
  readonly #first: RunView;
  readonly #client: Client;
  #catalogue: Catalogue | null = null;
  #choice: Choice | null = null;
  #timer = 0;
  #place: 0 | 1 = 1;
  readonly #knobs = el("div", { class: "live-knobs" });
  readonly #command = el("code", { class: "live-command" });
  readonly #status = el("p", { class: "live-status", role: "status" }, "starting the simulator ...");
  readonly #fault = el("p", { class: "live-fault", role: "alert" });
  readonly #bar = el("progress", { class: "live-progress", max: 1, value: 0, "aria-label": "Progress of the run" });
  readonly #cancel = el("button", { type: "button", class: "live-cancel", disabled: true, onclick: () => this.#cancelRun() }, "cancel");
  readonly #results = el("div", { class: "live-results" });

  constructor(app: App) {
    this.#app = app;
    this.#first = app.runs()[0]!;
    this.#client = createClient({
      ready: (catalogue) => this.#begin(catalogue),
      progress: (words, share) => this.#progress(words, share),
      done: (bundle, job, milliseconds) => this.#show(bundle, job, milliseconds),
      failed: (words) => this.#fail(words),
    });
    this.element.append(this.#status);
  }

  /** Also after a restart: then the choice stands. */
  #begin(catalogue: Catalogue): void {
    if (this.#catalogue !== null) return;
    this.#catalogue = catalogue;
    this.#choice = choiceOf(catalogue, this.#first);
    this.element.replaceChildren(
      this.#choices(catalogue, this.#choice),
      this.#knobs,
      el("div", { class: "live-run" }, el("button", { type: "button", onclick: () => this.#run() }, "run"), this.#cancel, this.#bar, this.#status),
      this.#fault,
      el("div", { class: "live-line" }, "the same from the command line: ", this.#command, copyButton(this.#command)),
      this.#results,
    );
    this.#status.textContent = "ready";
    this.#drawKnobs();
    this.#drawCommand();
  }

  // --- what is chosen ---

  #choices({ workloads, machines }: Catalogue, choice: Choice): HTMLElement {
    const names = (all: readonly { readonly name: string }[]): readonly string[] => all.map(({ name }) => name);
    const text = (label: string, value: string, hint: string, use: (value: string) => void): HTMLElement =>
      el(
        "label",
        {},
        `${label} `,
        el("input", { type: "text", value, placeholder: hint, oninput: (event: Event) => use((event.target as HTMLInputElement).value) }),
      );
    return el(
      "div",
      { class: "live-choices" },
      select("workload", names(workloads), choice.workload, (workload) => this.#change({ workload, turned: {} }, true)),
      select("machine", names(machines), choice.machine, (machine) => this.#change({ machine, turned: this.#ofWorkload() }, true)),
      select("style", ["spatial", "kernel-by-kernel"], choice.style, (style) => this.#change({ style: style as Choice["style"] })),
      text("seed", choice.seed, "1", (seed) => this.#change({ seed })),
      text("more settings", choice.more, "machine.pcu.registers=8", (more) => this.#change({ more })),
      select("show the result", PLACES, PLACES[this.#place], (place) => this.#put(PLACES.indexOf(place as (typeof PLACES)[number]) as 0 | 1)),
    );
  }

  /** What is turned at the workload: another machine has other figures. */
  #ofWorkload(): Choice["turned"] {
    const { workload, turned } = this.#choice!;
    const own = workloadOf(this.#catalogue!, workload).parameters.map(({ path }) => path);
    return Object.fromEntries(Object.entries(turned).filter(([path]) => own.includes(path)));
  }

  #change(change: Partial<Choice>, isOther = false): void {
    this.#choice = { ...this.#choice!, ...change };
    if (isOther) this.#drawKnobs();
    this.#drawCommand();
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#run(), CALM);
  }

  #drawKnobs(): void {
    const { workload, machine } = this.#choice!;
    const group = (title: string, knobs: readonly Knob[]): HTMLElement =>
      el("fieldset", {}, el("legend", {}, title), ...(knobs.length === 0 ? [el("p", {}, "nothing to turn")] : knobs.map((knob) => this.#knob(knob))));
    this.#knobs.replaceChildren(
      group(`parameters of ${workload}`, workloadOf(this.#catalogue!, workload).parameters),
      group(`figures of ${machine}`, machineOf(this.#catalogue!, machine).figures),
    );
  }

  #knob(knob: Knob): HTMLElement {
    const { label, path, stops } = knob;
    if (path === "dtype") {
      const values = stops.map(({ words }) => words);
      return el(
        "div",
        { class: "live-knob" },
        select(path, values, wordsAt(knob, this.#choice!), (value) => this.#turn(knob, value)),
      );
    }
    const words = wordsAt(knob, this.#choice!);
    const at = stops.findIndex((stop) => stop.words === words);
    const field = knob.isFree
      ? el("input", { type: "text", class: "live-value", value: words, "aria-label": `${label}, typed` })
      : el("output", { class: "live-value" }, words);
    const slider = el("input", {
      ...{ type: "range", min: 0, max: stops.length - 1, step: 1, value: at < 0 ? knob.standard : at },
      ...{ "aria-label": label, "aria-valuetext": words, "data-path": path, disabled: stops.length < 2 },
    });
    slider.addEventListener("input", () => {
      const { words: value } = stops[Number(slider.value)]!;
      slider.setAttribute("aria-valuetext", value);
      field.value = value;
      this.#turn(knob, value);
    });
    field.addEventListener("input", () => this.#turn(knob, field.value.trim()));
    return el("div", { class: "live-knob" }, el("span", { class: "live-label" }, label), slider, field);
  }

  #turn(knob: Knob, words: string): void {
    this.#change({ turned: turn(this.#choice!, knob, words).turned });
  }

  #drawCommand(): void {
    this.#command.textContent = commandOf(jobOf(this.#catalogue!, this.#choice!));
  }

  // --- what runs ---

  #run(): void {
    clearTimeout(this.#timer);
    this.#fault.textContent = "";
    this.#cancel.disabled = false;
    this.#bar.value = 0;
    this.#status.textContent = "running ...";
    this.#client.run(jobOf(this.#catalogue!, this.#choice!));
  }

  #cancelRun(): void {
    this.#client.cancel();
    this.#ended("cancelled");
  }

  #ended(words: string): void {
    this.#cancel.disabled = true;
    this.#bar.value = 0;
    this.#status.textContent = words;
  }

  #progress(words: string, share: number): void {
    this.#bar.value = share;
    this.#status.textContent = share === 0 ? `${words} ...` : `${words}: ${percent(share)}`;
  }

  #fail(words: string): void {
    this.#ended("no result");
    this.#fault.textContent = words;
  }

  #show(bundle: RunBundle, job: LiveJob, milliseconds: number): void {
    const run = viewOf(bundle);
    this.#ended(`done in ${duration(milliseconds / 1000)}`);
    this.#results.replaceChildren(resultsTable(this.#first, run));
    this.#results.dataset.command = commandOf(job);
    this.#app.replaceRun(this.#place, run);
    performance.mark("weft-live-shown");
  }

  /** Where the result goes; where it stood before, the first run stands again. */
  #put(place: 0 | 1): void {
    const [, second] = this.#app.runs();
    if (place === 0) this.#app.replaceRun(1, null);
    else this.#app.replaceRun(0, this.#first);
    this.#place = place;
    if (second !== undefined || place === 1) this.#run();
  }
}

const PLACES = ["in the place of the page's run", "beside it, as B"] as const;

function select(label: string, values: readonly string[], chosen: string, use: (value: string) => void): HTMLElement {
  return el(
    "label",
    {},
    `${label} `,
    el(
      "select",
      { "data-choice": label, onchange: (event: Event) => use((event.target as HTMLSelectElement).value) },
      ...values.map((value) => el("option", { value, selected: value === chosen }, value)),
    ),
  );
}

function copyButton(code: HTMLElement): HTMLElement {
  const button = el("button", { type: "button" }, "copy");
  button.addEventListener("click", () => {
    getSelection()?.selectAllChildren(code);
    void navigator.clipboard?.writeText(code.textContent ?? "").then(
      () => (button.textContent = "copied"),
      () => (button.textContent = "selected"),
    );
  });
  return button;
}

/** The figures that one looks at first, beside those of the page's own run. */
function resultsTable(first: RunView, { report }: RunView): HTMLElement {
  const rows = [
    ["run", ({ workload, machine }: RunBundle["report"]) => `${workload.name} on ${machine.name}`],
    ["cycles", ({ cycles }: RunBundle["report"]) => grouped(cycles)],
    ["time", ({ seconds }: RunBundle["report"]) => duration(seconds)],
    ["energy", ({ energy_pJ }: RunBundle["report"]) => energy(energy_pJ.total)],
    ["PCUs busy", ({ utilization }: RunBundle["report"]) => percent(utilization.pcu)],
    ["limit", ({ limit }: RunBundle["report"]) => limit.sentence],
  ] as const;
  const cells = rows.map(([label, say]) =>
    el("tr", {}, el("th", { scope: "row" }, label), el("td", {}, say(first.report)), el("td", { class: "live-new" }, say(report))),
  );
  return el(
    "table",
    {},
    el("caption", {}, timesWords(report.seconds / first.report.seconds)),
    el("thead", {}, el("tr", {}, el("td", {}), el("th", { scope: "col" }, "the page's run"), el("th", { scope: "col" }, "this run"))),
    el("tbody", {}, ...cells),
  );
}

function timesWords(ratio: number): string {
  if (ratio === 1) return "This run takes as long as the page's own.";
  if (ratio > 1) return `This run takes ${Number(ratio.toPrecision(3))} times as long as the page's own.`;
  return `This run is ${Number((1 / ratio).toPrecision(3))} times as fast as the page's own.`;
}
