import assert from "node:assert/strict";
import { test } from "node:test";
import { finderOf, formsOf, openCanaries } from "./canaries.ts";

const around = (code: string): Buffer => Buffer.from(`some text before ${code} and after`, "latin1");

test("a canary is found in every form, wherever it begins", () => {
  const canaries = openCanaries();
  const word = canaries.word("a name");
  const text = (shift: number): Buffer => Buffer.from(`${"#".repeat(shift)}Hello ${word}, and more`);
  for (let shift = 0; shift < 6; shift++) {
    const whole = text(shift);
    for (const bytes of [
      whole,
      Buffer.from(whole.toString().toLowerCase()),
      Buffer.from(whole.toString(), "utf16le"),
      around(whole.toString("hex")),
      around(whole.toString("hex").toUpperCase()),
      around(whole.toString("base64")),
      around(whole.toString("base64url")),
    ]) {
      assert.notDeepEqual(canaries.find(bytes), [], bytes.toString("latin1"));
    }
  }
});

test("a find names the place", () => {
  const canaries = openCanaries();
  canaries.word("a name");
  const title = canaries.word("a title");
  assert.deepEqual(canaries.find(Buffer.from(`x${title}y`)), ["a title, as text"]);
});

test("nothing is found where nothing is", () => {
  const canaries = openCanaries();
  canaries.word("a name");
  assert.deepEqual(canaries.find(Buffer.from(openCanaries().word("another's"))), []);
  assert.deepEqual(finderOf(["Olu Marsh"])(Buffer.from("Mara Osei")), []);
});

test("every form is long enough to be no accident", () => {
  for (const { form, bytes } of formsOf(openCanaries().word("x").slice(0, 16)))
    assert.ok(bytes.length >= 16, form);
});
