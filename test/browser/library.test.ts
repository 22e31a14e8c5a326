import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import type { Locator, Page } from "playwright-core";
import { type Company, type Person, setUpInstallation } from "../../src/modules/trust/stage/people.ts";
import { type House, openHouse } from "./house.ts";
import { addMany } from "./many-documents.ts";
import { seat } from "./seat.ts";
import { stepsOf } from "./story.ts";
import { PHONE, type Watched } from "./watched.ts";

// The library as one story: folders from the desktop, moving by mouse and by keyboard, the bin, many at once, uploads
// over a connection that breaks, and 3,000 documents. The steps build on each other.

const HOME = "/t/harrow-finch/library";

let house: House | null;
let company: Company;
let mara: Person;
let watched: Watched;
let page: Page;
let files: string;

before(async () => {
  house = await openHouse();
  if (!house) return;
  const { instance } = house;
  const founder = await setUpInstallation(instance.system, instance.url);
  company = await founder.found("harrow-finch", "Harrow & Finch", "Mara Osei");
  mara = company.owner;
  ({ watched, page } = await seat(house, mara));
  files = mkdtempSync(join(tmpdir(), "vouchsafe-desktop-"));
});
after(async () => {
  await house?.close();
  if (files) rmSync(files, { recursive: true });
});

const step = stepsOf({
  name: "library",
  longest: 60_000,
  house: () => house,
  pages: () => [page],
});

step("an empty library says what to do", async ({ instance }) => {
  await page.goto(instance.url + HOME);
  await page.getByText("Add the first document").waitFor();
  await watched.look(page, "library-empty");
  await page.goto(`${instance.url}${HOME}?kind=zip&state=failed`);
  await page.getByText("At the top of the library there is no ZIP archive that could not be read.").waitFor();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await page.getByText("Add the first document").waitFor();
});

step("a folder from the desktop comes in with all that is in it", async () => {
  const folder = join(files, "Contracts");
  mkdirSync(join(folder, "2026", "Empty"), { recursive: true });
  writeFileSync(join(folder, "Lease.txt"), "The lease of the fourth floor ends in March.");
  writeFileSync(join(folder, "2026", "Cleaning.md"), "# Cleaning\n\nTwice a week.");
  writeFileSync(join(folder, ".DS_Store"), "x");
  await dropFromDesktop(folder);
  await page.getByText("1 hidden file of the system left out.").waitFor();
  await page.getByText("Added 2 documents").waitFor();
  await row("Contracts").getByRole("link", { name: "Contracts" }).click();
  await row("Lease.txt").waitFor();
  await row("2026").getByRole("link", { name: "2026" }).click();
  await row("Cleaning.md").waitFor();
  await row("Empty").waitFor();
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByText("Added 2 documents").waitFor({ state: "detached" });
});

step("rows are moved by dragging, onto a folder and onto a part of the path", async () => {
  await row("Cleaning.md").dragTo(row("Empty"));
  await page.getByText("“Cleaning.md” is in “Empty” now.").waitFor();
  await row("Cleaning.md").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await row("Cleaning.md").waitFor();
  const path = page.getByRole("navigation", { name: "Folders" });
  await row("Cleaning.md").dragTo(path.getByRole("link", { name: "Contracts" }));
  await row("Cleaning.md").waitFor({ state: "detached" });
  await path.getByRole("link", { name: "Contracts" }).click();
  await row("Cleaning.md").waitFor();
});

step("all of it by keyboard: select, move, rename, bin, open", async () => {
  const keys = page.keyboard;
  await row("2026").focus();
  await keys.press("ArrowDown");
  await keys.press("Space");
  await keys.press("Shift+ArrowDown");
  await page.getByText("2 documents selected").first().waitFor();
  await watched.look(page, "library-selected");
  await keys.press("m");
  const dialog = page.getByRole("dialog", { name: "Move 2 documents" });
  await dialog.getByRole("radio", { name: "2026" }).focus();
  await keys.press("Space");
  await dialog.getByRole("button", { name: "Move here" }).press("Enter");
  await page.getByText("2 documents are in “2026” now.").waitFor();
  await keys.press("Home");
  assert.match(await focused(), /Folder, 2026/);
  await keys.press("Enter");
  await row("Lease.txt").waitFor();
  await row("Empty").focus();
  await keys.press("F2");
  await page.getByLabel("Name", { exact: true }).fill("Archive");
  await keys.press("Enter");
  await row("Archive").waitFor();
  await row("Lease.txt").focus();
  await keys.press("Delete");
  await page.getByText("Moved “Lease.txt” to the bin.").waitFor();
  await row("Lease.txt").waitFor({ state: "detached" });
  assert.match(await focused(), /Cleaning\.md/, "the focus goes on to the next row");
});

