import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { days } from "../../../../kernel/clock.ts";
import { type Finding, type Outcome, outcomeOf } from "../../../../kernel/controls.ts";
import { folderKeyStore } from "../../../../kernel/crypto/key-store.ts";
import { type Keyring, openKeyring } from "../../../../kernel/crypto/keyring.ts";
import { loadMasterKeys } from "../../../../kernel/crypto/load-master-keys.ts";
import { diskFileStore } from "../../../../kernel/files/disk.ts";
import { newId } from "../../../../kernel/ids.ts";
import { openClient } from "../../../trust/stage/client.ts";
import { finding } from "../../../trust/stage/finding.ts";
import type { Company } from "../../../trust/stage/people.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { upload, waitUntilReady } from "../../../trust/stage/workspace.ts";
import { folderPlace, nameOf } from "../../backup/places.ts";
import { markOf } from "../../backup/signing.ts";
import { destroyTenantKeys, lapsedKeyCopies } from "../shredding.ts";

const TEXT = "The keel was laid in Harwich.";

/** A customer's keys are destroyed: what was written before opens nowhere, and after the copies have lapsed in no backup. */
export async function checkShredding(stage: Stage): Promise<Outcome> {
  const { system, url } = stage.server;
  const company = await stage.founder.found(`ash-${newId().slice(-6)}`, "Ash and Ember", "Wren Ash");
  const { client } = company.owner;
  const [document] = await upload(client, [{ name: "Keel.txt", bytes: Buffer.from(`${TEXT}\n`) }]);
  await waitUntilReady(client, [document?.id ?? ""]);

  // A second process on the same key store, with this customer's keys in its memory, and what a thief or a backup has.
  const another = await ringOn(system.config.home);
  const held = await another.tenant(company.id);
  const raw = await rawRows(stage, company);
  const keyFile = join(system.config.home, "keys", `${company.id}.json`);
  const copy = await readFile(keyFile, "utf8");
  const openBefore =
    held.openText(raw.cell, raw.name) === "Keel.txt" && (await readsFile(another, stage, company, raw.file));
  const findings = [
    finding(openBefore, "the customer's rows and files", "before", openBefore ? "open" : "do not open"),
  ];

  const { copiesUntil } = await destroyTenantKeys(system, company.id);
  const { status } = await client.call("GET", "documents");
  const { address, password } = company.owner;
  const door = (slug: string) =>
    openClient(url, slug).call("POST", "session", { body: { address, password } });
  const [visitor, nowhere] = [await door(company.slug), await door("never-was-there")];
  findings.push(
    finding(
      status === 404 || status === 401,
      "the very next request",
      "its owner, signed in",
      String(status),
    ),
    finding(
      visitor.status === 401 && visitor.json?.error?.code === nowhere.json?.error?.code,
      "its door, with the right password",
      "its owner",
      `${visitor.status}, as where there never was a workspace: ${nowhere.status}`,
    ),
    await refused("keys in the memory of another process", "its next use", () => another.tenant(company.id)),
    await refused("a handle that was held all along", "that process", async () =>
      held.openText(raw.cell, raw.name),
    ),
    await refused("its rows, copied before", "the live system", async () =>
      (await system.keyring.tenant(company.id)).openText(raw.cell, raw.name),
    ),
    await refused("its file, copied before", "the live system", () =>
      readsFile(system.keyring, stage, company, raw.file),
    ),
  );
  const left = await leftInKeyStore(system.config.home, company.id, copy);
  findings.push(
    finding(
      left === "",
      "what is left in the key store",
      "whoever copies it",
      left || "a mark that holds no key",
    ),
  );
  findings.push(...(await checkCopies(stage, company, { copy, raw, copiesUntil })));
  return outcomeOf(findings, "One customer destroyed, with what was copied of it before");
}

interface Raw {
  readonly cell: { table: string; column: string; row: string };
  readonly name: Buffer;
  readonly file: string;
}

async function rawRows(stage: Stage, company: Company): Promise<Raw> {
  let raw: Raw | null = null;
  await stage.sql("postgres", async (client) => {
    const { rows } = await client.query<{ document_id: string; name: Buffer; file: string }>(
      "select document_id, name, file from document where tenant_id = $1",
      [company.id],
    );
    const [row] = rows;
    if (row)
      raw = {
        cell: { table: "document", column: "name", row: row.document_id },
        name: row.name,
        file: row.file,
      };
  });
  if (!raw) throw new Error("the document that was uploaded has no row");
  return raw;
}

