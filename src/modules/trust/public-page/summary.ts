import type { securitySnapshot } from "../snapshot.ts";

type Snapshot = Awaited<ReturnType<typeof securitySnapshot>>;
type Shown = Snapshot["questions"][number]["claims"][number];

/** The security page as a text that can be kept, mailed and compared: the same results, no more and no less. */
export function summaryText(page: Snapshot, at: Date): string {
  return [
    `# Security of ${page.name}`,
    "",
    `Version ${page.version}, as of ${utc(at.toISOString())}.`,
    "",
    ...attacked(page),
    "",
    ...checked(page),
    "",
    page.live.touched
      ? `The decoys were last touched on ${utc(page.live.touched.at)}. ${page.live.touched.words}`
      : "Nobody but the installation itself has touched its decoys.",
    ...(page.forged || page.live.forged
      ? ["", "A result is stored that this installation did not sign. It is not shown."]
      : []),
    ...page.questions.flatMap(({ title, claims }) => ["", `## ${title}`, "", ...claims.flatMap(linesOf)]),
    "",
  ].join("\n");
}

function attacked({ live: { last, everyMinutes } }: Snapshot): string[] {
  if (!last)
    return [
      everyMinutes === 0
        ? "Attacks on the running server are switched off."
        : "The running server has not been attacked yet.",
    ];
  const through = last.breached.reduce((sum, { attempts }) => sum + attempts, 0);
  const result = through === 0 ? "none got through" : `${through} got through`;
  return [
    `Last attack on the running server: ${utc(last.at)}, ${last.attempts} attempts, ${result}, ${last.inconclusive} could not be judged.${last.result === "stale" ? " That is too long ago to count." : ""}`,
    `${last.routes} routes × ${last.classes.length} kinds of attempt: ${last.covered} pairs tried.`,
    ...last.breached.map((one) => `- BROKEN ${one.claim}, by ${one.class}: ${one.attempts}`),
  ];
}

function checked({ checkedAt, attempts, totals }: Snapshot): string[] {
  if (!checkedAt) return ["The checks have not run."];
  return [
    `Last checks on a fresh copy: ${utc(checkedAt)}, ${attempts} attempts.`,
    `Claims: ${totals.held} held, ${totals.broken} broken, ${totals.stale} stale, ${totals.attested} our word, ${totals.notDone} not done.`,
  ];
}

const words = { held: "held", broken: "BROKEN", stale: "stale", "not-run": "not run" } as const;

function linesOf({ id, words: claim, kind, result, at, summary, couldBeWrong }: Shown): string[] {
  const state =
    kind === "tested" || result === "broken" ? words[result] : kind === "attested" ? "our word" : "not done";
  return [
    `- [${state}] ${claim} (${id}${at ? `, ${utc(at)}` : ""})`,
    ...(summary ? [`  ${summary.replace(/\s+/g, " ")}`] : []),
    ...(couldBeWrong && kind === "tested" ? [`  What could still be wrong: ${couldBeWrong}`] : []),
  ];
}

const utc = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")} UTC`;

/** What was signed of the last attack and the last checks, with the key, for whoever keeps it. */
export function notesText({ signed, live }: Snapshot, key: string): string {
  return [
    "Each note names a result and the SHA-256 of its text, which stands in /security.json (signed.results,",
    "live.last.signed.summary). The last line of an attack’s is that of its ledger. C2SP signed notes, Ed25519.",
    "",
    `Key: ${key}`,
    "",
    ...[live.last?.signed.note, signed?.note].flatMap((note) => (note ? [note] : [])),
  ].join("\n");
}
