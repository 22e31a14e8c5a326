import { Secret, TOTP } from "otpauth";
import type { Page } from "playwright-core";
import type { Clock } from "../../src/kernel/clock.ts";

/** An authenticator app as on somebody's phone: takes the secret that the page shows. */
export interface AuthenticatorApp {
  /** A code that has not been given out yet; the clock must have reached its half minute. */
  code(): string;
}

export function authenticatorApp(secret: string, clock: Clock): AuthenticatorApp {
  const totp = new TOTP({ secret: Secret.fromBase32(secret.replaceAll(" ", "")) });
  return { code: () => totp.generate({ timestamp: clock().getTime() }) };
}

/** Gives the page's browser a device that makes passkeys, and has its owner's finger on it. */
export async function plugInAuthenticator(page: Page): Promise<{ credentials(): Promise<number> }> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    credentials: async () =>
      (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
  };
}

/** Sets up an authenticator app on the page that asks for a first factor, and keeps the recovery codes. */
export async function enrol(page: Page, clock: Clock): Promise<{ app: AuthenticatorApp; codes: string[] }> {
  await page.getByRole("button", { name: /^An authenticator app/ }).click();
  const app = await readSecret(page, clock);
  await page.getByLabel("Six digits").fill(app.code());
  await page.getByRole("button", { name: "Confirm" }).click();
  return { app, codes: await keepCodes(page) };
}

/** The secret as the page shows it, in groups of four. */
export async function readSecret(page: Page, clock: Clock): Promise<AuthenticatorApp> {
  const shown = page.getByText(/^([A-Z2-7]{4} ){3,}[A-Z2-7]{1,4}$/);
  return authenticatorApp((await shown.textContent()) ?? "", clock);
}

export async function keepCodes(page: Page): Promise<string[]> {
  const codes = await page
    .getByRole("list", { name: "Recovery codes" })
    .getByRole("listitem")
    .allTextContents();
  await page.getByRole("button", { name: "I have kept them" }).click();
  return codes;
}
