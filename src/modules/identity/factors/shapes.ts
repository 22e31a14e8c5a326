import { z } from "zod";

// What the routes about second factors have in common.

/** As `issueTicket` made it. */
export const TicketText = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, "Begin again: this is not a complete ticket.")
  .meta({ examples: ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] });

/** Six digits of an authenticator app. People type spaces into them. */
export const TotpCode = z
  .string()
  .max(20, "A code has six digits.")
  .meta({ examples: ["000000"] })
  .transform((text) => text.replace(/\s/g, ""))
  .pipe(z.string().regex(/^[0-9]{6}$/, "A code has six digits."));

/** A recovery code, in whatever case and with or without its hyphens. */
export const RecoveryCodeText = z
  .string()
  .max(40, "A recovery code looks like k7wp-9x2m-4tqd.")
  .meta({ examples: ["k7wp-9x2m-4tqd"] })
  .transform((text) => text.replace(/[\s-]/g, "").toLowerCase())
  .pipe(z.string().regex(/^[a-z0-9]{12}$/, "A recovery code looks like k7wp-9x2m-4tqd."));

/** How a person knows a passkey again. */
export const PasskeyName = z
  .string()
  .trim()
  .min(1, "Give the passkey a name.")
  .max(60, { error: "A passkey's name has at most 60 characters.", abort: true })
  .refine((value) => !/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u.test(value), "A name has no control characters.")
  .meta({ examples: ["Work laptop"] });

const Bytes = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[A-Za-z0-9_-]+$/, "Not base64url.")
    .meta({ examples: ["AAAA"] });

const Signed = {
  id: Bytes(1400),
  rawId: Bytes(1400),
  type: z.literal("public-key"),
  clientExtensionResults: z.object({}).default({}),
};

/** `RegistrationResponseJSON` of WebAuthn level 3, 5.1; what else it holds is not needed. */
export const Registration = z.object({
  ...Signed,
  response: z.object({
    clientDataJSON: Bytes(8000),
    attestationObject: Bytes(40_000),
    transports: z.array(z.string().max(40)).max(10).optional(),
  }),
});

/** `AuthenticationResponseJSON` of WebAuthn level 3, 5.1. */
export const Assertion = z.object({
  ...Signed,
  response: z.object({
    clientDataJSON: Bytes(8000),
    authenticatorData: Bytes(8000),
    signature: Bytes(2000),
    userHandle: Bytes(200).nullish(),
  }),
});

export type RegistrationBody = z.output<typeof Registration>;
export type AssertionBody = z.output<typeof Assertion>;

/** What the browser hands to `navigator.credentials`, as the WebAuthn library writes it. */
export const Options = z.record(z.string(), z.unknown());
