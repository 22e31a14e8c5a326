import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of the clone, with a slash at the end. */
export const projectFolder: string = fileURLToPath(new URL("../", import.meta.url));

export const version: string = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;
