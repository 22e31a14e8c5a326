import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CLASSES, type ClassName, type Ledger } from "./contract.ts";
import { notesApplication } from "./example/application.ts";
import type { Hole } from "./example/holes.ts";
import { notesDocument } from "./example/openapi.ts";

const HERE = import.meta.dirname;

// What waits for large bodies and full connections is tried in attack.test.ts.
const SLOW: readonly ClassName[] = ["malformed", "exhaustion", "ssrf"];

/** The command over real HTTP with nothing but addresses and passwords to sign in with. */
async function command(
  holes: Hole[],
  classes: readonly ClassName[],
): Promise<{ code: number | null; ledger: Ledger }> {
  const { manifest, listen } = notesApplication(holes);
  const { origin, close } = await listen();
  const folder = await mkdtemp(join(tmpdir(), "attacker-"));
  try {
    for (const tenant of manifest.tenants) {
      for (const user of tenant.users) {
        delete user.cookies;
        delete user.csrf;
      }
    }
    await writeFile(join(folder, "openapi.json"), JSON.stringify(notesDocument()));
    await writeFile(join(folder, "canaries.json"), JSON.stringify({ ...manifest, origin }));
    const files = ["--openapi", join(folder, "openapi.json"), "--tenants", join(folder, "canaries.json")];
    const child = spawn(
      process.execPath,
      [join(HERE, "main.ts"), ...files, "--classes", classes.join(), "--seed", "cli", "--json"],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { code, ledger: JSON.parse(out) };
  } finally {
    await close();
    await rm(folder, { recursive: true });
  }
}

test("the command signs in by password, finds nothing in the repaired application and exits with 0", async () => {
  const { code, ledger } = await command(
    [],
    CLASSES.filter((name) => !SLOW.includes(name)),
  );
  assert.deepEqual(
    ledger.probes.filter(({ verdict }) => verdict !== "held"),
    [],
  );
  assert.equal(code, 0);
});

test("the command exits with 1 when something was breached", async () => {
  const { code, ledger } = await command(["idor-tenant"], ["foreign-tenant"]);
  assert.equal(code, 1);
  assert.ok(ledger.summary.breached > 0);
});

test("the attacker imports Node's own modules and its own files, nothing else", async () => {
  const files = (await readdir(HERE, { recursive: true })).filter((name) => name.endsWith(".ts"));
  assert.ok(files.length > 20);
  for (const name of files) {
    const source = await readFile(join(HERE, name), "utf8");
    for (const [, from = ""] of source.matchAll(/^(?:import|export)[^;]*? from "([^"]+)"/gm)) {
      const inside = from.startsWith(".") && join(HERE, name, "..", from).startsWith(HERE);
      assert.ok(from.startsWith("node:") || inside, `${name} imports ${from}`);
    }
  }
});
