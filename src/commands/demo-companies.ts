import { readFile } from "node:fs/promises";
import { sampleCompanies } from "../../samples/index.ts";
import type { Instance } from "../instance.ts";
import { isSetUp } from "../modules/tenancy/set-up/service.ts";
import { type Company, PASSWORD, setUpInstallation } from "../modules/trust/stage/people.ts";
import { upload, waitUntilReady } from "../modules/trust/stage/workspace.ts";

export interface DemoCompany {
  readonly company: Company;
  readonly documents: readonly { id: string; name: string }[];
  readonly questions: (typeof sampleCompanies)[number]["questions"];
}

const OWNERS: Record<string, string> = { "harrow-finch": "Mara Osei", "bexley-marine": "Idris Vale" };

/** Makes the two sample companies with their documents, through the API. Documents are shared with the whole workspace. */
export async function makeDemo(
  instance: Instance,
  progress: (words: string) => void,
): Promise<DemoCompany[]> {
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
  return made;
}

/** Fills a new installation for `serve --demo`, and says how to sign in. One that is already set up is left as it is. */
export async function fillDemo(instance: Instance, progress: (words: string) => void): Promise<void> {
  if (await isSetUp(instance.system)) return;
  const made = await makeDemo(instance, progress);
  const lines = made.map(
    ({ company }) => `  ${instance.url}/t/${company.slug}/sign-in   ${company.owner.address}`,
  );
  process.stdout.write(
    `\nTwo sample workspaces, every password is ${PASSWORD}\n${lines.join("\n")}\n  ${instance.url}/t/operator/sign-in   operator@operator.example\n\n`,
  );
}
