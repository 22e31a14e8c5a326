import { createSocket } from "node:dgram";
import type { Manifest, Tenant, User } from "../contract.ts";
import { openSession } from "./accounts.ts";
import { issueKeys } from "./callers.ts";
import { PUBLIC_ADDRESS } from "./hooks.ts";
import { invite } from "./invitations.ts";
import { type App, type Member, MINUTE, nextId, ORIGIN, PASSWORD, SLUGS } from "./model.ts";
import { wordOf } from "./notes.ts";

/** What the attacker is told of the example. */
export function manifestOf(app: App): Manifest {
  const routes = [
    ["GET", "/api/health"],
    ["POST", "/api/t/:slug/session"],
    ["GET", "/api/t/:slug/notes/:id"],
    ["HEAD", "/api/t/:slug/notes/:id"],
    ...(app.holes.has("undocumented-route") ? [["GET", "/api/debug"]] : []),
  ].map(([method = "", path = ""]) => ({ method, path }));
  const accept = "POST /api/t/{slug}/invitations/accept";
  return {
    origin: ORIGIN,
    tenants: SLUGS.map((slug) => tenantOf(app, slug)),
    routes,
    bodies: { "PATCH /api/t/{slug}/notes/{id}": { title: "$fresh", pinned: true, folder: null } },
    supplies: { [accept]: Array.from({ length: 12 }, () => ({ token: invite(app), name: "Guest" })) },
    races: { "PATCH /api/t/{slug}/members/{id}": async () => lastOwners(app) },
    publicKeys: [app.tokens.publicKey],
    outside: {
      address: PUBLIC_ADDRESS,
      zone: "rebind.test",
      namePort: async () => {
        app.namePort ??= await freePort();
        return app.namePort;
      },
    },
  };
}

function tenantOf(app: App, slug: string): Tenant {
  const members = app.members.filter((member) => member.tenant === slug);
  const own = ({ id, owner }: { id: string; owner: string }) => ({
    id,
    owner,
    visibility: "private" as const,
  });
  const notes = app.notes.filter((note) => note.tenant === slug);
  const users = members.filter((member) => !member.spare).map((member) => userOf(app, member));
  return {
    slug,
    users,
    objects: {
      session: [...app.sessions]
        .filter(([, { member }]) => members.some(({ id }) => id === member))
        .map(([id, { member }]) => own({ id, owner: member })),
      note: notes.map((note) => {
        const owner = members.find(({ id }) => id === note.owner);
        return { ...own(note), words: owner ? [wordOf(owner)] : [] };
      }),
      comment: app.comments.flatMap(({ id, note }) => {
        const of = notes.find((one) => one.id === note);
        return of ? [{ ...own({ id, owner: of.owner }), within: [note] }] : [];
      }),
      file: app.files.filter(({ tenant }) => tenant === slug).map(own),
      folder: app.folders.filter(({ tenant }) => tenant === slug).map(own),
      label: app.labels.filter(({ tenant }) => tenant === slug).map(({ id }) => ({ id })),
      member: members.map((member) => ({ id: member.id, spare: member.spare })),
    },
  };
}

function userOf(app: App, member: Member): User {
  const slug = member.tenant;
  const { token, csrf, sid, refresh } = openSession(app, member);
  const old = openSession(app, member, Date.now() - 10 * MINUTE);
  const { key, dead } = issueKeys(app, member.id);
  const claims = { sub: member.id, sid, tenant: slug, role: member.role, exp: 1000 };
  return {
    name: member.name,
    role: member.role,
    userId: member.id,
    address: member.address,
    password: PASSWORD,
    cookies: { [`access.${slug}`]: token, [`refresh.${slug}`]: refresh },
    csrf,
    expired: { [`access.${slug}`]: app.tokens.issue(claims) },
    stale: { cookies: { [`access.${slug}`]: old.token }, csrf: old.csrf },
    key,
    deadKeys: [dead],
  };
}

/** The two owners of a tenant that was just founded, each giving up the role at the same moment. */
function lastOwners(app: App): Awaited<ReturnType<NonNullable<Manifest["races"]>[string]>> {
  const slug = `race${nextId(app).slice(-6)}`;
  app.slugs.push(slug);
  return ["one", "two"].map((name) => {
    const owner = {
      id: nextId(app),
      tenant: slug,
      role: "owner",
      name,
      address: `${name}@${slug}.example`,
      spare: false,
    };
    app.members.push(owner);
    return { slug, user: userOf(app, owner), ids: { id: owner.id }, body: { role: "viewer" } };
  });
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
