import { setTimeout as sleep } from "node:timers/promises";
import type { Finding } from "../../../kernel/controls.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import type { System } from "../../../kernel/system.ts";
import { watchDecoys } from "../canaries/decoys.ts";
import { PROOF_HEADER, proofOfRunner } from "../canaries/proof.ts";
import { openSessions } from "../canaries/sessions.ts";
import { noteFilled, readCanaries } from "../canaries/store.ts";
import { makeTenants } from "../canaries/tenants.ts";
import { type Client, expectStatus, openClient } from "../stage/client.ts";
import { finding } from "../stage/finding.ts";
import type { Stage } from "../stage/stage.ts";
import { upload } from "../stage/workspace.ts";

/** Touches a canary in each way that there is, and asks for a lot that is none. */
export async function checkDecoys(stage: Stage): Promise<Finding[]> {
  const { system } = stage.server;
  await someCanaries(system);
  await withoutAlarms(stage);
  // Anew: what it told a moment ago it would not tell again.
  await watchDecoys(system);
  try {
    return [...(await checkOrdinary(stage)), ...(await checkTouches(stage))];
  } finally {
    await withoutAlarms(stage);
    system.decoys.current = null;
  }
}

/** The canaries with their members, and with nothing of theirs where nobody has filled them: enough for what names them. */
export async function someCanaries(system: System): Promise<void> {
  await makeTenants(system);
  for (const canary of await readCanaries(system))
    if (canary.version === null)
      await noteFilled(system, canary, { ...canary.secrets, keysMadeAt: system.clock().toISOString() });
}

/** A day's work of somebody at another customer, and of the runner itself. */
async function checkOrdinary(stage: Stage): Promise<Finding[]> {
  const { system, url } = stage.server;
  const { client } = stage.a.people.manager[0];
  const [document] = await upload(client, [
    { name: "Ordinary.txt", bytes: Buffer.from("An ordinary text.\n") },
  ]);
  const id = document?.id;
  const paths = [
    "documents",
    `documents/${id}`,
    "folders",
    "chats",
    "members",
    "search?q=ordinary",
    "notices",
    "groups",
  ];
  for (const path of [...paths, `documents/${id}/original`, "documents/01890a5d-ac96-774b-bcce-b302099a8057"])
    await client.call("GET", path);
  await stage.founder.operator.client.call("GET", "attacks");
  await openClient(url, "nobody-at-all").call("POST", "session", {
    body: { address: "a@b.example", password: "x" },
  });
  const [canary] = await readCanaries(system);
  const headers = { [PROOF_HEADER]: await proofOfRunner(system) };
  for (const path of ["folders", `members/${canary?.secrets.people[0]?.id}`])
    await openClient(url, canary?.slug ?? "").call("GET", path, { headers });
  const raised = await alarms(stage);
  return [
    finding(
      raised.length === 0 && canary !== undefined,
      "ordinary traffic",
      "a customer, the operator, a visitor and the runner",
      raised.join(", ") || "no alarm",
    ),
  ];
}

async function checkTouches(stage: Stage): Promise<Finding[]> {
  const { system, url } = stage.server;
  const [canary] = await readCanaries(system);
  const [member] = canary?.secrets.people ?? [];
  const [, thing] = canary?.secrets.people ?? [];
  if (!canary || !member || !thing) throw new Error("the canaries are empty");
  const { client } = stage.a.people.manager[0];
  const { marker } = canary.secrets;
  const sessions = openSessions(system);
  const findings: Finding[] = [];
  const raises = async (
    what: string,
    who: string,
    expected: string,
    tenant: string | null,
    touch: () => Promise<unknown>,
  ) => {
    await withoutAlarms(stage);
    await watchDecoys(system);
    await touch();
    const wanted = `${expected} ${tenant}`;
    const seen = await until(stage, wanted);
    findings.push(finding(seen.includes(wanted), what, who, seen.join(", ") || "no alarm"));
  };
  await raises("a sign-in to a canary", "a visitor", "sign-in", null, () =>
    openClient(url, canary.slug).call("POST", "session", {
      body: { address: member.address, password: "Wrong" },
    }),
  );
  await raises("a session in a canary", "whoever took it", "session", canary.id, async () => {
    const stolen = openClient(url, canary.slug);
    const { cookies } = await sessions.open(canary, member.id);
    for (const [name, value] of Object.entries(cookies as Record<string, string>))
      stolen.cookies.set(name, value); // as: made by `openSessions`
    await stolen.call("GET", "folders");
  });
  await sessions.endAll();
  for (const [where, path] of [
    ["path", `documents/${thing.id}`],
    ["query", `documents?folder=${thing.id}`],
    ["path, in escapes", `documents/${thing.id.replace("-", "%2D")}`],
  ] as const)
    await raises(`an identifier in the ${where}`, "another customer", "named", stage.a.id, () =>
      client.call("GET", path),
    );
  await raises("a canary’s name", "nobody", "named", null, () =>
    openClient(url, canary.slug).call("GET", `/t/${canary.slug}`),
  );
  // Their own text: that it holds the marker is what counts, however it came there.
  const folder = expectStatus(
    await client.call("POST", "folders", { body: { name: `Leaked ${marker}`, parent: null } }),
    201,
    "a folder",
  );
  await raises("an answer with the marker", "another customer", "answer", stage.a.id, () =>
    client.call("GET", "folders"),
  );
  await client.call("DELETE", `folders/${folder.json.id}`);
  await raises("a download with the marker", "another customer", "answer", stage.a.id, () =>
    download(client, marker),
  );
  await raises("a job with a canary’s object", "another customer’s job", "job", stage.a.id, () =>
    unit(jobContext(system, { tenantId: stage.a.id, slug: stage.a.slug }), (ctx) =>
      system.jobs.enqueue(ctx, "knowledge.read-document", thing.id),
    ),
  );
  const told = (await readOutbox(system)).filter(({ subject }) => subject === "A canary was touched");
  findings.push(
    finding(
      told.length > 0 && !told.some(({ text }) => text.includes(marker)),
      "a mail to the operator",
      "the outbox",
      `${told.length} mails`,
    ),
  );
  const page = await openClient(url, "operator").call("GET", "/security.json");
  const { touched } = page.json.live;
  findings.push(
    finding(touched?.ninetyDays > 0, "that a canary was touched", "the page", touched?.words ?? "is silent"),
  );
  return findings;
}

/** The marker stands across two parts of what is sent. */
async function download(client: Client, marker: string): Promise<void> {
  const bytes = Buffer.from(`${"x".repeat(65_536 - 7)}${marker}\n`);
  const [document] = await upload(client, [{ name: "Leaked.txt", bytes }]);
  await client.call("GET", `documents/${document?.id}/original`);
  await client.call("DELETE", `documents/${document?.id}`);
}

/** Alarms are kept a moment after the answer. */
async function until(stage: Stage, wanted: string): Promise<string[]> {
  for (let turns = 0; ; turns++) {
    const seen = await alarms(stage);
    if (seen.includes(wanted) || turns === 60) return seen;
    await sleep(50);
  }
}

async function alarms({ server: { system } }: Stage): Promise<string[]> {
  const { rows } = await system.pool.query<{ kind: string; tenant_id: string | null }>(
    "select kind, tenant_id from platform.alarm order by at",
  );
  return rows.map(({ kind, tenant_id }) => `${kind} ${tenant_id}`);
}

async function withoutAlarms(stage: Stage): Promise<void> {
  await stage.sql("postgres", async (client) => {
    await client.query("delete from platform.alarm");
    await client.query("commit");
  });
}
