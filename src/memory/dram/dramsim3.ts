/** What a configuration file of DRAMsim3 says of the controller; of the memory itself, see machine/dram/dramsim3.ts. */

import { UserError } from "../../base/errors.ts";
import { either } from "../../base/suggest.ts";
import { type Ini, integerOf, isOn } from "../../machine/dram/dramsim3.ts";
import { PER_BANK, type PerBankPolicy } from "./per-bank-policy.ts";

const REFRESHES: { readonly [word: string]: PerBankPolicy["refresh"] } = {
  RANK_LEVEL_STAGGERED: "staggered",
  RANK_LEVEL_SIMULTANEOUS: "all-bank",
  BANK_LEVEL_STAGGERED: "per-bank",
};
const QUEUES: { readonly [word: string]: PerBankPolicy["queues"] } = { PER_BANK: "bank", PER_RANK: "rank" };
const PAGES: { readonly [word: string]: PerBankPolicy["page"] } = { OPEN_PAGE: "open", CLOSE_PAGE: "closed" };

export function policyOfIni(ini: Ini): PerBankPolicy {
  const system = ini.system ?? {};
  return {
    ...PER_BANK,
    queues: chosen("queue_structure", system.queue_structure ?? "PER_BANK", QUEUES),
    transactions: integerOf(ini, "system", "trans_queue_size", 32, [1, 4096]),
    shared: isOn(system.unified_queue, false),
    commands: integerOf(ini, "system", "cmd_queue_size", 16, [1, 4096]),
    page: chosen("row_buf_policy", system.row_buf_policy ?? "OPEN_PAGE", PAGES),
    refresh: chosen("refresh_policy", system.refresh_policy ?? "RANK_LEVEL_STAGGERED", REFRESHES),
  };
}

function chosen<T>(key: string, word: string, table: { readonly [word: string]: T }): T {
  const found = table[word];
  if (found !== undefined) return found;
  throw new UserError({
    code: "unknown-dram-policy",
    message: `${key} "${word}" is not one of DRAMsim3's`,
    place: { path: `system.${key}` },
    hint: `expected ${either(Object.keys(table))}`,
  });
}
