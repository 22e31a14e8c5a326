import { Secret, TOTP } from "otpauth";

// RFC 6238 as every authenticator app has it: SHA-1, six digits, 30 seconds. One step before and after is right, too:
// clocks differ, and people take their time (section 5.2).

const PERIOD = 30;
const WINDOW = 1;
const SECRET_BYTES = 20;

export const newSecret = (): string => new Secret({ size: SECRET_BYTES }).base32;

/** What an authenticator app reads from the QR code. */
export function enrolmentUri(secret: string, issuer: string, label: string): string {
  // A colon would end the issuer's part of the label.
  return totpOf(secret, issuer.replaceAll(":", " "), label.replaceAll(":", " ")).toString();
}

/** The time step that a code belongs to, or null for a wrong one. */
export function stepOf(secret: string, code: string, now: Date): number | null {
  // The library compares bytes of one length only, and other scripts have digits, too.
  if (!/^[0-9]{6}$/.test(code)) return null;
  const delta = totpOf(secret).validate({ token: code, timestamp: now.getTime(), window: WINDOW });
  return delta === null ? null : Math.floor(now.getTime() / 1000 / PERIOD) + delta;
}

/** The code of a moment: for whoever holds the secret, as an authenticator app does. */
export const codeAt = (secret: string, at: Date): string =>
  totpOf(secret).generate({ timestamp: at.getTime() });

function totpOf(secret: string, issuer = "", label = "account"): TOTP {
  return new TOTP({
    issuer,
    label,
    algorithm: "SHA1",
    digits: 6,
    period: PERIOD,
    secret: Secret.fromBase32(secret),
  });
}
