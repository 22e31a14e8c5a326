import assert from "node:assert/strict";
import { test } from "node:test";
import { safeName, uniquePaths } from "./names.ts";

test("names that lead elsewhere, mean a device or cannot be kept become names that can", () => {
  const made: [string, string][] = [
    ["../../etc/passwd", ".._.._etc_passwd"],
    ["..", "_"],
    [".", "_"],
    ["", "_"],
    ["  ", "_"],
    ["C:\\boot.ini", "C__boot.ini"],
    ["con.txt", "_con.txt"],
    ["LPT1", "_LPT1"],
    ["console.txt", "console.txt"],
    ["report. . ", "report"],
    ["a\u202egpj.exe", "a_gpj.exe"],
    ["line\nbreak.md", "line_break.md"],
    ["\ud800lone", "\ufffdlone"],
    ["Übersicht.pdf", "Übersicht.pdf"],
  ];
  for (const [given, safe] of made) assert.equal(safeName(given), safe, JSON.stringify(given));
  const long = safeName(`${"ü".repeat(300)}.docx`);
  assert.ok(Buffer.byteLength(long) <= 120 && long.endsWith(".docx"));
});

test("no two paths are one, on a system that ignores case neither", () => {
  const path = uniquePaths();
  assert.deepEqual(
    [
      path(["A"], "x.pdf"),
      path(["a"], "X.pdf"),
      path(["A"], "x.pdf"),
      path(["..", "A"], "x.pdf"),
      path([], "x.pdf"),
    ],
    ["A/x.pdf", "a/X (2).pdf", "A/x (3).pdf", "_/A/x.pdf", "x.pdf"],
  );
});
