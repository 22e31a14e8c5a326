/**
 * A process that indexes and tidies one workspace until it is killed. Its arguments: a home, the connection strings of
 * app and jobs, the workspace's id.
 */
import { readConfig } from "../../src/kernel/config.ts";
import { jobContext } from "../../src/kernel/jobs.ts";
import { openLog } from "../../src/kernel/log.ts";
import { openSystem } from "../../src/kernel/open-system.ts";
import { indexDocuments } from "../../src/modules/knowledge/index/indexing.ts";
import { tidyIndex } from "../../src/modules/knowledge/index/tidying.ts";
import { knowledgeJobs } from "../../src/modules/knowledge/jobs.ts";

const [home = "", app = "", jobs = "", tenantId = ""] = process.argv.slice(2);
const read = readConfig({}, home);
if ("problems" in read) throw new Error("the configuration is not valid");
const system = await openSystem({
  config: read.config,
  log: openLog("silent"),
  version: "0.0.0",
  urls: { app, jobs },
  soleProcess: false,
  env: {},
});
await system.jobs.start(
  system,
  knowledgeJobs.map((spec) => ({ ...spec, concurrency: 0 })),
);
// A second ahead with each round, so that what is due becomes due and nothing here waits.
let ahead = 0;
const clock = () => new Date(Date.now() + ahead);
const ctx = () => ({ ...jobContext({ ...system, clock }, { tenantId, slug: "" }), clock });
process.stdout.write("ready\n");
for (;;) {
  ahead += 1000;
  await indexDocuments.run(ctx(), tenantId, false);
  await tidyIndex.run(ctx(), tenantId, false);
}
