import assert from "node:assert/strict";
import { test } from "node:test";
import { days, later } from "../../../kernel/clock.ts";
import type { Retention } from "../../../kernel/config-backup.ts";
import { type Archive, nameOf, parseName } from "./places.ts";
import { expired } from "./retention.ts";

const now = new Date("2026-11-22T03:05:00Z"); // a Sunday

const archive = (at: Date, id = "0123456789ab"): Archive => {
  const name = nameOf({ kind: "data", at, id });
  const parsed = parseName(name, 1);
  assert.ok(parsed);
  return parsed;
};

/** As it is in operation: one a day, and what expired goes each time. */
function after(count: number, keep: Retention): string[] {
  let there: Archive[] = [];
  for (let day = count - 1; day >= 0; day--) {
    const at = later(now, -days(day) - 300_000);
    there.push(archive(at));
    const gone = new Set(expired(there, keep, later(at, 300_000)));
    there = there.filter((one) => !gone.has(one));
  }
  return there.map(({ at }) => at.toISOString().slice(0, 10));
}

test("seven days and four weeks are kept, and no more", () => {
  const kept = after(100, { kind: "daily-weekly", daily: 7, weekly: 4 });
  assert.deepEqual(kept, [
    "2026-11-01",
    "2026-11-08",
    "2026-11-15",
    "2026-11-16",
    "2026-11-17",
    "2026-11-18",
    "2026-11-19",
    "2026-11-20",
    "2026-11-21",
    "2026-11-22",
  ]);
});

test("thirty days are kept, and no more", () => {
  const kept = after(100, { kind: "days", days: 30 });
  assert.equal(kept.length, 30);
  assert.equal(kept.at(0), "2026-10-24");
});

test("the last good one is kept, however old, and one that was never good is not", () => {
  const old = archive(later(now, -days(400)));
  const bad = archive(later(now, -days(2)), "ba0000000000");
  const keep: Retention = { kind: "days", days: 7 };
  assert.deepEqual(expired([old, bad], keep, now, new Set([bad.name])), [bad]);
  assert.deepEqual(expired([bad], keep, now, new Set([bad.name])), [bad]);
  assert.deepEqual(expired([old, archive(now)], keep, now), [old]);
});

test("several of one day stay for a day", () => {
  const two = [
    archive(later(now, -7_200_000), "aaaaaaaaaaaa"),
    archive(later(now, -3_600_000), "bbbbbbbbbbbb"),
  ];
  const keep: Retention = { kind: "daily-weekly", daily: 7, weekly: 4 };
  assert.deepEqual(expired(two, keep, now), []);
  assert.deepEqual(
    expired(two, keep, later(now, days(2))).map(({ id }) => id),
    ["aaaaaaaaaaaa"],
  );
});

test("only names of ours are archives", () => {
  const good = nameOf({ kind: "keys", at: now, id: "0123456789ab" });
  assert.equal(good, "keys-20261122T030500Z-0123456789ab.tar.zst.age");
  for (const name of ["../x", `${good}.unfinished`, good.replace("keys", "notes"), ""])
    assert.equal(parseName(name, 0), null);
});
