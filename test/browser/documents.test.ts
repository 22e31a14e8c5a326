import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";
import type { Locator, Page } from "playwright-core";
import { sampleCompanies } from "../../samples/index.ts";
import { type Person, setUpInstallation } from "../../src/modules/trust/stage/people.ts";
import { upload, waitUntilReady } from "../../src/modules/trust/stage/workspace.ts";
import { type House, openHouse } from "./house.ts";
import { seat } from "./seat.ts";
import { stepsOf } from "./story.ts";
import { DESK, PHONE, type Watched } from "./watched.ts";

// A document from being found to being asked: search while one types, filters, a saved search, the document at its
// passage, a new version and what changed, its history, a question asked of it alone. The steps build on each other, so
// after one that fails the others are skipped.

const HOME = "/t/harrow-finch";
const LEASE = "Lease Lindqvist House.pdf";
const RULES = "House rules.md";
const rules = (hours: string, last: string) => `# House rules

## Deliveries

The yard is open for deliveries ${hours}. Pallets are left beside the blue door, never on the ramp.

## Notices

A notice of termination reaches the tenant by post and by electronic mail, and counts from the day of posting.

## Keys

| Room | Key | Holder |
| --- | --- | --- |
| Archive | 12 | Percival Ndiaye |
| Plant room | 31 | Duty phone |

${last}
`;

let house: House | null;
let watched: Watched;
let page: Page;

before(async () => {
  house = await openHouse();
  if (!house) return;
  const { instance } = house;
  const founder = await setUpInstallation(instance.system, instance.url);
  const { owner } = await founder.found("harrow-finch", "Harrow & Finch", "Mara Osei");
  await fill(owner);
  ({ watched, page } = await seat(house, owner));
  await watched.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: instance.url });
});
after(() => house?.close());

/** A folder with the lease and the rules in it, and the handbook outside. */
async function fill({ client }: Person): Promise<void> {
  const made = await client.call("POST", "folders", { body: { name: "Contracts", parent: null } });
  const samples = sampleCompanies[0]?.documents ?? [];
  const file = async (name: string, kind: string) => ({
    name,
    bytes: await readFile(samples.find((sample) => sample.kind === kind)?.path ?? assert.fail()),
  });
  const inside = [
    await file(LEASE, "pdf"),
    { name: RULES, bytes: Buffer.from(rules("from seven to noon", "The archive is locked at six.")) },
  ];
  const outside = [await file("Staff handbook.md", "markdown")];
  const added = [
    ...(await upload(client, inside, undefined, made.json.id)),
    ...(await upload(client, outside)),
  ];
  await waitUntilReady(
    client,
    added.map(({ id }) => id),
  );
}

const step = stepsOf({
  name: "documents",
  longest: 120_000,
  house: () => house,
  pages: () => [page],
});

step("what one types is searched at once: a beginning, a mistyped word, a phrase", async () => {
  await go("activity");
  await page.keyboard.press("/");
  await heading("Search").waitFor();
  await watched.look(page, "documents-search-empty");
  await page.keyboard.type("terminat");
  await hit(/terminat/i)
    .first()
    .waitFor();
  await field().fill("terminaton of the lease");
  await page.getByText(/Searched for|Did you mean/).waitFor();
  await watched.look(page, "documents-search-mistyped");
  await field().fill('"electronic mail"');
  await hit(/electronic/i)
    .first()
    .waitFor();
  await page.waitForURL(/electronic\+mail/);
  await field().fill("zyxwvut");
  await page.getByRole("heading", { name: /No passage has/ }).waitFor();
  await watched.look(page, "documents-search-nothing");
});

