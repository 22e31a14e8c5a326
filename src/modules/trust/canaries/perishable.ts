import type { KnownObject } from "../../../../attacker/contract.ts";
import { days, minutes } from "../../../kernel/clock.ts";
import type { System } from "../../../kernel/system.ts";
import { begun, binned, exported, type Mark } from "../attack/things.ts";
import type { Person } from "../stage/people.ts";
import { personOf } from "./fill.ts";
import { openSessions } from "./sessions.ts";
import { type Canary, noteFilled } from "./store.ts";

/** Things that end by themselves, and after how long they are made anew: half of their time, or a good part of it. */
const PERISHABLE: Readonly<
  Record<string, { readonly after: number; readonly make: (person: Person, mark: Mark) => Promise<string> }>
> = {
  upload: { after: minutes(20), make: begun },
  export: { after: days(6), make: exported },
  binned: { after: days(28), make: binned },
};

/** Before an attack: what has ended, or is about to, is made anew, so that whoever owns it can still ask for it. */
export async function renewPerished(system: System, url: string, canary: Canary): Promise<void> {
  const { secrets } = canary;
  const now = system.clock();
  const age = (noun: string) =>
    now.getTime() - Date.parse(secrets.renewedAt?.[noun] ?? secrets.keysMadeAt ?? "");
  const due = Object.entries(PERISHABLE).filter(
    ([noun, { after }]) => (secrets.objects[noun] ?? []).length > 0 && age(noun) > after,
  );
  if (due.length === 0) return;
  const sessions = openSessions(system);
  const mark: Mark = (text) => `${text.replace(/\.$/, "")} ${secrets.marker}`;
  try {
    const renewed: Record<string, readonly KnownObject[]> = {};
    for (const [noun, { make }] of due) {
      const owners = new Set(secrets.objects[noun]?.map(({ owner }) => owner));
      const made: KnownObject[] = [];
      for (const member of secrets.people.filter(({ id }) => owners.has(id))) {
        const person = await personOf(system, url, sessions, canary, member);
        made.push({ id: await make(person, mark), owner: member.id, visibility: "private" });
      }
      renewed[noun] = made;
    }
    const renewedAt = Object.fromEntries(due.map(([noun]) => [noun, now.toISOString()]));
    await noteFilled(system, canary, {
      ...secrets,
      objects: { ...secrets.objects, ...renewed },
      renewedAt: { ...secrets.renewedAt, ...renewedAt },
    });
  } finally {
    await sessions.endAll();
  }
}
