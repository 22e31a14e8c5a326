import { AsyncLocalStorage } from "node:async_hooks";
import { type Finding, type Look, outcomeOf } from "../../../kernel/controls.ts";

/** A line of evidence: what was tried, by whom, and what came of it. */
export function finding(held: boolean, what: string, who: string, got: string): Finding {
  const made: Finding = { verdict: held ? "held" : "broken", what, who, got };
  if (!held) listening.getStore()?.(made);
  return made;
}

// Only for what is looked at until something is found broken, so that no check has to know of it.
const listening = new AsyncLocalStorage<(broken: Finding) => void>();

/**
 * A look that answers with the first thing that it finds broken. It goes on by itself behind that: for a process that
 * ends then, and whose stage nobody needs.
 */
export const untilBroken =
  <S>(look: Look<S>): Look<S> =>
  (stage) =>
    new Promise((resolve, reject) => {
      const tell = (broken: Finding) => resolve(outcomeOf([broken], "Ended at the first that was broken"));
      listening.run(tell, () => look(stage)).then(resolve, reject);
    });
