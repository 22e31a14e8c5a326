import type { Person } from "../stage/people.ts";

/** Like a client's call, but from an address of choice, and without waiting for a stream to end. */
export async function knock(
  origin: string,
  method: string,
  path: string,
  { ip, body, who }: { ip: string; body?: unknown; who?: Person },
): Promise<{ status: number; headers: Headers; code: string | null }> {
  const sendsBody = body !== undefined && method !== "GET" && method !== "DELETE";
  const response = await fetch(origin + path, {
    method,
    headers: {
      "x-forwarded-for": ip,
      ...(sendsBody ? { "content-type": "application/json" } : {}),
      ...(who
        ? {
            cookie: [...who.client.cookies].map(([k, v]) => `${k}=${v}`).join("; "),
            "x-csrf-token": who.client.csrf,
          }
        : {}),
    },
    ...(sendsBody ? { body: JSON.stringify(body) } : {}),
  });
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    await response.body?.cancel();
    return { status: response.status, headers: response.headers, code: null };
  }
  const text = await response.text();
  const code = /"code":"([a-z_]+)"/.exec(text)?.[1] ?? null;
  return { status: response.status, headers: response.headers, code };
}
