import type { BuiltInRole } from "../../../kernel/context.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import type { System } from "../../../kernel/system.ts";
import { offerSetUp } from "../../tenancy/set-up/service.ts";
import type { Authenticator } from "./authenticator.ts";
import { type Client, callSolving, expectStatus, openClient } from "./client.ts";
import { addPasskey, finishSignIn, holdPasskey } from "./factors.ts";

/** A member as a check knows them, with an open session. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly password: string;
  readonly role: BuiltInRole;
  readonly client: Client;
  /** Their second factor, where the role asks for one. */
  readonly passkey: Authenticator | null;
}

export interface Company {
  readonly slug: string;
  readonly id: string;
  readonly name: string;
  readonly owner: Person;
  /** Invites, as the owner or by another member, and signs in one more person. */
  hire(name: string, role: BuiltInRole, by?: Client): Promise<Person>;
}

/** The operator of a new installation, who can found companies. */
export interface Founder {
  readonly operator: Person;
  found(slug: string, name: string, ownerName: string): Promise<Company>;
}

export const PASSWORD = "Quiet-harbour-42-lanterns";

/** Sets a new installation up as a person would: through the API and the mails it sends. */
export async function setUpInstallation(
  system: System,
  origin: string,
  company = "The Operator",
): Promise<Founder> {
  const token = await offerSetUp(system);
  if (!token) throw new Error("the installation is already set up");
  const address = "operator@operator.example";
  const visitor = openClient(origin, "operator");
  expectStatus(
    await visitor.call("POST", "/api/set-up", {
      body: { token, name: "Olu Marsh", address, password: PASSWORD, company },
    }),
    201,
    "set-up",
  );
  expectStatus(
    await visitor.call("POST", "verification", {
      body: { token: await mailedToken(system, address, "verify") },
    }),
    204,
    "verification",
  );
  return founderOf(system, await signIn(origin, "operator", address, PASSWORD, "owner"));
}

export const founderOf = (system: System, operator: Person): Founder => ({
  operator,
  found: (slug, name, ownerName) => foundCompany(system, operator, slug, name, ownerName),
});

async function foundCompany(
  system: System,
  operator: Person,
  slug: string,
  name: string,
  ownerName: string,
): Promise<Company> {
  const origin = operator.client.origin;
  const address = addressOf(ownerName, slug);
  const made = await operator.client.call("POST", "tenants", { body: { slug, name, ownerAddress: address } });
  expectStatus(made, 201, `creating ${slug}`);
  const owner = await join(system, origin, slug, ownerName, address, "owner");
  return companyOf(system, { slug, id: made.json.id, name, owner });
}

export function companyOf(system: System, company: Omit<Company, "hire">): Company {
  const { slug, owner } = company;
  return {
    ...company,
    async hire(person, role, by = owner.client) {
      const to = addressOf(person, slug);
      expectStatus(
        await by.call("POST", "invitations", { body: { address: to, role } }),
        201,
        `inviting ${to}`,
      );
      return join(system, owner.client.origin, slug, person, to, role);
    },
  };
}

async function join(
  system: System,
  origin: string,
  slug: string,
  name: string,
  address: string,
  role: BuiltInRole,
): Promise<Person> {
  const visitor = openClient(origin, slug);
  const token = await mailedToken(system, address, "join");
  expectStatus(
    await visitor.call("POST", "invitations/accept", { body: { token, name, password: PASSWORD } }),
    201,
    `${name} joining`,
  );
  return signIn(origin, slug, address, PASSWORD, role);
}

/**
 * Opens a session, with the passkey where the account has one; sets one up where the role asks for it and there is none.
 * Throws unless it opens.
 */
export async function signIn(
  origin: string,
  slug: string,
  address: string,
  password: string,
  role: BuiltInRole,
  passkey: Authenticator | null = null,
): Promise<Person> {
  const client = openClient(origin, slug);
  const what = `signing in ${address}`;
  const first = expectStatus(await callSolving(client, "POST", "session", { address, password }), 200, what);
  const { json } =
    passkey && first.json.state === "second-factor"
      ? expectStatus(await finishSignIn(client, first.json.ticket, passkey), 200, what)
      : first;
  if (!json.me) throw new Error(`${what}: a second factor is asked for, and there is none at hand`);
  const { id, name } = json.me;
  if (passkey) holdPasskey(client, passkey);
  const held = json.factor.due ? await addPasskey(client) : passkey;
  return { id, name, address, password, role, client, passkey: held };
}

/** Another session of the same person, as on a second device. */
export function signInAgain({ client, address, password, role, passkey }: Person): Promise<Person> {
  return signIn(client.origin, client.slug, address, password, role, passkey);
}

/** The token of the newest mail of a kind to an address. */
export async function mailedToken(
  system: System,
  address: string,
  kind: "join" | "verify" | "unlock" | "reset" | "confirm-address" | "undo-address",
): Promise<string> {
  const mails = await readOutbox(system, 200);
  const link = new RegExp(`/${kind}#([A-Za-z0-9_-]{43})`);
  for (const mail of mails) {
    const token = mail.to === address ? link.exec(mail.text)?.[1] : undefined;
    if (token) return token;
  }
  throw new Error(`no ${kind} mail to ${address}`);
}

const addressOf = (name: string, slug: string): string =>
  `${name.toLowerCase().replace(/[^a-z0-9]+/g, ".")}@${slug}.example`;
