import { type Control, outcomeOf } from "../../../kernel/controls.ts";
import type { Stage } from "../stage/stage.ts";
import { answers } from "./answers.ts";
import { files } from "./files.ts";
import { jobs } from "./jobs.ts";
import { lists } from "./lists.ts";
import { quotas } from "./quotas.ts";
import { setScene } from "./scene.ts";
import { searching } from "./searching.ts";
import { streams } from "./streams.ts";

/** The same separation away from the routes that take identifiers. */
export const everywhereControls: readonly Control<Stage>[] = [
  {
    id: "tenancy.isolation-everywhere",
    kind: "tested",
    removed:
      "what narrows suggestions, streams, filters, jobs and follow-up questions to what their reader may see",
    async check(stage) {
      const scene = await setScene(stage);
      const parts = [
        await searching(scene),
        await lists(stage, scene),
        await files(scene),
        await answers(scene),
        await streams(stage, scene),
        await quotas(stage, scene),
        // Last: they change what the others look at.
        await jobs(stage, scene),
      ];
      const counted = ["search", "lists", "files", "answers", "streams", "quotas", "jobs"].map(
        (name, i) => `${parts[i]?.length} of ${name}`,
      );
      return outcomeOf(parts.flat(), counted.join(", "));
    },
  },
];
