import type { Finding } from "../../../kernel/controls.ts";
import type { Answer } from "../../trust/stage/client.ts";
import { finding } from "../../trust/stage/finding.ts";
import type { Piece } from "../../trust/stage/pieces.ts";
import type { Stage } from "../../trust/stage/stage.ts";

/** Collects what a check saw. */
export interface Ledger {
  readonly findings: Finding[];
  /** Held when `good`. */
  note(good: boolean, what: string, who: string, got: string | number): void;
  /** Held when the answer has one of the statuses. */
  status(what: string, who: string, answer: Answer, ...statuses: number[]): void;
}

export function openLedger(): Ledger {
  const findings: Finding[] = [];
  const note: Ledger["note"] = (good, what, who, got) => {
    findings.push(finding(good, what, who, String(got)));
  };
  return {
    findings,
    note,
    status: (what, who, answer, ...statuses) => {
      const code = answer.json?.error?.code;
      note(statuses.includes(answer.status), what, who, code ? `${answer.status} ${code}` : answer.status);
    },
  };
}

/** A piece of a check that notes what it saw. */
export function noting<S>(look: (stage: Stage, ledger: Ledger, scene: S) => Promise<void>): Piece<S> {
  return async (stage, scene) => {
    const ledger = openLedger();
    await look(stage, ledger, scene);
    return ledger.findings;
  };
}
