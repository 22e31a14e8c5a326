import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { projectFolder } from "../project.ts";
import { readConfig } from "./config.ts";
import { backupEnvironment } from "./config-backup.ts";
import { serversEnvironment } from "./config-servers.ts";

const text = (path: string) => readFile(join(projectFolder, path), "utf8");

test("compose.yaml hands on every setting of backups, key service, file store and metrics", async () => {
  const [compose, docs] = [await text("compose.yaml"), await text("docs/operations.md")];
  const named = Object.keys({ ...backupEnvironment, ...serversEnvironment }).filter((name) =>
    /^(BACKUP|S3)_|^METRICS_(HOST|TOKEN)$/.test(name),
  );
  const ofKeys = [...docs.matchAll(/`(KEY_SERVICE_[A-Z_]+)`/g)].map(([, name = ""]) => name);
  assert.ok(named.length > 12 && new Set(ofKeys).size === 7);
  const lacking = [...named, ...ofKeys].filter((name) => !new RegExp(`^    ${name}: .`, "m").test(compose));
  assert.deepEqual(lacking, []);
});

test("its Valkey forgets no count before its time", async () => {
  assert.match(await text("compose.yaml"), /--maxmemory-policy\n\s+- noeviction\n/);
});

test("metrics are on loopback, and elsewhere with a token only", () => {
  const read = (env: Record<string, string>) => readConfig(env, "/nowhere");
  const byDefault = read({ HOST: "0.0.0.0", METRICS_PORT: "9464" });
  assert.ok("config" in byDefault && byDefault.config.metricsHost === "127.0.0.1");
  const open = { METRICS_PORT: "9464", METRICS_HOST: "0.0.0.0" };
  const refused = read(open);
  assert.deepEqual("problems" in refused && refused.problems.map(({ variable }) => variable), [
    "METRICS_TOKEN",
  ]);
  assert.ok("config" in read({ ...open, METRICS_TOKEN: "a-token-of-sixteen-or-more" }));
});
