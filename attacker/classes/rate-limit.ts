import { genuine, isSignIn, madeUpAddress } from "../ask.ts";
import type { Answer } from "../client.ts";
import { isRecord, type Probe } from "../contract.ts";
import { leaksInternals } from "../judge.ts";
import { isLimited } from "../run.ts";
import { type AttackClass, type Judgement, pool, probeOf, type Scene } from "../scene.ts";

const BOUND = 120;
const VOLLEY = 12;
const MOST_WAITS = 5;

export const rateLimit: AttackClass = {
  name: "rate-limit",
  claim: "http.rate-limits",
  excuse: (op, run) =>
    isLimited(run, op)
      ? null
      : `its rate class is ${op.rate ?? "none"}; only that of signing in is flooded for now`,
  last: async (scene): Promise<Probe[]> => {
    const answers: Answer[] = [];
    let waits = MOST_WAITS;
    while (answers.length < BOUND && !answers.some((answer) => answer.status === 429)) {
      const asks = [];
      for (let i = 0; i < VOLLEY; i++) asks.push(attempt(scene));
      const said = await pool(asks, (ask) => scene.run.client.send(ask, { once: true }));
      // A server that is busy says so before it counts: that was no attempt. The next one waits as it asks.
      const busy = said.filter(isBusy);
      if (busy.length > 0 && waits-- > 0) await scene.run.client.send(attempt(scene));
      answers.push(...(waits < 0 ? said : said.filter((answer) => !isBusy(answer))));
    }
    const refused = answers.find((answer) => answer.status === 429) ?? answers[0];
    if (!refused) return [];
    const by = { who: `a visitor, ${answers.length} attempts`, role: "none" };
    const judged = leaksInternals(refused) ?? judge(answers, refused, scene);
    return [probeOf(rateLimit, scene.op, by, refused, judged)];
  },
};

const isBusy = ({ status, headers }: Answer): boolean =>
  status === 503 && headers["retry-after"] !== undefined;

/** Another made-up address each time: a lock on one account is not a limit on the source. */
function attempt({ run, op, slug, body: valid }: Scene): ReturnType<typeof genuine> {
  const wrong = { address: madeUpAddress(run), password: `Wrong-${run.random.hex(12)}!` };
  const body = isSignIn(run, op) && isRecord(valid) ? { ...valid, ...wrong } : valid;
  return genuine(run, op, null, { slug, ids: {}, body });
}

function judge(answers: Answer[], refused: Answer, { control }: Scene): Judgement {
  if (refused.status !== 429) {
    const open = answers.some((answer) => answer.status === 0 || answer.status >= 500);
    const detail = `${answers.length} attempts and no 429`;
    return { verdict: open ? "inconclusive" : "breached", detail };
  }
  // The limit must have let something through, or it would be an outage.
  const through = answers[0]?.status !== 429 || control?.ok === true;
  if (!through) return { verdict: "inconclusive", detail: "429 from the first attempt on" };
  const { headers } = refused;
  const after = Number(headers["retry-after"]);
  if (!Number.isFinite(after) || after < 0) return { verdict: "breached", detail: "429 without Retry-After" };
  const told = Object.keys(headers).some((name) => /^(x-)?ratelimit/.test(name));
  if (!told) return { verdict: "breached", detail: "429 without RateLimit headers" };
  const before = answers.findIndex((answer) => answer.status === 429);
  return { verdict: "held", detail: `429 after about ${before} attempts, Retry-After ${after}` };
}
