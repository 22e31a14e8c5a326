import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Finding } from "../../../kernel/controls.ts";
import { rates } from "../../../kernel/limits/token-bucket.ts";
import { accessCookie } from "../../../kernel/routes/guards.ts";
import { type Answer, type Client, expectStatus, openClient } from "../../trust/stage/client.ts";
import { finding } from "../../trust/stage/finding.ts";
import { credentialsOf, forEach, knockAt, liveOperations } from "../../trust/stage/live-operations.ts";
import type { Company, Person } from "../../trust/stage/people.ts";
import { inPieces, total } from "../../trust/stage/pieces.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { upload, waitUntilReady } from "../../trust/stage/workspace.ts";

const SCOPE = ["document.read", "folder.read", "member.read", "tenant.read"];
/** Never a key's, whoever makes it: what belongs to the account, and what hands out rights. */
const NEVER =
  /^(account|notice|key|role|policy|operator|support|content|audit|member\.(?!read$)|group\.(?!read$)|tenant\.(?!read$))/;

/** API keys: how they are made and kept, what they reach, from where, and when they end. */
export const apiKeysCheck = inPieces(
  (stage) => stage.founder.found(`keyed-${randomBytes(4).toString("hex")}`, "Keyed Entry", "Kalle Frost"),
  {
    kept: howItIsKept,
    reach: whatItReaches,
    rights: (_, firm) => whoseRights(firm),
    shown: howItIsShown,
    networks: (_, firm) => fromWhere(firm),
    folder: (_, firm) => inAFolder(firm),
    end: whenItEnds,
    rate: (_, firm) => itsOwnRate(firm),
  },
  (counts) => ({ summary: `${total(counts)} attempts with keys, on every route of the running server` }),
);

interface Asked {
  readonly permissions?: readonly string[];
  readonly folder?: string | null;
  readonly networks?: readonly string[];
  readonly days?: number;
}

const ask = (client: Client, asked: Asked): Promise<Answer> =>
  client.call("POST", "keys", {
    body: { name: "A program", permissions: SCOPE, folder: null, networks: [], days: 90, ...asked },
  });

async function make({ client }: Person, asked: Asked = {}): Promise<{ id: string; key: string }> {
  return expectStatus(await ask(client, asked), 201, "making a key").json;
}

/** A program: no cookies, and the key in the one place for it. */
function call(firm: Company, key: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const program = openClient(firm.owner.client.origin, firm.slug);
  const headers = { authorization: `Bearer ${key}` };
  return program.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
}

const expect = (answer: Answer, status: number, what: string, who: string, code?: string): Finding => {
  const said = answer.json?.error?.code;
  const right = answer.status === status && (code === undefined || said === code);
  return finding(right, what, who, `${answer.status} ${said ?? ""}`.trim());
};

async function howItIsKept(stage: Stage, { owner }: Company): Promise<Finding[]> {
  const before = stage.server.log().length;
  const { id, key } = await make(owner);
  const listed = await owner.client.call("GET", "keys");
  const again = await make(owner);
  const findings = [
    finding(/^vsk_[0-9A-Za-z]{49}$/.test(key), "the form of a key", "its maker", `${key.length} characters`),
    finding(key !== again.key, "two keys", "their maker", key === again.key ? "the same" : "two"),
    finding(
      !listed.text.includes(key.slice(10)),
      "a key in any later answer",
      "its maker",
      "its beginning only",
    ),
    finding(
      !stage.server.log().slice(before).includes(key.slice(10)),
      "a key in the log",
      "the operator",
      "not there",
    ),
  ];
  await stage.sql("postgres", async (client) => {
    const { rows } = await client.query<{ hash: string; whole: string; days: number }>(
      `select encode(key_hash, 'hex') as hash, k::text as whole, extract(epoch from expires_at - created_at)::float8 / 86400 as days
         from api_key k where key_id = $1`,
      [id],
    );
    const [row] = rows;
    const right = createHash("sha256").update(key).digest("hex");
    findings.push(
      finding(
        row?.hash === right,
        "what is stored of it",
        "the database",
        row?.hash === right ? "its SHA-256" : "something else",
      ),
      finding(
        row !== undefined && !row.whole.includes(key.slice(10)),
        "the key itself",
        "the database",
        "not there",
      ),
      finding(row !== undefined && row.days <= 90, "how long it lives", "the database", `${row?.days} days`),
    );
  });
  for (const [what, asked] of [
    ["a key for 91 days", { days: 91 }],
    ["a key for ever", { days: 0 }],
    ["a key for nothing", { permissions: [] }],
    ["a key of a network that is none", { networks: ["192.0.2.7/24"] }],
  ] as const)
    findings.push(expect(await ask(owner.client, asked), 422, what, "owner"));
  return findings;
}

