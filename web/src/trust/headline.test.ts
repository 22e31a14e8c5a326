import assert from "node:assert/strict";
import { test } from "node:test";
import type { SecuritySnapshot } from "../api/types.ts";
import { headlineOf } from "./headline.ts";

const now = Date.parse("2026-03-01T12:00:00Z");
const minutesAgo = (minutes: number) => new Date(now - minutes * 60_000).toISOString();

type Last = NonNullable<SecuritySnapshot["live"]["last"]>;

function said(
  last: Partial<Last> | null,
  more: { everyMinutes?: number; broken?: number; checked?: boolean } = {},
) {
  const { everyMinutes = 60, broken = 0, checked = true } = more;
  // Only what a headline is written from.
  const snapshot = {
    checkedAt: checked ? minutesAgo(90) : null,
    attempts: checked ? 5008 : 0,
    totals: { held: 1, broken, attested: 0, notDone: 0, stale: 0 },
    live: {
      everyMinutes,
      last: last && {
        at: minutesAgo(14),
        result: "held",
        attempts: 3218,
        held: 3218,
        inconclusive: 0,
        breached: [],
        ...last,
      },
    },
  } as unknown as SecuritySnapshot;
  const { state, lead, before, verdict, after } = headlineOf(snapshot, now);
  return `${state}: ${[lead, before + verdict + after].filter(Boolean).join(" ")}`;
}

test("the headline is the last result in a sentence", () => {
  assert.equal(said({}), "held: Attacked 14 minutes ago. 3,218 attempts, none got through.");
  const one = [{ claim: "tenancy.roles", class: "cached", attempts: 1 }];
  assert.equal(
    said({ result: "broken", at: minutesAgo(12), breached: one }),
    "broken: One attempt got through 12 minutes ago. We are on it.",
  );
  assert.equal(
    said({ result: "broken", at: minutesAgo(60 * 50), breached: [...one, ...one] }),
    "broken: Two attempts got through 2 days ago. We are on it.",
    "red however old it is",
  );
  assert.equal(
    said({ inconclusive: 4, held: 3214 }),
    "held: Attacked 14 minutes ago. 3,218 attempts, none got through. 4 could not be judged.",
  );
  assert.equal(said({}, { broken: 1 }), "broken: One claim is broken, found 1 hour ago. We are on it.");
  assert.equal(
    said({ held: 0, inconclusive: 3218 }),
    "not-done: Attacked 14 minutes ago. No attempt could be judged.",
  );
});

test("what is old, or has not been, is grey and says so", () => {
  assert.equal(
    said({ at: minutesAgo(181) }),
    "stale: Last attacked 3 hours ago. 3,218 attempts, none got through.",
  );
  assert.match(said({ at: minutesAgo(181) }, { everyMinutes: 120 }), /^held/);
  assert.match(said({ result: "stale" }), /^stale/);
  assert.equal(said(null, { checked: false }), "not-done: Not attacked in operation yet.");
  assert.equal(
    said(null),
    "stale: Not attacked in operation yet. A fresh copy was, 1 hour ago: 5,008 attempts, none got through.",
  );
  assert.match(said(null, { everyMinutes: 0 }), /^stale: Not attacked in operation\. A fresh copy/);
});
