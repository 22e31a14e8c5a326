import { readOutbox } from "../../../kernel/mail.ts";
import { callSolving, openClient, solve } from "../../trust/stage/client.ts";
import { mailedToken, signInAgain } from "../../trust/stage/people.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import type { Ledger } from "./ledger.ts";
import { tokenOnceMailed } from "./mailed.ts";

const NEXT = "Eleven-copper-gates-27";
const nobody = (n: number | string) => `nobody.${n}.${Date.now()}@harrow-finch.example`;

/** Asks for a new password for every kind of address there is: neither answer, nor time, nor mail tells them apart. */
export async function resetsTellNothing(stage: Stage, ledger: Ledger): Promise<void> {
  const { url, system } = stage.server;
  const hire = (name: string) => stage.a.hire(`${name} ${Date.now()}`, "viewer");
  const [known, suspended, removed] = [await hire("Forgetful"), await hire("Away"), await hire("Gone")];
  const owner = stage.a.owner.client;
  await owner.call("PUT", `members/${suspended.id}/suspension`, { body: {} });
  await owner.call("DELETE", `members/${removed.id}`);
  const ask = async (slug: string, address: string) => {
    const answer = await openClient(url, slug).call("POST", "password-resets", { body: { address } });
    const headers = [...answer.headers.keys()].sort().join(" ");
    return `${answer.status} ${answer.text} ${answer.headers.get("set-cookie") ?? ""}${headers}`;
  };
  const unknown = nobody("asked");
  const said = await Promise.all([
    ask(stage.a.slug, known.address),
    ask(stage.a.slug, suspended.address),
    ask(stage.a.slug, removed.address),
    ask(stage.a.slug, unknown),
    ask("no-such-workspace", known.address),
  ]);
  ledger.note(
    new Set(said).size === 1 && (said[0]?.startsWith("202") ?? false),
    "asking for a new password",
    "known, suspended, removed, unknown address, unknown workspace",
    [...new Set(said)].map((answer) => answer.slice(0, 60)).join(" | "),
  );
  await tokenOnceMailed(system, known.address, "reset");
  const links = (await readOutbox(system, 200)).filter((mail) => mail.text.includes("/reset#"));
  const others = links.filter(({ to }) => [suspended.address, removed.address, unknown].includes(to));
  const own = links.filter(({ to }) => to === known.address).length;
  ledger.note(
    own === 1 && others.length === 0,
    "links that were mailed",
    "known address",
    `${own} to its owner, ${others.length} to others`,
  );
}

/** Medians of one of each at a time, side by side. The answers come at steps of time, and what is below a step does not show. */
export async function timeOfResets(stage: Stage, ledger: Ledger): Promise<void> {
  const people = [
    await stage.a.hire(`Timed reset ${Date.now()}`, "viewer"),
    await stage.a.hire(`Timed again ${Date.now()}`, "viewer"),
  ];
  const samples: Record<"known" | "unknown" | "nowhere", number[]> = { known: [], unknown: [], nowhere: [] };
  const once = async (slug: string, address: string) => {
    const client = openClient(stage.server.url, slug);
    // Solved beforehand: where wrong passwords came from this network, one is asked for, and that is no secret.
    const challenge = await solve((await client.call("GET", "session/challenge")).json);
    const began = performance.now();
    await client.call("POST", "password-resets", { body: { address, challenge } });
    return performance.now() - began;
  };
  const unknown = [nobody("a"), nobody("b")];
  const address = people[0]?.address ?? "";
  for (let i = 0; i < 7; i++) {
    const [a, b, c] = await Promise.all([
      once(stage.a.slug, people[i % 2]?.address ?? address),
      once(stage.a.slug, unknown[i % 2] ?? nobody(i)),
      once(`no-such-${i}`, address),
    ]);
    samples.known.push(a);
    samples.unknown.push(b);
    samples.nowhere.push(c);
  }
  const median = (list: number[]) => [...list].sort((x, y) => x - y)[Math.floor(list.length / 2)] ?? 0;
  const [a, b, c] = [median(samples.known), median(samples.unknown), median(samples.nowhere)];
  ledger.note(
    Math.max(a, b, c) / Math.min(a, b, c) < 1.25,
    "time of an answer to a forgotten password",
    "known address, unknown address, unknown workspace",
    `${a.toFixed(1)}, ${b.toFixed(1)}, ${c.toFixed(1)} ms`,
  );
}

/** A new password by mail: one link, once, for its purpose; it ends what is open and opens nothing. */
export async function resetEndsSessions(stage: Stage, ledger: Ledger): Promise<void> {
  const { url, system } = stage.server;
  const person = await stage.a.hire(`Reset ${Date.now()}`, "viewer");
  const second = await signInAgain(person);
  const visitor = openClient(url, stage.a.slug);
  const ask = () => visitor.call("POST", "password-resets", { body: { address: person.address } });
  const use = (token: string, password = NEXT) =>
    openClient(url, stage.a.slug).call("POST", "password-resets/use", { body: { token, password } });
  await ask();
  const older = (await tokenOnceMailed(system, person.address, "reset")) ?? "A".repeat(43);
  await ask();
  const token = await newerThan(stage, person.address, older);
  ledger.status("an older link than the newest", "a mailed link", await use(older), 410);
  const elsewhere = openClient(url, stage.b.slug);
  ledger.status(
    "a new password in another workspace",
    "a mailed link",
    await elsewhere.call("POST", "password-resets/use", { body: { token, password: NEXT } }),
    410,
  );
  ledger.status("a weak one", "a mailed link", await use(token, "Password-1234"), 422);
  const twice = await Promise.all([use(token), use(token)]);
  ledger.note(
    twice.filter((answer) => answer.status === 204).length === 1,
    "the same link twice at the same moment",
    "a mailed link",
    twice.map((answer) => answer.status).join(" and "),
  );
  ledger.note(
    twice.every((answer) => answer.headers.get("set-cookie") === null),
    "cookies that a new password by mail sets",
    "a mailed link",
    "none",
  );
  for (const [which, { client }] of [
    ["one session", person],
    ["another", second],
  ] as const)
    ledger.status(
      `a new password by mail, ${which}`,
      "the next request",
      await client.call("GET", "session"),
      401,
    );
  const signIn = (password: string) =>
    callSolving(openClient(url, stage.a.slug), "POST", "session", { address: person.address, password });
  ledger.status("the old password", "after it", await signIn(person.password), 401);
  ledger.status("the new password", "after it", await signIn(NEXT), 200);
}

async function newerThan(stage: Stage, address: string, older: string): Promise<string> {
  for (let i = 0; i < 200; i++) {
    const token = await mailedToken(stage.server.system, address, "reset").catch(() => older);
    if (token !== older) return token;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return older;
}
