import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { selfSigned } from "../../src/modules/trust/stage/self-signed.ts";
import { watch } from "./server.ts";

/** An ACME authority for tests, of the system's packages, that asks for challenges at `httpPort` of this machine. */
export interface RunningPebble {
  readonly directoryUrl: string;
  /** The certificate of the authority's own address. */
  readonly certificate: string;
  close(): Promise<void>;
}

const program = (process.env.PATH ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "pebble"))
  .find(existsSync);

/** For `skip` of a test: false where there is one, else why not. */
export const withoutPebble: string | false = program ? false : "pebble is not installed";

export async function startPebble(
  httpPort: number,
  ports: readonly [number, number],
): Promise<RunningPebble> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-pebble-"));
  const { cert, key } = selfSigned("localhost");
  const [listen, management] = ports;
  const settings = {
    pebble: {
      listenAddress: `127.0.0.1:${listen}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: join(folder, "cert.pem"),
      privateKey: join(folder, "key.pem"),
      httpPort,
      tlsPort: 1,
      ocspResponderURL: "",
      externalAccountBindingRequired: false,
    },
  };
  await Promise.all([
    writeFile(join(folder, "cert.pem"), cert),
    writeFile(join(folder, "key.pem"), key),
    writeFile(join(folder, "pebble.json"), JSON.stringify(settings)),
  ]);
  const { child, words, ended } = watch(
    spawn(program ?? "", ["-config", join(folder, "pebble.json"), "-strict"], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "20" },
    }),
  );
  for (const end = Date.now() + 10_000; !words().includes("ACME directory available"); await sleep(20))
    if (Date.now() > end) throw new Error(`pebble did not start: ${words()}`);
  return {
    directoryUrl: `https://localhost:${listen}/dir`,
    certificate: cert,
    close: async () => {
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** For clients that are to trust it. */
export const trusting = (certificate: string): Agent => new Agent({ ca: certificate });
