import type { JobSpec } from "../../kernel/jobs.ts";
import { tidyLibrary } from "./bin/tidying.ts";
import { readDocument } from "./documents/reading.ts";
import { indexDocuments } from "./index/indexing.ts";
import { tidyIndex } from "./index/tidying.ts";

export const knowledgeJobs: JobSpec[] = [readDocument, tidyLibrary, indexDocuments, tidyIndex];
