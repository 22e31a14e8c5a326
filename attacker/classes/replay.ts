import { cookieHeader, genuine, revive, sendGenuine, signIn } from "../ask.ts";
import type { Answer } from "../client.ts";
import type { Probe } from "../contract.ts";
import { leaksInternals, refusedWith } from "../judge.ts";
import { adopt, cookiesOf, type Person, type Run } from "../run.ts";
import {
  type AttackClass,
  codeOf,
  type Judgement,
  type Scene,
  type Shot,
  spoken,
  visitorFor,
} from "../scene.ts";
import { onceFilling } from "./race.ts";

/** What was good and is used up: a one-time token, a refresh token, the proof of a session that has ended. */
export const replay: AttackClass = {
  name: "replay",
  claim: "identity.sessions",
  excuse: (op) => {
    if (op.safe) return "changes no state";
    if (op.once || op.refresh || (op.csrf && op.publicBecause === null)) return null;
    return "nothing in it is used up";
  },
  shots: async ({ run, op, owner, slug, ids, body }): Promise<Shot[]> => {
    const proof = owner && op.csrf ? await endedProof(run, owner) : null;
    if (!owner || proof === null) return [];
    const ask = genuine(run, op, owner, { slug, ids, body });
    return [
      {
        who: `${owner.label}, with the proof of a session of theirs that has ended`,
        role: owner.role,
        ask: { ...ask, headers: { ...ask.headers, [run.csrfHeader]: proof } },
        judge: (answer) => refusedWith(answer, [403]),
      },
    ];
  },
  after: async (scene): Promise<Probe[]> => [
    ...(scene.op.once ? [await again(scene)] : []),
    ...(scene.op.refresh ? [await refreshed(scene)] : []),
  ],
};

async function again(scene: Scene): Promise<Probe> {
  const { run, op, owner } = scene;
  const by = { who: `${owner?.label ?? "a visitor"}, a second time`, role: owner?.role ?? "none" };
  const filling = await onceFilling(scene);
  if (typeof filling === "string")
    return spoken(replay, op, by, { verdict: "inconclusive", detail: filling });
  const first = await sendGenuine(run, op, owner, filling);
  const second = await run.client.send(genuine(run, op, owner, filling));
  return spoken(replay, op, by, leaksInternals(second) ?? judge(first, second), second);
}

/** A fresh session trades its refresh token, time passes, and the old one comes again. */
async function refreshed({ run, op }: Scene): Promise<Probe> {
  const person = visitorFor(run);
  const by = {
    who: `${person?.label ?? "nobody"}, with a refresh token that was used`,
    role: person?.role ?? "none",
  };
  const credentials = person && (await signIn(run, person));
  if (!person || !credentials)
    return spoken(replay, op, by, { verdict: "inconclusive", detail: "nobody could sign in" });
  const slug = person.tenant.slug;
  const ask = genuine(run, op, null, { slug, ids: {} });
  const headers: Record<string, string> = {
    ...ask.headers,
    cookie: cookieHeader(cookiesOf(credentials.cookies)),
  };
  if (credentials.csrf) headers[run.csrfHeader] = credentials.csrf;
  const first = await run.client.send({ ...ask, headers });
  await run.manifest.passTime?.();
  const second = await run.client.send({ ...ask, headers });
  return spoken(replay, op, by, leaksInternals(second) ?? judge(first, second), second);
}

function judge(first: Answer, second: Answer): Judgement {
  const said = (answer: Answer) => `${answer.status} ${codeOf(answer)}`.trim();
  if (first.status >= 300)
    return { verdict: "inconclusive", detail: `no control: the first time ${said(first)}` };
  const refused = second.status >= 400 && second.status < 500 && second.status !== 429;
  if (refused) return { verdict: "held", detail: `${said(first)}, then ${said(second)}` };
  const open = second.status === 0 || second.status === 429 || second.status >= 500;
  return { verdict: open ? "inconclusive" : "breached", detail: `${said(first)}, and again ${said(second)}` };
}

/** The proof of a session that this person opened and signed out of. Made once for each. */
async function endedProof(run: Run, owner: Person): Promise<string | null> {
  const known = run.endedProofs.get(owner);
  if (known !== undefined) return known;
  run.endedProofs.set(owner, null);
  const signOut = run.operations.find((op) => op.method === "DELETE" && op.path === run.signInPath);
  const credentials = signOut ? await signIn(run, owner) : null;
  if (!signOut || !credentials) return null;
  const double: Person = { ...owner };
  adopt(double, credentials);
  const { status } = await sendGenuine(run, signOut, double, { slug: owner.tenant.slug, ids: {} });
  await revive(run, owner);
  const proof = status < 300 && double.csrf !== owner.csrf ? double.csrf : null;
  run.endedProofs.set(owner, proof);
  return proof;
}
