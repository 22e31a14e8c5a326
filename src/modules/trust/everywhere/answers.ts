import type { Finding } from "../../../kernel/controls.ts";
import { type Client, expectStatus } from "../stage/client.ts";
import { finding } from "../stage/finding.ts";
import { ask, shareWith, upload, waitUntilReady } from "../stage/workspace.ts";
import { capital, idOf, type Scene, type Secret, type Stranger, toldIn } from "./scene.ts";

/**
 * What an answer is made of: whoever asks gets nothing out of what they may not see, and a question that goes on with
 * the one before is completed with nothing that is hidden from whoever asks it.
 */
export async function answers({ secrets, strangersTo }: Scene): Promise<Finding[]> {
  // Each in a company of its own.
  const found = await Promise.all(secrets.map((secret) => outOf(secret, strangersTo(secret))));
  return found.flat();
}

async function outOf(secret: Secret, strangers: readonly Stranger[]): Promise<Finding[]> {
  const question = `What does the ${secret.words[0]} of ${secret.words[1]} cost?`;
  const own = await ask(secret.owner.client, question);
  const theirs = await Promise.all(
    strangers.map(async ({ person, who }) => {
      const got = await ask(person.client, question);
      const clean = !got.text.includes("4,711") && got.citations.length === 0;
      return finding(clean, "an answer", who, clean ? "nothing found" : got.text.slice(0, 60));
    }),
  );
  return [
    finding(own.text.includes("4,711"), "an answer", "who may see its source", own.text.slice(0, 40)),
    ...theirs,
    ...(await goingOn(secret, strangers[0]?.person.client)),
  ];
}

/** In a chat that a colleague may write, after an answer out of a document that they may not read. */
async function goingOn(secret: Secret, colleague: Client | undefined): Promise<Finding[]> {
  if (!colleague) throw new Error("nobody to go on");
  const { client } = secret.owner;
  const { chat } = await ask(client, `Who is asked for the ${secret.words[0]}?`);
  const me = (await colleague.call("GET", "session")).json.me.id;
  await shareWith(client, "chat", chat, { kind: "member", id: me }, "write");
  const name = capital(secret.words[2]);
  const goOn = async (who: Client): Promise<string> => {
    const body = { text: "What is her phone number?" };
    const path = `chats/${chat}/questions`;
    return expectStatus(await who.call("POST", path, { body }), 201, "going on").json.answer.id;
  };
  // A document of the colleague's own, which only the name finds: an answer out of it tells that the name was lent.
  const bait = Buffer.from(`Phone number of ${name}: 01632 960 777.\n`);
  const [own] = await upload(colleague, [{ name: "Numbers.txt", bytes: bait }]);
  await waitUntilReady(colleague, [own?.id ?? ""]);
  const theirAnswer = await goOn(colleague);
  const hidden = await answered(colleague, chat, theirAnswer);
  const told = `${hidden?.followUp} ${hidden?.text}`;
  // What the colleague is not shown of it, the owner of both is: there is something, and it is the question's words alone.
  const wrote = (await answered(client, chat, theirAnswer))?.followUp ?? null;
  const isClean = wrote?.includes(secret.words[0]) === true && !wrote.includes(name);
  const findings = [
    finding(
      !told.includes(name) && !told.includes("960 777"),
      "a question that goes on",
      "who may not see what it leans on",
      told.slice(0, 80),
    ),
    finding(isClean, "what it was completed with", "the same, as the owner reads it", String(wrote)),
  ];
  const other = await idOf(client, "chats", {});
  const first = expectStatus(
    await client.call("POST", `chats/${other}/questions`, {
      body: { text: `Who is asked for the ${secret.words[0]}?` },
    }),
    201,
    "asking",
  );
  await answered(client, other, first.json.answer.id);
  const next = expectStatus(
    await client.call("POST", `chats/${other}/questions`, { body: { text: "What is her phone number?" } }),
    201,
    "going on",
  );
  const shown = await answered(client, other, next.json.answer.id);
  const lent = String(shown?.followUp).includes(name);
  findings.push(
    finding(lent, "a question that goes on", "who may see what it leans on", String(shown?.followUp)),
  );
  // Shared with somebody who may not see the document: the words are not shown to them either.
  await shareWith(client, "chat", other, { kind: "member", id: me });
  const theirs = await colleague.call("GET", `chats/${other}`);
  const leak = toldIn(
    JSON.stringify(theirs.json.messages.filter((m: { author: string }) => m.author !== "person")),
    {
      ...secret,
      chat: other,
      words: [name, name, name],
    },
  );
  return [
    ...findings,
    finding(
      leak === null,
      "what a question was completed with",
      "who may not see where from",
      leak ?? "hidden",
    ),
  ];
}

interface Answered {
  readonly text: string;
  readonly followUp: string | null;
}

async function answered(client: Client, chat: string, id: string): Promise<Answered | undefined> {
  for (let tries = 0; tries < 300; tries++) {
    const { json } = await client.call("GET", `chats/${chat}`);
    const message = json?.messages.find((m: { id: string }) => m.id === id);
    if (message && message.state !== "working") return message;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return undefined;
}
