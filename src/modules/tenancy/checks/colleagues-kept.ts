import { type KeptPerson, keptPerson, personOf } from "../../trust/stage/kept.ts";
import type { Person } from "../../trust/stage/people.ts";
import type { Keeping } from "../../trust/stage/pieces.ts";
import type { Office, Things } from "./colleagues.ts";

interface KeptOffice {
  readonly everybody: readonly KeptPerson[];
  /** By role, who of them. */
  readonly people: Readonly<Record<keyof Office["people"], number>>;
  readonly things: readonly (Omit<Things, "holder"> & { readonly holder: number })[];
}

/** The office as plain data: people once, and everywhere else by their place among them. */
export const keptOffice: Keeping<Office, KeptOffice> = {
  id: "tenancy.isolation-users",
  keep({ everybody, people, things }) {
    const at = (person: Person): number => everybody.indexOf(person);
    const { owner, admin, manager, colleague, viewer } = people;
    return {
      everybody: everybody.map(keptPerson),
      people: {
        ...{ owner: at(owner), admin: at(admin), manager: at(manager) },
        ...{ colleague: at(colleague), viewer: at(viewer) },
      },
      things: things.map((one) => ({ ...one, holder: at(one.holder) })),
    };
  },
  enter({ server }, { everybody: kept, people, things }) {
    const everybody = kept.map((person) => personOf(server.url, person));
    const of = (at: number): Person => {
      const person = everybody[at];
      if (!person) throw new Error("somebody was not kept");
      return person;
    };
    const { owner, admin, manager, colleague, viewer } = people;
    return {
      everybody,
      people: {
        ...{ owner: of(owner), admin: of(admin), manager: of(manager) },
        ...{ colleague: of(colleague), viewer: of(viewer) },
      },
      things: things.map((one) => ({ ...one, holder: of(one.holder) })),
    };
  },
};
