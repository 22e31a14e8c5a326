import type { JobSpec } from "../../kernel/jobs.ts";
import { erasePerson } from "./erasure/finishing.ts";
import { makeExport } from "./export/making.ts";

export const privacyJobs: readonly JobSpec[] = [makeExport, erasePerson];
