import assert from "node:assert/strict";
import { test } from "node:test";
import { secret } from "../../kernel/secret.ts";
import type { System } from "../../kernel/system.ts";
import { holdsOutboxToken, outboxLink } from "./outbox.ts";

const TOKEN = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const withToken = { outboxToken: secret(TOKEN) } as unknown as System;
const withServer = { outboxToken: null } as unknown as System;

test("the outbox opens to its token only, and never where a mail server is set", () => {
  assert.equal(holdsOutboxToken(withToken, TOKEN), true);
  for (const wrong of [undefined, "", "x", TOKEN.toLowerCase(), `${TOKEN}A`, TOKEN.slice(1), "[secret]"])
    assert.equal(holdsOutboxToken(withToken, wrong), false, wrong);
  for (const any of [undefined, "", "null", TOKEN]) assert.equal(holdsOutboxToken(withServer, any), false);
});

test("the link carries the token where no server sees it: behind the hash", () => {
  assert.equal(outboxLink(withToken), `/outbox#${TOKEN}`);
  assert.equal(outboxLink(withServer), null);
});
