import type { Routes } from "../../../kernel/routes/contract.ts";
import type { System } from "../../../kernel/system.ts";
import type { DatabaseLogin } from "./stage.ts";

/** A running server under test, as the checks need it. */
export interface LiveServer {
  readonly url: string;
  readonly system: System;
  /** The table of routes; what it claims, not what is mounted. */
  readonly routes: Routes;
  /** What the running server answers to, in its own words. */
  readonly liveRoutes: readonly { readonly method: string; readonly url: string }[];
  databaseUrl(role: DatabaseLogin): string;
  /** Everything logged so far. */
  log(): string;
  /** Folders in which nothing may stand in clear: the files, the keys, the database. */
  readonly folders: readonly string[];
}
