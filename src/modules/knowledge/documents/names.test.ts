import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanName, fileName } from "./names.ts";

test("a name is kept as it was given, but for what cannot be seen", () => {
  const cases: [given: string, kept: string][] = [
    ["Mietvertrag Müller & Söhne (final).pdf", "Mietvertrag Müller & Söhne (final).pdf"],
    ["家賃.md", "家賃.md"],
    ["family 👨‍👩‍👧.txt", "family 👨‍👩‍👧.txt"],
    ["invoice\u202efdp.exe", "invoicefdp.exe"],
    ["a\u0000b\r\nc\u2028d\u2066e.txt", "abcde.txt"],
    ["  spaces.txt ", "spaces.txt"],
    ["\u0007\u200f", "Untitled"],
    ["half \ud83d.txt", "half \ufffd.txt"],
    // Never a path: a name is only ever shown.
    ["../../etc/passwd", "../../etc/passwd"],
    ["a\nb.txt", "ab.txt"],
    ["a\0b.txt", "ab.txt"],
    ["👨‍👩‍👧.pdf", "👨‍👩‍👧.pdf"],
    ["\u202Efdp.exe", "fdp.exe"],
    ["\u200F.pdf", ".pdf"],
    [`${"é".repeat(296)}.pdf`, `${"é".repeat(296)}.pdf`],
    [`${"é".repeat(301)}.pdf`, `${"é".repeat(295)}.pdf`],
  ];
  for (const [given, kept] of cases) assert.equal(cleanName(given), kept);
});

test("a long name keeps its ending and stays well formed", () => {
  const long = cleanName(`${"é👍".repeat(200)}.markdown`);
  assert.ok(long.length <= 300, String(long.length));
  assert.ok(long.isWellFormed());
  assert.match(long, /👍\.markdown$|é\.markdown$/u);
});

test("under the name that a browser stores it by, it leads nowhere", () => {
  assert.equal(fileName("../../etc/passwd"), "__.._etc_passwd");
  assert.equal(fileName("C:\\a|b?.txt"), "C__a_b_.txt");
  assert.equal(fileName(".htaccess"), "_htaccess");
});
