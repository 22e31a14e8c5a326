import type { JobSpec } from "../../kernel/jobs.ts";
import { answerQuestion } from "./answering.ts";

export const assistantJobs: JobSpec[] = [answerQuestion];
