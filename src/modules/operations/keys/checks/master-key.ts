import { randomBytes } from "node:crypto";
import { cp, glob, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Finding, type Outcome, outcomeOf } from "../../../../kernel/controls.ts";
import { folderKeyStore } from "../../../../kernel/crypto/key-store.ts";
import { type Keyring, openKeyring } from "../../../../kernel/crypto/keyring.ts";
import { loadMasterKeys } from "../../../../kernel/crypto/load-master-keys.ts";
import { masterKeyPath } from "../../../../kernel/crypto/master-key-file.ts";
import { openKeys } from "../../../../kernel/crypto/open-keys.ts";
import { projectFolder } from "../../../../project.ts";
import { openPlaces } from "../../../trust/controls/dump-places.ts";
import type { Client } from "../../../trust/stage/client.ts";
import { finding } from "../../../trust/stage/finding.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { keyStanding, rotateMasterKey } from "../rotation.ts";

/** The master key: where it is not, that it is replaced while people work, and that another one opens nothing. */
export async function checkMasterKey(stage: Stage): Promise<Outcome> {
  const { system } = stage.server;
  const { home } = system.config;
  const findings: Finding[] = [];
  const former = await keysIn(home);
  findings.push(...(await checkRotation(stage)));
  const now = await keysIn(home);
  findings.push(
    finding(
      now.length === former.length + 1,
      "a new master key",
      "the rotation",
      `${now.length - former.length} more in the file`,
    ),
  );
  findings.push(...(await checkNowhere(stage, now)), await checkSource(now));
  findings.push(await checkOldOneGone(stage, now), ...(await checkWrongKey(home)), await checkInterrupted());
  return outcomeOf(
    findings,
    `One rotation under traffic, and a search for ${now.length} master keys wherever they must not be`,
  );
}

/** The keys themselves, of the installation that is attacked. */
async function keysIn(home: string): Promise<Buffer[]> {
  const text = await readFile(masterKeyPath(home), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => Buffer.from(line.split(" ")[1] ?? "", "base64"));
}

