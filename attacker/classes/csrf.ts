import { genuine, revive } from "../ask.ts";
import { refusedWith } from "../judge.ts";
import type { AttackClass, Shot } from "../scene.ts";

const EVIL = "https://attacker.example";

export const csrf: AttackClass = {
  name: "csrf",
  claim: "http.csrf",
  harmless: "refusals",
  excuse: (op) => {
    if (op.safe) return "changes no state";
    if (!op.csrf && op.publicBecause === null)
      return "x-csrf is false: no credentials that a browser sends by itself";
    return null;
  },
  shots: async ({ run, op, owner, slug, ids, body }) => {
    if (owner) await revive(run, owner);
    const ask = genuine(run, op, owner, { slug, ids, body });
    const shot = (what: string, change: Record<string, string | null>, expected = [403]): Shot => {
      const headers = { ...ask.headers };
      for (const [name, value] of Object.entries(change)) {
        if (value === null) delete headers[name];
        else headers[name] = value;
      }
      return {
        who: owner ? `${owner.label}, ${what}` : `a visitor, ${what}`,
        role: owner?.role ?? "none",
        ask: { ...ask, headers },
        judge: (answer) => refusedWith(answer, expected),
      };
    };
    const crossSite = { origin: EVIL, "sec-fetch-site": "cross-site" };
    const shots = [
      shot("from another site", crossSite),
      shot("from an opaque origin", { ...crossSite, origin: "null" }),
    ];
    // A form can be posted across sites without a preflight: this is the request that a hostile page makes.
    const form = { ...crossSite, "content-type": "text/plain", [run.csrfHeader]: null };
    if (!op.csrf || !owner) return [...shots, shot("by a form on another site", form, [403, 415])];
    const others = run.people.filter(
      (person) => person !== owner && person.csrf && person.csrf !== owner.csrf,
    );
    const colleague = others.find((person) => person.tenant === owner.tenant);
    const stranger = others.find((person) => person.tenant !== owner.tenant);
    return [
      ...shots,
      shot("by a form on another site", form, [403, 415]),
      shot("without a token", { [run.csrfHeader]: null }),
      shot("with an empty token", { [run.csrfHeader]: "" }),
      shot("with a made-up token", { [run.csrfHeader]: run.random.hex(owner.csrf?.length ?? 43) }),
      ...(colleague?.csrf
        ? [shot("with another session's token", { [run.csrfHeader]: colleague.csrf })]
        : []),
      ...(stranger?.csrf ? [shot("with another tenant's token", { [run.csrfHeader]: stranger.csrf })] : []),
    ];
  },
};
