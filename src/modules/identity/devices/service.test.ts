import assert from "node:assert/strict";
import { test } from "node:test";
import { asSuperuser, moveDatabaseClock, openStage, type Person } from "../../../../test/support/stage.ts";
import { days } from "../../../kernel/clock.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { purgeOld } from "../../privacy/retention/purging.ts";
import { listNotices } from "../notices/service.ts";
import { browserOf } from "./browser.ts";
import { deviceCookie, noticeDevice } from "./service.ts";

test("browsers", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const [ada, ben] = [await company.hire("Ada", "viewer"), await company.hire("Ben", "viewer")];
  const from = (person: Person, cookie?: string) => noticeDevice(person.as("account.use"), cookie);
  const told = async (person: Person) =>
    (await listNotices(person.as("notice.read"), { limit: 50 })).items.length;

  await t.test("the first is one's own, every other is told of, once", async () => {
    const first = await from(ada);
    assert.match(first, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(await told(ada), 0);
    assert.equal(await from(ada, first), first);
    assert.equal(await told(ada), 0);
    const second = await from(ada);
    assert.notEqual(second, first);
    assert.equal(await told(ada), 1);
    await from(ada, second);
    assert.equal(await told(ada), 1);
    const [mail] = (await readOutbox(stage.system)).filter((m) => m.to === ada.address);
    assert.equal(mail?.subject, "New sign-in to your account");
    assert.match(mail?.text ?? "", /from the network address 198\.51\.100\.7.*\n\nWhen: /);
  });

  await t.test("a browser is known for each member by itself", async () => {
    const shared = await from(ada);
    await from(ben);
    assert.equal(await from(ben, shared), shared);
    assert.equal(await told(ben), 1);
    const hashes = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select device_hash::text as hash from device");
      return rows.map((row) => row.hash as string);
    });
    assert.equal(new Set(hashes).size, hashes.length);
    assert.ok(!hashes.some((hash) => hash.includes(Buffer.from(shared).toString("hex"))));
  });

  await t.test("a cookie that is none of ours is replaced", async () => {
    for (const wrong of ["", "short", `${"A".repeat(43)}=`, "x".repeat(10_000), "\ud800"])
      assert.notEqual(await from(ada, wrong), wrong);
    assert.equal(deviceCookie("harrow"), "__Host-vs_device.harrow");
  });

  await t.test("one that nobody came from for 400 days is forgotten", async () => {
    const old = await from(ben);
    await purgeOld({ ...stage.system, clock: () => new Date(Date.now() + days(401)) });
    assert.equal(
      (await asSuperuser(stage.database, (client) => client.query("select from device"))).rowCount !== 0,
      true,
    );
    await moveDatabaseClock(stage, days(401));
    await purgeOld(stage.system);
    const left = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select count(*)::int as n from device");
      return rows[0].n as number;
    });
    assert.equal(left, 0);
    assert.ok(old);
  });
});

test("a browser in words", () => {
  const cases: [string, string | null][] = [
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
      "Chrome, Windows",
    ],
    [
      "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
      "Edge, Windows",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
      "Safari, iOS",
    ],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 15.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, macOS"],
    [
      "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
      "Chrome, Android",
    ],
    ["curl/8.0", null],
    ["Your account is locked: http://evil.example", null],
  ];
  for (const [agent, words] of cases) assert.equal(browserOf(agent), words, agent);
});
