import { randomUUID } from "node:crypto";
import { z } from "zod";

let lastMoment = 0;
let counter = 0;

/**
 * A UUID of version 7 (RFC 9562 section 5.7): sorts by time of creation, and those of one millisecond of this process
 * in the order in which they were made (section 6.2, method 1: a counter in the 12 bits behind the version).
 */
export function newId(at: number = Date.now()): string {
  if (at > lastMoment) {
    lastMoment = at;
    counter = 0;
  } else if (at === lastMoment && counter < 0xfff) counter++;
  else if (at === lastMoment) {
    lastMoment = ++at;
    counter = 0;
  }
  const ordered = at === lastMoment ? counter : 0;
  const time = at.toString(16).padStart(12, "0");
  // Version 4 has its variant and its random bits in the same places, and Node draws those in advance.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${ordered.toString(16).padStart(3, "0")}${randomUUID().slice(18)}`;
}

/** An identifier as it stands in a path or a body. One spelling only: lower case, with hyphens. */
export const Id = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, "Not an identifier.")
  .meta({ format: "uuid", examples: ["01890a5d-ac96-774b-bcce-b302099a8057"] });

/** A tenant's short name: 1 to 40 of a-z, 0-9 and hyphens, no hyphen at either end. */
export const Slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, "Use a-z, 0-9 and hyphens, at most 40 of them.")
  .meta({ examples: ["harrow-finch"] });
