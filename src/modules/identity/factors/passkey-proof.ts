import type { AuthenticatorTransport, WebAuthnCredential } from "@simplewebauthn/server";
import { minutes } from "../../../kernel/clock.ts";
import type { RelyingParty } from "./relying-party.ts";
import type { AssertionBody, RegistrationBody } from "./shapes.ts";

// The one place that speaks WebAuthn: what is asked of an authenticator, and whether its answer holds. No database.

export type { WebAuthnCredential };

// An eighth of all modules of the server: loaded when somebody first uses a passkey.
const library = () => import("@simplewebauthn/server");
const helpers = () => import("@simplewebauthn/server/helpers");

const TIMEOUT = minutes(5);
// ES256, EdDSA, RS256 (RFC 9053, RFC 8812): what authenticators have.
const ALGORITHMS = [-7, -8, -257];

export interface NewOwner {
  readonly memberId: string;
  readonly address: string;
  readonly name: string;
}

/** For `navigator.credentials.create`. The credential names its owner, so that it can sign in alone. */
export async function registrationOptions(
  { id }: RelyingParty,
  rpName: string,
  challenge: Buffer,
  owner: NewOwner,
  known: readonly string[],
) {
  const { generateRegistrationOptions } = await library();
  return {
    ...(await generateRegistrationOptions({
      rpName,
      rpID: id,
      challenge: new Uint8Array(challenge),
      userID: userHandle(owner.memberId),
      userName: owner.address,
      userDisplayName: owner.name,
      timeout: TIMEOUT,
      attestationType: "none",
      excludeCredentials: known.map((credential) => ({ id: credential })),
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      supportedAlgorithmIDs: ALGORITHMS,
    })),
  };
}

/** For `navigator.credentials.get`. Without `known`, the browser lets the person choose. */
export async function signingOptions({ id }: RelyingParty, challenge: Buffer, known?: readonly Known[]) {
  const { generateAuthenticationOptions } = await library();
  return {
    ...(await generateAuthenticationOptions({
      rpID: id,
      challenge: new Uint8Array(challenge),
      timeout: TIMEOUT,
      userVerification: "required",
      ...(known
        ? { allowCredentials: known.map(({ id, transports }) => ({ id, transports: [...transports] })) }
        : {}),
    })),
  };
}

export interface Known {
  readonly id: string;
  readonly transports: readonly string[];
}

/** The credential that an authenticator made for this challenge, or null when any part of its answer is wrong. */
export async function checkRegistration(
  party: RelyingParty,
  challenge: Buffer,
  response: RegistrationBody,
): Promise<WebAuthnCredential | null> {
  const { verifyRegistrationResponse } = await library();
  const { decodeAttestationObject } = await helpers();
  try {
    if (!attestsByItself(response, decodeAttestationObject)) return null;
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...response, response: { ...response.response, transports: transportsOf(response) } },
      expectedChallenge: challenge.toString("base64url"),
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    return verified ? registrationInfo.credential : null;
  } catch {
    // The library says by an Error which part is wrong: nobody outside needs to know.
    return null;
  }
}

/** How often the authenticator says that it has signed, or null when any part of its answer is wrong. */
export async function checkAssertion(
  party: RelyingParty,
  challenge: Buffer,
  credential: WebAuthnCredential,
  response: AssertionBody,
): Promise<number | null> {
  const { verifyAuthenticationResponse } = await library();
  try {
    const { userHandle: handle, ...rest } = response.response;
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...response, response: handle ? { ...rest, userHandle: handle } : rest },
      expectedChallenge: challenge.toString("base64url"),
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      credential,
      requireUserVerification: true,
    });
    return verified ? authenticationInfo.newCounter : null;
  } catch {
    return null;
  }
}

/** What an authenticator keeps as its owner: the bytes of the member's id, which say nothing about the person. */
export const userHandle = (memberId: string) =>
  new Uint8Array(Buffer.from(memberId.replaceAll("-", ""), "hex"));

// We ask for no attestation. Statements with certificates would make the library fetch revocation lists from addresses
// that whoever sent them chose, so they are not even looked at.
function attestsByItself(
  { response }: RegistrationBody,
  decode: Awaited<ReturnType<typeof helpers>>["decodeAttestationObject"],
): boolean {
  const attestation = decode(new Uint8Array(Buffer.from(response.attestationObject, "base64url")));
  const format = attestation.get("fmt");
  return format === "none" || (format === "packed" && attestation.get("attStmt").get("x5c") === undefined);
}

const TRANSPORTS = ["ble", "hybrid", "internal", "nfc", "usb"] as const;

function transportsOf({ response }: RegistrationBody): AuthenticatorTransport[] {
  return TRANSPORTS.filter((known) => response.transports?.includes(known));
}
