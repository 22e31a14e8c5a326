import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import pg from "pg";
import { setUpInstallation } from "../../src/modules/trust/stage/people.ts";
import { projectFolder } from "../../src/project.ts";
import { type House, openHouse, storeRun } from "./house.ts";
import { type Seat, seat } from "./seat.ts";
import { PHONE } from "./watched.ts";

// What everybody can see and check: the log of a workspace, verified in the browser and taken away; the public page with
// what the operator says of itself.

let house: House | null;
let mara: Seat;
let olu: Seat;

before(async () => {
  house = await openHouse();
  if (!house) return;
  const founder = await setUpInstallation(house.instance.system, house.instance.url);
  const company = await founder.found("harrow-finch", "Harrow & Finch", "Mara Osei");
  olu = await seat(house, founder.operator);
  mara = await seat(house, company.owner);
  await storeRun(house.instance, false);
});
after(() => house?.close());

test("an owner verifies an entry of the log, and one that was changed is told", {
  timeout: 90_000,
}, async (t) => {
  if (!house) return t.skip("there is no browser: set CHROMIUM, or install Chromium");
  const { page, watched } = mara;
  await page.goto(`${house.instance.url}/t/harrow-finch/activity`);
  await page.getByLabel("What happened").selectOption({ label: "Added a passkey" });
  const row = page.getByRole("row", { name: /Added a passkey/ });
  await row.first().waitFor();
  await row.getByRole("button", { name: /^Details/ }).click();
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText(/^Unchanged: entry \d+ of this workspace/).waitFor();
  await watched.look(page, "activity-verified");
  const admin = new pg.Client(house.instance.postgres?.url("postgres", "vouchsafe"));
  await admin.connect();
  // A superuser goes past triggers, too.
  await admin.query("set session_replication_role = 'replica'");
  await admin.query("update audit.entry set role = 'viewer' where event = 'factor.passkey-added'");
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText(/^Not verified: this entry is not in the signed tree/).waitFor();
  await watched.look(page, "activity-tampered");
  await admin.query("update audit.entry set role = 'owner' where event = 'factor.passkey-added'");
  await admin.end();
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByText(/The log grew out of the one of \d+ that this browser knew/).waitFor();
  await page.getByLabel("from", { exact: true }).fill("2001-01-01");
  await page.getByLabel("to", { exact: true }).fill("2001-01-02");
  await page.getByText("Nothing matches").waitFor();
  await watched.look(page, "activity-filtered");
  await page.getByRole("button", { name: "Show everything" }).click();
  await page.setViewportSize(PHONE);
  await watched.look(page, "phone-activity");
});

test("the log is taken away and verified by the separate program", { timeout: 90_000 }, async (t) => {
  if (!house) return t.skip("there is no browser: set CHROMIUM, or install Chromium");
  const { page, watched, person } = mara;
  assert.ok(await person.client.confirm?.());
  await page.goto(`${house.instance.url}/t/harrow-finch/activity`);
  await page.getByRole("button", { name: "Export" }).click();
  await watched.look(page, "activity-export");
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save the file" }).click();
  const file = await saved;
  assert.match(file.suggestedFilename(), /^audit-harrow-finch-\d{4}-\d\d-\d\d\.jsonl$/);
  const published = await fetch(`${house.instance.url}/api/security/checkpoint`).then(
    (r) => r.json() as Promise<{ key: string }>,
  );
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(projectFolder, "verify/main.ts"), "export", await file.path(), "--key", published.key],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stdout);
});

test("what the operator says stands on the public page as its word", { timeout: 90_000 }, async (t) => {
  if (!house) return t.skip("there is no browser: set CHROMIUM, or install Chromium");
  const { page, watched, person } = olu;
  const { url } = house.instance;
  assert.equal((await fetch(`${url}/.well-known/security.txt`)).status, 404);
  assert.ok(await person.client.confirm?.());
  await page.goto(`${url}/t/operator/tenants/public-page`);
  await page.getByLabel("Company").fill("Lantern & Quay");
  await page.getByLabel("Contacts, one a line, the best first").fill("security@lantern.example");
  await page.getByLabel("Where it runs").fill("Two machines of our own in Leeds; three people reach them.");
  watched.willRefuse("422 PUT /public-page");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("Use a mail address as mailto:").first().waitFor();
  await watched.look(page, "public-page-form");
  await page.getByLabel("Contacts, one a line, the best first").fill("mailto:security@lantern.example");
  await page
    .getByLabel(/^Everyone who processes data/)
    .fill("There are none: nobody but us touches the data.");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("The security page says so now.").waitFor();
  assert.match(
    await fetch(`${url}/.well-known/security.txt`).then((r) => r.text()),
    /^Contact: mailto:security@/,
  );
  await page.getByRole("link", { name: "All", exact: true }).click();
  await page.getByRole("button", { name: "More for Harrow & Finch" }).click();
  await page.getByRole("menuitem", { name: "Storage limits" }).click();
  await page.getByLabel("Gigabytes").fill("1.5");
  await watched.look(page, "storage-limits");
  await page.getByRole("button", { name: "Set the limits" }).click();
  await page.getByText("Harrow & Finch has new limits.").waitFor();
  await page.goto(`${url}/security`);
  await page.getByText("Lantern & Quay").waitFor();
  await page.getByText("There are none: nobody but us touches the data.").waitFor();
  await page.getByRole("heading", { name: "The audit log" }).waitFor();
  await watched.look(page, "security-with-operator");
  await page.setViewportSize(PHONE);
  await watched.look(page, "phone-security-with-operator");
});
