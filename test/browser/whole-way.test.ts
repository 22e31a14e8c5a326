import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import type { Locator, Page } from "playwright-core";
import { sampleCompanies } from "../../samples/index.ts";
import { seconds } from "../../src/kernel/clock.ts";
import { offerSetUp } from "../../src/modules/tenancy/set-up/service.ts";
import { projectFolder } from "../../src/project.ts";
import { until } from "../support/until.ts";
import { type AuthenticatorApp, enrol } from "./authenticator.ts";
import { type House, openHouse, storeRun } from "./house.ts";
import { stepsOf } from "./story.ts";
import { DESK, openWatched, PHONE, type Watched } from "./watched.ts";

// One long walk, as people take it: from the link in the terminal to the audit log. The steps build on each other, so
// after one that fails the others are skipped. It is over 300 lines because it is one story.

const PASSWORD = "Quiet-harbour-42-lanterns";
const NEW_PASSWORD = "Brisk-orchard-17-kettles";
const MARA = "mara.osei@harrow-finch.example";
const TOMAS = "tomas.brandt@harrow-finch.example";
const IDRIS = "idris.vale@bexley-marine.example";
const HARROW = "/t/harrow-finch";
const BEXLEY = "/t/bexley-marine";
const renewsScreenshot = process.env.UPDATE_SCREENSHOT === "1";

const files = sampleCompanies[0]?.documents.map(({ path }) => path.pathname) ?? [];

// The server's clock, moved on where a new code of an authenticator app is needed.
let ahead = 0;
const clock = () => new Date(Date.now() + ahead);

let house: House | null;
/** The operator's browser, the one in which both owners sit, the colleague's. */
let operator: Watched;
let owners: Watched;
let colleague: Watched;
let desk: Page;
let harrow: Page;
let bexley: Page;
let tomas: Page;
let maras: AuthenticatorApp;
let outbox: string;
let lease: string;

before(async () => {
  house = await openHouse({ clock });
  if (!house) return;
  const { browser, instance } = house;
  [operator, owners, colleague] = [
    await openWatched(browser, instance.url),
    await openWatched(browser, instance.url),
    await openWatched(browser, instance.url),
  ];
});
after(() => house?.close());

const step = stepsOf({
  name: "whole-way",
  longest: renewsScreenshot ? 15 * 60_000 : 90_000,
  house: () => house,
  pages: () => [operator, owners, colleague].flatMap(({ context }) => context.pages()),
});

step("the link in the terminal makes its holder the operator", async ({ instance }) => {
  desk = await operator.newPage();
  await desk.goto(`${instance.url}/`);
  await heading(desk, "Enter your workspace").waitFor();
  await desk.getByText("Nobody has set up this installation yet").waitFor();
  await operator.look(desk, "entry");
  await desk.goto(`${instance.url}/set-up#${await offerSetUp(instance.system)}`);
  await desk.getByLabel("Company").fill("The Operator");
  await desk.getByLabel("Your name").fill("Olu Marsh");
  await desk.getByLabel("Your email address").fill("olu@operator.example");
  await desk.getByLabel("Choose a password", { exact: true }).fill("password");
  operator.willRefuse("422 POST /set-up");
  await desk.getByRole("button", { name: "Set up" }).click();
  await desk.locator("[aria-invalid=true]").waitFor();
  await operator.look(desk, "set-up");
  await desk.getByLabel("Choose a password", { exact: true }).fill(PASSWORD);
  await desk.getByRole("button", { name: "Set up" }).click();
  await heading(desk, "This installation is yours").waitFor();
  await operator.look(desk, "set-up-done");
});

