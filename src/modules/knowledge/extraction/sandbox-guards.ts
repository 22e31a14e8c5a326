import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * What the system grants a child besides the limits of sandbox.ts: `network`: a network namespace without any interface;
 * `user`: a user number of its own that owns no file and no other process; `privileges`: it can gain no right by any
 * program that it starts, and has none over its namespace. Without them (macOS, containers that forbid namespaces, a
 * server that does not run as root) only the permission model of the runtime stands between a document that took its
 * reader over and what the server's user may do.
 */
export type Isolation = { network: boolean; user: boolean; privileges: boolean };

export const isolation = (): Isolation => found().gives;

/** The beginning of a child's command line. */
export const guards = (): string[] => found().command(nextUser());

type Way = { gives: Isolation; command: (user: number) => string[] };

const NONE: Way = { gives: { network: false, user: false, privileges: false }, command: () => [] };

// Numbers that systems give to services for as long as they run; no account has one.
const FIRST_USER = 61_184;
const LAST_USER = 65_519;
const PROBE = 'for path in "$@"; do [ -r "$path" ] || exit 1; done';

let way: Way | undefined;

// Another user may not get at them, below /root for instance: then the child stays the server's.
const NEEDED = ["./child.ts", "../../../../package.json", "../../../../node_modules"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

function found(): Way {
  if (way !== undefined) return way;
  const works = ({ command }: Way) => {
    const [file = "", ...args] = command(FIRST_USER).concat(["/bin/sh", "-c", PROBE, "sh"]);
    return (
      spawnSync(file, [...args, process.execPath, ...NEEDED], { env: {}, timeout: 5000, stdio: "ignore" })
        .status === 0
    );
  };
  way = ways().find(works) ?? NONE;
  return way;
}

/** From the strongest down: first without network, then as another user. */
function ways(): Way[] {
  if (process.platform !== "linux") return [];
  const unshare = ["/usr/bin/unshare", "/bin/unshare"].find((path) => existsSync(path));
  const setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].find((path) => existsSync(path));
  const root = process.getuid?.() === 0;
  const networks = unshare === undefined ? [[]] : [[unshare, "-n"], [unshare, "-rn"], []];
  const less = ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"];
  return networks.flatMap((network): Way[] => [
    ...(setpriv !== undefined && root
      ? [
          {
            gives: { network: network.length > 0, user: true, privileges: true },
            command: (user: number) => [
              ...network,
              setpriv,
              `--reuid=${user}`,
              `--regid=${user}`,
              "--clear-groups",
              ...less,
            ],
          },
        ]
      : []),
    ...(setpriv !== undefined
      ? [
          {
            gives: { network: network.length > 0, user: false, privileges: true },
            command: () => [...network, setpriv, ...less],
          },
        ]
      : []),
    { gives: { network: network.length > 0, user: false, privileges: false }, command: () => [...network] },
  ]);
}

let taken: Set<number> | undefined;
let last = LAST_USER;

/** Another number for each child, so that two of them at once cannot touch one another. */
function nextUser(): number {
  taken ??= accounts();
  for (let tries = 0; tries <= LAST_USER - FIRST_USER; tries++) {
    last = last >= LAST_USER ? FIRST_USER : last + 1;
    if (!taken.has(last)) break;
  }
  return last;
}

function accounts(): Set<number> {
  try {
    const lines = readFileSync("/etc/passwd", "utf8").split("\n");
    return new Set(lines.map((line) => Number(line.split(":")[2])));
  } catch {
    return new Set();
  }
}
