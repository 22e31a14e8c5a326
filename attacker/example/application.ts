import type { Manifest, Transport } from "../contract.ts";
import { addFile } from "./files.ts";
import { addFolder } from "./folders.ts";
import type { Hole } from "./holes.ts";
import { manifestOf } from "./manifest.ts";
import { type App, nextId, ROLES, SLUGS } from "./model.ts";
import { addNote } from "./notes.ts";
import { respond } from "./router.ts";
import { listen } from "./server.ts";
import { makeTokens } from "./tokens.ts";

/**
 * A small application to attack: notes of two tenants, held in memory, right unless a hole is asked for.
 * `request` is one function from request to response, so that a test needs no port.
 */
export function notesApplication(wanted: readonly Hole[] = []): {
  request: Transport;
  manifest: Manifest;
  listen: () => Promise<{ origin: string; close: () => Promise<void> }>;
} {
  const app = build(new Set(wanted));
  const request: Transport = async (wire) => respond(app, wire);
  return {
    request,
    manifest: manifestOf(app),
    listen: () => listen(app.holes, (wire) => respond(app, wire)),
  };
}

function build(holes: ReadonlySet<Hole>): App {
  const app: App = {
    ...{ holes, tokens: makeTokens(holes), slugs: [...SLUGS], namePort: null, attempts: 0, serial: 0 },
    ...{ members: [], notes: [], folders: [], comments: [], files: [], labels: [], hooks: [] },
    ...{ keys: new Map(), sessions: new Map(), memory: new Map(), invitations: new Map() },
    ...{ oldProofs: new Set(), watchers: new Set() },
    disk: new Map([["/etc/passwd", Buffer.from("root:x:0:0:root:/root:/bin/sh\n")]]),
  };
  for (const tenant of SLUGS) {
    for (const role of ROLES) {
      for (const name of ["one", "two"]) addMember(app, tenant, role, name, false);
    }
    for (const name of ["spare1", "spare2", "spare3"]) addMember(app, tenant, "viewer", name, true);
  }
  for (const member of app.members) {
    const folder = addFolder(app, member, "Drawer");
    const [note] = ["First", "Second"].map((title) => addNote(app, member, title, folder.id));
    if (note) app.comments.push({ id: nextId(app), note: note.id, text: "Seen" });
    addFile(app, member, "notes.txt", Buffer.from(`The file of ${member.address}.\n`));
  }
  for (const tenant of SLUGS) app.labels.push({ id: nextId(app), tenant, name: "Urgent" });
  return app;
}

function addMember(app: App, tenant: string, role: string, name: string, spare: boolean): void {
  const id = nextId(app);
  app.members.push({ id, tenant, role, name, address: `${role}-${name}@${tenant}.example`, spare });
}
