import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Hub } from "./hub.ts";
import type { Logger } from "./log.ts";

// Wake-ups between processes, by NOTIFY of PostgreSQL: it is there anyway. A topic is an identifier and says nothing.

/** Topics that come within this time go together: each NOTIFY is a commit of its own. */
const TOGETHER_MS = 10;
const AGAIN_MS = 1000;

/** Connects the hubs of all processes on a database. Answers how to stop. */
export function relayWakeUps(hub: Hub, url: string, pool: pg.Pool, log: Logger): () => Promise<void> {
  const self = randomBytes(6).toString("hex");
  const topics = new Set<string>();
  let sending: NodeJS.Timeout | null = null;
  let client: pg.Client | null = null;
  let again: NodeJS.Timeout | null = null;
  let ended = false;
  let wasLost = false;

  const send = () => {
    sending = null;
    const payloads = [...topics].map((topic) => `${self} ${topic}`);
    topics.clear();
    pool
      .query("select pg_notify('vouchsafe_wake', payload) from unnest($1::text[]) as payload", [payloads])
      // The others look by themselves from time to time.
      .catch((error: unknown) => log.info({ err: error }, "other processes were not woken"));
  };
  hub.relay((topic) => {
    if (ended) return;
    topics.add(topic);
    sending ??= setTimeout(send, TOGETHER_MS);
  });

  const lose = (lost: pg.Client) => {
    if (client !== lost) return;
    client = null;
    wasLost = true;
    void lost.end().catch(() => {});
    if (!ended) again = setTimeout(listen, AGAIN_MS).unref();
  };
  const listen = () => {
    const next = new pg.Client({
      connectionString: url,
      application_name: "vouchsafe wake-ups",
      connectionTimeoutMillis: 5000,
      keepAlive: true,
    });
    client = next;
    next.on("error", () => lose(next));
    next.on("end", () => lose(next));
    next.on("notification", ({ payload = "" }) => {
      const [from = "", topic = ""] = payload.split(" ", 2);
      if (from !== self) hub.receive(topic);
    });
    next
      .connect()
      .then(() => next.query("listen vouchsafe_wake"))
      .then(() => {
        // What was told meanwhile is not known: everybody looks.
        if (wasLost) hub.receive(null);
      })
      .catch((error: unknown) => {
        log.info({ err: error }, "wake-ups of other processes cannot be heard");
        lose(next);
      });
  };
  listen();
  return async () => {
    ended = true;
    if (again) clearTimeout(again);
    if (sending) clearTimeout(sending);
    const last = client;
    client = null;
    await last?.end().catch(() => {});
  };
}
