import assert from "node:assert/strict";
import { after, before } from "node:test";
import type { Locator, Page } from "playwright-core";
import { sampleCompanies } from "../../samples/index.ts";
import { setUpInstallation } from "../../src/modules/trust/stage/people.ts";
import { type House, openHouse } from "./house.ts";
import { type Seat, seat } from "./seat.ts";
import { stepsOf } from "./story.ts";
import { DESK, PHONE } from "./watched.ts";

// Who sees what inside a workspace, as one story: a document, a folder, a group, a role, a key, an admin's opening. The
// steps build on each other, so after one that fails the others are skipped.

const QUESTION = "What is the period of notice for Lindqvist House?";
const LEASE = "lindqvist-house-lease.pdf";
const HOME = "/t/harrow-finch";
const lease = sampleCompanies[0]?.documents[0]?.path.pathname ?? "";

let house: House | null;
let mara: Seat;
let tomas: Seat;
let ines: Seat;
let olu: Seat;
let documentUrl: string;
let folderUrl: string;
let chatUrl: string;

before(async () => {
  house = await openHouse();
  if (!house) return;
  const { instance } = house;
  const founder = await setUpInstallation(instance.system, instance.url);
  const company = await founder.found("harrow-finch", "Harrow & Finch", "Mara Osei");
  olu = await seat(house, founder.operator);
  mara = await seat(house, company.owner);
  tomas = await seat(house, await company.hire("Tomas Brandt", "manager"));
  ines = await seat(house, await company.hire("Ines Calder", "admin"));
});
after(() => house?.close());

const step = stepsOf({
  name: "sharing",
  longest: 120_000,
  house: () => house,
  pages: () => [mara, tomas, ines, olu].map(({ page }) => page),
});

