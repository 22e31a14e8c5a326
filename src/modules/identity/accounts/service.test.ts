import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import {
  asSuperuser,
  eventsOf,
  meetingAt,
  openStage,
  PASSWORD,
  type Person,
} from "../../../../test/support/stage.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { mailLink } from "../links/service.ts";
import { choosePassword } from "../resets/service.ts";
import { signIn } from "../sign-in/service.ts";
import { changeAccount, changePassword, whoAmI } from "./service.ts";

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

  await t.test("a new password gives way to whatever ended the session while it waited", async () => {
    const signsIn = (who: Person, password: string) =>
      signIn(company.visitor(), who.address, password).then(
        () => true,
        () => false,
      );
    const held = (who: Person) => `select 1 from member where member_id = '${who.id}' for update`;
    const reset = await company.hire("Rita", "viewer");
    await unit(company.job(), (ctx) => mailLink(ctx, "reset", reset.id, reset.address));
    const token = await mailedToken(stage.system, reset.address, "reset");
    const first = Promise.withResolvers<void>();
    const [, late] = await meetingAt(stage, held(reset), [
      // The reset stands in line before the change, both in units of work that have entered.
      () => {
        const done = choosePassword(company.visitor(), token, "Other-harbour-43-lanterns");
        setTimeout(first.resolve, 1500);
        return done;
      },
      () =>
        first.promise
          .then(() => changePassword(reset.as("account.password"), PASSWORD, "Third-harbour-44-lanterns"))
          .then(() => {}),
    ]);
    assert.ok(late?.status === "rejected" && refused("signed_out")(late.reason));
    assert.deepEqual(
      [await signsIn(reset, "Other-harbour-43-lanterns"), await signsIn(reset, "Third-harbour-44-lanterns")],
      [true, false],
    );

    const leaving = await company.hire("Lea", "viewer");
    const [change] = await meetingAt(
      stage,
      // Signed out everywhere while the change waits for the member's row.
      `${held(leaving)}; update session set ended_at = now(), ended_because = 'signed out' where member_id = '${leaving.id}'`,
      [() => changePassword(leaving.as("account.password"), PASSWORD, "Third-harbour-44-lanterns")],
    );
    assert.ok(change?.status === "rejected" && refused("signed_out")(change.reason));
    assert.deepEqual(
      [await signsIn(leaving, PASSWORD), await signsIn(leaving, "Third-harbour-44-lanterns")],
      [true, false],
    );
  });

  await t.test("language and zone lie encrypted", async () => {
    const rows = await asSuperuser(stage.database, async (client) =>
      JSON.stringify((await client.query("select encode(preferences, 'escape') as p from member")).rows),
    );
    assert.ok(!rows.includes("Lima"));
  });
});
