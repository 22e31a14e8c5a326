import type { Finding } from "../../../kernel/controls.ts";
import { finding } from "../stage/finding.ts";
import type { Scene } from "./scene.ts";

/**
 * Files, their versions and pieces, what stands in a bin, streams of answers: by their true identifiers, with what a
 * cache would ask with. Each is given to its owner first.
 */
export async function files({ secrets, strangersTo }: Scene): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const secret of secrets) {
    const { document, upload, answer, chat, owner } = secret;
    const theirs = secrets.find((other) => other !== secret)?.document;
    const paths = [
      ...["", "/passages", "/versions", "/history", "/access", "/original"].map(
        (part) => `documents/${document}${part}`,
      ),
      // The first version goes by its document's identifier.
      ...["/passages", "/original", `/compare?with=${document}`].map((part) => `versions/${document}${part}`),
      `uploads/${upload}`,
      `chats/${chat}`,
      `answers/${answer}/stream`,
      `folders/${secret.folder}`,
    ];
    for (const path of paths) {
      const what = `GET /${path.replace(/[0-9a-f-]{36}/g, "…")}`;
      const own = await owner.client.call("GET", path);
      findings.push(finding(own.status === 200, what, "whose it is", String(own.status)));
      const tag = own.headers.get("etag");
      const headers = {
        "if-none-match": tag ?? "*",
        "if-modified-since": new Date().toUTCString(),
        range: "bytes=0-9",
      };
      for (const { person, who } of strangersTo(secret)) {
        const got = await person.client.call("GET", path, { headers });
        findings.push(
          finding(got.status === 404 && got.headers.get("etag") === null, what, who, String(got.status)),
        );
      }
    }
    // One's own version beside another's.
    const beside = await owner.client.call("GET", `versions/${document}/compare?with=${theirs}`);
    findings.push(
      finding(
        beside.status === 404,
        "GET /versions/…/compare",
        "with another company's",
        String(beside.status),
      ),
    );
  }
  return findings;
}
