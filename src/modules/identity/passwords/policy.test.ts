import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import type { AppError } from "../../../kernel/errors.ts";
import { type About, checkPassword, LEAST, LEAST_PASSPHRASE, Password, type PasswordRule } from "./policy.ts";

const about: About = { address: "ada.finch@harrow.example", tenantName: "Harrow & Finch", rule: "composed" };
const check = (password: string, more: Partial<About> = {}) => checkPassword(password, { ...about, ...more });
const breaks = (rule: RegExp, ...passwords: string[]) => breaksAs("composed", rule, ...passwords);
const breaksAs = (kind: PasswordRule, rule: RegExp, ...passwords: string[]) => {
  for (const password of passwords)
    assert.throws(
      () => check(password, { rule: kind }),
      (error: AppError) => {
        refused("password_policy")(error);
        assert.match(error.message, rule, password);
        assert.deepEqual(error.fields, { password: error.message });
        assert.ok(password === "" || !error.message.includes(password));
        return true;
      },
      password,
    );
};

test("a good password passes, in any script", () => {
  for (const password of [
    "Quiet-harbour-42-lanterns",
    "Ökonomie-Größe-7x",
    "Тихая-Гавань-42",
    "aB3-🜁🜁🜁🜁🜁🜁🜁🜁",
  ])
    assert.doesNotThrow(() => check(password), password);
});

test("each rule", () => {
  breaks(/at least 12/, "", "Short-1", "Aa1-5678901", "Aa1-🜁🜁🜁🜁🜁🜁🜁");
  breaks(/capital/, "quiet-harbour-42", "quiet-ﬀ-harbour-42");
  breaks(/small/, "QUIET-HARBOUR-42");
  breaks(/digit/, "Quiet-harbour-lanterns", "Quiet-harbour-½-lanterns");
  breaks(/special/, "QuietHarbour42Lanterns", "Quiet harbour 42 lanterns");
  assert.equal([..."Aa1-5678901"].length, LEAST - 1);
});

test("neither the address nor the workspace, however decorated", () => {
  breaks(
    /address/,
    "Ada.Finch-2026-x!",
    "xx-ADAFINCH-77-yy",
    "A-d-a_F.i n c h-77!",
    "Xx1!ada.finch@harrow.example",
  );
  breaks(/address/, "ＡｄａＦｉｎｃｈ-lanterns-42");
  breaks(/workspace/, "My-Harrow & Finch-42", "xX1-harrow&finch-!!");
  // A name of two letters is in every other word.
  assert.doesNotThrow(() =>
    check("Quiet-harbour-42-lanterns", { tenantName: "Ha", address: "li@x.example" }),
  );
});

test("the well-known ones, decorated and disguised as they usually are", () => {
  breaks(
    /well-known/,
    "Password-1234",
    "P@ssw0rd-2026!",
    "1234-Password!!",
    "Passwordpassword-1",
    "Letmein-123456!",
    "Qwertyuiop-123",
    "!!!Sunshine2026!!!",
    "B@5k3tb@ll-2026",
    "F00tb@ll-123456",
    "P a s s w o r d - 1 2",
    "pAsS-wOrD-2026!",
    "S_u_n_s_h_i_n_e 2026!",
    "Sunshine Sunshine 1!",
    "Let me in 123456!",
  );
  // Digits and signs take no part in a word: what remains is what is looked up.
  assert.doesNotThrow(() => check("Correct-horse-battery-9"));
});

test("a passphrase is long, and of whatever it likes", () => {
  for (const passphrase of [
    "five brass kettles on a sill",
    "fünfzehnzeichenx",
    "тихая гавань и фонари",
    "静かな港に灯る四十二のランタン",
    "🜁🜂🜃🜄🜅🜆🜇🜈🜉🜊🜋🜌🜍🜎🜏",
    "481516234298174",
  ])
    assert.doesNotThrow(() => check(passphrase, { rule: "passphrase" }), passphrase);
  breaksAs("passphrase", /at least 15/, "", "Quiet-harbour1", "🜁".repeat(14));
  assert.equal([..."Quiet-harbour1"].length, LEAST_PASSPHRASE - 1);
  breaksAs(
    "passphrase",
    /repeats/,
    "aaaaaaaaaaaaaaaa",
    "abcabcabcabcabcab",
    "123456789012345",
    "a b a b a b a b a ba",
  );
  breaksAs("passphrase", /well-known/, "sunshine2026!!!", "passwordpassword1234", "!!!basketball!!!!!!");
  breaksAs("passphrase", /address/, "ada finch has a boat");
  breaksAs("passphrase", /workspace/, "the harrow and finch: harrow & finch");
});

test("a password in a body has an end", () => {
  assert.ok(Password.safeParse("x".repeat(200)).success);
  assert.equal(Password.safeParse("x".repeat(201)).success, false);
});
