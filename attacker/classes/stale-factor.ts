import { asTheyAre, genuine, whoAmI } from "../ask.ts";
import type { Answer } from "../client.ts";
import { refusedWith, sameAsNothing } from "../judge.ts";
import { adopt, type Person, type Run } from "../run.ts";
import type { AttackClass, Judgement } from "../scene.ts";

/** What asks for a fresh second factor, called in a session that is good and whose factor is old. */
export const staleFactor: AttackClass = {
  name: "stale-factor",
  claim: "identity.step-up",
  excuse: (op) => {
    if (op.publicBecause !== null) return `public: ${op.publicBecause}`;
    return op.fresh ? null : "asks for no fresh second factor";
  },
  shots: async ({ run, op, owner, slug, ids, body }) => {
    const stale = owner && (await withOldFactor(run, owner));
    if (!owner || !stale) return [];
    const ask = genuine(run, op, stale, { slug, ids, body });
    const unproved = { ...ask, headers: { ...ask.headers, [run.csrfHeader]: run.random.hex(43) } };
    return [
      {
        who: `${owner.label}, whose second factor is old`,
        role: owner.role,
        ask,
        judge: async (answer): Promise<Judgement> => {
          if (answer.status === 401)
            return { verdict: "inconclusive", detail: "401: the session itself was refused" };
          const refused = refusedWith(answer, [403]);
          // A session whose proof against forgery is not accepted would be refused whatever its factor.
          const noProof =
            refused.verdict === "held" && op.csrf && isSame(answer, await run.client.send(unproved));
          return noProof
            ? { verdict: "inconclusive", detail: "403 as for a wrong proof: that says nothing of the factor" }
            : refused;
        },
      },
    ];
  },
};

function isSame(answer: Answer, other: Answer): boolean {
  return sameAsNothing(answer, other) === null;
}

/** The same person in their other session; opened again when it has ended. Null when there is none. */
async function withOldFactor(run: Run, owner: Person): Promise<Person | null> {
  const isGood = async (person: Person) => {
    const check = whoAmI(run);
    if (check === null) return true;
    const ask = genuine(run, check, person, { slug: person.tenant.slug, ids: {} });
    return (await run.client.send(ask)).status !== 401;
  };
  for (const again of [false, true]) {
    if (again) {
      owner.stale = (await run.manifest.signInStale?.(owner.tenant.slug, asTheyAre(owner))) ?? null;
    }
    if (owner.stale === null) continue;
    const double: Person = { ...owner };
    adopt(double, owner.stale);
    if (await isGood(double)) return double;
  }
  return null;
}
