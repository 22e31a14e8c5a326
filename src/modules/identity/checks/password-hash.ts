import { pbkdf2Sync, randomBytes } from "node:crypto";
import { auditCell } from "../../../kernel/audit.ts";
import { outcomeOf } from "../../../kernel/controls.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { openClient, solvedChallenge } from "../../trust/stage/client.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { passwordCell } from "../members.ts";
import { hashPassword } from "../passwords/hash.ts";
import { type Ledger, openLedger } from "./ledger.ts";

// OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane; 16 bytes of salt and 32 of hash.
const OWASP = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/;
const COST_12 = /^\$2[aby]\$12\$[./A-Za-z0-9]{53}$/;
// Of this password, by libxcrypt: bcrypt of cost 6.
const OLD_PASSWORD = "Quiet-harbour-42-lanterns";
const OLD_BCRYPT = "$2y$06$abcdefghijklmnopqrstuuIa55pAK7xt/GKhqKkkQkfUOjZO5/MAO";

/** What the database holds of passwords, hashes from elsewhere and their renewal, and where no password may be. */
export async function checkPasswordHash(stage: Stage) {
  const ledger = openLedger();
  const kept = [...(await storedIn(stage)).values()];
  const strong = kept.filter((hash) => OWASP.test(hash)).length;
  ledger.note(
    kept.length > 0 && strong === kept.length,
    "what is stored of the members' passwords",
    "superuser with the keys",
    `${strong} of ${kept.length} argon2id at OWASP's strength`,
  );
  const chosen = await hashPassword(OLD_PASSWORD, "bcrypt");
  ledger.note(COST_12.test(chosen), "a new password where bcrypt was chosen", "", chosen.slice(0, 7));
  const tooLong = await hashPassword("Quiet-harbour-42-".padEnd(73, "x"), "bcrypt").catch((e) => e.code);
  ledger.note(
    tooLong === "password_policy",
    "one of 73 bytes, which bcrypt would cut off",
    "",
    String(tooLong),
  );

  const secret = `Canary-${randomBytes(6).toString("hex")}-X9!`;
  const people = await bringAlong(stage, ledger, secret);
  await timing(stage, ledger, people.waiting);
  await renewal(stage, ledger, people.django, secret);
  await renewal(stage, ledger, people.bcrypt, OLD_PASSWORD);
  await nowhereInClear(stage, ledger, secret);
  return outcomeOf(ledger.findings, `${kept.length} stored passwords, two kinds of hashes from elsewhere`);
}

/** The hashes of a workspace, opened, by member. */
async function storedIn(stage: Stage): Promise<Map<string, string>> {
  const keys = await stage.server.system.keyring.tenant(stage.a.id);
  const found = new Map<string, string>();
  await stage.sql("postgres", async (client) => {
    const { rows } = await client.query<{ member_id: string; password: Buffer }>(
      "select member_id, password from member where tenant_id = $1 and password is not null",
      [stage.a.id],
    );
    for (const { member_id, password } of rows)
      found.set(member_id, keys.openText(passwordCell(member_id), password));
  });
  return found;
}

async function bringAlong(stage: Stage, ledger: Ledger, secret: string) {
  const at = (who: string) => `${who}.${randomBytes(4).toString("hex")}@${stage.a.slug}.example`;
  const people = { bcrypt: at("bcrypt"), django: at("django"), waiting: at("waiting") };
  const django = pbkdf2Sync(secret, "pepperysalt", 50_000, 32, "sha256").toString("base64");
  const list = [
    [people.bcrypt, OLD_BCRYPT],
    [people.django, `pbkdf2_sha256$50000$pepperysalt$${django}`],
    [people.waiting, OLD_BCRYPT.replace("$06$", "$10$")],
    [at("costly"), OLD_BCRYPT.replace("$06$", "$31$")],
    [at("endless"), `pbkdf2_sha256$9999999$pepperysalt$${django}`],
    [at("fat"), OWASP.source],
    [at("plain"), secret],
    [at("md5"), "5f4dcc3b5aa765d61d8327deb882cf99"],
  ].map(([address, passwordHash]) => ({ address, name: "Brought Along", role: "viewer", passwordHash }));
  const before = (await storedIn(stage)).size;
  const { operator } = stage.founder;
  const answer = await operator.client.call("POST", `tenants/${stage.a.id}/users`, { body: { users: list } });
  const refused = answer.json?.refused?.map((r: { row: number }) => r.row).join();
  ledger.note(
    answer.status === 200 && answer.json.added === 3 && refused === "4,5,6,7,8",
    "a list with hashes of three good kinds and five that would harm",
    "operator",
    `${answer.status}, ${answer.json?.added} added, rows ${refused} refused`,
  );
  const after = (await storedIn(stage)).size;
  ledger.note(after === before + 3, "hashes kept of it", "superuser with the keys", after - before);
  return people;
}

