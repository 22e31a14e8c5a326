import type { FastifyRequest } from "fastify";
import { minutes } from "../../../kernel/clock.ts";
import type { Ctx } from "../../../kernel/context.ts";
import type { Decoys } from "../../../kernel/decoys.ts";
import { newId } from "../../../kernel/ids.ts";
import type { System } from "../../../kernel/system.ts";
import { alertOperator } from "../../operations/alerts/service.ts";
import { isRunner } from "./proof.ts";
import { readDecoys } from "./store.ts";

/** How a canary was touched. */
export type Touch = "sign-in" | "session" | "named" | "answer" | "job";

interface Alarm {
  readonly kind: Touch;
  /** Which tenant acted; null for nobody known. */
  readonly tenantId: string | null;
  readonly route: string;
}

const LOOK_EVERY = minutes(5);

/** Watches in this process, and learns of canaries that another one has made. Answers how to stop. */
export function keepWatching(system: System): () => Promise<void> {
  const look = () =>
    void watchDecoys(system).catch((error: unknown) =>
      system.log.error({ err: error }, "the canaries could not be read: nobody watches over them"),
    );
  look();
  const timer = setInterval(look, LOOK_EVERY).unref();
  return async () => {
    clearInterval(timer);
    system.decoys.current = null;
  };
}

/** From now on this process raises an alarm when somebody but the runner touches a canary. */
export async function watchDecoys(system: System): Promise<void> {
  const { slugs, identifiers, marker } = await readDecoys(system);
  if (marker === null) return;
  const raise = alarmOf(system);
  const names = [...slugs.keys()];
  const found = (url: string): boolean => {
    if (names.some((slug) => url.includes(slug))) return true;
    const ids = url.match(UUIDS);
    return ids?.some((id) => identifiers.has(id)) ?? false;
  };
  const decoys: Decoys = {
    longest: marker.length,
    asked(request) {
      if (!found(plain(request.url))) return null;
      let told = false;
      return (ctx) => {
        if (told) return;
        told = true;
        const inside = ctx?.tenant && slugs.has(ctx.tenant.slug);
        raise(request, {
          kind: touchOf(request, ctx, inside === true),
          tenantId: idOf(ctx),
          route: routeOf(request),
        });
      };
    },
    answered(request, ctx, part) {
      if (part.includes(marker))
        raise(request, { kind: "answer", tenantId: idOf(ctx), route: routeOf(request) });
    },
    working(job, { tenantId, id }) {
      if (identifiers.has(id) && ![...slugs.values()].includes(tenantId))
        raise(null, { kind: "job", tenantId, route: job });
    },
  };
  system.decoys.current = decoys;
}

const UUIDS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** As it would be understood: what is written in escapes is looked at as well. */
function plain(url: string): string {
  if (!url.includes("%")) return url.toLowerCase();
  try {
    return decodeURIComponent(url).toLowerCase();
  } catch {
    return url.toLowerCase();
  }
}

function touchOf(request: FastifyRequest, ctx: Ctx | null, inside: boolean): Touch {
  const signsIn = request.method === "POST" && request.routeOptions.url?.startsWith("/api/t/:slug/session");
  if (signsIn && ctx?.actor.kind === "visitor") return "sign-in";
  return inside && ctx?.actor.kind !== "visitor" ? "session" : "named";
}

const routeOf = ({ method, routeOptions }: FastifyRequest): string =>
  `${method} ${routeOptions.url ?? "an address that is no route"}`;

/** Who is known by a session or a key; what a visitor writes into an address says nothing of who they are. */
const idOf = (ctx: Ctx | null): string | null =>
  ctx?.tenant && (ctx.actor.kind === "member" || ctx.actor.kind === "key") ? ctx.tenant.id : null;

// One alarm of a kind, tenant and route in a minute: who goes on knocking must not fill the table.
const ONCE_IN = minutes(1);
const MOST_REMEMBERED = 1000;

function alarmOf(system: System): (request: FastifyRequest | null, alarm: Alarm) => void {
  const recent = new Map<string, number>();
  const store = async (request: FastifyRequest | null, alarm: Alarm) => {
    if (request && (await isRunner(system, request))) return;
    const key = `${alarm.kind} ${alarm.tenantId} ${alarm.route}`;
    const now = system.clock().getTime();
    if (now - (recent.get(key) ?? Number.NEGATIVE_INFINITY) < ONCE_IN) return;
    if (recent.size >= MOST_REMEMBERED) recent.clear();
    recent.set(key, now);
    await system.pool.query(
      "insert into platform.alarm (alarm_id, at, kind, tenant_id, route) values ($1, $2, $3, $4, $5)",
      [newId(), system.clock(), alarm.kind, alarm.tenantId, alarm.route],
    );
    await alertOperator(system, {
      kind: `canary.${alarm.kind}`,
      subject: "A canary was touched",
      text: `${wordsOf[alarm.kind]} It happened at ${system.clock().toISOString()}, by ${alarm.route}. Nobody but the installation itself has any business there. Look at Settings, Attacks, and at the log of that minute.`,
    });
  };
  return (request, alarm) =>
    void store(request, alarm).catch((error: unknown) =>
      system.log.error({ err: error, kind: alarm.kind }, "an alarm could not be kept"),
    );
}

/** What an alarm means, in a sentence. */
export const wordsOf: Readonly<Record<Touch, string>> = {
  "sign-in": "Somebody tried to sign in to a canary tenant, which no person knows of.",
  session:
    "Somebody acted inside a canary tenant with a session or a key that the installation did not open.",
  named: "Somebody named an object of a canary tenant that they cannot know of.",
  answer: "An answer to somebody else held text of a canary tenant.",
  job: "A job of another tenant was given an object of a canary tenant.",
};
