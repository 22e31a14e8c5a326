import { attack } from "../../../../attacker/attack.ts";
import {
  CLASSES,
  type ClassName,
  type Ledger,
  type Manifest,
  type Tenant,
} from "../../../../attacker/contract.ts";
import { ATTACK } from "../controls/run.ts";
import type { Stage } from "../stage/stage.ts";
import { bodiesOf } from "./bodies.ts";
import { classesFor } from "./classes.ts";
import { momentsOf } from "./moments.ts";
import { createSpare } from "./spares.ts";
import { tenantOf, thingsOfOperator } from "./things.ts";
import { type Crew, credentialsOf, signInAnyway, staleSession, userOf } from "./users.ts";

/** The ledger of one attack on a stage; made once, read by every control that it speaks for. */
export function attackStage(stage: Stage): Promise<Ledger> {
  const known = stage.shared.get("attack") as Promise<Ledger> | undefined;
  if (known) return known;
  // What a route at a time is aimed at gets everything.
  const brief = stage.aim.operations === undefined;
  const running = runAttack(stage, stage.server.url, classesFor(attackedOf(stage)), { brief });
  stage.shared.set("attack", running);
  return running;
}

/** Everything that can be tried, in both directions. Floods need a server with limits that they can reach. */
export const attackWhole = (stage: Stage): Promise<Ledger> =>
  runAttack(
    stage,
    stage.server.url,
    CLASSES.filter((name) => name !== "rate-limit"),
    { bothWays: true },
  );

/** The claims of which the attacker's part is wanted; null for all. */
function attackedOf({ only }: Stage): string[] | null {
  if (only === null) return null;
  return only.flatMap((word) => {
    const [id = "", part = ATTACK] = word.split("/");
    return part === ATTACK ? [id] : [];
  });
}

/** Floods a server of the same stage whose limits are within reach. */
export const floodStage = (stage: Stage, origin: string): Promise<Ledger> =>
  runAttack(stage, origin, ["rate-limit"]);

async function runAttack(
  stage: Stage,
  origin: string,
  classes: readonly ClassName[],
  { bothWays = false, brief = false } = {},
): Promise<Ledger> {
  const { server, a, b, founder } = stage;
  const crew: Crew = { stage, origin: server.url, passkeys: new Map() };
  // Not in the manifest, so that nothing is done to them: they invite whom the attacker needs.
  const [forA, forB] = await Promise.all([a, b].map((cast) => cast.hire("Clerk of the attack", "owner")));
  if (!forA || !forB) throw new Error("two clerks were hired");
  const clerks = { [a.slug]: forA, [b.slug]: forB };
  // A flood names nothing that is there.
  const withThings = classes.some((name) => name !== "rate-limit");
  const operator = await userOf(crew, founder.operator, "operator");
  const tenants: Tenant[] = [
    ...(await Promise.all([tenantOf(crew, a, withThings), tenantOf(crew, b, withThings)])),
    {
      ...{ slug: "operator", kind: "operator", users: [operator] },
      objects: withThings ? await thingsOfOperator(crew) : {},
    },
  ];
  const manifest: Manifest = {
    origin,
    tenants,
    routes: server.liveRoutes.map(({ method, url }) => ({ method, path: url })),
    unprobed: UNPROBED.map(([path, reason]) => ({ method: "GET", path, reason })),
    publicKeys: [JSON.stringify(server.system.tokens.publicJwk)],
    signIn: async (slug, user) => credentialsOf((await signInAnyway(crew, slug, user)).client),
    signInStale: (slug, user) => staleSession(crew, slug, user),
    create: (noun, slug, user) => createSpare(crew, clerks, noun, slug, user),
    volatile: VOLATILE,
    ...momentsOf(crew, clerks),
    bodies: await bodiesOf(crew, tenants, clerks),
  };
  // As an outsider would get it: from the running server.
  const document = (await fetch(`${server.url}/api/openapi.json`).then((r) => r.json())) as object;
  const { operations, untilBroken } = stage.aim;
  return attack({
    openapi: document,
    manifest,
    classes,
    seed: "vouchsafe",
    bothWays,
    ...(brief ? { brief: true as const } : {}),
    ...(operations ? { operations } : {}),
    ...(untilBroken ? { untilBreached: true } : {}),
  });
}

// What changes by itself while the attacker looks elsewhere.
export const VOLATILE = [
  ...["expiresAt", "lastActiveAt", "lastSignInAt", "lastUsedAt", "freshUntil", "updatedAt", "ms"],
  ...["state", "pages", "problem", "language", "pictures", "waiting"],
  // How far an export is, and the reading of a version.
  ...["done", "total", "parts", "newer"],
];

// Served outside of the table of routes; each answers the same to everybody.
const UNPROBED: [string, string][] = [
  ["/healthz", "says only that the process is alive"],
  ["/readyz", "says only whether the database answers"],
  ["/api/openapi.json", "the public description of the API"],
  ["/api/reference", "the public description of the API"],
  ["/assets/*", "the web app's own files"],
  ["/", "the web app's page, the same for everybody"],
  ["/set-up", "the web app's page, the same for everybody"],
  ["/outbox", "the web app's page, the same for everybody"],
  ["/security.json", "the security page for machines, the same for everybody"],
  ["/security.md", "the security page as a text, the same for everybody"],
  ["/security/checkpoint.txt", "the newest checkpoint of the audit log, the same for everybody"],
  ["/security/notes.txt", "what was signed of the last results, the same for everybody"],
  ["/.well-known/security.txt", "where reports go, the same for everybody"],
  ["/security", "the web app's page, the same for everybody"],
  ["/t/*", "the web app's page, the same for everybody"],
  ["/*", "the web app's page for addresses that name nothing"],
];
