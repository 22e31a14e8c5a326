import type { Policy } from "../api/types.ts";

const without = "Without your address and the workspace’s name.";
const composed = "At least 12 characters with upper and lower case, a digit and a sign.";

/** What a new password needs, said before it is refused. The server has the last word. */
export const passwordRules: Record<Policy["passwords"] | "unknown", string> = {
  composed: `${composed} ${without}`,
  passphrase: `At least 15 characters of any kind, several words for example. ${without}`,
  // Before signing in nobody is told what a workspace asks for.
  unknown: `${composed} Some workspaces ask for 15 of any kind instead. ${without}`,
};