/** Every route of the running server with a key of a few permissions, and with one of all that a key can have. */
async function whatItReaches(stage: Stage, firm: Company): Promise<Finding[]> {
  const operations = (await liveOperations(stage)).filter((o) => o.permission !== null);
  const { json } = await firm.owner.client.call("GET", "keys");
  const all: string[] = json.mayHold;
  const findings = all.map((key) =>
    finding(
      !NEVER.test(key),
      `permission ${key}`,
      "a key",
      NEVER.test(key) ? "can have it" : "is made for keys",
    ),
  );
  for (const [who, permissions] of [
    ["a key of few permissions", SCOPE],
    ["a key of all that keys can have", all],
  ] as const) {
    const { key } = await make(firm.owner, { permissions });
    const got = await forEach(operations, async (operation) => ({
      operation,
      ...(await knockAt(stage, firm.slug, operation, { authorization: `Bearer ${key}` })),
    }));
    for (const { operation, status, code, outside } of got) {
      const inScope = permissions.includes(operation.permission ?? "");
      // One's own account asks for a person before it asks for anything else.
      const refused = outside || code === "not_signed_in";
      const right = inScope ? !outside && status !== 401 && status < 500 : refused;
      findings.push(finding(right, operation.name, who, `${status} ${code ?? ""}`.trim()));
    }
  }
  return findings;
}

/** Never more than its owner holds now. */
async function whoseRights(firm: Company): Promise<Finding[]> {
  // Hired as an admin for the second factor that making keys asks for.
  const person = await firm.hire("Wilma Program", "admin");
  const { key } = await make(person, { permissions: ["document.upload", "member.read", "folder.create"] });
  const folder = (name: string) => call(firm, key, "POST", "folders", { name, parent: null });
  const findings = [
    expect(
      await folder("Made by a program"),
      201,
      "a change without the proof against forged requests",
      "a key",
    ),
    expect(
      await ask(person.client, { permissions: ["policy.change"] }),
      403,
      "a key of what its maker lacks",
      "admin",
    ),
    expect(
      await ask(person.client, { permissions: ["account.password"] }),
      403,
      "a key of one's own account",
      "admin",
    ),
  ];
  const lower = (role: string) => firm.owner.client.call("PATCH", `members/${person.id}`, { body: { role } });
  expectStatus(await lower("viewer"), 204, "lowering a role");
  findings.push(
    expect(await folder("After that"), 403, "what its owner may no longer do", "a key", "forbidden"),
    expect(await call(firm, key, "GET", "members"), 200, "what its owner still may", "a key"),
  );
  await firm.owner.client.call("PUT", `members/${person.id}/suspension`, { body: {} });
  findings.push(expect(await call(firm, key, "GET", "members"), 401, "its owner is suspended", "a key"));
  await firm.owner.client.call("DELETE", `members/${person.id}/suspension`);
  findings.push(
    expect(await call(firm, key, "GET", "members"), 401, "its owner was let back in", "a key of before"),
  );
  return findings;
}

/** In the header only, alone, unaltered, in its own workspace. */
async function howItIsShown(stage: Stage, firm: Company): Promise<Finding[]> {
  const { owner, slug } = firm;
  const { key } = await make(owner);
  const last = key.at(-1) === "0" ? "1" : "0";
  const send = (headers: Record<string, string>, path = "tenant", at = slug) =>
    openClient(stage.server.url, at).call("GET", path, { headers });
  const bearer = { authorization: `Bearer ${key}` };
  return [
    expect(await send(bearer), 200, "a key", "its program"),
    expect(
      await send({ authorization: `Bearer ${key.slice(0, -1)}${last}` }),
      401,
      "another checksum",
      "a look-alike",
      "key_invalid",
    ),
    expect(await send({ authorization: `Basic ${key}` }), 401, "as a password", "a program"),
    expect(
      await send({ ...bearer, ...credentialsOf(owner.client) }),
      400,
      "beside a session",
      "a browser",
      "two_credentials",
    ),
    expect(await send({ cookie: `${accessCookie(slug)}=${key}` }), 401, "in a cookie", "a browser"),
    expect(
      await send({}, `tenant?authorization=${key}&key=${key}&access_token=${key}`),
      401,
      "in an address",
      "a program",
    ),
    expect(await send({ "x-api-key": key }), 401, "in another header", "a program"),
    expect(
      await send(bearer, "tenant", stage.b.slug),
      401,
      "in another workspace",
      "a program",
      "key_invalid",
    ),
    expect(
      await send(bearer, "tenant", "nobody-is-here"),
      401,
      "in a workspace that is none",
      "a program",
      "key_invalid",
    ),
  ];
}

