import { randomBytes } from "node:crypto";
import type { Manifest, Racer } from "../../../../attacker/contract.ts";
import { expectStatus } from "../stage/client.ts";
import type { Person } from "../stage/people.ts";
import { type Crew, credentialsOf, userOf } from "./users.ts";

// What the attacker cannot bring about from outside: two last owners, time that passes, somebody who is kept out.

type Moments = Pick<Manifest, "races" | "passTime" | "shutOut" | "once">;

export function momentsOf(crew: Crew, clerks: Readonly<Record<string, Person>>): Moments {
  const { stage } = crew;
  return {
    once: ONCE,
    races: { "PATCH /api/t/{slug}/members/{id}": () => lastOwners(crew) },
    // A used refresh token is answered to for ten seconds, for the sake of two tabs.
    passTime: () =>
      stage.sql("postgres", async (database) => {
        await database.query("update session set rotated_at = rotated_at - interval '1 minute'");
        await database.query("commit");
      }),
    shutOut: async (slug) => {
      const [cast, clerk] = [[stage.a, stage.b].find((one) => one.slug === slug), clerks[slug]];
      if (!cast || !clerk) throw new Error(`nobody can be shut out of ${slug}`);
      const name = `Reader ${randomBytes(3).toString("hex")}`;
      const { id, client } = await cast.hire(name, "viewer", clerk.client);
      const shut = async () => {
        const path = `members/${id}/suspension`;
        expectStatus(await clerk.client.call("PUT", path, { body: {} }), 204, "suspending a member");
      };
      return { credentials: credentialsOf(client), shut };
    },
  };
}

/** What may succeed once: the document has no word for it. */
const ONCE = [
  "POST /api/t/{slug}/invitations/accept",
  "POST /api/t/{slug}/tenants",
  ...["invitations", "roles", "documents", "folders", "chats", "groups", "shares", "bin"].map(
    (noun) => `DELETE /api/t/{slug}/${noun}/{id}`,
  ),
  "DELETE /api/t/{slug}/members/{id}",
  "DELETE /api/t/{slug}/openings/{id}",
  "DELETE /api/t/{slug}/support-grants/{id}",
  "DELETE /api/t/{slug}/saved-searches/{id}",
  "DELETE /api/t/{slug}/account/passkeys/{id}",
];

/** The two owners of a company that was just founded, each taking the role from the other at the same moment. */
async function lastOwners(crew: Crew): Promise<Racer[]> {
  const slug = `race-${randomBytes(4).toString("hex")}`;
  const company = await crew.stage.founder.found(slug, "Race and Sons", "Ada Race");
  const second = await company.hire("Bo Race", "owner");
  const [one, other] = [await userOf(crew, company.owner, slug), await userOf(crew, second, slug)];
  const body = { role: "viewer" };
  return [
    { slug, user: one, ids: { id: other.userId }, body },
    { slug, user: other, ids: { id: one.userId }, body },
  ];
}
