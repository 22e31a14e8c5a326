import assert from "node:assert/strict";
import { test } from "node:test";
import { appError, errorCodes, isAppError, refusal, statusOf } from "./errors.ts";

test("every code has a status of an error and words that say what to do", () => {
  for (const code of errorCodes()) {
    const { status, message, keepsRecord } = appError(code);
    assert.ok(status >= 400 && status < 600, code);
    assert.equal(statusOf(code), status);
    assert.match(message, /^[A-Z].{10,}\.$/, code);
    assert.doesNotMatch(message, /\b(Error|null|undefined|SQL|exception)\b/, code);
    assert.equal(keepsRecord, false);
    assert.equal(refusal(code).keepsRecord, true);
  }
});

test("a cause stays inside, and only our own errors are ours", () => {
  const cause = new Error("inside");
  const error = appError("busy", { cause, retryAfter: 3, fields: { a: "b" } });
  assert.ok(isAppError(error));
  assert.deepEqual([error.cause, error.retryAfter, error.fields], [cause, 3, { a: "b" }]);
  assert.ok(!error.message.includes("inside"));
  const plain = appError("busy");
  assert.ok(!("cause" in plain) && !("retryAfter" in plain) && !("fields" in plain));
  for (const other of [
    cause,
    Object.assign(new Error("x"), { code: "not_found", status: 404, keepsRecord: true }),
    { ...error },
    null,
    "busy",
  ])
    assert.equal(isAppError(other), false);
});