async function renewal(stage: Stage, ledger: Ledger, address: string, password: string): Promise<void> {
  const { url, system } = stage.server;
  const [who = ""] = address.split(".");
  const signIn = (given: string) =>
    openClient(url, stage.a.slug).call("POST", "session", { body: { address, password: given } });
  const foreign = async () =>
    [...(await storedIn(stage)).values()].filter((hash) => !OWASP.test(hash)).length;
  const before = await foreign();
  ledger.status("a wrong password", who, await signIn(`${password}x`), 401);
  ledger.note((await foreign()) === before, "the hash after a wrong password", who, "as it was");
  ledger.status("the right one, before the address is confirmed", who, await signIn(password), 403);
  ledger.note((await foreign()) === before - 1, "the hash after the right password", who, "renewed");
  const token = await mailedToken(system, address, "verify").catch(() => "A".repeat(43));
  const visitor = openClient(url, stage.a.slug);
  ledger.status("the mailed link", who, await visitor.call("POST", "verification", { body: { token } }), 204);
  ledger.status("signing in by the renewed hash", who, await signIn(password), 200);
}

/** A wrong password must not tell by its time who has a hash from elsewhere. */
async function timing(stage: Stage, ledger: Ledger, waiting: string): Promise<void> {
  const own = await stage.a.hire(`Timed hash ${Date.now()}`, "viewer");
  const samples: Record<string, number[]> = {};
  for (let i = 0; i < 4; i++) {
    for (const [who, slug, address] of [
      ["brought", stage.a.slug, waiting],
      ["own", stage.a.slug, own.address],
      ["unknown", stage.a.slug, `nobody.${i}.${Date.now()}@harrow-finch.example`],
      ["nowhere", `no-such-${i}`, waiting],
    ] as const) {
      const client = openClient(stage.server.url, slug);
      const body = { address, password: "Wrong-password-0815", challenge: await solvedChallenge(client) };
      const began = performance.now();
      await client.call("POST", "session", { body });
      samples[who] = [...(samples[who] ?? []), performance.now() - began];
    }
  }
  const least = Object.values(samples).map((list) => Math.min(...list));
  ledger.note(
    Math.max(...least) / Math.min(...least) < 1.5,
    "time of a refusal",
    "a costly hash from elsewhere, one of ours, unknown address, unknown workspace",
    `${least.map((ms) => ms.toFixed(0)).join(", ")} ms`,
  );
}

/** The log, the mails, the audit logs and the queue, opened as far as they are sealed. */
async function nowhereInClear(stage: Stage, ledger: Ledger, secret: string): Promise<void> {
  const { system } = stage.server;
  const mails = await readOutbox(system, 500);
  const contents: string[] = [];
  const jobs: string[] = [];
  await stage.sql("postgres", async (client) => {
    const { rows } = await client.query<{ tenant_id: string; entry_id: string; content: Buffer }>(
      "select tenant_id, entry_id, content from audit.entry",
    );
    for (const { tenant_id, entry_id, content } of rows)
      contents.push((await system.keyring.tenant(tenant_id)).openText(auditCell(entry_id), content));
    const queued = await client.query<{ job: string }>("select job::text from pgboss.job");
    jobs.push(...queued.rows.map((row) => row.job));
  });
  const places = {
    "the log": [stage.server.log()],
    "the mails": mails.map((mail) => mail.subject + mail.text),
    "the audit logs": contents,
    "the queue of jobs": jobs,
  };
  for (const [where, texts] of Object.entries(places)) {
    const found = texts.filter((text) => text.includes(secret) || text.includes(OLD_PASSWORD)).length;
    ledger.note(found === 0, "passwords that were used", where, `${found} in ${texts.length} texts`);
  }
}
