import { randomBytes } from "node:crypto";
import { signInAgain } from "../../../trust/stage/people.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { ofChats, ofDocuments } from "./changes-of-content.ts";
import { ofFactors } from "./changes-of-factors.ts";
import { ofLeaving } from "./changes-of-leaving.ts";
import { ofLibrary } from "./changes-of-library.ts";
import { ofPeople, ofTheOperator } from "./changes-of-people.ts";
import { ofRights } from "./changes-of-rights.ts";
import { ofMailedLinks, ofSessions } from "./changes-of-sessions.ts";
import { ofSharing } from "./changes-of-sharing.ts";
import type { Step } from "./step.ts";

/** Every change that the product offers, in an order in which each succeeds, and the refusals that are recorded. */
export async function* everyChange(stage: Stage): AsyncGenerator<Step> {
  // Of its own: what other checks leave behind in theirs, such as a rule for signing in, would change the answers.
  const slug = `ledger-${randomBytes(4).toString("hex")}`;
  const company = await stage.founder.found(slug, "Ledger and Daughters", "Lotte Ledger");
  const owner = await signInAgain(company.owner);
  const at = { tenant: company.id, actor: owner };
  yield* ofSessions(stage, company);
  yield* ofMailedLinks(stage, company);
  yield* ofFactors(stage, company, owner);
  yield* ofPeople(stage, company, owner);
  yield* ofRights(stage, company, owner);
  yield* ofDocuments(owner, at);
  yield* ofLibrary(owner, at);
  yield* ofChats(owner, at);
  yield* ofSharing(company, owner);
  yield* ofTheOperator(stage);
  yield* ofLeaving(stage);
}
