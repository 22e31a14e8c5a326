import type { Finding } from "../../../kernel/controls.ts";
import type { Person } from "../../trust/stage/people.ts";
import { shareWith } from "../../trust/stage/workspace.ts";
import type { Office } from "./colleagues.ts";
import { notes, thingsOf } from "./colleagues-sharing.ts";

/** An admin reads others' content by an opening alone: on record, told to its owner, to read, for its time. */
export async function byOpening(office: Office): Promise<Finding[]> {
  const { owner, admin, manager, viewer } = office.people;
  const findings: Finding[] = [];
  const asAdmin = notes(findings, admin);
  const mine = thingsOf(office, manager);
  const open = (kind: string, id: string) => ({
    of: { kind, id },
    reason: "Illness of a colleague",
    minutes: 5,
  });
  const events = async (event: string): Promise<string[]> => {
    const { json } = await owner.client.call("GET", `audit?event=${event}&limit=200`);
    return json.items.map((entry: { resource: { id: string } }) => entry.resource.id);
  };

  const things = [
    ["document", mine.filed, `documents/${mine.filed}`, "PATCH", { name: "Seen.txt" }],
    ["folder", mine.folder, `folders/${mine.folder}`, "PATCH", { name: "Seen" }],
    ["chat", mine.chat, `chats/${mine.chat}`, "PATCH", { title: "Seen" }],
  ] as const;
  for (const [kind, id, path, change, body] of things) {
    await asAdmin.answers("GET", path, 404, "nothing is opened");
    const opened = await asAdmin.answers("POST", "openings", 201, `opening a ${kind}`, open(kind, id));
    await asAdmin.answers("GET", path, 200, "opened");
    await asAdmin.answers(change, path, 403, "opened", body);
    await asAdmin.answers("DELETE", path, 403, "opened");
    const read = (await events("content.read")).includes(id);
    asAdmin.is(read, "the audit log", `after reading the ${kind}`, read ? "names it" : "is silent");
    const told = (await manager.client.call("GET", "account/openings")).json.items[0];
    const inList = (await manager.client.call("GET", `${path}/access`)).json.openings[0];
    const knows = told?.id === opened.json?.id && inList?.by.id === admin.id;
    asAdmin.is(knows, `the owner of the ${kind}`, "while it is open", knows ? "sees it" : "knows nothing");
    await asAdmin.answers("DELETE", `openings/${opened.json?.id}`, 204, "ending it");
    await asAdmin.answers("GET", path, 404, "it was ended");
  }
  const notices = (await manager.client.call("GET", "notices")).json.items as { kind: string }[];
  const count = notices.filter(({ kind }) => kind === "access-opened").length;
  asAdmin.is(
    count === things.length,
    "notices to the owner",
    "after the openings",
    `${count} of ${things.length}`,
  );

  const all = await asAdmin.answers(
    "POST",
    "openings",
    201,
    "opening all of a member",
    open("member", manager.id),
  );
  for (const [, , path] of things) await asAdmin.answers("GET", path, 200, "all of a member is opened");
  const found = (await admin.client.call("GET", `search?q=${mine.word}`)).json.items.length;
  asAdmin.is(found === 0, "GET /search", "all of a member is opened", `${found} of theirs found`);
  await asAdmin.answers(
    "GET",
    `documents/${thingsOf(office, office.people.colleague).document}`,
    404,
    "another's",
  );
  await asAdmin.answers("DELETE", `openings/${all.json?.id}`, 204, "ending it");
  await asAdmin.answers("GET", `documents/${mine.document}`, 404, "it was ended");

  // Whoever asks in an opened chat, and was not told of it, asks behind a closed door. The colleague had asked there
  // before, and was told.
  const { colleague } = office.people;
  for (const { id } of [colleague, viewer])
    await shareWith(manager.client, "chat", mine.chat, { kind: "member", id }, "write");
  const door = await asAdmin.answers("POST", "openings", 201, "opening a chat", open("chat", mine.chat));
  const asks = async (person: Person, text: string) =>
    notes(findings, person).answers("POST", `chats/${mine.chat}/questions`, 201, "asking there", { text });
  await asks(viewer, "Where does the sealed letter lie?");
  await asks(colleague, "Where does the open letter lie?");
  const sees = async (person: Person, words: string) =>
    (await person.client.call("GET", `chats/${mine.chat}`)).text.includes(words);
  const expect = async (person: Person, who: string, words: string, seen: boolean) => {
    const got = await sees(person, words);
    asAdmin.is(got === seen, "a question asked after the opening", who, got ? "seen" : "hidden");
  };
  await expect(admin, "of whom nobody told", "sealed letter", false);
  await expect(admin, "of who was told", "open letter", true);
  await expect(manager, "the chat's owner", "sealed letter", true);
  await asAdmin.answers("DELETE", `openings/${door.json?.id}`, 204, "ending it");

  const ofOwner = thingsOf(office, owner);
  for (const [kind, id] of [
    ["document", ofOwner.document],
    ["folder", ofOwner.folder],
    ["chat", ofOwner.chat],
    ["member", owner.id],
  ] as const)
    await asAdmin.answers("POST", "openings", 403, `a ${kind} of somebody with more rights`, open(kind, id));
  for (const person of [manager, viewer])
    await notes(findings, person).answers(
      "POST",
      "openings",
      403,
      "no admin",
      open("document", ofOwner.document),
    );
  return findings;
}
