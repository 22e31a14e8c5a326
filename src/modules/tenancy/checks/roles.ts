import { randomBytes } from "node:crypto";
import { type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { type Client, expectStatus } from "../../trust/stage/client.ts";
import { finding } from "../../trust/stage/finding.ts";
import {
  credentialsOf,
  forEach,
  knockAt,
  type LiveOperation,
  liveOperations,
} from "../../trust/stage/live-operations.ts";
import type { Stage } from "../../trust/stage/stage.ts";

const LEAST = 60;

interface Named {
  readonly key: string;
  readonly always: boolean;
}

/**
 * How many permissions there are and that each opens something; then a role of exactly one permission after the other,
 * on every route that the server is mounted with. The four built-in roles are the attacker's (class role-matrix).
 */
export async function checkRoles(stage: Stage): Promise<Outcome> {
  const operations = await liveOperations(stage);
  const here = await permissionsOf(stage.a.owner.client);
  const all = new Map(
    [...here, ...(await permissionsOf(stage.founder.operator.client))].map((p) => [p.key, p]),
  );
  const guarded = new Set(operations.flatMap((o) => o.permission ?? []));
  const findings = [
    finding(
      all.size >= LEAST,
      "how many permissions there are",
      "the server",
      `${all.size}, promised ${LEAST}`,
    ),
    ...[...all.keys()].map((key) =>
      finding(
        guarded.has(key),
        `permission ${key}`,
        "every live route",
        guarded.has(key) ? "guards one" : "guards none",
      ),
    ),
    ...[...guarded].map((key) =>
      finding(
        all.has(key),
        `permission ${key} of a route`,
        "every role",
        all.has(key) ? "declared" : "held by nobody",
      ),
    ),
    ...(await oneByOne(stage, operations, here)),
  ];
  return {
    ...outcomeOf(findings, `${all.size} permissions on ${operations.length} routes`),
    routes: operations.length,
  };
}

/** A member whose role is given one permission after the other reaches what that one guards, and nothing else. */
async function oneByOne(
  stage: Stage,
  operations: readonly LiveOperation[],
  permissions: readonly Named[],
): Promise<Finding[]> {
  const slug = `roles-${randomBytes(4).toString("hex")}`;
  const firm = await stage.founder.found(slug, "Roles One By One", "Runa Beck");
  // Hired as an admin, so that the account has the second factor that some of these permissions ask for.
  const person = await firm.hire("Tove Lind", "admin");
  const owner = firm.owner.client;
  const made = await owner.call("POST", "roles", { body: { name: "One permission", permissions: [] } });
  const role = expectStatus(made, 201, "making a role").json.id as string;
  expectStatus(
    await owner.call("PATCH", `members/${person.id}`, { body: { role } }),
    204,
    "giving a custom role",
  );
  const always = new Set(permissions.filter((p) => p.always).map((p) => p.key));
  // One's own account is everybody's; some of it would end the session that asks.
  const asked = operations.filter((o) => o.permission !== null && !always.has(o.permission));
  const findings: Finding[] = [];
  for (const key of ["", ...permissions.filter((p) => !p.always).map((p) => p.key)]) {
    const body = { permissions: key === "" ? [] : [key] };
    expectStatus(await owner.call("PATCH", `roles/${role}`, { body }), 204, `a role of ${key || "nothing"}`);
    const wrong: string[] = [];
    await forEach(asked, async (operation) => {
      const { status, code, outside } = await knockAt(stage, slug, operation, credentialsOf(person.client));
      const right = operation.permission === key ? !outside && status !== 401 && status < 500 : outside;
      if (!right) wrong.push(`${operation.name}: ${status} ${code ?? ""}`);
    });
    const got =
      wrong.length === 0 ? `exactly its own of ${asked.length} routes` : wrong.slice(0, 5).join("; ");
    findings.push(
      finding(
        wrong.length === 0,
        key === "" ? "a role of no permission" : `a role of ${key} alone`,
        "a member with it",
        got,
      ),
    );
  }
  return findings;
}

async function permissionsOf(client: Client): Promise<Named[]> {
  return expectStatus(await client.call("GET", "roles"), 200, "listing permissions").json.permissions;
}
