import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { Ctx } from "../context.ts";
import { openStream, streamLimits } from "./streams.ts";

/** A process that does not end. */
const process = () => ({ ending: new AbortController().signal });

const ofSystem = (system: object, sessionId: string, tenant = "harrow") =>
  ({
    system,
    tenant: { id: tenant, slug: tenant },
    actor: { kind: "member", memberId: "m", sessionId },
  }) as unknown as Ctx;

test("a session has so many streams, and gets a place back when one ends", () => {
  const system = process();
  const open = Array.from({ length: streamLimits.ofSession }, () => {
    const gone = new AbortController();
    openStream(ofSystem(system, "one"), gone.signal);
    return gone;
  });
  const refused = () => openStream(ofSystem(system, "one"), new AbortController().signal);
  assert.throws(refused, (error: { code?: string; status?: number; retryAfter?: number }) => {
    assert.deepEqual([error.code, error.status], ["rate_limited", 429]);
    return (error.retryAfter ?? 0) > 0;
  });
  openStream(ofSystem(system, "two"), new AbortController().signal);
  openStream(ofSystem(process(), "one"), new AbortController().signal);
  open[0]?.abort();
  open[0]?.abort();
  refused();
  assert.throws(refused, { code: "rate_limited" });
  // One that is gone before it began takes no place.
  assert.equal(openStream(ofSystem(system, "one"), AbortSignal.abort()).aborted, true);
});

test("an API key has as many as a session, and nobody else has any", () => {
  const system = process();
  const ofKey = (keyId: string) =>
    ({
      system,
      tenant: { id: "harrow", slug: "harrow" },
      actor: { kind: "key", memberId: "m", keyId },
    }) as unknown as Ctx;
  const open = (keyId: string) => openStream(ofKey(keyId), new AbortController().signal);
  for (let i = 0; i < streamLimits.ofSession; i++) open("one");
  assert.throws(() => open("one"), { code: "rate_limited" });
  open("two");
  const job = { ...ofKey("one"), actor: { kind: "job" } } as unknown as Ctx;
  assert.throws(() => openStream(job, new AbortController().signal), /belongs to a session/);
});

test("a tenant has so many, whoever opens them; another tenant has its own", () => {
  const system = process();
  for (let i = 0; i < streamLimits.ofTenant; i++)
    openStream(ofSystem(system, `s${i}`), new AbortController().signal);
  assert.throws(() => openStream(ofSystem(system, "more"), new AbortController().signal), {
    code: "rate_limited",
  });
  openStream(ofSystem(system, "more", "bexley"), new AbortController().signal);
});

test("a stream ends after its time, and with its reader", (t) => {
  const timeout = mock.method(AbortSignal, "timeout", () => ended.signal);
  t.after(() => timeout.mock.restore());
  const ended = new AbortController();
  const gone = new AbortController();
  const signal = openStream(ofSystem(process(), "one"), gone.signal);
  assert.deepEqual(timeout.mock.calls[0]?.arguments, [30 * 60_000]);
  assert.equal(signal.aborted, false);
  ended.abort();
  assert.equal(signal.aborted, true);
});

test("a stream ends with its process, which has so many and no more", () => {
  const ending = new AbortController();
  const system = { ending: ending.signal };
  const signal = openStream(ofSystem(system, "one"), new AbortController().signal);
  for (let i = 1; i < streamLimits.ofProcess; i++)
    openStream(ofSystem(system, `s${i}`, `t${i % 100}`), new AbortController().signal);
  assert.throws(() => openStream(ofSystem(system, "two", "another"), new AbortController().signal), {
    code: "busy",
  });
  assert.equal(signal.aborted, false);
  ending.abort();
  assert.equal(signal.aborted, true);
});
