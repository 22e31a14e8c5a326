import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { type Company, type Person, setUpInstallation } from "../../src/modules/trust/stage/people.ts";
import { keepCodes, plugInAuthenticator } from "./authenticator.ts";
import { type House, openHouse } from "./house.ts";
import { DESK, openWatched, PHONE, type Watched } from "./watched.ts";

// A workspace asks everybody for a second factor: first from a day on, then at once.

const HOME = "/t/harrow-finch";

let house: House | null;
let company: Company;
let tomas: Person;
let watched: Watched;
let page: Page;

before(async () => {
  house = await openHouse();
  if (!house) return;
  const { browser, instance } = house;
  const founder = await setUpInstallation(instance.system, instance.url);
  company = await founder.found("harrow-finch", "Harrow & Finch", "Mara Osei");
  tomas = await company.hire("Tomas Brandt", "manager");
  watched = await openWatched(browser, instance.url);
  page = await watched.newPage();
  await page.goto(`${instance.url}${HOME}/sign-in`);
  await page.getByLabel("Email address").fill(tomas.address);
  await page.getByLabel("Password", { exact: true }).fill(tomas.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(`**${HOME}/ask`);
});
after(() => house?.close());

test("days of grace are said on every page, and can be used or not", { timeout: 90_000 }, async (t) => {
  if (!house) return t.skip("there is no browser: set CHROMIUM, or install Chromium");
  await ask(3);
  await page.reload();
  const banner = page.getByText("this workspace asks everybody for a second factor");
  await banner.waitFor();
  await watched.look(page, "grace");
  await page.setViewportSize(PHONE);
  await watched.look(page, "phone-grace");
  await page.setViewportSize(DESK);
  await page.getByRole("link", { name: "Set yours up now" }).click();
  await heading("Add a second factor").waitFor();
  await watched.look(page, "grace-factor");
  await page.getByRole("button", { name: "Not now" }).click();
  await page.waitForURL(`**${HOME}/ask`);
  await banner.waitFor();
});

test("whoever has none when the days are over is led to it from where they were", {
  timeout: 90_000,
}, async (t) => {
  if (!house) return t.skip("there is no browser: set CHROMIUM, or install Chromium");
  await ask(0);
  watched.willRefuse("403 ");
  // By its address: the page may have been led away already by what it asks for by itself.
  await page.goto(`${house.instance.url}${HOME}/library`);
  await heading("One more thing before you begin").waitFor();
  const device = await plugInAuthenticator(page);
  await page.getByRole("button", { name: /^A passkey/ }).click();
  await page.getByRole("button", { name: "Make the passkey" }).click();
  await heading("Keep these recovery codes").waitFor();
  await watched.look(page, "grace-codes");
  assert.equal((await keepCodes(page)).length, 10);
  await page.waitForURL(`**${HOME}/library`);
  await heading("Library").waitFor();
  assert.equal(await device.credentials(), 1);
  assert.equal(await page.getByText("asks everybody for a second factor").count(), 0);
});

/** The owner asks everybody for a second factor, so many days from now. */
async function ask(graceDays: number): Promise<void> {
  const body = { secondFactor: { required: true, graceDays } };
  const { status } = await company.owner.client.call("PATCH", "policy", { body });
  assert.equal(status, 200);
}

const heading = (name: string): Locator => page.getByRole("heading", { name });
