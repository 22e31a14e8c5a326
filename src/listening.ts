import { once } from "node:events";
import type { Server } from "node:net";
import { startupError } from "./kernel/home.ts";

/** Fastify, or a plain server. */
interface Listener {
  readonly server: Server;
  readonly listen?: (at: { host: string; port: number }) => Promise<unknown>;
}

/** Listens, and answers the address for browsers. Throws a StartupError for what a person can change. */
export async function listen(
  listener: Listener,
  config: { readonly host: string; readonly port: number },
  protocol: "http" | "https",
): Promise<string> {
  try {
    const at = { host: config.host, port: config.port };
    await (listener.listen ? listener.listen(at) : listenAlone(listener.server, at));
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    if (code === "EADDRINUSE") {
      throw startupError(
        `Port ${config.port} is taken by another program.`,
        `Stop that program, or choose another port: PORT=${config.port + 1} npm start`,
        cause,
      );
    }
    if (code === "EACCES")
      throw startupError(
        `Port ${config.port} needs more rights.`,
        "Choose a port above 1023: PORT=8460 npm start",
        cause,
      );
    if (code === "EADDRNOTAVAIL")
      throw startupError(
        `This computer has no address ${config.host}.`,
        "Set HOST to one of its addresses, or leave it out.",
        cause,
      );
    throw cause;
  }
  const address = listener.server.address();
  const port = typeof address === "object" && address ? address.port : config.port;
  const host =
    config.host === "0.0.0.0" || config.host === "::" || config.host === "127.0.0.1"
      ? "localhost"
      : config.host;
  return `${protocol}://${host}:${port}`;
}

async function listenAlone(server: Server, at: { host: string; port: number }): Promise<void> {
  const listening = once(server, "listening");
  server.listen(at.port, at.host);
  await listening;
}