step("the mail in the outbox confirms the operator's address", async () => {
  const [mails] = await Promise.all([
    operator.context.waitForEvent("page"),
    desk.getByRole("link", { name: /outbox#/ }).click(),
  ]);
  await mailTo(mails, "olu@operator.example").waitFor();
  outbox = mails.url();
  await operator.look(mails, "outbox");
  await mailTo(mails, "olu@operator.example").getByRole("link").click();
  await heading(mails, "Confirm your address").waitFor();
  await operator.look(mails, "verify");
  await mails.getByRole("button", { name: "Confirm" }).click();
  await heading(mails, "Your address is confirmed").waitFor();
  await mails.close();
});

step("the operator signs in, lands among the customers, and opens two workspaces", async ({ instance }) => {
  await desk.getByRole("link", { name: "Sign in" }).click();
  await heading(desk, "Sign in").waitFor();
  await operator.look(desk, "sign-in");
  await signIn(desk, "olu@operator.example");
  await heading(desk, "One more thing before you begin").waitFor();
  await enrol(desk, clock);
  await desk.waitForURL("**/t/operator/tenants");
  await heading(desk, "Open the first workspace").waitFor();
  await operator.look(desk, "tenants-none");
  await openWorkspace(desk, "Harrow & Finch", MARA);
  await operator.look(desk, "tenant-opened");
  await desk.getByRole("button", { name: "Done" }).click();
  await openWorkspace(desk, "Bexley Marine", IDRIS);
  await desk.getByRole("button", { name: "Done" }).click();
  await desk.getByRole("row", { name: /Bexley Marine/ }).waitFor();
  await operator.look(desk, "tenants");
  // Nothing to ask for an operator: the address leads on instead of refusing.
  await desk.goto(`${instance.url}/t/operator/ask`);
  await desk.waitForURL("**/t/operator/tenants");
});

step("two owners join by mail, side by side in one browser", async () => {
  [harrow, bexley] = [await owners.newPage(), await owners.newPage()];
  await joinByMail(harrow, MARA, "Mara Osei", "Join Harrow & Finch");
  ({ app: maras } = await enrol(harrow, clock));
  await joinByMail(bexley, IDRIS, "Idris Vale", "Join Bexley Marine");
  await enrol(bexley, clock);
  await harrow.waitForURL(`**${HARROW}/ask`);
  await bexley.waitForURL(`**${BEXLEY}/ask`);
  await harrow.bringToFront();
  await owners.look(harrow, "ask-new");
});

step("an owner invites a colleague, who joins", async ({ instance }) => {
  await harrow.goto(`${instance.url}${HARROW}/settings/members`);
  await harrow.getByRole("button", { name: "Invite" }).click();
  await harrow.getByLabel("Email address").fill(TOMAS);
  await owners.look(harrow, "invite");
  await harrow.getByRole("dialog").getByRole("button", { name: "Invite" }).click();
  await harrow.getByRole("heading", { name: "Invited" }).waitFor();
  await owners.look(harrow, "members-invited");
  tomas = await colleague.newPage();
  await joinByMail(tomas, TOMAS, "Tomas Brandt", "Join Harrow & Finch");
  await tomas.waitForURL(`**${HARROW}/ask`);
});

step("several files are added and read, with their progress in sight", async ({ instance }) => {
  await harrow.goto(`${instance.url}${HARROW}/library`);
  await heading(harrow, "Add the first document").waitFor();
  await owners.look(harrow, "library-empty");
  await harrow.locator("input[type=file]").first().setInputFiles(files);
  const panel = harrow.getByRole("region", { name: "Adding documents" });
  await panel.getByText("Adding 5 documents").waitFor();
  await panel.getByText("Added 5 documents").waitFor({ timeout: 60_000 });
  await panel.getByRole("button", { name: "Details" }).click();
  await owners.look(harrow, "library-added");
  assert.equal(await harrow.getByRole("row").count(), 1 + files.length);
  await harrow.getByPlaceholder("Search 5 documents").waitFor();
  await panel.getByRole("button", { name: "Close" }).click();
});

step("a file that cannot be read says why, and is kept", async () => {
  const broken = {
    name: "Scan_0231.pdf",
    mimeType: "application/pdf",
    buffer: Buffer.from("%PDF-1.7\nnot one"),
  };
  await harrow.locator("input[type=file]").first().setInputFiles(broken);
  const row = harrow.getByRole("row", { name: /Scan_0231/ });
  await row.getByRole("button", { name: "Retry" }).waitFor({ timeout: 60_000 });
  await owners.look(harrow, "library-failed");
  await row.getByRole("link", { name: "Scan_0231.pdf" }).click();
  await heading(harrow, "This document could not be read").waitFor();
  await owners.look(harrow, "document-failed");
});

step("a question is answered as it is written, and a citation opens its passage", async ({ instance }) => {
  if (renewsScreenshot) await storeRun(instance, true);
  await harrow.goto(`${instance.url}${HARROW}/ask`);
  const streams = harrow.waitForResponse(/\/answers\/.*\/stream/);
  await harrow.getByLabel("Your question").fill("What is the period of notice for Lindqvist House?");
  await harrow.keyboard.press("Enter");
  assert.match((await streams).headers()["content-type"] ?? "", /^text\/event-stream/);
  const answer = harrow.getByRole("article", { name: "Answer" });
  await answer.getByText("From your documents only").waitFor();
  assert.match((await answer.textContent()) ?? "", /six months to the end of a calendar quarter/);
  const source = harrow.getByRole("complementary", { name: "Source" });
  await source.locator("mark").waitFor();
  await owners.look(harrow, "answer");
  if (renewsScreenshot) await harrow.screenshot({ path: join(projectFolder, "docs/screenshot.png") });
  await source.getByRole("button", { name: "Close the source" }).click();
  await source.waitFor({ state: "detached" });
  await answer.getByRole("button", { name: /^Source 1: .*lease.*page 4/i }).click();
  assert.match(
    (await source.locator("mark").textContent()) ?? "",
    /six months to the end of a calendar quarter/,
  );
  await source.getByRole("link", { name: "Open the document" }).click();
  await harrow.waitForURL(/#p\d+$/);
  await harrow.getByRole("heading", { level: 1, name: /lease/i }).waitFor();
  const mark = harrow.getByRole("main").locator("mark");
  await mark.waitFor();
  assert.ok(await inSight(mark), "the passage is in sight");
  lease = new URL(harrow.url()).pathname.split("/").at(-1) ?? "";
  await owners.look(harrow, "document");
});

step("what is shared is seen by the colleague, and by no other customer", async ({ instance }) => {
  const url = `${instance.url}${HARROW}/library/${lease}`;
  colleague.willRefuse(`404 GET /documents/${lease}`);
  await tomas.goto(url);
  await heading(tomas, "This document is not here").waitFor();
  await colleague.look(tomas, "document-not-shared");
  await harrow.goto(url);
  await harrow.getByRole("button", { name: "Share" }).click();
  const sharing = harrow.getByRole("dialog", { name: "Who can see it" });
  await sharing.getByRole("combobox", { name: "Share with" }).fill("Everyone");
  await sharing.getByRole("option", { name: /Everyone at Harrow/ }).click();
  await sharing.getByRole("button", { name: "Share" }).click();
  await sharing.getByText("Everyone at Harrow & Finch can see this document").waitFor();
  await owners.look(harrow, "share");
  await sharing.getByRole("button", { name: "Done" }).click();
  await tomas.goto(url);
  await tomas.getByText("The period of notice is six months").waitFor();
  await colleague.look(tomas, "document-of-a-colleague");
  // The other customer's owner, signed in beside them in the same browser, with the true identifier.
  owners.willRefuse(`404 GET /documents/${lease}`);
  await bexley.bringToFront();
  await bexley.goto(`${instance.url}${BEXLEY}/library/${lease}`);
  await heading(bexley, "This document is not here").waitFor();
  await bexley.goto(`${instance.url}${BEXLEY}/library?q=Lindqvist`);
  await bexley.getByText("No passage has these words").waitFor();
  await bexley.getByText("No document is called").waitFor();
  await owners.look(bexley, "search-nothing");
  await harrow.bringToFront();
  await harrow.reload();
  await harrow.getByRole("heading", { level: 1, name: /lease/i }).waitFor();
});

step("a document is renamed, found, and deleted", async ({ instance }) => {
  await harrow.goto(`${instance.url}${HARROW}/library`);
  await more(harrow, /Scan_0231/, "Rename");
  await harrow.getByLabel("Name", { exact: true }).fill("Notes for the move");
  await owners.look(harrow, "rename");
  await harrow.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
  await harrow.getByRole("link", { name: "Notes for the move" }).waitFor();
  await harrow.getByRole("searchbox").fill("notice");
  await harrow.getByRole("heading", { name: "In the text" }).waitFor();
  await harrow.getByRole("main").locator("mark").first().waitFor();
  await owners.look(harrow, "search");
  await harrow.getByRole("searchbox").fill("");
  await harrow.getByRole("button", { name: "More for Notes for the move" }).click();
  await harrow.getByRole("menuitem", { name: "Move to the bin" }).click();
  await harrow.getByText("Moved “Notes for the move” to the bin.").waitFor();
  await owners.look(harrow, "delete");
  await harrow.getByRole("link", { name: "Notes for the move" }).waitFor({ state: "detached" });
});

step("a changed role holds from the next request on", async ({ instance }) => {
  await tomas.goto(`${instance.url}${HARROW}/library`);
  await tomas.getByRole("button", { name: "Add documents" }).waitFor();
  await harrow.goto(`${instance.url}${HARROW}/settings/members`);
  await more(harrow, /Tomas Brandt/, "Change the role");
  await harrow.getByLabel("Role", { exact: true }).selectOption("viewer");
  await owners.look(harrow, "role");
  await harrow.getByRole("dialog").getByRole("button", { name: "Change the role" }).click();
  await harrow.getByText("Tomas Brandt is now viewer.").waitFor();
  colleague.willRefuse("403 POST /documents");
  await tomas.locator("input[type=file]").first().setInputFiles(files.slice(0, 1));
  await tomas.getByText("1 could not be added").waitFor();
  await tomas.getByRole("button", { name: "Add documents" }).waitFor({ state: "detached" });
  await colleague.look(tomas, "library-of-a-viewer");
});

step("the log says who did what", async ({ instance }) => {
  await harrow.goto(`${instance.url}${HARROW}/activity`);
  const changed = harrow.getByRole("row", { name: /Changed a role.*Mara Osei/ });
  await changed.waitFor();
  for (const words of [
    "Invited somebody",
    "Put a document into the bin",
    "Changed a document",
    "Asked a question",
  ])
    await harrow.getByRole("cell", { name: words }).first().waitFor();
  await changed.getByRole("button").click();
  await harrow.getByText(/^member\.role-changed · member/).waitFor();
  await owners.look(harrow, "activity");
  await tomas.goto(`${instance.url}${HARROW}/activity`);
  await tomas.getByText("Your own sign-ins").waitFor();
  await colleague.look(tomas, "activity-of-a-viewer");
});

step("the security page is written from the last run", async ({ instance }) => {
  await desk.goto(`${instance.url}/security`);
  if (!renewsScreenshot) await heading(desk, /^Not attacked in operation/).waitFor();
  await operator.look(desk, "security-before");
  await storeRun(instance, false);
  await desk.goto(`${instance.url}/security`);
  await heading(desk, /One claim is broken/).waitFor();
  const totals = desk.getByRole("list", { name: "Claims by state" });
  for (const words of ["tested, held — 2", "broken — 1", "not run — 1"])
    await totals.getByText(words).waitFor();
  await desk.getByRole("button", { name: "Open all evidence" }).click();
  await desk.getByRole("cell", { name: "not run" }).waitFor();
  const folded = desk.locator("details");
  assert.equal(await desk.locator("details[open]").count(), 0);
  await desk.emulateMedia({ media: "print" });
  // But for what paper leaves out: the figures behind the charts.
  const closed = desk.locator("details:not([open]):visible");
  await until(async () => (await closed.count()) === 0);
  await desk.emulateMedia({ media: null });
  await folded.first().locator("summary").click();
  await operator.look(desk, "security");
});

step("everything is reached by keyboard alone", async ({ instance }) => {
  await harrow.goto(`${instance.url}${HARROW}/activity`);
  await heading(harrow, "Activity").waitFor();
  await harrow.keyboard.press("Tab");
  assert.equal(await focused(harrow), "Skip to the page");
  await harrow.keyboard.press("g");
  await harrow.keyboard.press("l");
  await heading(harrow, "Library").waitFor();
  await harrow.keyboard.press("/");
  await harrow.keyboard.type("notice");
  await harrow.getByRole("heading", { name: "In the text" }).waitFor();
  await harrow.keyboard.press("Escape");
  await harrow.keyboard.press("?");
  await harrow.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await owners.look(harrow, "keyboard");
  await harrow.keyboard.press("Escape");
  await harrow.keyboard.press("g");
  await harrow.keyboard.press("a");
  await heading(harrow, "What would you like to know?").waitFor();
  await harrow.keyboard.type("How much is the break fee, and what reduces it?");
  await harrow.keyboard.press("Enter");
  const source = harrow.getByRole("complementary", { name: "Source" });
  await source.getByText(/^Source 1 of/).waitFor();
  for (let presses = 0; presses < 20 && !/^Source 1:/.test(await focused(harrow)); presses++)
    await harrow.keyboard.press("Shift+Tab");
  await harrow.keyboard.press("ArrowRight");
  await source.getByText(/^Source 2 of/).waitFor();
  await harrow.keyboard.press("Escape");
  await source.waitFor({ state: "detached" });
  assert.match(await focused(harrow), /^Source 2:/, "the focus is at the number of the source that was open");
  await harrow.keyboard.press("Enter");
  await source.locator("mark").waitFor();
});

step("every page fits a phone", async ({ instance }) => {
  const chat = harrow.url();
  await harrow.setViewportSize(PHONE);
  await harrow.goto(chat);
  await harrow.getByRole("button", { name: /^Source 1:/ }).click();
  await harrow.getByRole("dialog").locator("mark").waitFor();
  await owners.look(harrow, "phone-source");
  await harrow.keyboard.press("Escape");
  await owners.look(harrow, "phone-answer");
  for (const place of [
    "ask",
    "library",
    "activity",
    "settings/account",
    "settings/members",
    "settings/workspace",
  ]) {
    await harrow.goto(`${instance.url}${HARROW}/${place}`);
    await harrow.getByRole("heading", { level: 1 }).waitFor();
    await owners.look(harrow, `phone-${place.replace("/", "-")}`);
  }
  await desk.setViewportSize(PHONE);
  for (const [name, path] of [
    ["security", "/security"],
    ["tenants", "/t/operator/tenants"],
  ] as const) {
    await desk.goto(instance.url + path);
    await desk.getByRole("heading", { level: 1 }).waitFor();
    await operator.look(desk, `phone-${name}`);
  }
  await harrow.setViewportSize(DESK);
});

step("a new password and signing out everywhere end the other browser's session", async ({ instance }) => {
  const second = await openWatched(house?.browser ?? assert.fail(), instance.url);
  const phone = await second.newPage();
  second.willRefuse("401 ");
  await phone.goto(`${instance.url}${HARROW}`);
  await phone.waitForURL(/sign-in/);
  await signIn(phone, MARA);
  await giveCode(phone, maras);
  await phone.waitForURL(`**${HARROW}/ask`);
  await harrow.goto(`${instance.url}${HARROW}/settings/account`);
  await owners.look(harrow, "account");
  await harrow.getByLabel("Password now", { exact: true }).fill(PASSWORD);
  await harrow.getByLabel("New password", { exact: true }).fill(NEW_PASSWORD);
  await harrow.getByRole("button", { name: "Change the password" }).click();
  await harrow.getByText("Your password is changed.").waitFor();
  await phone.getByRole("link", { name: "Activity" }).click();
  await phone.getByText("Sign in to go on.").waitFor();
  await signIn(phone, MARA, NEW_PASSWORD);
  await giveCode(phone, maras);
  await heading(phone, "Activity").waitFor();
  await harrow.getByRole("link", { name: "Security", exact: true }).click();
  await harrow.getByRole("button", { name: /^End this one/ }).waitFor();
  await harrow.getByRole("button", { name: "Sign out everywhere" }).click();
  await harrow.getByText("You are signed out.").waitFor();
  await owners.look(harrow, "signed-out");
  await phone.getByRole("link", { name: "Library" }).click();
  await phone.getByText("Sign in to go on.").waitFor();
  await second.look(phone, "session-ended");
  await second.close();
  // The tab beside it belongs to another customer and stays where it is.
  await bexley.goto(`${instance.url}${BEXLEY}/library`);
  await heading(bexley, "Library").waitFor();
});

step("pages that are not there, and links that are used up, say what to do", async ({ instance }) => {
  const visitor = await openWatched(house?.browser ?? assert.fail(), instance.url);
  const page = await visitor.newPage();
  visitor.willRefuse("422 POST /invitations/open", "422 POST /unlock");
  for (const [path, title] of [
    [`${HARROW}/join#used`, "This invitation no longer works"],
    [`${HARROW}/verify`, "This link no longer works"],
    ["/set-up#used", "This installation is set up already"],
    ["/outbox", "This link does not open the outbox"],
  ] as const) {
    await page.goto(instance.url + path);
    await heading(page, title).waitFor();
    await visitor.look(page, `refused-${title.toLowerCase().replaceAll(" ", "-")}`);
  }
  await page.goto(`${instance.url}${HARROW}/unlock#used`);
  await page.getByRole("button", { name: "Unlock" }).click();
  await heading(page, "This link no longer works").waitFor();
  await bexley.goto(`${instance.url}${BEXLEY}/nothing-here`);
  await heading(bexley, "There is no such page").waitFor();
  await owners.look(bexley, "not-found");
  await bexley.goto(`${instance.url}${BEXLEY}/tenants`);
  await heading(bexley, "This is not open to you").waitFor();
  await owners.look(bexley, "forbidden");
  await visitor.close();
});

const heading = (page: Page, name: string | RegExp): Locator => page.getByRole("heading", { name });

const mailTo = (page: Page, address: string): Locator =>
  page
    .getByRole("article")
    .filter({ hasText: `To ${address}` })
    .first();

async function signIn(page: Page, address: string, password = PASSWORD): Promise<void> {
  await page.getByLabel("Email address").fill(address);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** The second step, with a code that was not used before. */
async function giveCode(page: Page, app: AuthenticatorApp): Promise<void> {
  ahead += seconds(30);
  await page.getByLabel(/^Code of your authenticator/).fill(app.code());
  await page.getByRole("button", { name: "Go on" }).click();
}

async function openWorkspace(page: Page, name: string, owner: string): Promise<void> {
  await page.getByRole("button", { name: "New workspace" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Email address of its owner").fill(owner);
  await page.getByRole("button", { name: "Open the workspace" }).click();
  await heading(page, `${name} is open`).waitFor();
}

/** Follows the newest mailed invitation to an address, chooses a password, signs in. */
async function joinByMail(page: Page, address: string, name: string, title: string): Promise<void> {
  const { href } = new URL(outbox);
  await page.goto(href);
  await mailTo(page, address).getByRole("link").click();
  await heading(page, title).waitFor();
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Choose a password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Join" }).click();
  await heading(page, "Sign in").waitFor();
  await signIn(page, address);
}

/** Chooses from the menu of a table's row what opens a dialog. */
async function more(page: Page, row: string | RegExp, entry: string): Promise<void> {
  await page
    .getByRole("row", { name: row })
    .first()
    .getByRole("button", { name: /^More for/ })
    .click();
  await page.getByRole("menuitem", { name: entry }).click();
  await page.getByRole("dialog").waitFor();
}

const focused = (page: Page): Promise<string> =>
  page.evaluate(
    "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? ''",
  );

const inSight = (place: Locator): Promise<boolean> =>
  place.evaluate((element: { getBoundingClientRect(): { top: number; bottom: number } }) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= 820;
  });
