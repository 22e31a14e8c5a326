import type { Finding } from "../../../kernel/controls.ts";
import { finding } from "../../trust/stage/finding.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { startSandboxed } from "../extraction/sandbox.ts";
import { isolation } from "../extraction/sandbox-guards.ts";

const MB = 1024 * 1024;
const LIMITS = { memory: 300 * MB, milliseconds: 20_000 };

/**
 * What a document that took its reader over would find: a program of ours in its place tries. What this system does not
 * grant (a network namespace, another user) is said, not claimed.
 */
export async function readerOfFiles(stage: Stage): Promise<Finding[]> {
  const child = startSandboxed("hostile-child.ts", ["look around", stage.server.system.config.home], LIMITS);
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(0, 10_000);
  });
  await child.ended;
  const seen = JSON.parse(said || "{}") as Record<string, unknown>; // as: our own program's answer, looked at below
  const who = "a document that took its reader over";
  const refused = (what: string) => JSON.stringify(seen[what]) === '{"refused":"ERR_ACCESS_DENIED"}';
  const findings = ["home", "passwd", "write", "run", "worker"].map((what) =>
    finding(refused(what), what, who, refused(what) ? "refused" : "not refused"),
  );
  const environment = Array.isArray(seen["environment"]) ? seen["environment"] : ["unknown"];
  const secrets = environment.filter((name) => name !== "__CF_USER_TEXT_ENCODING");
  findings.push(finding(secrets.length === 0, "the environment", who, `${secrets.length} variables`));
  const { network, user } = isolation();
  const alone = JSON.stringify(seen["interfaces"]) === "[]";
  findings.push(
    finding(
      alone || !network,
      "the network",
      who,
      alone
        ? "a namespace without any interface"
        : "this system grants no namespace: only the reader's own rules",
    ),
    finding(
      !user || seen["user"] !== process.getuid?.(),
      "the server's user",
      who,
      user ? "a user of its own" : "the server's user: only root may choose another",
    ),
  );
  return findings;
}
