import type { Defence } from "./defence.ts";

const run = { claim: "trust.self-attack", part: "run" } as const;
const age = { claim: "trust.self-attack", part: "age" } as const;
const breach = { claim: "trust.self-attack", part: "breach" } as const;
const decoys = { claim: "trust.self-attack", part: "decoys" } as const;

export const liveAttackDefences: readonly Defence[] = [
  {
    ...age,
    words: "an attack counts when it is signed",
    file: "src/modules/trust/live/store.ts",
    text: 'if (said?.slice(0, -1).join("\\n") !== right.join("\\n")) return "forged";',
    without: "",
  },
  {
    ...age,
    words: "an attack grows old",
    file: "src/modules/trust/live/public.ts",
    text: 'if (stale) return "stale" as const;',
    without: "",
  },
  {
    ...breach,
    words: "what got through is red",
    file: "src/modules/trust/live/public.ts",
    text: 'if (breachedIn(summary) > 0) return "broken" as const;',
    without: "",
  },
  {
    ...breach,
    words: "the claim that broke on the running server is red, whatever the copy says",
    file: "src/modules/trust/snapshot.ts",
    text: "live.last?.breached.some((one) => one.claim === claim.id) ? live.last.at : null,",
    without: "null,",
  },
  {
    ...breach,
    words: "the operator is told of what got through",
    file: "src/modules/trust/live/service.ts",
    text: "    await tell(system, stored);\n",
    without: "",
  },
  {
    ...run,
    words: "no mail is kept for a canary",
    file: "src/kernel/mail.ts",
    text: 'if (mail.to.endsWith(".invalid")) return;',
    without: "",
  },
  {
    ...run,
    words: "nobody at the operator's is shown a way into a canary",
    file: "db/migrations/0020_canaries.sql",
    text: " and t.kind <> 'canary'",
    without: "",
  },
  {
    ...decoys,
    words: "the name of a canary raises an alarm",
    file: "src/modules/trust/canaries/decoys.ts",
    text: "if (names.some((slug) => url.includes(slug))) return true;",
    without: "",
  },
  {
    ...decoys,
    words: "an identifier of a canary raises an alarm",
    file: "src/modules/trust/canaries/decoys.ts",
    text: "return ids?.some((id) => identifiers.has(id)) ?? false;",
    without: "return ids === undefined;",
  },
  {
    ...decoys,
    words: "an address in escapes is read as it would be understood",
    file: "src/modules/trust/canaries/decoys.ts",
    text: "return decodeURIComponent(url).toLowerCase();",
    without: "return url.toLowerCase();",
  },
  {
    ...decoys,
    words: "answers are looked through for the marker",
    file: "src/kernel/routes/router.ts",
    text: 'if (typeof payload === "string" || Buffer.isBuffer(payload)) decoys.answered(request, ctx, payload);',
    without: 'if (typeof payload === "string" || Buffer.isBuffer(payload)) decoys.longest.toFixed();',
  },
  {
    ...decoys,
    words: "of two parts of a download, what stands across them is looked at",
    file: "src/kernel/decoys.ts",
    text: "end = part.subarray(Math.max(0, part.length - longest + 1));",
    without: "end = part.subarray(part.length);",
  },
  {
    ...decoys,
    words: "jobs are looked at",
    file: "src/kernel/jobs.ts",
    text: "  system.decoys.current?.working(spec.name, data);\n",
    without: "",
  },
  {
    ...decoys,
    words: "the runner alone raises no alarm",
    file: "src/modules/trust/canaries/decoys.ts",
    text: "if (request && (await isRunner(system, request))) return;",
    without: "if (request) return;",
  },
  {
    ...decoys,
    words: "the runner is known by its proof",
    file: "src/modules/trust/canaries/decoys.ts",
    text: "if (request && (await isRunner(system, request))) return;",
    without: "",
  },
  {
    words: "the page is read by a role without rights on customers' tables",
    claim: "trust.page",
    file: "src/modules/trust/public-page/reader.ts",
    text: "begin read only; set local role vouchsafe_public",
    without: "begin read only",
  },
];
