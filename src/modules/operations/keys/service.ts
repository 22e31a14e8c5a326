import { record } from "../../../kernel/audit.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { isAppError } from "../../../kernel/errors.ts";
import { isStartupError } from "../../../kernel/home.ts";
import type { System } from "../../../kernel/system.ts";
import { alertOperator } from "../alerts/service.ts";
import { type DiskFinding, dataFolders, disksBeneath } from "./at-rest.ts";
import { renewDataKeys, wakeResealing } from "./data-keys.ts";
import { type KeyStanding, keyStanding, rotateMasterKey, wordsOf } from "./rotation.ts";

export { destroyTenantKeys, removeLapsedKeyCopies } from "./shredding.ts";

/** What the operator's page of keys shows. */
export interface KeysPage extends KeyStanding {
  /** What to know and to do, in sentences. */
  readonly words: readonly string[];
  /** Of the rotation that this process began last; null when it began none. */
  readonly rotation: Progress | null;
  readonly disks: readonly DiskFinding[];
}

interface Progress {
  readonly running: boolean;
  readonly done: number;
  readonly of: number;
  readonly problem: string | null;
}

const rotations = new WeakMap<System, Progress>();
const looks = new WeakMap<System, { readonly until: number; readonly page: KeyStanding }>();
/** A page that is looked at again and again reads every key file only so often. */
const LOOK_MS = 2000;
/** Pressed twice, or by two, it makes one new key. */
const FRESH_MS = 60_000;
const YOUNG =
  "The master key is less than a minute old: every key is wrapped with it, and no other was made. Try again in a minute.";

export async function showKeys({ system }: Ctx): Promise<KeysPage> {
  const known = looks.get(system);
  const standing =
    known && known.until > performance.now()
      ? known.page
      : await keyStanding(system.keyring, system.config.home);
  if (standing !== known?.page) looks.set(system, { until: performance.now() + LOOK_MS, page: standing });
  return {
    ...standing,
    words: wordsOf(standing, system.clock()),
    rotation: rotations.get(system) ?? null,
    disks: disksBeneath(dataFolders(system.config.home)),
  };
}

/** Begins to wrap every key with a new master key, or the newest one there is, and answers before that is done. */
export async function startRotation(ctx: Ctx, { makeNew }: { makeNew: boolean }): Promise<KeysPage> {
  const { system } = ctx;
  await unit(ctx, async (inner) => {
    record(inner, { event: "master-key.rotated", resource: { type: "installation" } });
  });
  if (!rotations.get(system)?.running) {
    rotations.set(system, { running: true, done: 0, of: 0, problem: null });
    void rotateInBackground(system, makeNew);
  }
  return showKeys(ctx);
}

async function isFresh({ keyring, config, clock }: System): Promise<boolean> {
  const { masters } = await keyStanding(keyring, config.home);
  const since = masters.find((one) => one.isCurrent)?.since;
  return since != null && clock().getTime() - Date.parse(since) < FRESH_MS;
}

async function rotateInBackground(system: System, wantsNew: boolean): Promise<void> {
  const note = (progress: Partial<Progress>) =>
    rotations.set(system, { ...(rotations.get(system) as Progress), ...progress }); // set before this began
  try {
    const makeNew = wantsNew && !(await isFresh(system));
    const { failed } = await rotateMasterKey(system.keyring, system.config.home, {
      makeNew,
      now: system.clock(),
      progress: (done, of) => void note({ done, of }),
    });
    const problem =
      failed.length > 0 ? `The keys of ${failed.length} workspaces do not open. The log names them.` : null;
    if (problem) system.log.error({ tenants: failed }, "keys do not open");
    const unchanged = wantsNew && !makeNew ? YOUNG : null;
    note({ running: false, problem: problem ?? unchanged });
  } catch (error) {
    system.log.error({ err: error }, "the master key could not be rotated");
    note({ running: false, problem: problemOf(error) });
    await alertOperator(system, {
      kind: "keys.rotation-failed",
      subject: "The master key could not be rotated",
      text: "It ended in the middle. Nothing is lost: both keys are needed until it has been done. Settings, Keys says why; begin it again there.",
    });
  }
  looks.delete(system);
}

/** Words for the operator: what a person can act on, and nothing of what is inside. */
function problemOf(error: unknown): string {
  if (isStartupError(error) || isAppError(error)) return error.message;
  const code = (error as { code?: string }).code;
  if (code === "ENOSPC" || code === "EDQUOT")
    return "The disk of the key store is full. Make room, then begin again.";
  if (code === "EROFS" || code === "EACCES" || code === "EPERM")
    return "The key store cannot be written to. Make its folder writeable, then begin again.";
  // From the master keys themselves, where a key cannot be made from here.
  if (error instanceof Error && error.message.startsWith("Give the new key as")) return error.message;
  return "It ended in the middle. The log says why; begin again.";
}

/** Makes new data keys; what is stored is sealed with them in the background. */
export async function startRenewal(ctx: Ctx): Promise<KeysPage> {
  const { system } = ctx;
  await unit(ctx, async (inner) => {
    record(inner, { event: "data-keys.renewed", resource: { type: "installation" } });
  });
  await renewDataKeys(system);
  wakeResealing(system);
  looks.delete(system);
  return showKeys(ctx);
}
