import type { FastifyInstance } from "fastify";
import { minutes } from "../../../kernel/clock.ts";
import { appError } from "../../../kernel/errors.ts";
import type { System } from "../../../kernel/system.ts";
import { signerOf } from "../../operations/audit/log/keeper.ts";
import { verifierKey } from "../../operations/audit/log/note.ts";
import { publicLog } from "../../operations/audit/log/proofs.ts";
import { securitySnapshot } from "../snapshot.ts";
import { publicPage } from "./settings.ts";
import { notesText, summaryText } from "./summary.ts";

/** RFC 9116, section 2.5.5: less than a year, so that a forgotten file does not speak for ever. */
const VALID_FOR = minutes(180 * 24 * 60);

/** What machines read of the security page. Outside of the table of routes: the addresses are given by others. */
export function mountMachineReadable(app: FastifyInstance, system: System): void {
  app.get(
    "/.well-known/security.txt",
    { exposeHeadRoute: false, logLevel: "warn" },
    async (_request, reply) => {
      const text = await securityTxt(system);
      if (text === null) throw appError("not_found");
      return reply.type("text/plain; charset=utf-8").header("cache-control", "no-cache").send(text);
    },
  );
  const text = (url: string, type: string, write: () => Promise<string>) =>
    app.get(url, { exposeHeadRoute: false, logLevel: "warn" }, async (_request, reply) =>
      reply
        .type(`${type}; charset=utf-8`)
        .header("cache-control", "no-cache")
        .send(await write()),
    );
  text("/security.md", "text/markdown", async () =>
    summaryText(await securitySnapshot(system), system.clock()),
  );
  text("/security/checkpoint.txt", "text/plain", async () => (await publicLog(system)).checkpoint);
  text("/security/notes.txt", "text/plain", async () =>
    notesText(await securitySnapshot(system), verifierKey(await signerOf(system))),
  );
  app.get("/security.json", { exposeHeadRoute: false, logLevel: "warn" }, async (_request, reply) =>
    reply
      .type("application/json; charset=utf-8")
      .header("cache-control", "no-cache")
      .send(await securitySnapshot(system)),
  );
}

/** null before the operator has said where reports go: a file without a contact is none. */
export async function securityTxt(system: System): Promise<string | null> {
  const kept = await publicPage(system);
  if (!kept || kept.page.contacts.length === 0) return null;
  const { contacts, policy, languages } = kept.page;
  const expires = new Date(system.clock().getTime() + VALID_FOR).toISOString();
  const origin = system.origin.current;
  return [
    ...contacts.map((contact) => `Contact: ${contact}`),
    `Expires: ${expires}`,
    ...(languages.length > 0 ? [`Preferred-Languages: ${languages.join(", ")}`] : []),
    ...(origin.startsWith("https://") ? [`Canonical: ${origin}/.well-known/security.txt`] : []),
    ...(policy === "" ? [] : [`Policy: ${policy}`]),
    "",
  ].join("\n");
}
