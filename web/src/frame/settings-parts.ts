import type { Permission } from "../api/types.ts";
import type { Session } from "../identity/session.tsx";

export type SettingsPart = {
  words: string;
  /** The last word of the address, below /t/:slug/settings. */
  name: string;
  group: "you" | "workspace";
  /** What it takes to enter; everybody may enter a part without it. */
  needs?: Permission;
  /** Only where there is content: not among the operator's own staff. */
  ofContent?: true;
};

const parts: SettingsPart[] = [
  { words: "Account", name: "account", group: "you" },
  { words: "Security", name: "security", group: "you" },
  { words: "Notices", name: "notices", group: "you", needs: "account.notices" },
  { words: "API keys", name: "keys", group: "you", needs: "key.use" },
  { words: "Members", name: "members", group: "workspace", needs: "member.read" },
  { words: "Groups", name: "groups", group: "workspace", needs: "group.read" },
  { words: "Roles", name: "roles", group: "workspace", needs: "role.read" },
  { words: "Sign-in rules", name: "policy", group: "workspace", needs: "policy.read" },
  { words: "Operator’s access", name: "support", group: "workspace", needs: "support.see" },
  {
    words: "Opened content",
    name: "openings",
    group: "workspace",
    needs: "account.openings",
    ofContent: true,
  },
  { words: "Workspace", name: "workspace", group: "workspace", needs: "tenant.read" },
];

/** The parts of the settings that this person may enter. */
export function settingsPartsOf(session: Session): SettingsPart[] {
  const isOperator = session.tenant.kind === "operator";
  return parts.filter(({ needs, ofContent }) => (!needs || session.can(needs)) && !(ofContent && isOperator));
}

/** Headings over the parts. */
export const settingsGroups: { group: SettingsPart["group"]; words: string }[] = [
  { group: "you", words: "Yours" },
  { group: "workspace", words: "Workspace" },
];
