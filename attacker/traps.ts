import http from "node:http";
import type { AddressInfo } from "node:net";
import type { Outside } from "./contract.ts";
import { answerNames } from "./names.ts";

/** What stands inside, and must never be reached, and what stands outside, where an application may go. */
export type Traps = {
  /** Port of the listener on the loopback addresses. */
  port: number;
  /** How often it was reached under this path. */
  reached: (path: string) => number;
  /** An address outside that answers; null where nothing stands for the internet. */
  good: string | null;
  /** An address outside that sends whoever comes on to `to`. */
  redirect: (to: string) => string | null;
  /** A name that is outside when it is looked at first, and inside ever after. */
  rebinding: (path: string) => string | null;
  close: () => void;
};

export async function setTraps(outside: Outside | undefined): Promise<Traps> {
  const hits = new Map<string, number>();
  const inside = await listenOn("127.0.0.1", 0, (path) => {
    hits.set(path, (hits.get(path) ?? 0) + 1);
    return null;
  });
  const { port } = inside.address() as AddressInfo;
  // The same port under the other names of this machine, as far as it has them.
  const alike = (
    await Promise.all(["::1"].map((host) => listenOn(host, port, count).catch(() => null)))
  ).filter(Boolean);
  const redirects = new Map<string, string>();
  // On the same port as the trap: a name that changes its address changes nothing else.
  const outer = outside
    ? await listenOn(outside.address, port, (path) => redirects.get(path) ?? null).catch(() => null)
    : null;
  const asked = new Map<string, number>();
  const namePort = typeof outside?.namePort === "function" ? await outside.namePort() : outside?.namePort;
  const zone = outside?.zone;
  const names =
    outer && outside && zone && namePort
      ? await answerNames(namePort, (name) => {
          if (!name.endsWith(`.${zone}`)) return null;
          asked.set(name, (asked.get(name) ?? 0) + 1);
          return asked.get(name) === 1 ? outside.address : "127.0.0.1";
        }).catch(() => null)
      : null;
  let serial = 0;
  return {
    port,
    reached: (path) => hits.get(path) ?? 0,
    good: outer && outside ? `http://${outside.address}:${port}/good` : null,
    redirect: (to) => {
      if (!outer || !outside) return null;
      const path = `/to-${++serial}`;
      redirects.set(path, to);
      return `http://${outside.address}:${port}${path}`;
    },
    rebinding: (path) => (names && zone ? `http://changes-${++serial}.${zone}:${port}${path}` : null),
    close: () => {
      for (const server of [inside, outer, ...alike]) {
        server?.close();
        server?.closeAllConnections();
      }
      names?.close();
    },
  };

  function count(path: string): null {
    hits.set(path, (hits.get(path) ?? 0) + 1);
    return null;
  }
}

function listenOn(
  host: string,
  port: number,
  redirectOf: (path: string) => string | null,
): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    const to = redirectOf(request.url ?? "/");
    response.writeHead(to === null ? 200 : 302, to === null ? {} : { location: to }).end("here\n");
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}
