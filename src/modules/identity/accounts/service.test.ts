import assert from "node:assert/strict";
import { test } from "node:test";
import { asSuperuser, eventsOf, openStage } from "../../../../test/support/stage.ts";
import { changeAccount, whoAmI } from "./service.ts";

test("one's own account", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const [ada, ben] = [await company.hire("Ada", "viewer"), await company.hire("Ben", "viewer")];
  const me = async (who = ada) => (await whoAmI(who.as())).me;

  await t.test("what is not given stays; nobody else's changes", async () => {
    assert.deepEqual(await changeAccount(ada.as(), { language: "fr" }), {
      name: "Ada",
      language: "fr",
      timeZone: "UTC",
    });
    await changeAccount(ada.as(), { timeZone: "Europe/Zurich" });
    await changeAccount(ada.as(), { name: "Ada L" });
    const { name, language, timeZone } = await me();
    assert.deepEqual([name, language, timeZone], ["Ada L", "fr", "Europe/Zurich"]);
    const other = await me(ben);
    assert.deepEqual([other.name, other.language, other.timeZone], ["Ben", "en", "UTC"]);
    assert.equal((await eventsOf(stage, company.id)).filter((e) => e === "account.changed").length, 3);
  });

  await t.test("two changes at once both count", async () => {
    await Promise.all([
      changeAccount(ada.as(), { language: "de" }),
      changeAccount(ada.as(), { timeZone: "America/Lima" }),
      changeAccount(ada.as(), { name: "Ada M" }),
    ]);
    const { name, language, timeZone } = await me();
    assert.deepEqual([name, language, timeZone], ["Ada M", "de", "America/Lima"]);
  });

  await t.test("language and zone lie encrypted", async () => {
    const rows = await asSuperuser(stage.database, async (client) =>
      JSON.stringify((await client.query("select encode(preferences, 'escape') as p from member")).rows),
    );
    assert.ok(!rows.includes("Lima"));
  });
});
