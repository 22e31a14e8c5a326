import type { Control } from "../../../kernel/controls.ts";
import { inPieces } from "../stage/pieces.ts";
import type { Stage } from "../stage/stage.ts";
import { answers } from "./answers.ts";
import { files } from "./files.ts";
import { jobs } from "./jobs.ts";
import { lists } from "./lists.ts";
import { quotas } from "./quotas.ts";
import { keptScene, setScene } from "./scene.ts";
import { searching } from "./searching.ts";
import { streams } from "./streams.ts";

/** The same separation away from the routes that take identifiers. */
export const everywhereControls: readonly Control<Stage>[] = [
  {
    id: "tenancy.isolation-everywhere",
    kind: "tested",
    removed:
      "what narrows suggestions, streams, filters, jobs and follow-up questions to what their reader may see",
    ...inPieces(
      setScene,
      {
        search: (_, scene) => searching(scene),
        lists,
        files: (_, scene) => files(scene),
        answers: (_, scene) => answers(scene),
        streams,
        quotas,
        // Last: they change what the others look at.
        jobs,
      },
      (counts) => ({
        summary: Object.entries(counts)
          .map(([name, count]) => `${count} of ${name}`)
          .join(", "),
      }),
      keptScene,
    ),
  },
];
