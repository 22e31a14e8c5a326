import type { BuiltInRole } from "../../kernel/context.ts";
import { permission } from "../../kernel/permissions.ts";

/** Nobody can be without these: a role that lacked them could not sign in or protect its own account. */
const ofOneself = (key: string, words: string, more: { forSupport?: true } = {}) =>
  permission({ key, group: "Own account", words, from: "viewer", in: "everywhere", always: true, ...more });

const from = (
  role: BuiltInRole,
  group: string,
  key: string,
  words: string,
  more: { forSupport?: true } = {},
) => permission({ key, group, words, from: role, in: "everywhere", ...more });

ofOneself("account.use", "Be signed in, and see who one is and what one may do", { forSupport: true });
ofOneself("account.sessions", "See and end one's own sessions", { forSupport: true });
ofOneself("account.change", "Change one's own name, language and time zone");
ofOneself("account.password", "Change one's own password");
ofOneself("account.address", "Change one's own address");
ofOneself("account.factors", "Set up an authenticator app and recovery codes for oneself");
ofOneself("account.passkeys", "Add, name and remove passkeys of one's own");
ofOneself("account.sign-ins", "See the history of one's own account");
ofOneself("account.notices", "Choose what one is told, and where");
ofOneself("account.openings", "See when an admin opened what is one's own");
ofOneself("notice.read", "Read the notices for oneself");

from("admin", "People", "member.invite", "Invite people, with at most one's own rights");
from("admin", "People", "member.see-invitations", "See which invitations are open");
from("admin", "People", "member.withdraw-invitation", "Withdraw open invitations");

from("viewer", "Roles", "role.read", "See the roles and what each allows", { forSupport: true });
from("admin", "Roles", "role.create", "Make roles of at most one's own rights");
from("admin", "Roles", "role.change", "Change roles that hold no more than oneself");
from("admin", "Roles", "role.delete", "Delete roles that nobody has");

from("viewer", "API keys", "key.use", "Have programs act for oneself by API keys, and see one's own keys");
from("viewer", "API keys", "key.create", "Make API keys for oneself");
from("viewer", "API keys", "key.end", "End API keys of one's own");
from("admin", "API keys", "key.see-all", "See the API keys of everybody");
from("admin", "API keys", "key.end-all", "End anybody's API keys");
