import { connect } from "node:net";
import type { Finding } from "../../../kernel/controls.ts";
import { newId } from "../../../kernel/ids.ts";
import { finding } from "../stage/finding.ts";
import type { Stage } from "../stage/stage.ts";
import type { Planted } from "./escaping-payloads.ts";

/** Answers of every kind, the odd ones above all: each must bring the whole policy. */
export async function checkHeaders(stage: Stage, planted: Planted): Promise<Finding[]> {
  const { url: origin } = stage.server;
  const { colleague, slug, documents } = planted;
  const cookie = [...colleague.client.cookies].map(([k, v]) => `${k}=${v}`).join("; ");
  const signedIn = { cookie, "x-csrf-token": colleague.client.csrf };
  const json = { "content-type": "application/json" };
  const page = await fetch(origin).then((r) => r.text());
  const asset = /\/assets\/[^"]+\.js/.exec(page)?.[0] ?? "/assets/missing.js";
  const api = `/api/t/${slug}`;
  const kinds: [what: string, path: string, init?: RequestInit][] = [
    ["the first page", "/"],
    ["a page of a workspace", `/t/${slug}/library`],
    ["a page of a workspace that is not there", "/t/nobody/library"],
    ["a script of ours", asset],
    ["a file that is not there", "/assets/none.js"],
    ["a path above the files", "/assets/..%2f..%2fpackage.json"],
    ["a path that is not there", "/nowhere"],
    ["a path that cannot be decoded", "/%"],
    ["an API path that cannot be decoded", `${api}/documents/%c3%28`],
    ["a path with a very long part", `${api}/documents/${"a".repeat(500)}`],
    ["an answer", `${api}/session`, { headers: signedIn }],
    ["an answer of the installation", "/api/installation"],
    [
      "an answer without content",
      `${api}/members/${newId()}/unlock`,
      { method: "POST", headers: { ...signedIn, ...json }, body: "{}" },
    ],
    ["not signed in", `${api}/session`],
    [
      "no proof against forgery",
      `${api}/account`,
      { method: "PATCH", headers: { cookie, ...json }, body: "{}" },
    ],
    ["not there", `${api}/documents/${newId()}`, { headers: signedIn }],
    ["not valid", `${api}/account`, { method: "PATCH", headers: { ...signedIn, ...json }, body: "{}" }],
    ["no JSON", `${api}/account`, { method: "PATCH", headers: { ...signedIn, ...json }, body: "{" }],
    [
      "JSON of a kind of its own",
      `${api}/account`,
      { method: "PATCH", headers: { ...signedIn, "content-type": "text/plain" }, body: "{}" },
    ],
    [
      "too large",
      `${api}/account`,
      { method: "PATCH", headers: { ...signedIn, ...json }, body: " ".repeat(1024 * 1024 + 1) },
    ],
    ["another method", `${api}/session`, { method: "PUT", headers: signedIn }],
    ["the question for methods", `${api}/session`, { method: "OPTIONS" }],
    ["the head of a page", "/", { method: "HEAD" }],
    ["a stream", `${api}/documents/events`, { headers: signedIn }],
    ["the API's description", "/api/openapi.json"],
    ["the API's page", "/api/reference"],
    ["alive", "/healthz"],
  ];
  const findings: Finding[] = [];
  for (const [what, path, init] of kinds) {
    const response = await fetch(origin + path, { redirect: "manual", ...init });
    await response.body?.cancel();
    const problems = problemsOf(response.headers);
    findings.push(
      finding(
        problems.length === 0,
        `headers: ${what}`,
        `${response.status}`,
        problems.join(", ") || "strict policy, nosniff",
      ),
    );
  }
  for (const [what, raw] of Object.entries(UNREADABLE)) {
    const { status, headers, body } = await sendRaw(origin, raw);
    // Node itself answers some of these, with a status and nothing else: there is nothing that could run.
    const empty = body === "" || body === "0";
    const problems = empty ? [] : problemsOf(headers);
    const good = empty ? "no body" : "strict policy, nosniff";
    findings.push(
      finding(
        status >= 400 && problems.length === 0,
        `headers: ${what}`,
        `${status}`,
        problems.join(", ") || good,
      ),
    );
  }
  for (const id of documents) {
    const { status, headers, text } = await colleague.client.call("GET", `documents/${id}/original`);
    const policy = headers.get("content-security-policy") ?? "";
    const inert =
      /^attachment;/.test(headers.get("content-disposition") ?? "") &&
      /(^|;)\s*sandbox\s*(;|$)/.test(policy) &&
      headers.get("content-type") === "application/octet-stream";
    const problems = [
      ...problemsOf(headers),
      ...(inert ? [] : ["not inert"]),
      ...(text.length > 0 ? [] : ["empty"]),
    ];
    findings.push(
      finding(
        status === 200 && problems.length === 0,
        "headers: a download",
        `${status}`,
        problems.join(", ") || "attachment, sandbox, nosniff",
      ),
    );
  }
  return findings;
}

const UNREADABLE = {
  "what is not HTTP": "<script>\r\n\r\n",
  "a header too large": `GET / HTTP/1.1\r\nhost: x\r\nx-long: ${"a".repeat(40_000)}\r\n\r\n`,
  "two lengths": "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
  "no host": "GET / HTTP/1.1\r\n\r\n",
};

/** Sends bytes that no client library would; the server ends the connection after its answer. */
async function sendRaw(
  origin: string,
  raw: string,
): Promise<{ status: number; headers: Headers; body: string }> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.setTimeout(5000, () => socket.destroy());
  socket.write(raw);
  let text = "";
  for await (const piece of socket) text += String(piece);
  const [head = "", body = ""] = text.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = new Headers(
    lines.map((line): [string, string] => [
      line.slice(0, line.indexOf(":")),
      line.slice(line.indexOf(":") + 1).trim(),
    ]),
  );
  return { status: Number(first.split(" ")[1]), headers, body };
}

/** What is missing or too wide in an answer's headers. */
function problemsOf(headers: Headers): string[] {
  const policy = headers.get("content-security-policy");
  if (!policy) return ["no content policy"];
  const directives = new Map(
    policy.split(";").map((d) => {
      const [name = "", ...sources] = d.trim().split(/\s+/);
      return [name, sources] as const;
    }),
  );
  const narrow = new Set(["'none'", "'self'"]);
  const wide = [...directives].filter(([name, sources]) =>
    name === "img-src"
      ? sources.some((s) => !narrow.has(s) && s !== "data:")
      : sources.some((s) => !narrow.has(s)),
  );
  return [
    ...(directives.get("default-src")?.join() === "'none'" ? [] : ["default-src is not 'none'"]),
    ...wide.filter(([name]) => name !== "sandbox").map(([name, sources]) => `${name} ${sources.join(" ")}`),
    ...(headers.get("x-content-type-options") === "nosniff" ? [] : ["no nosniff"]),
  ];
}
