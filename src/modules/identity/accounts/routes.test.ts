import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import fastify from "fastify";
import { openStage, PASSWORD } from "../../../../test/support/stage.ts";
import { memoryLimiter } from "../../../kernel/limits/token-bucket.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import type { Routes } from "../../../kernel/routes/contract.ts";
import { mountRoutes } from "../../../kernel/routes/router.ts";
import { openClient } from "../../trust/stage/client.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { mailResetLink } from "../resets/service.ts";
import { identityRoutes } from "../routes.ts";
import { mailUnlockLink } from "../sign-in/service.ts";

test("accounts over HTTP", async (t) => {
  const stage = await openStage(t, { jobs: [mailResetLink, mailUnlockLink], working: true });
  const company = await stage.company("harrow");
  const app = fastify({ forceCloseConnections: true, bodyLimit: 1024 * 1024 });
  const routes: Routes = [];
  identityRoutes(routes);
  // Its limits out of reach: what is behind them is looked at.
  const limiter = memoryLimiter(stage.system.clock, 1000);
  await mountRoutes(app, { ...stage.system, limiter }, routes);
  await app.listen({ port: 0, host: "127.0.0.1" });
  t.after(() => app.close());
  const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const client = () => openClient(origin, "harrow");

  await t.test("nothing that is not text, too long or of another kind gets through any door", async () => {
    const ada = await company.hire("Ada", "viewer");
    const signedIn = client();
    const address = ada.address;
    await signedIn.call("POST", "session", { body: { address, password: PASSWORD } });
    const doors: [string, string, (value: unknown) => object][] = [
      ["POST", "password-resets", (v) => ({ address: v })],
      ["POST", "password-resets/use", (v) => ({ token: v, password: PASSWORD })],
      ["POST", "password-resets/use", (v) => ({ token: "A".repeat(43), password: v })],
      ["POST", "address-changes/confirm", (v) => ({ token: v })],
      ["POST", "address-changes/undo", (v) => ({ token: v })],
      ["POST", "account/address", (v) => ({ address: v, password: PASSWORD })],
      ["POST", "account/address", (v) => ({ address: "x@y.example", password: v })],
      ["PATCH", "account", (v) => ({ name: v })],
      ["PATCH", "account", (v) => ({ language: v })],
      ["PATCH", "account", (v) => ({ timeZone: v })],
      ["PUT", "account/notices", (v) => ({ kind: v, page: true, mail: true })],
      ["PUT", "account/notices", (v) => ({ kind: "role-changed", page: v, mail: true })],
      ["POST", "notices/read", (v) => ({ ids: v })],
      ["POST", "notices/read", (v) => ({ ids: [v] })],
    ];
    for (const [method, path, body] of doors) {
      const where = `${method} ${path}`;
      for (const value of [null, 1, {}, [[]], "x".repeat(300), "a@b\u0000.example"]) {
        const { status } = await signedIn.call(method, path, { body: body(value) });
        assert.ok(
          [400, 422].includes(status),
          `${where} answers ${status} to ${JSON.stringify(value)?.slice(0, 20)}`,
        );
      }
      const headers = { "content-type": "application/json" };
      const lone = JSON.stringify(body("x")).replace('"x"', '"x\\ud800@y.example"');
      assert.equal(
        (await signedIn.call(method, path, { raw: lone, headers })).status,
        400,
        `${where} lone surrogate`,
      );
      const large = JSON.stringify(body("x".repeat(10 * 1024 * 1024)));
      assert.equal(
        (await signedIn.call(method, path, { raw: large, headers })).status,
        413,
        `${where} 10 MB`,
      );
    }
    assert.equal((await signedIn.call("GET", "session")).json.me.name, "Ada");
  });

  await t.test("an address is found in every spelling of it", async () => {
    const eva = await company.hire("Eva", "viewer");
    const spelt = eva.address.replace("eva", "ＥＶＡ");
    assert.notEqual(spelt, eva.address);
    assert.equal((await client().call("POST", "password-resets", { body: { address: spelt } })).status, 202);
    let token: string | null = null;
    for (let i = 0; i < 100 && !token; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      token = await mailedToken(stage.system, eva.address, "reset").catch(() => null);
    }
    assert.ok(token);
  });

  await t.test("a browser gets a cookie that scripts cannot read, and a new one is told of", async () => {
    const finn = await company.hire("Finn", "viewer");
    const body = { address: finn.address, password: PASSWORD };
    const first = client();
    const answer = await first.call("POST", "session", { body });
    const cookie = answer.headers.getSetCookie().find((line) => line.startsWith("__Host-vs_device.harrow="));
    assert.match(cookie ?? "", /; HttpOnly/);
    assert.match(cookie ?? "", /; Secure/);
    assert.match(cookie ?? "", /; SameSite=(Strict|Lax)/);
    assert.match(cookie ?? "", /Max-Age=34560000/);
    // Again from the same browser, and renewed there: nothing to tell.
    await first.call("POST", "session", { body });
    await first.call("POST", "session/refresh", { body: {} });
    assert.equal((await first.call("GET", "notices")).json.unread, 0);
    const second = client();
    const headers = {
      "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    };
    await second.call("POST", "session", { body, headers });
    const { items, unread } = (await first.call("GET", "notices")).json;
    assert.equal(unread, 1);
    assert.match(items[0].text, /Firefox, Linux, from the network address 127\.0\.0\.1/);
    const mails = (await readOutbox(stage.system, 200)).filter((mail) => mail.to === finn.address);
    assert.deepEqual(
      mails.map((mail) => mail.subject),
      ["New sign-in to your account"],
    );
    await first.call("POST", "notices/read", { body: { ids: [items[0].id] } });
    assert.equal((await second.call("GET", "notices")).json.unread, 0);
    // Signing out leaves the browser known.
    await second.call("DELETE", "session");
    assert.ok(second.cookies.has("__Host-vs_device.harrow"));
  });

  await t.test("a new password does not sign in, and the old sessions are over", async () => {
    const gus = await company.hire("Gus", "viewer");
    const browser = client();
    await browser.call("POST", "session", { body: { address: gus.address, password: PASSWORD } });
    await client().call("POST", "password-resets", { body: { address: gus.address } });
    let token: string | null = null;
    for (let i = 0; i < 100 && !token; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      token = await mailedToken(stage.system, gus.address, "reset").catch(() => null);
    }
    const use = await browser.call("POST", "password-resets/use", {
      body: { token, password: "Other-harbour-43-lanterns" },
    });
    assert.deepEqual([use.status, use.headers.getSetCookie()], [204, []]);
    assert.equal((await browser.call("GET", "session")).status, 401);
    assert.equal((await browser.call("POST", "session/refresh", { body: {} })).status, 401);
  });

  await t.test("polling in the background does not keep a session alive", async () => {
    const hedy = await company.hire("Hedy", "viewer");
    const browser = client();
    await browser.call("POST", "session", { body: { address: hedy.address, password: PASSWORD } });
    const poll = () => browser.call("GET", "notices", { headers: { "x-background": "1" } });
    const minute = 60_000;
    for (let i = 0; i < 7; i++) {
      stage.pass(5 * minute);
      const answer = await poll();
      if (answer.status === 401) await browser.call("POST", "session/refresh", { body: {} });
    }
    assert.equal((await poll()).status, 401);
  });
});