step("a folder is made and a document goes into it, for its owner alone", async () => {
  const { page, watched } = mara;
  await go(page, "library");
  await page.getByRole("button", { name: "New folder" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Legal");
  await watched.look(page, "sharing-new-folder");
  await page.getByRole("button", { name: "Create" }).click();
  await heading(page, "Legal").waitFor();
  await page.getByText("Nothing is in this folder yet").waitFor();
  await watched.look(page, "sharing-folder-empty");
  folderUrl = page.url();
  await page.locator("input[type=file]").first().setInputFiles(lease);
  await page.getByText("Added 1 document").waitFor({ timeout: 60_000 });
  const row = page.getByRole("row", { name: LEASE });
  await shown(row, "Only you").waitFor();
  await row.getByRole("link", { name: LEASE }).click();
  await heading(page, LEASE).waitFor();
  await page.getByRole("navigation", { name: "Folders" }).getByRole("link", { name: "Legal" }).waitFor();
  documentUrl = page.url();
});

step("a document that is shared is found and cited by the colleague", async () => {
  const { page, watched } = mara;
  await page.getByRole("button", { name: "Share" }).click();
  const dialog = page.getByRole("dialog", { name: "Who can see it" });
  await dialog.getByText("Only you can see this document.").waitFor();
  await watched.look(page, "sharing-dialog-private");
  await dialog.getByRole("combobox", { name: "Share with" }).fill("tom");
  await dialog.getByRole("option", { name: /Tomas Brandt/ }).waitFor();
  await watched.look(page, "sharing-dialog-search");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Share" }).click();
  await dialog.getByText("You and Tomas Brandt can see this document.").waitFor();
  await watched.look(page, "sharing-dialog");

  await go(tomas.page, "library?q=notice");
  await tomas.page.getByRole("heading", { name: "In the text" }).waitFor();
  await tomas.page.getByRole("main").locator("mark").first().waitFor();
  await tomas.page.getByRole("row", { name: LEASE }).waitFor({ state: "detached" });
  await go(tomas.page, "library");
  await shown(tomas.page.getByRole("row", { name: LEASE }), "From Mara Osei").waitFor();
  await go(tomas.page, "ask");
  await tomas.page.getByLabel("Your question").fill(QUESTION);
  await tomas.page.keyboard.press("Enter");
  const answer = tomas.page.getByRole("article", { name: "Answer" });
  await answer.getByText("From your documents only").waitFor({ timeout: 30_000 });
  assert.match((await answer.textContent()) ?? "", /six months to the end of a calendar quarter/);
  await tomas.page.getByRole("complementary", { name: "Source" }).locator("mark").waitFor();
});

step("what is taken back is gone from search, and hidden in old answers; undo brings it back", async () => {
  const { page } = mara;
  const dialog = page.getByRole("dialog", { name: "Who can see it" });
  await dialog.getByRole("button", { name: "Take back from Tomas Brandt" }).click();
  await dialog.getByText("Only you can see this document.").waitFor();
  tomas.watched.willRefuse("404 GET /documents/");
  await tomas.page.reload();
  const answer = tomas.page.getByRole("article", { name: "Answer" });
  await answer.getByRole("button", { name: /Source 1: a document that is not shared with you/ }).waitFor();
  assert.doesNotMatch((await tomas.page.getByRole("main").textContent()) ?? "", /six months/);
  await tomas.watched.look(tomas.page, "sharing-citation-hidden");
  chatUrl = tomas.page.url();
  await go(tomas.page, "library?q=notice");
  await tomas.page.getByText("No passage has these words").waitFor();
  await tomas.page.goto(documentUrl);
  await heading(tomas.page, "This document is not here").waitFor();

  await dialog.getByRole("button", { name: "Undo" }).click();
  await dialog.getByText("You and Tomas Brandt can see this document.").waitFor();
  await tomas.page.goto(chatUrl);
  await tomas.page
    .getByText(/six months to the end/)
    .first()
    .waitFor();
  await dialog.getByRole("button", { name: "Take back from Tomas Brandt" }).click();
  await dialog.getByText("Only you can see this document.").waitFor();
  await dialog.getByRole("button", { name: "Done" }).click();
});

step("a group is made, and people are put into it", async () => {
  const { page, watched } = mara;
  await go(page, "settings/groups");
  await page.getByText("There are no groups yet").waitFor();
  await watched.look(page, "sharing-groups-none");
  await page.getByRole("button", { name: "New group" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Lettings");
  await page.getByRole("button", { name: "Create" }).click();
  await heading(page, "Lettings").waitFor();
  await page.getByRole("combobox", { name: "Put somebody in" }).fill("brandt");
  await page.getByRole("option", { name: /Tomas Brandt/ }).click();
  await page.getByRole("list", { name: "In Lettings" }).getByText("Tomas Brandt").waitFor();
  await watched.look(page, "sharing-group");
});

step("a folder shared with a group shares what is in it, and says so at the document", async () => {
  const { page, watched } = mara;
  await page.goto(folderUrl);
  await page.getByRole("button", { name: /^Share/ }).click();
  const dialog = page.getByRole("dialog", { name: "Who can see it" });
  await dialog.getByRole("combobox", { name: "Share with" }).fill("lett");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Share" }).click();
  await dialog.getByText("You and the group Lettings can see this folder.").waitFor();
  await dialog.getByRole("button", { name: "Done" }).click();
  await shown(page.getByRole("row", { name: LEASE }), "Through “Legal”").waitFor();
  await page.goto(documentUrl);
  await page.getByRole("button", { name: "Change" }).click();
  await dialog.getByText(/through the folder/).waitFor();
  assert.equal(await dialog.getByRole("button", { name: /^Take back/ }).count(), 0);
  await watched.look(page, "sharing-dialog-inherited");
  await dialog.getByRole("button", { name: "Done" }).click();

  await go(tomas.page, "library");
  await tomas.page.getByRole("link", { name: "Legal" }).click();
  await tomas.page.getByRole("row", { name: LEASE }).waitFor();
  assert.equal(await tomas.page.getByRole("button", { name: "Add documents" }).count(), 0);
  await tomas.watched.look(tomas.page, "sharing-folder-of-a-colleague");
});

step("whoever leaves the group loses the folder at once", async () => {
  const { page } = mara;
  await go(page, "settings/groups");
  await page.getByRole("link", { name: /Lettings/ }).click();
  await page.getByRole("button", { name: "Take Tomas Brandt out" }).click();
  await page.getByText("Nobody is in it yet.").waitFor();
  tomas.watched.willRefuse("404 GET /documents");
  await tomas.page.reload();
  await heading(tomas.page, "This folder is not here").waitFor();
  await tomas.watched.look(tomas.page, "sharing-folder-gone");
});

step("a document is moved out by the dialog, and its folder goes into the bin", async () => {
  const { page, watched } = mara;
  await page.goto(folderUrl);
  await chooseFor(page, LEASE, "Move");
  await page.getByRole("radio", { name: "Library, top" }).check();
  await watched.look(page, "sharing-move");
  await page.getByRole("button", { name: "Move here" }).click();
  await page.getByText("Nothing is in this folder yet").waitFor();
  await page.getByRole("button", { name: "More for Legal" }).click();
  await page.getByRole("menuitem", { name: "Move to the bin" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Move to the bin" }).click();
  await heading(page, "Library").waitFor();
  await shown(page.getByRole("row", { name: LEASE }), "Only you").waitFor();
});

step("a role of one's own is made, reviewed, given, and explained", async () => {
  const { page, watched } = mara;
  await confirm(mara);
  await go(page, "settings/roles");
  await page.getByRole("region", { name: "Permissions by role" }).waitFor();
  await watched.look(page, "sharing-roles");
  await page.getByRole("link", { name: "New role" }).click();
  await heading(page, "New role").waitFor();
  await page.getByLabel("Name", { exact: true }).fill("Reader");
  await page.getByRole("checkbox", { name: /^Add documents/ }).uncheck();
  await watched.look(page, "sharing-role-new");
  await page.getByRole("button", { name: "Review and create" }).click();
  await page.getByText("Less than the copied role (1)").waitFor();
  await watched.look(page, "sharing-role-review");
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
  await page.getByRole("columnheader", { name: /Reader/ }).waitFor();
  await go(tomas.page, "library");
  await tomas.page.getByRole("button", { name: "Add documents" }).first().waitFor();
  await go(page, "settings/members");
  await chooseFor(page, /Tomas Brandt/, "Change the role");
  await page.getByLabel("Role", { exact: true }).selectOption({ label: "Reader" });
  await watched.look(page, "sharing-role-give");
  await page.getByRole("dialog").getByRole("button", { name: "Change the role" }).click();
  await shown(page.getByRole("row", { name: /Tomas Brandt/ }), "Reader").waitFor();
  await tomas.page.reload();
  await heading(tomas.page, "Library").waitFor();
  await tomas.page.getByText("Nothing is shared with you yet").waitFor();
  assert.equal(await tomas.page.getByRole("button", { name: "Add documents" }).count(), 0);
  await chooseFor(page, /Tomas Brandt/, "What they may do, and why");
  await page.getByRole("searchbox", { name: "Find a permission" }).fill("add documents");
  await page.getByText("May not:").first().waitFor({ state: "attached" });
  await watched.look(page, "sharing-rights");
  await page.keyboard.press("Escape");
});

step("an API key is shown once, works within its limits, and ends", async ({ instance }) => {
  const { page, watched } = mara;
  await confirm(mara);
  await go(page, "settings/keys");
  await page.getByText("You have no keys").waitFor();
  await watched.look(page, "sharing-keys-none");
  await page.getByRole("button", { name: "New key" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Nightly export");
  await page.getByRole("checkbox", { name: "Read documents", exact: true }).check();
  await watched.look(page, "sharing-key-new");
  await page.getByRole("button", { name: "Create the key" }).click();
  await page.getByRole("dialog", { name: "Copy the key now" }).waitFor();
  const key = (await page.locator("[data-key]").textContent()) ?? "";
  await watched.look(page, "sharing-key-shown");
  await page.getByLabel("I have kept it in a safe place").check();
  await page.getByRole("button", { name: "Done" }).click();
  assert.doesNotMatch(await page.content(), new RegExp(key));
  const use = (method: string, path: string) =>
    fetch(`${instance.url}/api/t/harrow-finch/${path}`, {
      method,
      headers: { authorization: `Bearer ${key}` },
    });
  const listed = await use("GET", "documents");
  assert.equal(listed.status, 200);
  assert.match(await listed.text(), new RegExp(LEASE));
  assert.equal((await use("GET", "members")).status, 403);
  await page.reload();
  await page.getByText("just now").first().waitFor();
  await watched.look(page, "sharing-keys");
  await page.getByRole("button", { name: "End the key Nightly export" }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "End it" }).click();
  await page.getByText("None is active.").first().waitFor();
  assert.equal((await use("GET", "documents")).status, 401);
});

step("an admin reads what is not shared only by opening it, and its owner sees that", async () => {
  const { page, watched } = ines;
  await confirm(ines);
  watched.willRefuse("404 GET /chats/");
  await page.goto(chatUrl);
  await heading(page, "This conversation is not here").waitFor();
  await watched.look(page, "sharing-open-instead");
  await page.getByRole("button", { name: "Open with a reason" }).click();
  await page.getByLabel("Reason").fill("The tenant asks for the period of notice");
  await watched.look(page, "sharing-open");
  await page.getByRole("dialog").getByRole("button", { name: "Open for reading" }).click();
  await heading(page, QUESTION).waitFor();
  await page.getByText("You opened Tomas Brandt’s conversation").waitFor();
  await watched.look(page, "sharing-opened");
  await tomas.page.goto(chatUrl);
  await tomas.page.getByText(/Ines Calder.*\(admin\) can read this until/).waitFor();
  await go(tomas.page, "settings/openings");
  const own = tomas.page.getByRole("region", { name: "Who opened yours" });
  await own.getByText("“The tenant asks for the period of notice”").waitFor();
  await tomas.watched.look(tomas.page, "sharing-openings-own");
  await go(mara.page, "settings/openings");
  await mara.page
    .getByRole("region", { name: "Opened by admins" })
    .getByText("Ines Calder", { exact: true })
    .waitFor();
  await mara.watched.look(mara.page, "sharing-openings");
  await mara.page.getByRole("button", { name: /^End now/ }).click();
  await mara.page.getByText("closed before its time").waitFor();
  await page.reload();
  await heading(page, "This conversation is not here").waitFor();
});

step("the operator’s staff enter only while an admin lets them in, as guests", async ({ instance }) => {
  const { page, watched } = olu;
  await confirm(olu);
  await confirm(mara);
  await page.goto(`${instance.url}/t/operator/tenants/support`);
  await page.getByText("Nobody has let you in").waitFor();
  await watched.look(page, "sharing-support-none");
  await go(mara.page, "settings/support");
  await mara.page.getByRole("button", { name: "Let support in" }).click();
  await mara.page.getByLabel("What they are to look at").fill("The lease is not found");
  await mara.watched.look(mara.page, "sharing-support-grant");
  await mara.page.getByRole("button", { name: "Let them in" }).click();
  await mara.page.getByText("not used").waitFor();
  await page.reload();
  await page.getByRole("button", { name: /^Enter/ }).click();
  await watched.look(page, "sharing-support-enter");
  await page.getByRole("dialog").getByRole("button", { name: "Enter" }).click();
  await page.waitForURL(`**${HOME}/**`);
  await page.getByText(/You are here as the operator’s support until/).waitFor();
  await go(page, "library");
  assert.equal(await page.getByRole("button", { name: "Add documents" }).count(), 0);
  await watched.look(page, "sharing-support-inside");
  await go(mara.page, "settings/members");
  await mara.page.getByRole("row", { name: /guest/ }).waitFor();
  await mara.watched.look(mara.page, "sharing-support-guest");
  await go(mara.page, "settings/support");
  await mara.page.getByText("entered 1 time").waitFor();
  await mara.page.getByRole("button", { name: /^End now/ }).click();
  await mara.page.getByText("closed", { exact: true }).waitFor();
  watched.willRefuse("401 ");
  await page.reload();
  await page.getByText("Sign in to go on.").waitFor();
});

step("the operator imports users, and is told which rows were not taken", async ({ instance }) => {
  const { page, watched } = olu;
  await page.goto(`${instance.url}/t/operator/tenants`);
  await chooseFor(page, /Harrow & Finch/, "Import users");
  await watched.look(page, "sharing-import");
  await page
    .getByLabel("Users", { exact: true })
    .fill("address,name,role\nana.lind@harrow-finch.example,Ana Lind,viewer\nnobody,Tom Ek,viewer\n");
  await page.getByRole("dialog").getByRole("button", { name: "Import" }).click();
  await page.getByText(/1 row was not taken/).waitFor();
  await watched.look(page, "sharing-import-refused");
  await page.getByRole("button", { name: "Done" }).click();
});

step("the log has it all in words", async () => {
  const { page, watched } = mara;
  await go(page, "activity");
  for (const words of [
    "Opened a colleague’s content",
    "Made an API key",
    "Ended an API key",
    "Made a role",
    "Made a group",
    "Shared a folder",
    "Took back what was shared",
  ])
    await page.getByRole("cell", { name: words }).first().waitFor();
  await watched.look(page, "sharing-activity");
});

step("what somebody left is found on a later day, and handed over", async () => {
  const { page, watched, person } = ines;
  await confirm(ines);
  const { status } = await person.client.call("DELETE", `members/${tomas.person.id}`);
  assert.equal(status, 204);
  await go(page, "settings/members");
  const row = page.getByRole("row", { name: /Tomas Brandt/ });
  await shown(row, "has left").waitFor();
  await page.getByText("2 people at").waitFor();
  await watched.look(page, "sharing-has-left");
  // To others they are gone, to be shared with as well.
  await mara.page.goto(documentUrl);
  await mara.page.getByRole("button", { name: "Share" }).click();
  await mara.page.getByRole("dialog").getByRole("combobox", { name: "Share with" }).fill("brandt");
  await mara.page.getByText(/^Nobody/).waitFor();
  await mara.page.keyboard.press("Escape");
  await chooseFor(page, /Tomas Brandt/, "Hand over what they left");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox", { name: "Hand over to" }).fill("e");
  assert.equal(await dialog.getByRole("option", { name: /Tomas/ }).count(), 0);
  await dialog.getByRole("combobox", { name: "Hand over to" }).fill("mara");
  await dialog.getByRole("option", { name: /Mara Osei/ }).click();
  await dialog.getByRole("button", { name: "Hand over" }).click();
  await row.waitFor({ state: "detached" });
});

step("every page of it fits a phone", async () => {
  const { page, watched } = mara;
  await page.setViewportSize(PHONE);
  for (const place of [
    "library",
    "settings/members",
    "settings/groups",
    "settings/roles",
    "settings/keys",
    "settings/policy",
    "settings/support",
    "settings/openings",
  ]) {
    await go(page, place);
    await watched.look(page, `sharing-phone-${place.replace("/", "-")}`);
  }
  await page.goto(documentUrl);
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByRole("dialog").getByText("Only you can see this document.").waitFor();
  await watched.look(page, "sharing-phone-dialog");
  await page.setViewportSize(DESK);
});

/** A person at a browser of their own, signed in already: signing in is another story. */
/** Proves the second factor anew, so that what asks for a fresh one does not ask: that too is another story. */
async function confirm({ person }: Seat): Promise<void> {
  assert.ok(await person.client.confirm?.(), "the second factor is proved");
}

async function go(page: Page, place: string): Promise<void> {
  await page.goto(`${house?.instance.url}${HOME}/${place}`);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
}

const heading = (page: Page, name: string | RegExp): Locator =>
  page.getByRole("heading", { name, exact: true });

/** Of the two places of a fact, in a column and, on a phone, under the name, the one in sight. */
const shown = (row: Locator, words: string): Locator => row.getByText(words).filter({ visible: true });

/** Chooses from the menu of a table's row what opens a dialog. */
async function chooseFor(page: Page, row: string | RegExp, entry: string): Promise<void> {
  await page
    .getByRole("row", { name: row })
    .first()
    .getByRole("button", { name: /^More for/ })
    .click();
  await page.getByRole("menuitem", { name: entry, exact: true }).click();
  await page.getByRole("dialog").waitFor();
}
