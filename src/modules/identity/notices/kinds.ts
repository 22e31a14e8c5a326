/** What a member is told about themself, and which facts its sentence needs. Facts are sealed with the notice. */
export interface NoticeFacts {
  "new-device": { readonly ip: string; readonly userAgent: string };
  "new-factor": { readonly factor: FactorKind; readonly name?: string };
  /** `by`: the name of the admin who did it, where it was not the member. */
  "factor-removed": { readonly factor: FactorKind | "all"; readonly by?: string };
  "recovery-code-used": { readonly left: number };
  /** Somebody gave the right password and wrong second factors. `ip`: from where the last time. */
  "password-known": { readonly ip: string };
  "password-changed": { readonly how: "account" | "reset" };
  "address-changed": { readonly how: "confirmed" | "undone" };
  /** `role`: the name of a built-in role, or what the tenant calls its own. */
  "role-changed": { readonly role: string; readonly by: string };
  /** Not what it is called: whoever gets this may lose the right to see it again. */
  "shared-with-you": {
    readonly by: string;
    readonly what: "document" | "folder" | "chat";
    readonly id: string;
    readonly access: "read" | "write";
  };
  /** `until` in ISO 8601, here and below. */
  "access-opened": { readonly by: string; readonly reason: string; readonly until: string };
  "support-granted": { readonly by: string; readonly reason: string; readonly until: string };
  "key-created": { readonly name: string };
  "key-expiring": { readonly name: string; readonly expiresAt: string };
  "handed-over": {
    readonly from: string;
    readonly documents: number;
    readonly folders: number;
    readonly chats: number;
  };
  /** Folders or chats in which the member has a part of their own now belong to somebody else. */
  "owner-changed": { readonly from: string; readonly to: string };
  /** Somebody put a folder into the bin in which the member had something: so many things of theirs. */
  "deleted-with-folder": { readonly by: string; readonly count: number };
  "invitation-accepted": { readonly name: string };
  /** The operator of the installation brought people along: members that nobody here invited. */
  "people-imported": { readonly count: number };
  /** `by`: empty where the operator closed it; `until`, in ISO 8601, can it be kept. */
  "workspace-closing": { readonly by: string; readonly reason: string; readonly until: string };
  "workspace-kept": { readonly by: string };
  /** Somebody took out everything, what is the member's own among it. */
  "workspace-exported": { readonly by: string };
}

export type NoticeKind = keyof NoticeFacts;
export type FactorKind = "totp" | "passkey" | "recovery-codes";

/** Where a member wants to be told. */
export interface Places {
  readonly page: boolean;
  readonly mail: boolean;
}

interface Rule {
  /** Concerns the safety of the account or of its content: told in both places, whatever anybody would rather. */
  readonly fixed: boolean;
  /** What the product proposes. */
  readonly usual: Places;
}

const fixed: Rule = { fixed: true, usual: { page: true, mail: true } };
const both: Rule = { fixed: false, usual: { page: true, mail: true } };
const pageOnly: Rule = { fixed: false, usual: { page: true, mail: false } };

export const rules: Readonly<Record<NoticeKind, Rule>> = {
  "new-device": fixed,
  "new-factor": fixed,
  "factor-removed": fixed,
  "recovery-code-used": fixed,
  "password-known": fixed,
  "password-changed": fixed,
  "address-changed": fixed,
  "access-opened": fixed,
  "support-granted": fixed,
  "key-created": fixed,
  "key-expiring": both,
  "role-changed": both,
  "shared-with-you": both,
  "handed-over": both,
  "owner-changed": fixed,
  "deleted-with-folder": both,
  "invitation-accepted": pageOnly,
  "people-imported": fixed,
  "workspace-closing": fixed,
  "workspace-kept": fixed,
  "workspace-exported": fixed,
};

export const noticeKinds = Object.keys(rules) as [NoticeKind, ...NoticeKind[]];

/** The page on which a notice is looked into; null where there is none. */
export function pathOf<K extends NoticeKind>(slug: string, kind: K, facts: NoticeFacts[K]): string | null {
  const t = `/t/${slug}`;
  if (kind === "shared-with-you") {
    const { what, id } = facts as NoticeFacts["shared-with-you"];
    if (what === "chat") return `${t}/ask/${id}`;
    return what === "document" ? `${t}/library/${id}` : `${t}/library?folder=${id}`;
  }
  return paths[kind as Exclude<NoticeKind, "shared-with-you">]?.(t) ?? null;
}

const paths: Readonly<Record<Exclude<NoticeKind, "shared-with-you">, ((tenant: string) => string) | null>> = {
  "new-device": (t) => `${t}/settings/security`,
  "new-factor": (t) => `${t}/settings/security`,
  "factor-removed": (t) => `${t}/settings/security`,
  "recovery-code-used": (t) => `${t}/settings/security`,
  "password-known": (t) => `${t}/settings/security`,
  "password-changed": (t) => `${t}/settings/security`,
  "address-changed": (t) => `${t}/settings/account`,
  "role-changed": null,
  "access-opened": (t) => `${t}/settings/openings`,
  "support-granted": (t) => `${t}/settings/support`,
  "key-created": (t) => `${t}/settings/keys`,
  "key-expiring": (t) => `${t}/settings/keys`,
  "handed-over": (t) => `${t}/library`,
  "owner-changed": (t) => `${t}/library`,
  "deleted-with-folder": (t) => `${t}/library/bin`,
  "invitation-accepted": (t) => `${t}/settings/members`,
  "people-imported": (t) => `${t}/settings/members`,
  "workspace-closing": (t) => `${t}/settings/workspace`,
  "workspace-kept": (t) => `${t}/settings/workspace`,
  "workspace-exported": null,
};
