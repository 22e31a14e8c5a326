import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "node:test";
import { filesCheck } from "../../src/modules/knowledge/checks/files.ts";
import { checkEscaping } from "../../src/modules/trust/controls/escaping.ts";
import { checkRateLimits } from "../../src/modules/trust/controls/rate-limits.ts";
import { probeSql } from "../../src/modules/trust/controls/sql-probes.ts";
import { openBrowser } from "../../src/modules/trust/stage/browser.ts";
import { instanceWithout, red, withHandler } from "./without.ts";

// The search puts its query into the text of a statement before it searches.
const { instance, stage } = await instanceWithout((routes) =>
  withHandler(routes, "GET /search", (handler) => async (ctx, input, reply) => {
    const { q } = input.query as unknown as { q: string };
    await ctx.system.pool.query(`select 1 where 'a' = '${q}'`);
    return handler(ctx, input, reply);
  }),
);

test("SQL that is put together from a query is noticed", async () => {
  const found = red(await probeSql(stage));
  assert.ok(
    found.some((line) => line.startsWith("GET /api/t/{slug}/search query.q")),
    found.join("\n"),
  );
});

test("a limiter that allows everything is noticed", async () => {
  const allowAll = {
    take: () => ({ allowed: true, limit: 1, remaining: 1, retryAfter: 0 }),
    has: () => true,
  };
  const found = red(await checkRateLimits(stage, () => allowAll));
  assert.ok(
    found.some((line) => line.startsWith("POST session, 13 at once")),
    found.join("\n"),
  );
  assert.ok(
    found.some((line) => line.includes("members of one company")),
    found.join("\n"),
  );
});

test("one limit for all customers is noticed", async () => {
  const found = red(
    await checkRateLimits(stage, () => {
      let left = 100;
      return {
        take: () => ({ allowed: left-- > 0, limit: 100, remaining: Math.max(0, left), retryAfter: 1 }),
        has: () => left > 0,
      };
    }),
  );
  assert.ok(
    found.some((line) => line.includes("a member of another company")),
    found.join("\n"),
  );
});

test("originals that are served like pages are noticed, and so is script that then runs", async (t) => {
  const { server } = instance.app.server;
  server.prependListener("request", inline);
  t.after(() => server.off("request", inline));
  const files = red(await filesCheck.parts.inert(stage));
  assert.ok(
    files.some((line) => line.startsWith("headers of picture.svg.html")),
    files.join("\n"),
  );
  const browser = await openBrowser();
  if (!browser) return t.skip("no browser");
  await browser.close();
  const found = red(await checkEscaping(stage));
  assert.ok(
    found.some((line) => line.startsWith("headers: the first page |")),
    found.join("\n"),
  );
  assert.ok(
    found.some((line) => /^an original, opened like a page .*script ran/.test(line)),
    found.join("\n"),
  );
  assert.ok(
    found.some((line) => /^an original, opened like a page .*asked for elsewhere/.test(line)),
    found.join("\n"),
  );
});

/** Takes the policy from every answer, and lets those that are attachments be pages, whichever way they are sent. */
function inline(_request: IncomingMessage, response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response) as (status: number, headers?: object) => ServerResponse;
  const setHeader = response.setHeader.bind(response);
  response.writeHead = ((status: number, headers: Record<string, string> = {}) =>
    writeHead(
      status,
      Object.fromEntries(Object.entries(headers).flatMap(withoutDefence)),
    )) as ServerResponse["writeHead"];
  response.setHeader = (name, value) => {
    for (const [kept, as] of withoutDefence([name, value])) setHeader(kept, as);
    return response;
  };
}

function withoutDefence<V>([name, value]: [string, V]): [string, V | string][] {
  if (/^content-(security-policy|disposition)$|^x-content-type-options$/i.test(name)) return [];
  return value === "application/octet-stream" ? [[name, "text/html"]] : [[name, value]];
}