const ringOn = async (home: string): Promise<Keyring> =>
  openKeyring({
    masterKeys: await loadMasterKeys({ home, env: {} }),
    store: folderKeyStore(join(home, "keys")),
  });

async function readsFile(
  keyring: Keyring,
  { server }: Stage,
  company: Company,
  file: string,
): Promise<boolean> {
  const stream = await diskFileStore(join(server.system.config.home, "files")).open(
    await keyring.tenant(company.id),
    file,
  );
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString().includes(TEXT);
}

async function refused(what: string, who: string, open: () => Promise<unknown>): Promise<Finding> {
  const got = await open().then(
    () => "opened",
    (error: { code?: string }) => (error.code === "unreadable" ? "refused" : `failed: ${error.code}`),
  );
  return finding(got === "refused", what, who, got);
}

/** Anything that has bytes of the wrapped keys in it. */
async function leftInKeyStore(home: string, tenantId: string, copy: string): Promise<string> {
  const wrapped = [...copy.matchAll(/"ciphertext": "([^"]+)"/g)].map(([, text = ""]) => text);
  const found: string[] = [];
  for (const name of await readdir(join(home, "keys"))) {
    const bytes = await readFile(join(home, "keys", name), "utf8").catch(() => "");
    if (wrapped.some((text) => bytes.includes(text)) || name === `${tenantId}.json`) found.push(name);
  }
  return wrapped.length > 0 ? found.join(", ") : "nothing was wrapped";
}

/** A copy of the key store opens what a backup of the data brings back: as long as there is one, and no longer. */
async function checkCopies(
  stage: Stage,
  company: Company,
  { copy, raw, copiesUntil }: { copy: string; raw: Raw; copiesUntil: Date },
): Promise<Finding[]> {
  const { system } = stage.server;
  const scratch = await mkdtemp(join(tmpdir(), "vouchsafe-shredding-"));
  const findings: Finding[] = [];
  try {
    // Put back into the living store: its mark stands.
    const path = join(system.config.home, "keys", `${company.id}.json`);
    await writeFile(path, copy, { mode: 0o600 });
    const fresh = await ringOn(system.config.home);
    findings.push(
      await refused("a copied key file, put back", "a restarted server", () => fresh.tenant(company.id)),
    );
    await rm(path);

    const { masterKeys } = system.keyring;
    const restored = (folder: string) => openKeyring({ masterKeys, store: folderKeyStore(folder) });
    await mkdir(join(scratch, "with"), { recursive: true });
    await writeFile(join(scratch, "with", `${company.id}.json`), copy);
    const opens = await restored(join(scratch, "with"))
      .tenant(company.id)
      .then(
        (keys) => keys.openText(raw.cell, raw.name) === "Keel.txt",
        () => false,
      );
    findings.push(
      finding(
        opens,
        "a restored backup, with a copy of the keys",
        "within the 7 days",
        opens ? "opens, as said" : "does not open",
      ),
    );
    findings.push(
      await refused("a restored backup, without one", "after the 7 days", () =>
        restored(join(scratch, "without")).tenant(company.id),
      ),
    );
    findings.push(await checkLapse(stage, join(scratch, "backups"), copiesUntil));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return findings;
}

/** With the clock moved to just before and just after: the last copy that held the keys is one that has to go. */
async function checkLapse({ server }: Stage, folder: string, copiesUntil: Date): Promise<Finding> {
  const place = folderPlace(folder);
  const destroyedAt = copiesUntil.getTime() - days(7);
  const id = `${await markOf(server.system)}012345`;
  const archive = { kind: "keys", at: new Date(destroyedAt - 60_000), id } as const;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, nameOf(archive)), "");
  const lapsedAt = async (at: number) =>
    (await lapsedKeyCopies({ ...server.system, clock: () => new Date(at) }, place)).length;
  const [before, after] = [
    await lapsedAt(destroyedAt + days(7) - 120_000),
    await lapsedAt(copiesUntil.getTime()),
  ];
  return finding(
    before === 0 && after === 1,
    "the last copy of its keys",
    "7 days later",
    `${before} gone before, ${after} after`,
  );
}