step("filters narrow it, and a search is saved with them, run, renamed and deleted", async () => {
  await field().fill("notice");
  await found("Staff handbook.md").waitFor();
  await page.getByRole("button", { name: "Anywhere" }).click();
  await page.getByRole("combobox", { name: "Folder" }).fill("contr");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Only in Contracts" }).waitFor();
  await found("Staff handbook.md").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Any kind" }).click();
  await page.getByRole("menuitemradio", { name: "Markdown" }).click();
  await found(LEASE).waitFor({ state: "detached" });
  await found(RULES).waitFor();
  await watched.look(page, "documents-search-filtered");
  await page.getByRole("button", { name: "Save this search" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Notices in contracts");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText("“Notices in contracts” is saved").waitFor();
  await go("search");
  const saved = page.getByRole("listitem").filter({ hasText: "Notices in contracts" });
  await saved.getByText("“notice”, only in Contracts, only Markdown").waitFor();
  await saved.getByRole("button").click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Notices");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("link", { name: /^Notices/ }).click();
  await found(RULES).waitFor();
  await page.goBack();
  await page.getByRole("button", { name: "More for Notices" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByText("“Notices” is deleted.").waitFor();
  await page.getByRole("link", { name: /^Notices/ }).waitFor({ state: "detached" });
});

step("by keyboard, a result opens the document at its passage, with the words marked", async () => {
  await field().fill("notice months quarter");
  await found(LEASE).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/library\/[^?]+\?find=.*#p\d+/);
  const mark = page.getByRole("main").locator("[data-passage] mark").first();
  await mark.waitFor();
  assert.ok(
    await inSight(page.locator(`${new URL(page.url()).hash} mark`).first()),
    "the passage is in sight",
  );
  await page.getByText(/^\d+ of \d+$/).waitFor();
  await watched.look(page, "documents-document");
  // Another place by the list of headings, by the number of a page, and by a link that is copied.
  await page.getByRole("navigation", { name: "Contents" }).getByRole("button").last().click();
  await page.getByLabel("Go to page").fill("1");
  await page.keyboard.press("Enter");
  await page.waitForFunction("document.querySelector('[aria-label=\"Go to page\"]').value === '1'");
  await page.getByRole("searchbox", { name: "Find in this document" }).fill("parking");
  const parking = page
    .locator("[data-passage]")
    .filter({ has: page.locator("mark", { hasText: "parking" }) });
  await parking.first().waitFor();
  await parking.first().hover();
  await parking
    .first()
    .getByRole("link", { name: /^Copy a link/ })
    .click();
  await page.getByText("The link to this passage is copied").waitFor();
  assert.match(String(await page.evaluate("navigator.clipboard.readText()")), /#p\d+$/);
});

step("a new version is compared with the one before, and the old one restored", async () => {
  await openDocument(RULES);
  await page.getByRole("table").getByRole("cell", { name: "Percival Ndiaye" }).waitFor();
  await watched.look(page, "documents-table");
  await page.locator("input[type=file]").setInputFiles({
    name: "House rules, second edition.md",
    mimeType: "text/markdown",
    buffer: Buffer.from(
      rules("from eight to two", "The archive is locked at seven. Smoking is not allowed."),
    ),
  });
  await page.getByText("version 2 of 2").waitFor({ timeout: 30_000 });
  await page.getByText("from eight to two").waitFor();
  await page.getByRole("link", { name: "Versions (2)" }).click();
  await page.getByText("House rules, second edition.md").waitFor();
  await watched.look(page, "documents-versions");
  await page.getByRole("button", { name: "What changed in version 2" }).click();
  await page.getByText("− 2 paragraphs removed").waitFor();
  await page.getByRole("button", { name: "Change after" }).click();
  await page.getByText("Change 1 of 2").waitFor();
  await page.keyboard.press("n");
  await page.getByText("Change 2 of 2").waitFor();
  await page.locator("del", { hasText: /six/ }).waitFor();
  await page.locator("ins", { hasText: /Smoking/ }).waitFor();
  await watched.look(page, "documents-compare");
  await page.getByRole("button", { name: "All versions" }).click();
  await page.getByRole("button", { name: "Read version 1" }).click();
  await page.getByText("from seven to noon").waitFor();
  await page.getByRole("button", { name: "Restore" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
  await page.getByText("Version 1 is the newest again").waitFor();
  await page.getByText("version 3 of 3").waitFor({ timeout: 30_000 });
  await page.getByRole("link", { name: "Text", exact: true }).click();
  await page.getByText("from seven to noon").waitFor();
});

step("its history says so in words", async () => {
  await page.getByRole("link", { name: "History" }).click();
  for (const words of ["Version restored", "New version", "Added"])
    await page.getByText(words, { exact: true }).waitFor();
  await watched.look(page, "documents-history");
});

step("a question is asked of one document, and the one that follows knows what it is about", async () => {
  await openDocument(LEASE);
  await page.getByRole("link", { name: "Ask about it" }).click();
  await page.getByText(`Only in ${LEASE}`).waitFor();
  await watched.look(page, "documents-ask");
  await page.getByLabel("Your question").fill("How long is the period of notice?");
  await page.keyboard.press("Enter");
  const answers = page.getByRole("article", { name: "Answer" });
  await answers.getByText("From your documents only").waitFor();
  await page.getByText(`1 of 1 document`).waitFor();
  await page.getByLabel("Your question").fill("And for the Landlord?");
  await page.keyboard.press("Enter");
  await answers.nth(1).getByText("From your documents only").waitFor();
  await page.getByText(/asked about/).waitFor();
  await watched.look(page, "documents-follow-up");
  // Dropped, it is gone; what was asked keeps saying where it was asked.
  await page.getByRole("button", { name: "Drop this: all documents" }).click();
  await page.getByRole("button", { name: /^All documents you can see/ }).waitFor();
  assert.equal(await page.getByText(`Only in ${LEASE}`).count(), 2);
});

step("each of these pages fits a phone", async () => {
  await page.setViewportSize(PHONE);
  // What is cited comes into sight in the sheet.
  await page.waitForFunction(`(() => {
    const mark = document.querySelector("dialog[open] mark")?.getBoundingClientRect();
    return mark && mark.height > 0 && mark.top > 0 && mark.bottom < innerHeight;
  })()`);
  await watched.look(page, "documents-phone-chat");
  await go("search?q=notice");
  await hit(/notice/i)
    .first()
    .waitFor();
  await watched.look(page, "documents-phone-search");
  await openDocument(RULES);
  await watched.look(page, "documents-phone-document");
  await page.getByRole("link", { name: /^Versions/ }).click();
  await page.getByRole("button", { name: "What changed in version 2" }).click();
  await page.getByText("− 2 paragraphs removed").waitFor();
  await watched.look(page, "documents-phone-compare");
  await page.setViewportSize(DESK);
});

async function go(place: string): Promise<void> {
  await page.goto(`${house?.instance.url}${HOME}/${place}`);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
}

/** By its name, as one who looks for it does. */
async function openDocument(name: string): Promise<void> {
  await go(`library?q=${encodeURIComponent(name.replace(/\.\w+$/, ""))}`);
  await page.getByRole("link", { name, exact: true }).last().click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await page.locator("[data-passage]").first().waitFor();
}

const heading = (name: string): Locator => page.getByRole("heading", { level: 1, name });
const field = (): Locator => page.getByRole("searchbox").first();
/** The first of what was found in a document. */
const found = (name: string): Locator =>
  page.getByRole("list", { name: "Results" }).getByRole("heading", { name }).first();
const hit = (words: RegExp): Locator => page.locator("[data-hit] mark", { hasText: words });

const inSight = (place: Locator): Promise<boolean> =>
  place.evaluate((element: { getBoundingClientRect(): { top: number; bottom: number } }) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= 820;
  });
