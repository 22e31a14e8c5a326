import { readFile } from "node:fs/promises";
import { sampleCompanies } from "../../samples/index.ts";
import type { Instance } from "../instance.ts";
import { record } from "../kernel/audit.ts";
import { unit } from "../kernel/database/unit.ts";
import { jobContext } from "../kernel/jobs.ts";
import { forgetFactors } from "../modules/identity/factors/reset.ts";
import { endSessions } from "../modules/identity/sessions/service.ts";
import { isSetUp } from "../modules/tenancy/set-up/service.ts";
import { type Company, type Founder, PASSWORD, setUpInstallation } from "../modules/trust/stage/people.ts";
import { upload, waitUntilReady } from "../modules/trust/stage/workspace.ts";

export interface DemoCompany {
  readonly company: Company;
  readonly documents: readonly { id: string; name: string }[];
  readonly questions: (typeof sampleCompanies)[number]["questions"];
}

interface Demo {
  readonly founder: Founder;
  readonly companies: readonly DemoCompany[];
}

const OWNERS: Record<string, string> = { "harrow-finch": "Mara Osei", "bexley-marine": "Idris Vale" };

/** Makes the two sample companies with their documents, through the API. Documents are shared with the whole workspace. */
export async function makeDemo(
  instance: Instance,
  progress: (words: string) => void,
): Promise<DemoCompany[]> {
  return [...(await makeCompanies(instance, progress)).companies];
}

async function makeCompanies(instance: Instance, progress: (words: string) => void): Promise<Demo> {
  progress("making two workspaces");
  const founder = await setUpInstallation(instance.system, instance.url);
  const made: DemoCompany[] = [];
  for (const sample of sampleCompanies) {
    const company = await founder.found(sample.slug, sample.name, OWNERS[sample.slug] ?? "Ada Lund");
    progress(`uploading the documents of ${sample.name}`);
    const files = await Promise.all(
      sample.documents.map(async ({ name, path }) => ({ name, bytes: await readFile(path) })),
    );
    const documents = await upload(company.owner.client, files, "tenant");
    made.push({ company, documents, questions: sample.questions });
  }
  for (const { company, documents } of made) {
    progress(`reading the documents of ${company.name}`);
    await waitUntilReady(
      company.owner.client,
      documents.map((d) => d.id),
    );
  }
  return { founder, companies: made };
}

/** Fills a new installation for `serve --demo`, and says how to sign in. One that is already set up is left as it is. */
export async function fillDemo(instance: Instance, progress: (words: string) => void): Promise<void> {
  if (await isSetUp(instance.system)) return;
  const { founder, companies } = await makeCompanies(instance, progress);
  await forgetPasskeys(instance, founder, companies);
  const lines = companies.map(
    ({ company }) => `  ${instance.url}/t/${company.slug}/sign-in   ${company.owner.address}`,
  );
  process.stdout.write(
    `\nTwo sample workspaces, every password is ${PASSWORD}\n${lines.join("\n")}\n  ${instance.url}/t/operator/sign-in   operator@operator.example\n\nEach of them sets up a second factor at the first sign-in: owners and operators need one.\n\n`,
  );
}

// Their passkeys were made of software and end with this process: whoever tries the demo sets up their own.
async function forgetPasskeys(
  { system }: Instance,
  { operator }: Founder,
  companies: readonly DemoCompany[],
): Promise<void> {
  for (const { client, id } of [operator, ...companies.map(({ company }) => company.owner)]) {
    const tenantId = await system.directory.tenantBySlug(client.slug);
    if (!tenantId) throw new Error(`there is no workspace ${client.slug}`);
    await unit(jobContext(system, { tenantId, slug: client.slug }), async (ctx) => {
      await forgetFactors(ctx, id);
      await endSessions(ctx, { memberId: id }, "the demo was made");
      record(ctx, { event: "member.factors-reset", resource: { type: "member", id } });
    });
  }
}
