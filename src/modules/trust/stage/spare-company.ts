import type { Company } from "./people.ts";
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
