import type { Finding } from "../../../kernel/controls.ts";
import { finding } from "../stage/finding.ts";
import { liveOperations } from "../stage/live-operations.ts";
import type { Stage } from "../stage/stage.ts";
import { type Scene, type Secret, toldIn } from "./scene.ts";

/**
 * Everything that the running server gives without an identifier: lists, counts, exports. What it tells its owner of
 * their things it tells no stranger; each thing is in at least one of them.
 */
export async function lists(stage: Stage, { secrets, strangersTo }: Scene): Promise<Finding[]> {
  const operations = (await liveOperations(stage)).filter(
    ({ method, url }) => method === "GET" && !url.includes(":id") && !url.includes("/events"),
  );
  const findings: Finding[] = [];
  for (const secret of secrets) {
    const told = new Set<string>();
    for (const { name, path } of operations) {
      const own = await secret.owner.client.call("GET", path.slice(1));
      for (const one of things(secret)) if (own.text.includes(one)) told.add(one);
      for (const { person, who } of strangersTo(secret)) {
        // What the audit log says of identifiers is for owners and admins to read.
        if (name.startsWith("GET /audit") && who === "an owner of the same company") continue;
        const answer = await person.client.call("GET", path.slice(1));
        const leak = toldIn(answer.text, secret);
        findings.push(
          finding(leak === null, name, who, leak ? `told ${leak}` : `${answer.status}, nothing of it`),
        );
      }
    }
    const missing = things(secret).length - told.size;
    findings.push(
      finding(missing === 0, "all lists together", "whose things they are", `${missing} not shown`),
    );
  }
  return findings;
}

const things = ({ document, folder, chat, upload, binned, search }: Secret): string[] => [
  ...[document, folder, chat, upload, binned, search],
];
