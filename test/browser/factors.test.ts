import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";
import type { Locator, Page } from "playwright-core";
import { minutes, seconds } from "../../src/kernel/clock.ts";
import { offerSetUp } from "../../src/modules/tenancy/set-up/service.ts";
import { type AuthenticatorApp, plugInAuthenticator, readSecret } from "./authenticator.ts";
import { type House, openHouse } from "./house.ts";
import { stepsOf } from "./story.ts";
import { openWatched, PHONE, type Watched } from "./watched.ts";

// How people prove who they are, as one story: an owner from the first second factor to a new password. The steps build
// on each other, so after one that fails the others are skipped. It is over 300 lines because it is one story.

const PASSWORD = "Quiet-harbour-42-lanterns";
const NEW_PASSWORD = "Brisk-orchard-17-kettles";
const OLU = "olu@operator.example";
const NEW_ADDRESS = "olu.marsh@operator.example";
const HOME = "/t/operator";

// The server's clock, moved on where a code or a confirmation has to be an older one.
let ahead = 0;
const clock = () => new Date(Date.now() + ahead);
const pass = (milliseconds: number) => {
  ahead += milliseconds;
};

let house: House | null;
let first: Watched;
let second: Watched;
let desk: Page;
let laptop: Page;
let outbox: string;
let app: AuthenticatorApp;
let used: string;
let codes: string[];

before(async () => {
  house = await openHouse({ clock });
  if (!house) return;
  first = await openWatched(house.browser, house.instance.url);
  second = await openWatched(house.browser, house.instance.url);
});
after(() => house?.close());

const step = stepsOf({
  name: "factors",
  longest: 90_000,
  house: () => house,
  pages: () => [first, second].flatMap(({ context }) => context.pages()),
});

