import type { z } from "zod";
import type { AuditItem } from "./shape.ts";

type Item = z.infer<typeof AuditItem>;

const COLUMNS = [
  "id",
  "time",
  "event",
  "outcome",
  "actor kind",
  "actor id",
  "actor",
  "role",
  "key",
  "resource type",
  "resource id",
  "method",
  "address",
  "browser",
  "changes",
  "brought along",
] as const;

/** RFC 4180, with a line of names. */
export async function* csvLines(items: AsyncIterable<Item>): AsyncGenerator<string> {
  yield COLUMNS.join(",");
  for await (const { actor, resource, ...item } of items) {
    const key = actor.key?.name ?? null;
    const who = [actor.kind, actor.id, actor.name, actor.role, key];
    const changes = Object.keys(item.changes).length > 0 ? JSON.stringify(item.changes) : null;
    const where = [
      resource.type,
      resource.id,
      item.method,
      item.ip,
      item.userAgent,
      changes,
      item.brought ? "yes" : null,
    ];
    yield [item.id, item.at, item.event, item.outcome, ...who, ...where].map(csvCell).join(",");
  }
}

// A program for tables takes these as the beginning of a formula: a name somebody chose must not become one.
const FORMULA = /^[=+\-@\t\r]/;

/** A value as a cell of RFC 4180. */
export function csvCell(value: string | null): string {
  const text = value === null ? "" : FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// Classes of OCSF 1.5: https://schema.ocsf.io, "Authentication", "Account Change", "API Activity".
const AUTHENTICATION = { category_uid: 3, class_uid: 3002 };
const ACCOUNT_CHANGE = { category_uid: 3, class_uid: 3001 };
const API_ACTIVITY = { category_uid: 6, class_uid: 6003 };
const OTHER = 99;

/** Events of the Open Cybersecurity Schema Framework, one JSON value a line. */
export async function* ocsfLines(
  items: AsyncIterable<Item>,
  version: string,
  tenantId: string,
): AsyncGenerator<string> {
  for await (const item of items) yield JSON.stringify(ocsfEvent(item, version, tenantId));
}

function ocsfEvent(item: Item, version: string, tenantId: string): Record<string, unknown> {
  const [kind, activity] = kindOf(item.event);
  const { actor, resource } = item;
  const user = {
    type_id: actor.kind === "member" ? 1 : actor.kind === "job" ? 3 : 0,
    ...(actor.id ? { uid: actor.id } : {}),
    ...(actor.name ? { name: actor.name } : {}),
    ...(actor.role ? { groups: [{ name: actor.role }] } : {}),
    ...(actor.key ? { credential_uid: actor.key.id } : {}),
  };
  return {
    ...kind,
    activity_id: activity,
    activity_name: item.event,
    type_uid: kind.class_uid * 100 + activity,
    severity_id: item.outcome === "refused" ? 2 : 1,
    status_id: item.outcome === "refused" ? 2 : 1,
    time: Date.parse(item.at),
    metadata: {
      version: "1.5.0",
      uid: item.id,
      tenant_uid: tenantId,
      product: { name: "Vouchsafe", vendor_name: "Vouchsafe", version },
    },
    actor: { user },
    ...(kind === API_ACTIVITY
      ? {}
      : { user: resource.type === "member" && resource.id ? { uid: resource.id } : user }),
    src_endpoint: item.ip ? { ip: item.ip } : { name: "unknown" },
    ...(item.userAgent ? { http_request: { user_agent: item.userAgent } } : {}),
    ...(item.method ? { auth_protocol: item.method } : {}),
    api: { operation: item.event },
    resources: [{ type: resource.type, ...(resource.id ? { uid: resource.id } : {}) }],
    ...(Object.keys(item.changes).length > 0 || item.brought
      ? { unmapped: { changes: item.changes, ...(item.brought ? { brought: true } : {}) } }
      : {}),
  };
}

type Kind = { readonly category_uid: number; readonly class_uid: number };

/** The class of an event, and the activity in it. */
function kindOf(event: string): [Kind, number] {
  const [noun = "", verb = ""] = event.split(".");
  if (noun === "session") {
    const ended = /^(ended|signed-out|closed)/.test(verb);
    const begun = /^(opened|started|signed-in|failed|refused)/.test(verb);
    return [AUTHENTICATION, begun ? 1 : ended ? 2 : OTHER];
  }
  if (["account", "factor", "member"].includes(noun)) return [ACCOUNT_CHANGE, OTHER];
  const crud = [
    /created|added|uploaded|made/,
    /read|opened|downloaded|exported/,
    /changed|moved|renamed|shared/,
    /deleted|removed|ended/,
  ];
  const activity = crud.findIndex((words) => words.test(verb)) + 1;
  return [API_ACTIVITY, activity === 0 ? OTHER : activity];
}
