import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { allRoutes } from "../../src/app.ts";

// A pattern that reads a text in more than one way takes quadratic time: for a body of 1 MB that is minutes in which
// the server answers nobody. Linear ones take milliseconds, so that the bound tells the two apart on any machine.
const LENGTH = 1_000_000;
const BOUND_MS = 3_000;
const SHAPES: Record<string, string> = {
  dots: `a@${".".repeat(LENGTH)}@`,
  ats: "@".repeat(LENGTH),
  blanks: `a${" ".repeat(LENGTH)}a\u0000`,
  hyphens: `${"a-".repeat(LENGTH / 2)}!`,
  letters: `${"a".repeat(LENGTH)}!`,
  "letters and dots": `a@${"a.".repeat(LENGTH / 2)}`,
};

test("no text of any body takes longer to refuse than its length allows", () => {
  let fields = 0;
  for (const route of allRoutes()) {
    if (!(route.body instanceof z.ZodObject)) continue;
    for (const [name, field] of Object.entries(route.body.shape as Record<string, z.ZodType>)) {
      fields++;
      for (const [shape, text] of Object.entries(SHAPES)) {
        const started = performance.now();
        const accepted = field.safeParse(text).success;
        const ms = performance.now() - started;
        assert.ok(!accepted, `${route.method} ${route.url} takes 1 MB of ${shape} as ${name}`);
        assert.ok(ms < BOUND_MS, `${route.method} ${route.url}: ${name} with 1 MB of ${shape} took ${ms} ms`);
      }
    }
  }
  assert.ok(fields > 15, `only ${fields} fields were found`);
});
