import type { JobSpec } from "../../kernel/jobs.ts";
import { readDocument } from "./documents/reading.ts";
import { indexDocuments } from "./index/indexing.ts";

export const knowledgeJobs: JobSpec[] = [readDocument, indexDocuments];