async function fromWhere(firm: Company): Promise<Finding[]> {
  const [here, elsewhere] = [
    await make(firm.owner, { networks: ["127.0.0.0/8", "::1"] }),
    await make(firm.owner, { networks: ["203.0.113.0/24"] }),
  ];
  return [
    expect(await call(firm, here.key, "GET", "tenant"), 200, "from its network", "a program"),
    expect(
      await call(firm, elsewhere.key, "GET", "tenant"),
      403,
      "from another network",
      "a program",
      "network_refused",
    ),
  ];
}

async function inAFolder(firm: Company): Promise<Finding[]> {
  const { client } = firm.owner;
  const made = await client.call("POST", "folders", { body: { name: "For programs", parent: null } });
  const folder = expectStatus(made, 201, "making a folder").json.id as string;
  const word = `beacon${randomBytes(4).toString("hex")}`;
  const bytes = Buffer.from(`The ${word} is kept in the boathouse.\n`);
  const [inside] = await upload(client, [{ name: "Inside.txt", bytes }]);
  const [outside] = await upload(client, [{ name: "Outside.txt", bytes }]);
  if (!inside || !outside) throw new Error("nothing was uploaded");
  await waitUntilReady(client, [inside.id, outside.id]);
  expectStatus(
    await client.call("PUT", `documents/${inside.id}/folder`, { body: { folder } }),
    200,
    "moving",
  );
  const { key } = await make(firm.owner, {
    folder,
    permissions: [...SCOPE, "search.use", "document.download"],
  });
  const who = "a key of a folder";
  const only = async (what: string, path: string) => {
    const { status, text } = await call(firm, key, "GET", path);
    const right = status === 200 && text.includes(inside.id) && !text.includes(outside.id);
    return finding(
      right,
      what,
      who,
      `${status}, ${text.includes(outside.id) ? "others, too" : "what lies in it"}`,
    );
  };
  return [
    expect(await call(firm, key, "GET", `documents/${inside.id}`), 200, "a document in it", who),
    expect(await call(firm, key, "GET", `documents/${outside.id}`), 404, "a document beside it", who),
    expect(await call(firm, key, "GET", `documents/${outside.id}/original`), 404, "its original", who),
    await only("the list of documents", "documents"),
    await only("a search", `search?q=${word}`),
    expect(await ask(client, { folder: inside.id }), 404, "a key of a folder that is none", "owner"),
  ];
}

async function whenItEnds(stage: Stage, firm: Company): Promise<Finding[]> {
  const { client } = firm.owner;
  const [ended, expired, used] = [await make(firm.owner), await make(firm.owner), await make(firm.owner)];
  const works = await call(firm, ended.key, "GET", "tenant");
  expectStatus(await client.call("DELETE", `keys/${ended.id}`), 204, "ending a key");
  await stage.sql("postgres", async (db) => {
    const back = "update api_key set expires_at = now() - interval '1 second' where key_id = $1";
    await db.query(back, [expired.id]);
    await db.query("commit");
  });
  const ofOther = await stage.b.owner.client.call("DELETE", `workspace-keys/${used.id}`);
  const findings = [
    expect(works, 200, "before it was ended", "a program"),
    expect(
      await call(firm, ended.key, "GET", "tenant"),
      401,
      "after it was ended",
      "a program",
      "key_invalid",
    ),
    expect(
      await call(firm, expired.key, "GET", "tenant"),
      401,
      "a second after it ran out",
      "a program",
      "key_invalid",
    ),
    expect(ofOther, 404, "ended by another workspace's owner", "owner of B"),
    expect(await call(firm, used.key, "GET", "tenant"), 200, "after that", "a program"),
  ];
  const lastUse = async () => {
    const { json } = await client.call("GET", "keys");
    return json.items.find((k: { id: string }) => k.id === used.id)?.lastUsedAt as string | null;
  };
  let seen = await lastUse();
  for (let tries = 0; seen === null && tries < 20; tries++) {
    await sleep(100);
    seen = await lastUse();
  }
  return [...findings, finding(seen !== null, "its last use", "its owner", seen ?? "not shown")];
}

/** A class of its own: a program is not allowed what a person is. Its bucket has a test beside the guards. */
async function itsOwnRate(firm: Company): Promise<Finding[]> {
  const { key } = await make(firm.owner);
  const limit = (answer: Answer) => Number(answer.headers.get("ratelimit-limit"));
  const [person, program] = [
    limit(await firm.owner.client.call("GET", "tenant")),
    limit(await call(firm, key, "GET", "tenant")),
  ];
  const right = program > 0 && program * rates.read.burst === person * rates["key-read"].burst;
  return [finding(right, "the limit of a key", "a program", `${program} where a person has ${person}`)];
}
