import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from "@simplewebauthn/browser";
import { apiError } from "../../api/errors.ts";

/**
 * Whether passkeys work here: not in old browsers, not over plain HTTP (but for localhost), and not where the address
 * is a number, because they belong to a name.
 */
export function knowsPasskeys(): boolean {
  return browserSupportsWebAuthn() && !/^\[|^[\d.]+$/.test(window.location.hostname);
}

/** Asks the device to sign with a passkey. Throws an ApiError that says in words what to do. */
export async function signWithPasskey(options: Record<string, unknown>): Promise<unknown> {
  try {
    // The server makes the options with the same library; they are its type by construction.
    const optionsJSON = options as unknown as PublicKeyCredentialRequestOptionsJSON;
    return await startAuthentication({ optionsJSON });
  } catch (error) {
    throw inWords(error, "No passkey was used. Try again, or go on in another way.");
  }
}

/** Asks the device to make a passkey. Throws an ApiError that says in words what to do. */
export async function makePasskey(options: Record<string, unknown>): Promise<unknown> {
  try {
    const optionsJSON = options as unknown as PublicKeyCredentialCreationOptionsJSON;
    return await startRegistration({ optionsJSON });
  } catch (error) {
    throw inWords(error, "No passkey was made. Try again, or use an authenticator app.");
  }
}

// By name, not by class: what a device refuses comes as a DOMException or wrapped by the library.
function inWords(error: unknown, otherwise: string): Error {
  const name = error instanceof Error ? error.name : "";
  if (name === "InvalidStateError")
    return apiError("passkey_known", "This device has a passkey of yours already. It is in the list.");
  if (name === "SecurityError")
    return apiError(
      "passkey_impossible",
      "Passkeys belong to a name such as vouchsafe.example; this address has none. Use an authenticator app.",
    );
  return apiError("passkey_failed", otherwise);
}
