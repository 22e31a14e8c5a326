import { createServer, type Server } from "node:http";
import type { WireRequest } from "../contract.ts";
import type { Hole } from "./holes.ts";
import { ORIGIN, type Reply } from "./model.ts";

/** The application over real HTTP: streams, ranges and slow clients need a connection. */
export async function listen(
  holes: ReadonlySet<Hole>,
  request: (wire: WireRequest) => Promise<Reply>,
): Promise<{ origin: string; close: () => Promise<void> }> {
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", async () => {
      const headers = Object.fromEntries(Object.entries(incoming.headers).map(([k, v]) => [k, String(v)]));
      // The application knows itself by the name it would have in production.
      if (headers.origin?.startsWith("http://127.0.0.1")) headers.origin = ORIGIN;
      const { method = "GET", url = "/" } = incoming;
      const body = Buffer.concat(chunks);
      const response = await request({ method, path: url, headers, body, stream: false });
      const { "set-cookie": cookies, ...rest } = response.headers;
      outgoing.writeHead(response.status, cookies ? { ...rest, "set-cookie": cookies.split("\n") } : rest);
      if (!response.live || method === "HEAD") return void outgoing.end(response.body);
      outgoing.flushHeaders();
      outgoing.on(
        "close",
        response.live({ write: (text) => void outgoing.write(text), end: () => void outgoing.end() }),
      );
    });
  });
  // So many half-open connections, and nobody else gets in.
  if (holes.has("few-connections")) server.maxConnections = 40;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
