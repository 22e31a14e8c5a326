import type { Control } from "../../kernel/controls.ts";
import type { Stage } from "../trust/stage/stage.ts";
import { filesCheck } from "./checks/files.ts";
import { searchCheck } from "./checks/search.ts";

export const knowledgeControls: readonly Control<Stage>[] = [
  {
    id: "knowledge.files",
    kind: "tested",
    removed: "the headers of a download, which was then shown like a page",
    ...filesCheck,
  },
  {
    id: "knowledge.encrypted-search",
    kind: "tested",
    removed:
      "the key of the words' hashes; what binds a row to its segment; what buries the words of a deleted document; the epoch of what members see",
    ...searchCheck,
  },
];
