import { randomBytes } from "node:crypto";
import type { BuiltInRole } from "../../../kernel/context.ts";
import type { Company, Person } from "./people.ts";
import type { Stage } from "./stage.ts";

/**
 * A third company, for checks that rename, suspend and lock people out: what the two companies of the stage are
 * called and who works there stays as it was. Founded by whichever check asks first.
 */
export function spareCompany(stage: Stage): Promise<Company> {
  const known = stage.shared.get("spare-company") as Promise<Company> | undefined;
  if (known) return known;
  const founding = stage.founder.found("quill-and-sons", "Quill and Sons", "Sable Quill");
  stage.shared.set("spare-company", founding);
  return founding;
}

/** One more person of a company, under a name that nobody there has, so that a check can run twice. */
export function hireAnother(company: Company, name: string, role: BuiltInRole): Promise<Person> {
  return company.hire(`${name} ${randomBytes(3).toString("hex")}`, role);
}
