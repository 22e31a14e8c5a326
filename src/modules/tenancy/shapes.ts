import { PersonName } from "../identity/shapes.ts";

/** A workspace's name: like a person's. */
export const WorkspaceName = PersonName.meta({ examples: ["Harrow & Finch"] });
