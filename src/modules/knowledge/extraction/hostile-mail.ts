import type { HostileFile } from "./hostile-files.ts";
import { bomb, zipOf } from "./hostile-zips.ts";

const honest = /The honest words/;
const HEAD = "From: a@b.example\r\nTo: c@d.example\r\nSubject: Keys\r\nMIME-Version: 1.0\r\n";
const base64 = (bytes: Buffer) => bytes.toString("base64").replace(/.{76}/g, "$&\r\n");

/** A message of these parts, the first of them its text. */
function mail(...parts: string[]): Buffer {
  const all = ["Content-Type: text/plain\r\n\r\nThe honest words", ...parts];
  return Buffer.from(
    `${HEAD}Content-Type: multipart/mixed; boundary=x\r\n\r\n${all.map((part) => `--x\r\n${part}\r\n`).join("")}--x--\r\n`,
  );
}
const attached = (name: string, bytes: Buffer) =>
  `Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(bytes)}`;

/** Messages that nest, repeat, lie about their names, and carry what should not be opened. */
export const hostileMail: readonly HostileFile[] = [
  {
    name: "parts in parts.eml",
    bytes: () => {
      const open = Array.from(
        { length: 5000 },
        (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
      );
      return Buffer.from(`${HEAD}${open.join("")}\r\nWords`);
    },
    verdict: { code: "damaged" },
  },
  {
    name: "forwarded thirty times.eml",
    bytes: () => {
      let inner = `${HEAD}\r\nThe innermost words`;
      for (let i = 0; i < 30; i++)
        inner = `${HEAD}Content-Type: multipart/mixed; boundary=y${i}\r\n\r\n--y${i}\r\n\r\nThe honest words\r\n--y${i}\r\nContent-Type: message/rfc822\r\n\r\n${inner}\r\n--y${i}--\r\n`;
      return Buffer.from(inner);
    },
    verdict: { text: honest, without: /innermost/ },
  },
  {
    name: "bomb attached.eml",
    bytes: () => mail(attached("bomb.zip", zipOf([["big.txt", bomb]]))),
    verdict: { text: /The honest words[\s\S]*\[bomb\.zip: The file unpacks to far more/, without: /aaaa/ },
  },
  {
    name: "names.eml",
    bytes: () =>
      mail(
        attached("../../etc/passwd.txt", Buffer.from("one")),
        attached("=?utf-8?Q?a=00b=0Ac=E2=80=AEtxt.exe?=", Buffer.from("two")),
        attached(`${"n".repeat(5000)}.txt`, Buffer.from("three")),
      ),
    verdict: {
      text: /passwd\.txt\none[\s\S]*txt\.exe: [\s\S]*three/,
      without: /[^\P{Cc}\n]|\u202e|n{400}|\.\.\//u,
    },
  },
  {
    name: "winmail.eml",
    bytes: () => mail(attached("winmail.dat", Buffer.from("789f3e2201", "hex"))),
    verdict: { text: /winmail\.dat: This is what a mail program made/ },
  },
  {
    name: "program attached.eml",
    bytes: () => mail(attached("x.exe", Buffer.from("MZ evil".padEnd(80, "\0")))),
    verdict: { text: /x\.exe: This is a program/, without: /evil/ },
  },
  {
    name: "head of 3 MB.eml",
    bytes: () => Buffer.from(`${HEAD}X-Long: ${"x".repeat(3_000_000)}\r\n\r\nWords`),
    verdict: { code: "damaged" },
  },
  {
    name: "three thousand attachments.eml",
    bytes: () =>
      mail(...Array.from({ length: 3000 }, (_, i) => attached(`${i}.txt`, Buffer.from(`words ${i}`)))),
    verdict: { text: /words 99[\s\S]*not read, like all after the first 100/, without: /words 101/ },
  },
  {
    name: "words that are none.eml",
    bytes: () =>
      Buffer.from(
        `From: =?x-no-such?Q?a?= <a@b.example>\r\nSubject: =?utf-8?B?////?= =?utf-8?Q?=FF=00=1B[2J?=\r\nMIME-Version: 1.0\r\nTo: c@d.example\r\nContent-Type: text/plain; charset=no-such\r\n\r\nThe honest words\r\n`,
      ),
    verdict: { text: honest, without: /[^\P{Cc}\n]/u },
  },
  {
    name: "script.eml",
    bytes: () =>
      Buffer.from(
        `${HEAD}Content-Type: text/html\r\n\r\n<html><script>evil()</script><img src="http://127.0.0.1:9/evil"><p>The honest words`,
      ),
    verdict: { text: honest, without: /evil/ },
  },
];
