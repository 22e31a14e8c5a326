import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../attacker/random.ts";
import { familyOf, type Server, until } from "../support/server.ts";
import { whileFull } from "./disk.ts";
import type { Firm } from "./firm.ts";
import type { Installation } from "./installation.ts";

/** Something that goes wrong while people work. What it killed is started again after it. */
export interface Fault<Where extends Installation = Installation> {
  readonly name: string;
  /** Not everywhere can everything go wrong. */
  readonly isPossible?: (at: Where) => boolean;
  readonly strike: (at: Where, firm: Firm, random: Random) => Promise<void>;
}

const serverKilled: Fault = {
  name: "kill -9 of the server",
  strike: (at) => killed(at, [at.server()], "alone"),
};

/** With whatever reads documents for it. */
const workerKilled: Fault = {
  name: "kill -9 of the worker",
  strike: (at, _firm, random) => killed(at, [at.worker()], random.pick(["alone", "with its children"])),
};

const everythingKilled: Fault = {
  name: "kill -9 of everything at once, as when the power goes",
  strike: async (at) => {
    const database = familyOf(at.postmaster());
    const dead = killed(at, [at.server(), at.worker()], "with its children");
    for (const { pid } of database) kill(pid);
    await dead;
  },
};

const databaseKilled: Fault = {
  name: "kill -9 of PostgreSQL",
  strike: async (at) => kill(at.postmaster()),
};

const backendKilled: Fault = {
  name: "kill -9 of one of PostgreSQL's processes",
  strike: async (at, _firm, random) => {
    const postmaster = at.postmaster();
    const backends = familyOf(postmaster).filter(({ pid }) => pid !== postmaster);
    kill(random.pick(backends)?.pid ?? 0);
  },
};

const readersKilled: Fault = {
  name: "kill -9 of the children that read documents",
  strike: async (at) => {
    for (const { pid } of familyOf(at.worker().pid)) if (commandOf(pid).includes("/extraction/")) kill(pid);
  },
};

const frozen: Fault = {
  name: "a server or worker that stands still for two seconds",
  strike: async (at, _firm, random) => {
    const { pid } = random.pick([at.server(), at.worker()]) ?? at.server();
    process.kill(pid, "SIGSTOP");
    await sleep(2000);
    process.kill(pid, "SIGCONT");
  },
};

const diskFull: Fault = {
  name: "a full disk",
  isPossible: ({ hasSmallDisk }) => hasSmallDisk,
  strike: (at) => whileFull(at.place, async () => void (await sleep(1200))),
};

/** Of any installation. */
const general: readonly Fault[] = [
  serverKilled,
  everythingKilled,
  databaseKilled,
  backendKilled,
  readersKilled,
  frozen,
];

export const builtInFaults: readonly Fault[] = [...general, diskFull];
/** A worker's death is found out by its silence: first of all, so that this has time to happen. */
export const spreadFaults: readonly Fault[] = [workerKilled, ...general];

async function killed(
  at: Installation,
  servers: readonly Server[],
  how: "alone" | "with its children" | undefined,
): Promise<void> {
  const families = servers.map(({ pid }) => familyOf(pid));
  const dead = Promise.all(servers.map((server) => server.stop("SIGKILL")));
  if (how === "with its children") for (const { pid } of families.flat()) kill(pid);
  await dead;
  // What a process has started ends with it, however it ended.
  const left = () => at.survivors(families.flat());
  await until("nothing of it runs", 5000, () => left().length === 0).catch((error) =>
    assert.fail(`${error.message}: ${left().join("; ")}`),
  );
}

/** What a server checks of itself takes a minute of processor time after each start, and is not looked at here. */
export function endChecks(at: Installation): void {
  for (const { pid } of familyOf(at.worker().pid)) if (commandOf(pid).includes("\0controls\0")) kill(pid);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    if (pid > 0) process.kill(pid, "SIGKILL");
  } catch {
    // Gone by itself.
  }
}