/** People go on with their work while every key is wrapped anew; then everything is under the new one. */
async function checkRotation({ server, a, b }: Stage): Promise<Finding[]> {
  const { keyring, config } = server.system;
  const other = openKeyring({
    masterKeys: await loadMasterKeys({ home: config.home, env: {} }),
    store: folderKeyStore(join(config.home, "keys")),
  });
  const clients: Client[] = [a.people.viewer[0].client, b.people.manager[0].client, a.owner.client];
  const answers: number[] = [];
  let isDone = false;
  const traffic = clients.map(async (client) => {
    while (!isDone) {
      // A list with names: each of them has to be opened.
      for (const path of ["members", "session"]) answers.push((await client.call("GET", path)).status);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  });
  // Nothing may be left in memory that hides a key file which does not open.
  for (const id of await keyring.list()) keyring.forget(id);
  const { failed } = await rotateMasterKey(keyring, config.home, { makeNew: true, now: new Date() });
  for (const id of await keyring.list()) keyring.forget(id);
  await new Promise((resolve) => setTimeout(resolve, 100));
  isDone = true;
  await Promise.all(traffic);
  const bad = answers.filter((status) => status !== 200 && status !== 429);
  const standing = await keyStanding(keyring, config.home);
  const sees = await opensTheSame(other, keyring, a.id).catch(() => false);
  const current = standing.masters.find((one) => one.isCurrent);
  return [
    finding(
      bad.length === 0 && answers.length > 3,
      "requests during a rotation",
      "three people",
      bad.length === 0 ? `${answers.length} answered` : `refused: ${bad.join(", ")}`,
    ),
    finding(
      sees,
      "a server process that was started with the old key",
      "its next request",
      sees ? "opens what the new key wraps" : "does not open",
    ),
    finding(failed.length === 0, "keys that could not be wrapped anew", "the rotation", `${failed.length}`),
    finding(
      current?.workspaces === standing.workspaces && standing.canGo.length > 0,
      "all keys under the new master key",
      "the key files",
      `${current?.workspaces} of ${standing.workspaces}; no longer needed: ${standing.canGo.join(", ")}`,
    ),
  ];
}

/** In no table, no file but its own, and not in the log: as bytes, in base64 and in hexadecimal. */
async function checkNowhere({ server }: Stage, keys: readonly Buffer[]): Promise<Finding[]> {
  const forms = keys.flatMap((key) => formsOf(key));
  const own = await readFile(masterKeyPath(server.system.config.home));
  const seesItself = forms.some((form) => own.includes(form));
  const { places, close } = await openPlaces(server);
  const findings = [
    finding(
      seesItself,
      "the search itself",
      "the file of master keys",
      seesItself ? "finds them" : "finds nothing",
    ),
  ];
  try {
    for (const place of places) {
      let found = 0;
      for await (const piece of place.pieces) {
        // Where it belongs: in its own file, which the rest of the folder holds.
        const isOwn = place.name.startsWith("the rest") && piece.equals(own);
        if (!isOwn) found += forms.filter((form) => piece.includes(form)).length;
      }
      findings.push(
        finding(
          found === 0,
          `master keys in ${place.name}`,
          "whoever copies it",
          found === 0 ? "none" : `${found} found`,
        ),
      );
    }
  } finally {
    await close();
  }
  return findings;
}

function formsOf(key: Buffer): Buffer[] {
  const base64 = key.toString("base64").slice(0, 42);
  return [
    key,
    Buffer.from(base64),
    Buffer.from(key.toString("hex")),
    Buffer.from(key.toString("hex").toUpperCase()),
  ];
}

/** In no source: neither these keys nor any other text that could be one. */
async function checkSource(keys: readonly Buffer[]): Promise<Finding> {
  const forms = keys.flatMap(formsOf);
  const suspects: string[] = [];
  let files = 0;
  for await (const file of glob("{src,db,web/src,bin}/**/*.{ts,tsx,sql,mjs}", { cwd: projectFolder })) {
    if (/\.test\.ts$/.test(file)) continue;
    const bytes = await readFile(join(projectFolder, file));
    files++;
    const literal = /["'`](?:[A-Za-z0-9+/]{43}=|[0-9a-fA-F]{64})["'`]/.test(bytes.toString("latin1"));
    if (literal || forms.some((form) => bytes.includes(form))) suspects.push(file);
  }
  return finding(
    suspects.length === 0 && files > 100,
    `keys in ${files} source files`,
    "whoever reads the source",
    suspects.join(", ") || "none",
  );
}

/** With the new key alone, as after a restart without the old one, everything opens. */
async function checkOldOneGone({ server, a, b }: Stage, keys: readonly Buffer[]): Promise<Finding> {
  const newest = keys.at(-1)?.toString("base64") ?? "";
  const env = { [`MASTER_KEY_${keys.length}`]: newest };
  const alone = openKeyring({
    masterKeys: await loadMasterKeys({ home: server.system.config.home, env }),
    store: folderKeyStore(join(server.system.config.home, "keys")),
  });
  const opened = await Promise.all(
    [a.id, b.id].map((id) => opensTheSame(alone, server.system.keyring, id)),
  ).catch(() => [false]);
  return finding(
    opened.every(Boolean),
    "the old master key taken away",
    "a restarted server",
    opened.every(Boolean) ? "opens all keys" : "does not open",
  );
}

async function opensTheSame(one: Keyring, other: Keyring, id: string): Promise<boolean> {
  const cell = { table: "check", column: "value", row: id };
  return (await one.tenant(id)).openText(cell, (await other.tenant(id)).seal(cell, "a value")) === "a value";
}

/** A start with another key says so and does not serve. */
async function checkWrongKey(home: string): Promise<Finding[]> {
  const copy = await mkdtemp(join(tmpdir(), "vouchsafe-wrong-key-"));
  try {
    await cp(join(home, "keys"), join(copy, "keys"), { recursive: true });
    const random = () => randomBytes(32).toString("base64");
    const findings: Finding[] = [];
    for (const [what, env] of [
      ["another key under the same number", { MASTER_KEY_1: random(), MASTER_KEY_2: random() }],
      ["another key under a new number", { MASTER_KEY_900: random() }],
    ] as const) {
      const got = await openKeys({ env, home: copy, clock: () => new Date(), log: silent }).then(
        ({ close }) => {
          close();
          return "started";
        },
        (error: Error) => (error.name === "StartupError" ? "refused, in words" : `failed: ${error.message}`),
      );
      findings.push(finding(got === "refused, in words", what, "a start", got));
    }
    return findings;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Ended after half of the files, with a rest of a write beside them, as a killed process leaves it; then begun again. */
async function checkInterrupted(): Promise<Finding> {
  const home = await mkdtemp(join(tmpdir(), "vouchsafe-rotation-"));
  try {
    const folder = join(home, "keys");
    const first = openKeyring({
      masterKeys: await loadMasterKeys({ home, env: {} }),
      store: folderKeyStore(folder),
    });
    const ids = Array.from({ length: 6 }, () => crypto.randomUUID());
    for (const id of ids) await first.create(id);
    const cell = { table: "check", column: "value", row: "1" };
    const sealed = new Map(
      await Promise.all(ids.map(async (id) => [id, (await first.tenant(id)).seal(cell, id)] as const)),
    );
    const store = folderKeyStore(folder);
    let writes = 0;
    const dying = openKeyring({
      masterKeys: await loadMasterKeys({ home, env: {} }),
      store: {
        ...store,
        exchange: async (...given) => {
          if (++writes > 3) throw Object.assign(new Error("the process has ended"), { code: "EIO" });
          return store.exchange(...given);
        },
      },
    });
    await rotateMasterKey(dying, home, { makeNew: true, now: new Date() }).catch(() => undefined); // it died
    const again = openKeyring({ masterKeys: await loadMasterKeys({ home, env: {} }), store });
    const halfway = await keyStanding(again, home);
    const opensHalfway = await opens(again, sealed, cell);
    await rotateMasterKey(again, home, { makeNew: false, now: new Date() });
    const after = await keyStanding(again, home);
    const held =
      opensHalfway &&
      halfway.canGo.length === 0 &&
      after.canGo.length === 1 &&
      (await opens(again, sealed, cell));
    return finding(
      held,
      "a rotation that ended in the middle",
      "a crash, and a second try",
      held ? "all opens before and after" : "something does not open, or the old key was given up too early",
    );
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function opens(
  keyring: Keyring,
  sealed: ReadonlyMap<string, Buffer>,
  cell: { table: string; column: string; row: string },
): Promise<boolean> {
  for (const [id, value] of sealed) {
    keyring.forget(id);
    const text = await keyring.tenant(id).then(
      (keys) => keys.openText(cell, value),
      () => "",
    );
    if (text !== id) return false;
  }
  return true;
}

const silent = { info() {} } as unknown as Parameters<typeof openKeys>[0]["log"]; // only `info` is called, and says nothing here
