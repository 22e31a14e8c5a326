import { crc32, deflateRawSync } from "node:zlib";
import type { HostileFile } from "./hostile-files.ts";

const honest = /The honest words/;
const WORDS = Buffer.from("The honest words");

type Lies = { flags?: number; bytes?: number; sum?: number; at?: number };

const packedOnce = new WeakMap<Buffer, Buffer>();
/** 18 MB that pack to 18 KB. */
export const bomb = Buffer.alloc(18_000_000, "a");

/** A zip of these entries, packed; `lies` go into an entry's headers in the place of the truth. */
export function zipOf(entries: readonly (readonly [name: string, bytes: Buffer, lies?: Lies])[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, bytes, lies = {}] of entries) {
    const packed = packedOnce.get(bytes) ?? deflateRawSync(bytes);
    packedOnce.set(bytes, packed);
    const title = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE((lies.flags ?? 0) | 0x800, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(lies.sum ?? crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(lies.bytes ?? bytes.length, 18);
    common.writeUInt16LE(title.length, 22);
    const entry = Buffer.alloc(46);
    entry.write("PK\x01\x02", "latin1");
    entry.set(common, 6);
    entry.writeUInt32LE(lies.at ?? at, 42);
    const file = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, title, packed]);
    files.push(file);
    directory.push(entry, title);
    at += file.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...files, ...directory, end]);
}

const named = (...names: string[]) =>
  zipOf(names.map((name, i) => [name, Buffer.from(`words ${i}`)] as const));

/** Archives that unpack to more than anyone sent, lie about what they hold, or name their files to be somewhere else. */
export const hostileZips: readonly HostileFile[] = [
  { name: "empty.zip", bytes: () => zipOf([]), verdict: { code: "no_text" } },
  { name: "bomb.zip", bytes: () => zipOf([["big.txt", bomb]]), verdict: { code: "too_large_inflated" } },
  {
    name: "bomb that says it is small.zip",
    bytes: () => zipOf([["big.txt", bomb, { bytes: 16 }]]),
    verdict: { code: "too_large_inflated" },
  },
  {
    name: "one content, many names.zip",
    bytes: () => zipOf(Array.from({ length: 900 }, (_, i) => [`${i}.txt`, bomb, { at: 0 }] as const)),
    verdict: { code: "too_large_inflated" },
  },
  {
    name: "twenty thousand files.zip",
    bytes: () => zipOf(Array.from({ length: 20_000 }, (_, i) => [`${i}.txt`, WORDS] as const)),
    verdict: { code: "too_large_inflated" },
  },
  {
    name: "behind a password.zip",
    bytes: () => zipOf([["a.txt", WORDS, { flags: 1 }]]),
    verdict: { code: "password_protected" },
  },
  {
    name: "names.zip",
    bytes: () =>
      named(
        "../../etc/passwd.txt",
        "/abs.txt",
        "C:\\win\\x.txt",
        "new\nline\0zero.txt",
        `${"n".repeat(300)}.txt`,
        "🏠👨‍👩‍👧.txt",
        "\u202Etxt.exe.txt",
        "\u200F.txt",
        "con.txt",
      ),
    verdict: { text: /🏠[\s\S]*etc\/passwd\.txt/u, without: /\.\.\/|[^\P{Cc}\n]|\u202e|C:/u },
  },
  {
    name: "the same name twice.zip",
    bytes: () => named("a.txt", "a.txt"),
    verdict: { text: /words 0[\s\S]*words 1/ },
  },
  {
    name: "zips in zips.zip",
    bytes: () => {
      let inner = zipOf([["innermost.txt", Buffer.from("innermost words")]]);
      for (let i = 0; i < 20; i++)
        inner = zipOf([
          [`${i}.zip`, inner],
          [`${i}.txt`, WORDS],
        ]);
      return inner;
    },
    verdict: { text: honest, without: /innermost/ },
  },
  {
    name: "wrong sum.zip",
    bytes: () =>
      zipOf([
        ["a.txt", WORDS],
        ["b.txt", Buffer.from("other"), { sum: 1 }],
      ]),
    verdict: { text: /The honest words[\s\S]*\[b\.txt: The file is damaged/, without: /other/ },
  },
  {
    name: "truncated.zip",
    bytes: () => {
      const whole = named("a.txt", "b.txt", "c.txt");
      return whole.subarray(0, whole.length - 60);
    },
    verdict: { code: "damaged" },
  },
  {
    name: "one broken of three.zip",
    bytes: () =>
      zipOf([
        ["a.txt", WORDS],
        ["b.pdf", Buffer.from("%PDF-1.7 broken")],
        ["c.md", Buffer.from("# More\n\nlast words")],
      ]),
    verdict: { text: /The honest words[\s\S]*last words[\s\S]*\[b\.pdf: The file is damaged/ },
  },
  {
    name: "pictures.zip",
    bytes: () =>
      zipOf([
        ["a.png", Buffer.from("\x89PNG\r\n", "latin1")],
        ["b.exe", Buffer.from("MZ".padEnd(80))],
      ]),
    verdict: { code: "unsupported_format" },
  },
  { name: "an archive.docx", bytes: () => zipOf([["lease.txt", WORDS]]), verdict: { text: honest } },
  {
    name: "script inside.zip",
    bytes: () => zipOf([["a.html", Buffer.from("<html><script>evil()</script><p>The honest words")]]),
    verdict: { text: honest, without: /evil/ },
  },
  {
    name: "a book.zip",
    bytes: () =>
      Buffer.concat([
        Buffer.from("PK\x03\x04\x14\0\0\0\0\0".padEnd(26, "\0"), "latin1"),
        Buffer.from([8, 0, 0, 0]),
        Buffer.from("mimetypeapplication/epub+zip"),
      ]),
    verdict: { refused: /e-book/ },
  },
];