step("what was deleted is in the bin, and comes back", async ({ instance }) => {
  await page.goto(`${instance.url}${HOME}/bin`);
  const item = page.getByRole("listitem").filter({ hasText: "Lease.txt" });
  await item.getByText(/from “2026”.*deleted today/).waitFor();
  await item.getByText("30 days left").filter({ visible: true }).waitFor();
  await watched.look(page, "library-bin");
  await item.getByRole("button", { name: "Restore" }).click();
  await page.getByText("“Lease.txt” is back in “2026”.").waitFor();
  await page.getByText("The bin is empty").waitFor();
  await page.goto(instance.url + HOME);
  await more("Contracts", "Move to the bin");
  await page.getByRole("dialog").getByText("also what others have put there").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Move to the bin" }).click();
  await page.getByText("Moved “Contracts” to the bin.").waitFor();
  await row("Contracts").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await row("Contracts").waitFor();
});

step("of many, what is refused is said with its reason", async () => {
  const tomas = await company.hire("Tomas Brandt", "manager");
  await upload(tomas, "Team rota.txt", "The rota of the team.", { visibility: "tenant" });
  await upload(mara, "Draft A.txt", "The first draft.");
  await upload(mara, "Draft B.txt", "The second draft.");
  await page.reload();
  await row("Team rota.txt").getByRole("checkbox").click();
  await row("Draft B.txt").click({ modifiers: ["Shift"], position: { x: 420, y: 10 } });
  await row("Draft A.txt").click({ modifiers: ["Control"], position: { x: 420, y: 10 } });
  await row("Draft A.txt").click({ modifiers: ["Control"], position: { x: 420, y: 10 } });
  await page
    .getByText(/documents selected/)
    .first()
    .waitFor();
  await page.getByRole("button", { name: "To the bin" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/^1 of \d could not be moved to the bin$/).waitFor();
  await dialog.getByRole("listitem").filter({ hasText: "Team rota.txt" }).waitFor();
  await watched.look(page, "library-refused");
  await dialog.getByRole("button", { name: "Undo" }).click();
  await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
  await row("Draft B.txt").waitFor();
});

step("an upload goes on after its connection was lost, and after the page was loaded again", async () => {
  const large = join(files, "Survey.html");
  // Two full pieces and a rest; little of it is text that would have to be read.
  writeFileSync(large, `<!doctype html><p>The survey.</p><!-- ${"x".repeat(9_600_000)} -->`);
  const sent: string[] = [];
  let failing = 1;
  await page.route("**/pieces", async (route) => {
    const head = route.request().postDataBuffer()?.subarray(0, 500).toString("latin1") ?? "";
    const offset = /name="offset"\r\n\r\n(\d+)/.exec(head)?.[1] ?? "none";
    if (offset !== "0" && failing > 0) {
      failing -= 1;
      return route.abort("connectionreset");
    }
    sent.push(offset);
    return route.continue();
  });
  await page.locator("input[type=file][multiple]").first().setInputFiles(large);
  await page.getByText("The connection was lost. It goes on by itself.").waitFor();
  await page.getByText("Added 1 document").waitFor();
  assert.deepEqual(sent, ["0", "4194304", "8388608"], "each piece was sent once");
  // The same file once more: it is said, and one of the two goes.
  failing = Number.POSITIVE_INFINITY;
  await page.locator("input[type=file][multiple]").first().setInputFiles(large);
  await page.getByText("The connection was lost. It goes on by itself.").waitFor();
  const [warning] = await Promise.all([
    page.waitForEvent("dialog"),
    page.reload({ waitUntil: "commit" }).catch(() => {}),
    accept(),
  ]);
  assert.equal(warning.type(), "beforeunload");
  await page.getByText(/4.2 MB of 9.6 MB are here. Choose the file again to go on/).waitFor();
  await watched.look(page, "library-unfinished");
  failing = 0;
  await page.locator("li input[type=file]").setInputFiles(large);
  await page.getByText(/The same file is already here as/).waitFor();
  await watched.look(page, "library-twice");
  await page.getByRole("button", { name: "Remove this one" }).click();
  await page.getByText("Moved “Survey.html” to the bin.").waitFor();
  assert.equal(await row("Survey.html").count(), 1);
  await page.unroute("**/pieces");
});

step("a file that cannot be read is refused with its reason", async () => {
  const program = join(files, "setup.exe");
  writeFileSync(program, Buffer.from("4d5a900003000000040000", "hex"));
  await page.locator("input[type=file][multiple]").first().setInputFiles(program);
  await page.getByText("1 could not be added").waitFor();
  await page
    .getByRole("list", { name: "Files" })
    .getByText("This is a program. Only documents can be added.")
    .waitFor();
  await page.getByRole("button", { name: "Close" }).click();
});

step("3,000 documents are sorted, filtered, scrolled and selected", async ({ instance }) => {
  const of = await upload(mara, "Report 0000.txt", "A report.");
  await addMany(instance.system, company, mara, {
    of,
    count: 3000,
    name: (n) => `Report ${String(n).padStart(4, "0")}.txt`,
  });
  await page.goto(instance.url + HOME);
  await row("Report 2999.txt").waitFor();
  const rows = page.getByRole("row");
  assert.ok((await rows.count()) < 60, "only rows in sight are drawn");
  const grid = page.getByRole("grid", { name: "Folders and documents" });
  assert.ok(Number(await grid.getAttribute("aria-rowcount")) > 3000);
  await row("Report 2999.txt").focus();
  await page.keyboard.press("End");
  await row("Team rota.txt").waitFor();
  for (let tries = 0; tries < 50 && !/Team rota/.test(await focused()); tries++)
    await page.waitForTimeout(50);
  assert.match(await focused(), /Team rota/);
  assert.ok((await rows.count()) < 60, "and no more of them at the end");
  await watched.look(page, "library-3000");
  await page.keyboard.press("Control+a");
  await page
    .getByText(/1 folder and 3,\d\d\d documents selected/)
    .first()
    .waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Whose" }).click();
  await page.getByRole("menuitemradio", { name: "Others’" }).click();
  await page.waitForURL(/owner=others/);
  await row("Team rota.txt").waitFor();
  assert.equal(await page.getByRole("row", { name: /Report/ }).count(), 0);
  await page.setViewportSize(PHONE);
  await page.goto(`${instance.url}${HOME}?sort=name`);
  await row("Draft A.txt").waitFor();
  await watched.look(page, "library-phone");
});

const row = (name: string): Locator => page.getByRole("row", { name }).first();

const focused = (): Promise<string> => page.evaluate("document.activeElement?.textContent ?? ''");

const accept = (): Promise<void> =>
  new Promise((resolve) => {
    page.once("dialog", (dialog) => void dialog.accept().then(resolve));
  });

/** Drops a folder of this computer onto the middle of the page, as a person's mouse would. */
async function dropFromDesktop(path: string): Promise<void> {
  const chrome = await watched.context.newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await chrome.send("Input.dispatchDragEvent", { type, x: 700, y: 400, data });
  await chrome.detach();
}

async function more(name: string, entry: string): Promise<void> {
  await row(name)
    .getByRole("button", { name: /^More for/ })
    .click();
  await page.getByRole("menuitem", { name: entry }).click();
}

/** Adds a document past the page; answers its id. */
async function upload(
  { client }: Person,
  name: string,
  text: string,
  fields: Record<string, string> = {},
): Promise<string> {
  const raw = new FormData();
  for (const [field, value] of Object.entries(fields)) raw.append(field, value);
  raw.append("file", new File([text], name, { type: "text/plain" }));
  const { status, json } = await client.call("POST", "documents", { raw });
  assert.equal(status, 201);
  return json.items[0].id;
}