step("the first owner gets nowhere before a second factor is set up", async ({ instance }) => {
  desk = await first.newPage();
  await desk.goto(`${instance.url}/set-up#${await offerSetUp(instance.system)}`);
  await desk.getByLabel("Company").fill("The Operator");
  await desk.getByLabel("Your name").fill("Olu Marsh");
  await desk.getByLabel("Your email address").fill(OLU);
  await desk.getByLabel("Choose a password", { exact: true }).fill(PASSWORD);
  await desk.getByRole("button", { name: "Set up" }).click();
  outbox = new URL(
    (await desk.getByRole("link", { name: /outbox#/ }).getAttribute("href")) ?? "",
    instance.url,
  ).href;
  await followMail(first, OLU, "Confirm your address", (page) =>
    page.getByRole("button", { name: "Confirm" }).click(),
  );
  await desk.getByRole("link", { name: "Sign in" }).click();
  await enterPassword(desk);
  await heading(desk, "One more thing before you begin").waitFor();
  await desk.goto(`${instance.url}${HOME}/tenants`);
  await heading(desk, "One more thing before you begin").waitFor();
  await first.look(desk, "factor-due");
});

step("the first factor asks for the password when the sign-in was a while ago", async () => {
  pass(minutes(6));
  first.willRefuse("401 ", "403 POST /account/passkeys/challenge", "403 POST /account/totp");
  await desk.getByRole("button", { name: /^A passkey/ }).click();
  await desk.getByRole("button", { name: "Make the passkey" }).click();
  const question = desk.getByRole("dialog", { name: "Confirm that it is you" });
  await question.getByLabel("Your password", { exact: true }).fill("Wrong-password-1");
  await question.getByRole("button", { name: "Confirm" }).click();
  await question.getByText("This is not your password.").waitFor();
  await first.look(desk, "step-up-password");
  await desk.keyboard.press("Escape");
  await desk.getByRole("alert").getByText("You did not confirm it").waitFor();
  await desk.getByRole("button", { name: "Choose another" }).click();
  await desk.getByRole("button", { name: /^An authenticator app/ }).click();
  await question.getByLabel("Your password", { exact: true }).fill(PASSWORD);
  await desk.keyboard.press("Enter");
  await question.waitFor({ state: "detached" });
});

step("an authenticator app is set up from the secret on the page", async () => {
  app = await readSecret(desk, clock);
  await desk.getByRole("img", { name: /QR code/ }).waitFor();
  await first.look(desk, "factor-totp");
  first.willRefuse("401 POST /account/totp/confirm");
  await desk.getByLabel("Six digits").fill("000 000");
  await desk.getByRole("button", { name: "Confirm" }).click();
  await desk.getByRole("alert").getByText("The code is not right").waitFor();
  used = app.code();
  await desk.getByLabel("Six digits").fill(used);
  await desk.keyboard.press("Enter");
  await heading(desk, "Keep these recovery codes").waitFor();
  await first.look(desk, "factor-codes");
  codes = await desk.getByRole("list", { name: "Recovery codes" }).getByRole("listitem").allTextContents();
  assert.equal(new Set(codes).size, 10);
  const [saved] = await Promise.all([
    desk.waitForEvent("download"),
    desk.getByRole("button", { name: "Save as a file" }).click(),
  ]);
  const file = await readFile(await saved.path(), "utf8");
  for (const code of codes) assert.ok(file.includes(code));
  await desk.getByRole("button", { name: "I have kept them" }).click();
  await desk.waitForURL(`**${HOME}/tenants`);
  await heading(desk, "Open the first workspace").waitFor();
});

step("the next sign-in asks for a code, and takes each once", async ({ instance }) => {
  laptop = await second.newPage();
  second.willRefuse("401 ");
  await laptop.goto(`${instance.url}${HOME}/sign-in`);
  await enterPassword(laptop);
  await heading(laptop, "Your second factor").waitFor();
  await second.look(laptop, "second-step");
  // The one with which the app was set up has been used, and is good for its time or the one after it.
  await laptop.getByLabel(/^Code of your authenticator/).fill(used);
  await laptop.getByRole("button", { name: "Go on" }).click();
  await laptop.getByRole("alert").getByText("already used").waitFor();
  await second.look(laptop, "second-step-refused");
  pass(seconds(30));
  await laptop.getByLabel(/^Code of your authenticator/).fill(app.code());
  await laptop.getByRole("button", { name: "Go on" }).click();
  await laptop.waitForURL(`**${HOME}/tenants`);
});

step("a recovery code lets in once", async () => {
  await signOut(laptop);
  await enterPassword(laptop);
  await useRecoveryCode(laptop, codes[0] ?? "");
  await laptop.waitForURL(`**${HOME}/tenants`);
  await signOut(laptop);
  await enterPassword(laptop);
  await useRecoveryCode(laptop, codes[0] ?? "");
  await laptop.getByRole("alert").getByText("already used").waitFor();
  await laptop.getByLabel("Recovery code").fill((codes[1] ?? "").toUpperCase().replaceAll("-", " "));
  await laptop.keyboard.press("Enter");
  await laptop.waitForURL(`**${HOME}/tenants`);
  await laptop.getByRole("button", { name: /^Notices/ }).click();
  await laptop
    .getByRole("dialog")
    .getByText(/recovery code/i)
    .first()
    .waitFor();
  await second.look(laptop, "notices");
  await laptop.getByRole("button", { name: "Mark all as read" }).click();
  await laptop.getByText("All read").waitFor();
  await laptop.keyboard.press("Escape");
});

step("what is sensitive asks again after five minutes, and nothing happens without", async ({ instance }) => {
  await laptop.goto(`${instance.url}${HOME}/settings/security`);
  await laptop.getByText("8 codes left").waitFor();
  await second.look(laptop, "own-security");
  pass(minutes(6));
  second.willRefuse("403 POST /account/recovery-codes");
  await laptop.getByRole("button", { name: "Make new ones" }).click();
  const confirm = laptop.getByRole("dialog", { name: "Make ten new recovery codes?" });
  await confirm.getByRole("button", { name: "Make new ones" }).click();
  const question = laptop.getByRole("dialog", { name: "Confirm that it is you" });
  await question.getByLabel(/^Code of your authenticator/).waitFor();
  await second.look(laptop, "step-up");
  await laptop.keyboard.press("Escape");
  await confirm.getByText("You did not confirm it").waitFor();
  assert.equal(await focused(laptop), "Make new ones", "the focus is back where it was");
  await confirm.getByRole("button", { name: "Make new ones" }).click();
  await question.getByLabel(/^Code of your authenticator/).fill(app.code());
  await laptop.keyboard.press("Enter");
  const renewed = laptop.getByRole("list", { name: "Recovery codes" });
  await renewed.waitFor();
  await second.look(laptop, "own-security-codes");
  const fresh = await renewed.getByRole("listitem").allTextContents();
  assert.ok(fresh.every((code) => !codes.includes(code)));
  codes = fresh;
  await laptop.getByRole("button", { name: "I have kept them" }).click();
  await laptop.getByText("10 codes left").waitFor();
});

step("a passkey is made, named, and signs in alone", async ({ instance }) => {
  const { credentials } = await plugInAuthenticator(laptop);
  await laptop.getByRole("button", { name: "Add a passkey" }).click();
  await laptop.getByLabel("Name of the passkey").fill("The laptop");
  await second.look(laptop, "passkey-new");
  await laptop.getByRole("button", { name: "Make the passkey" }).click();
  await laptop.getByText("The laptop", { exact: true }).waitFor();
  assert.equal(await credentials(), 1);
  await second.look(laptop, "own-security-passkey");
  await signOut(laptop);
  await laptop.getByRole("button", { name: "Sign in with a passkey" }).click();
  await laptop.waitForURL(`**${HOME}/tenants`);
  await signOut(laptop);
  await enterPassword(laptop);
  await laptop.getByRole("button", { name: "Use a passkey" }).click();
  await laptop.waitForURL(`**${HOME}/tenants`);
  await laptop.goto(`${instance.url}${HOME}/settings/security`);
  await laptop.getByRole("button", { name: "More for The laptop" }).click();
  await laptop.getByRole("menuitem", { name: "Rename" }).click();
  await laptop.getByLabel("Name", { exact: true }).fill("The old laptop");
  await laptop.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
  await laptop.getByRole("button", { name: "More for The old laptop" }).waitFor();
});

step("a passkey confirms, too, and the last factor stays", async () => {
  pass(minutes(6));
  second.willRefuse("403 DELETE /account/", "409 DELETE /account/passkeys/");
  await laptop.getByRole("main").getByRole("button", { name: "Remove" }).click();
  await laptop.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await laptop
    .getByRole("dialog", { name: "Confirm that it is you" })
    .getByRole("button", { name: "Use a passkey" })
    .click();
  await laptop.getByText("Not set up").waitFor();
  await laptop.getByRole("button", { name: "More for The old laptop" }).click();
  await laptop.getByRole("menuitem", { name: "Remove" }).click();
  await laptop.getByText("It is your only second factor, and you must have one.").waitFor();
  await laptop.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await laptop.getByRole("dialog").getByRole("alert").waitFor();
  await second.look(laptop, "last-factor");
  await laptop.keyboard.press("Escape");
  // A second app beside the passkey, for the steps that follow.
  await laptop.getByRole("button", { name: "Set up an app" }).click();
  app = await readSecret(laptop, clock);
  await laptop.getByLabel("Six digits").fill(app.code());
  await laptop.keyboard.press("Enter");
  await laptop.getByText(/^Set up, since/).waitFor();
});

step("one browser ends the other's session", async ({ instance }) => {
  first.willRefuse("401 ");
  await desk.goto(`${instance.url}${HOME}/tenants`);
  await heading(desk, "Open the first workspace").waitFor();
  await laptop.reload();
  await laptop
    .getByRole("button", { name: /^End this one/ })
    .first()
    .click();
  await laptop.getByText(/^The session of .* has ended/).waitFor();
  await desk.getByRole("link", { name: "Activity" }).click();
  await heading(desk, "Sign in").waitFor();
});

step("a forgotten password is replaced by mail, and the second factor still stands", async () => {
  await desk.getByRole("link", { name: "Forgotten your password?" }).click();
  await first.look(desk, "forgotten");
  await desk.getByLabel("Email address").fill(OLU);
  await desk.getByRole("button", { name: "Mail me a link" }).click();
  await heading(desk, "Look into your mail").waitFor();
  await first.look(desk, "forgotten-sent");
  await followMail(first, OLU, "Choose a new password", async (page) => {
    await page.getByLabel("New password", { exact: true }).fill(NEW_PASSWORD);
    await first.look(page, "reset");
    await page.getByRole("button", { name: "Change the password" }).click();
    await heading(page, "Your password is changed").waitFor();
    await first.look(page, "reset-done");
  });
  // Every session has ended.
  await laptop.reload();
  await heading(laptop, "Sign in").waitFor();
  await desk.getByRole("link", { name: "Back to signing in" }).click();
  await enterPassword(desk, NEW_PASSWORD);
  await heading(desk, "Your second factor").waitFor();
  pass(seconds(30));
  await desk.getByRole("button", { name: "Use the authenticator app" }).click();
  await desk.getByLabel(/^Code of your authenticator/).fill(app.code());
  await desk.keyboard.press("Enter");
  await desk.waitForURL(new RegExp(HOME));
});

step("after wrong passwords the browser works before it may try again", async () => {
  second.willRefuse("428 POST /session");
  for (let attempt = 0; attempt < 2; attempt++) {
    const refused = laptop.waitForResponse((response) => response.url().endsWith("/session"));
    await enterPassword(laptop, "Wrong-password-1");
    await (await refused).finished();
    await laptop.getByRole("alert").waitFor();
    await laptop.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  }
  const solved = laptop.waitForResponse((response) => response.url().endsWith("/session/challenge"));
  await enterPassword(laptop, NEW_PASSWORD);
  assert.equal((await solved).status(), 200);
  await heading(laptop, "Your second factor").waitFor();
});

step("an address is changed by mail, and the old one takes it back", async ({ instance }) => {
  await desk.goto(`${instance.url}${HOME}/settings/account`);
  await first.look(desk, "account");
  await desk.getByRole("button", { name: "Change the address" }).click();
  await desk.getByLabel("New address").fill(NEW_ADDRESS);
  await desk.getByLabel("Your password", { exact: true }).fill(NEW_PASSWORD);
  await desk.getByRole("button", { name: "Mail the link" }).click();
  await desk.getByText("Waiting for confirmation").waitFor();
  await first.look(desk, "account-waiting");
  await followMail(first, NEW_ADDRESS, "Confirm your new address", async (page) => {
    await page.getByRole("button", { name: "Use this address" }).click();
    await heading(page, "Your address is changed").waitFor();
  });
  await desk.reload();
  await desk.getByRole("main").getByText(NEW_ADDRESS).waitFor();
  await followMail(first, OLU, "Take the change back", async (page) => {
    await first.look(page, "undo-address");
    await page.getByRole("button", { name: "Take it back" }).click();
    await heading(page, "Your old address is back").waitFor();
  });
  await desk.getByRole("link", { name: "Activity" }).click();
  await heading(desk, "Sign in").waitFor();
});

step("everybody chooses where they are told of what, and every page fits a phone", async ({ instance }) => {
  // The sign-in that was begun before the address was taken back is void.
  second.willRefuse("410 POST /session/second-factor");
  await laptop.getByRole("button", { name: "Use a passkey" }).click();
  await laptop.getByText("The first step was too long ago.").waitFor();
  await laptop.getByRole("button", { name: "Sign in with a passkey" }).click();
  await heading(laptop, "Passkeys").waitFor();
  await laptop.goto(`${instance.url}${HOME}/settings/notices`);
  const choice = laptop.getByRole("checkbox", { name: /role.*by mail/i });
  // A reload takes back what is still on its way.
  const kept = laptop.waitForResponse((response) => response.request().method() === "PUT");
  await choice.uncheck();
  assert.equal((await kept).status(), 204);
  await laptop.reload();
  await choice.waitFor();
  assert.equal(await choice.isChecked(), false);
  await second.look(laptop, "notice-choices");
  await laptop.setViewportSize(PHONE);
  for (const part of ["account", "security", "notices"]) {
    await laptop.goto(`${instance.url}${HOME}/settings/${part}`);
    await second.look(laptop, `phone-settings-${part}`);
  }
  await laptop
    .getByRole("button", { name: /^Notices/ })
    .filter({ visible: true })
    .click();
  await laptop.getByRole("dialog", { name: "Notices" }).waitFor();
  await second.look(laptop, "phone-notices");
});

const heading = (page: Page, name: string | RegExp): Locator => page.getByRole("heading", { name });

const focused = (page: Page): Promise<string> =>
  page.evaluate("document.activeElement?.textContent ?? document.activeElement?.localName ?? ''");

async function enterPassword(page: Page, password = PASSWORD): Promise<void> {
  await page.getByLabel("Email address").fill(OLU);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

async function useRecoveryCode(page: Page, code: string): Promise<void> {
  await page.getByRole("button", { name: "Use a recovery code" }).click();
  await page.getByLabel("Recovery code").fill(code);
  await page.getByRole("button", { name: "Go on" }).click();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /account menu/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
}

/** Opens the newest mailed link to an address that leads to the page with this title, and does there what is given. */
async function followMail(
  browser: Watched,
  address: string,
  title: string,
  deed: (page: Page) => Promise<void>,
): Promise<void> {
  const page = await browser.newPage();
  await page.goto(outbox);
  const mails = page.getByRole("article").filter({ hasText: `To ${address}` });
  await mails.first().waitFor();
  for (const link of await mails.getByRole("link").all()) {
    const href = (await link.getAttribute("href")) ?? "";
    if (!href.includes(pathOf[title] ?? "#")) continue;
    await page.goto(href);
    await heading(page, title).waitFor();
    await deed(page);
    await page.close();
    return;
  }
  assert.fail(`no mail to ${address} leads to “${title}”`);
}

const pathOf: Record<string, string> = {
  "Confirm your address": "/verify#",
  "Choose a new password": "/reset#",
  "Confirm your new address": "/confirm-address#",
  "Take the change back": "/undo-address#",
};
