import assert from "node:assert/strict";
import { test } from "node:test";
import { type NoticeFacts, type NoticeKind, noticeKinds } from "../notices/kinds.ts";
import { inWords, languages, TimeZone } from "./language.ts";
import { type Letter, textsIn } from "./texts.ts";

const SECRET = "canary-in-a-fact";
const until = "2027-03-04T12:00:00.000Z";

/** Facts of every kind, with a canary in each text that a person gave. */
const facts: { [K in NoticeKind]: NoticeFacts[K] } = {
  "new-device": { ip: "198.51.100.7", userAgent: SECRET },
  "new-factor": { factor: "passkey", name: SECRET },
  "factor-removed": { factor: "all", by: SECRET },
  "recovery-code-used": { left: 1 },
  "password-known": { ip: "198.51.100.7" },
  "password-changed": { how: "reset" },
  "address-changed": { how: "undone" },
  "role-changed": { role: SECRET, by: SECRET },
  "shared-with-you": { by: SECRET, what: "folder", id: "0", access: "write" },
  "access-opened": { by: SECRET, reason: SECRET, until },
  "support-granted": { by: SECRET, reason: SECRET, until },
  "key-created": { name: SECRET },
  "key-expiring": { name: SECRET, expiresAt: until },
  "handed-over": { from: SECRET, documents: 1, folders: 0, chats: 2 },
  "owner-changed": { from: SECRET, to: SECRET },
  "deleted-with-folder": { by: SECRET, count: 2 },
  "invitation-accepted": { name: SECRET },
  "workspace-closing": { by: SECRET, reason: SECRET, until },
  "workspace-kept": { by: SECRET },
  "workspace-exported": { by: SECRET },
  "people-imported": { count: 3 },
};

test("every language says everything, and no subject says anything of anybody", () => {
  const subjects = new Map<string, Set<string>>();
  for (const language of languages) {
    const texts = textsIn(language);
    const link = `https://x.example/t/a/reset#${SECRET}`;
    const letters: [string, Letter][] = [
      ...Object.entries(texts.links).map(([name, make]): [string, Letter] => [name, make(link)]),
      ["invitation", texts.invitation({ inviter: SECRET, workspace: SECRET, link })],
      ["asked", texts.addressAsked({ to: SECRET, undo: link })],
      ["changed", texts.addressChanged({ to: SECRET, undo: link, until: "then" })],
    ];
    for (const [name, { subject, text }] of letters) {
      assert.ok(!subject.includes(SECRET), `${language} ${name}`);
      assert.ok(text.includes(link), `${language} ${name} has its link`);
      (subjects.get(name) ?? subjects.set(name, new Set()).get(name))?.add(subject);
    }
    for (const kind of noticeKinds) {
      const notice = texts.notices[kind] as {
        subject: string;
        text: (f: unknown, m: () => string) => string;
      };
      const text = notice.text(facts[kind], () => "then");
      assert.ok(!notice.subject.includes(SECRET) && notice.subject.length < 70, `${language} ${kind}`);
      assert.doesNotMatch(text, /undefined|\[object/, `${language} ${kind}`);
      (subjects.get(kind) ?? subjects.set(kind, new Set()).get(kind))?.add(notice.subject);
    }
  }
  // Forgotten translations would be equal.
  for (const [name, said] of subjects) assert.equal(said.size, languages.length, name);
});

test("what a program says of itself is no part of a mail", () => {
  for (const language of languages) {
    const { text } = textsIn(language).notices["new-device"];
    assert.ok(!text({ ip: "192.0.2.1", userAgent: SECRET }, () => "").includes(SECRET));
    const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    assert.ok(text({ ip: "192.0.2.1", userAgent: firefox }, () => "").includes("Firefox, Linux"));
  }
});

test("a moment is said in the reader's language and zone", () => {
  const noon = new Date("2027-07-01T10:00:00.000Z");
  assert.match(inWords(noon, { language: "en", timeZone: "Europe/Zurich" }), /1 July 2027.*12:00.*Zurich/);
  assert.match(inWords(noon, { language: "de", timeZone: "America/New_York" }), /1\. Juli 2027.*06:00/);
  assert.match(inWords(noon, { language: "fr", timeZone: "UTC" }), /1 juillet 2027.*10:00/);
});

test("time zones are those of the database", () => {
  for (const zone of ["UTC", "Europe/Zurich", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
    assert.ok(TimeZone.safeParse(zone).success, zone);
  for (const zone of ["", "Mars/Base", "+01:00", "Europe/Zurich\n", "x".repeat(61), "../../etc", "\ud800"])
    assert.equal(TimeZone.safeParse(zone).success, false, zone);
});
