import { it } from "vitest";
import { readMachine } from "../src/cli/machines.ts";
import { placedTiers } from "../src/memory/tiers.ts";
import { measurePace } from "../src/memory/pace.ts";
import type { Stream } from "../src/memory/streams.ts";
import { channelOf, channelOrder, numberInChannel } from "../src/memory/requests.ts";
it("x", () => {
 for (const m of ["plasticine", "plasticine-20x20-ddr4", "sn10", "sn40l"]) {
  const machine = readMachine(m, []);
  for (const tier of placedTiers(machine)) {
   const { spec, first } = tier;
   const per = spec.interleave_bytes / spec.burst_bytes;
   const order = channelOrder(spec);
   const s = (base: number, write = 0): Stream => { let b = base; return { firings: 1e6, maxBursts: 1, next: (i, w) => { i[0] = first + channelOf(Math.floor(b / per), order); w[0] = 2 * numberInChannel(b, per, order.channels) + write; b++; return 1; } }; };
   const ROT = 2 ** 24;
   const cases: Record<string, Stream[]> = { read: [s(0)], write: [s(0, 1)], "two same bank": [s(0), s(ROT)], "copy same bank": [s(0), s(ROT, 1)], "two +1/2": [s(0), s(ROT + 2**11)], four: [s(0), s(ROT), s(2 * ROT), s(3 * ROT)]};
   for (const [name, streams] of Object.entries(cases)) {
    const t = performance.now();
    const p = measurePace(machine, tier, streams);
    console.log(m, tier.name, name, p.ticks + "/" + p.bursts, "peak", spec.burst_clocks, "eff", (spec.burst_clocks / (p.ticks / p.bursts)).toFixed(3), "lat", p.latency.toFixed(1), "act", p.activates.toFixed(4), "ref", p.refresh?.interval, p.refresh?.duration.toFixed(0), (performance.now() - t).toFixed(0) + "ms");
   }
  }
 }
});
