import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { FirstPlace } from "./frame/first-place.tsx";
import { NotFound, PageFailed } from "./frame/lost.tsx";
import { Shell } from "./frame/shell.tsx";
import { isKind, type Kind } from "./knowledge/kinds.ts";
import { viewFrom } from "./knowledge/list/view.ts";
import { addressOf } from "./knowledge/search/address.ts";

/** Every page of the app. Paths are sentences of nouns; each page is loaded when it is first entered. */

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: PageFailed });

const entry = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("./identity/entry-page.tsx"), "EntryPage"),
});
const setUp = createRoute({
  getParentRoute: () => root,
  path: "/set-up",
  component: lazyRouteComponent(() => import("./operations/set-up-page.tsx"), "SetUpPage"),
});
const outbox = createRoute({
  getParentRoute: () => root,
  path: "/outbox",
  component: lazyRouteComponent(() => import("./operations/outbox-page.tsx"), "OutboxPage"),
});
const security = createRoute({
  getParentRoute: () => root,
  path: "/security",
  component: lazyRouteComponent(() => import("./trust/security-page.tsx"), "SecurityPage"),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/t/$slug/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string; left?: boolean } => ({
    ...(typeof search.next === "string" ? { next: search.next } : {}),
    ...(search.left ? { left: true } : {}),
  }),
  component: lazyRouteComponent(() => import("./identity/sign-in-page.tsx"), "SignInPage"),
});
const join = createRoute({
  getParentRoute: () => root,
  path: "/t/$slug/join",
  component: lazyRouteComponent(() => import("./identity/join-page.tsx"), "JoinPage"),
});
const verify = createRoute({
  getParentRoute: () => root,
  path: "/t/$slug/verify",
  component: lazyRouteComponent(() => import("./identity/mailed-link-page.tsx"), "VerifyPage"),
});
const unlock = createRoute({
  getParentRoute: () => root,
  path: "/t/$slug/unlock",
  component: lazyRouteComponent(() => import("./identity/mailed-link-page.tsx"), "UnlockPage"),
});

const confirmAddress = createRoute({
  getParentRoute: () => root,
  path: "/t/$slug/confirm-address",
  component: lazyRouteComponent(() => import("./identity/mailed-link-page.tsx"), "ConfirmAddressPage"),
});
const undoAddress = createRoute({
  getParentRoute: () => root,
  path: "/t/$slug/undo-address",
  component: lazyRouteComponent(() => import("./identity/mailed-link-page.tsx"), "UndoAddressPage"),
});
const forgotten = createRoute({
  getParentRoute: () => root,
  path: "/t/$slug/forgotten",
  component: lazyRouteComponent(() => import("./identity/forgotten-page.tsx"), "ForgottenPage"),
});
const reset = createRoute({
  getParentRoute: () => root,
  path: "/t/$slug/reset",
  component: lazyRouteComponent(() => import("./identity/reset-page.tsx"), "ResetPage"),
});
const setUpFactor = createRoute({
  getParentRoute: () => root,
  path: "/t/$slug/set-up-factor",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === "string" ? { next: search.next } : {},
  component: lazyRouteComponent(() => import("./identity/factors/set-up-factor-page.tsx"), "SetUpFactorPage"),
});

const tenant = createRoute({ getParentRoute: () => root, path: "/t/$slug", component: Shell });
const tenantHome = createRoute({ getParentRoute: () => tenant, path: "/", component: FirstPlace });
const ask = createRoute({
  getParentRoute: () => tenant,
  path: "/ask",
  validateSearch: (search: Record<string, unknown>): { folder?: string; document?: string; kind?: Kind } => ({
    ...(typeof search.folder === "string" && search.folder ? { folder: search.folder } : {}),
    ...(typeof search.document === "string" && search.document ? { document: search.document } : {}),
    ...(isKind(search.kind) ? { kind: search.kind } : {}),
  }),
  component: lazyRouteComponent(() => import("./assistant/ask-page.tsx"), "AskPage"),
});
const chat = createRoute({
  getParentRoute: () => tenant,
  path: "/ask/$chatId",
  component: lazyRouteComponent(() => import("./assistant/chat-page.tsx"), "ChatPage"),
});
const library = createRoute({
  getParentRoute: () => tenant,
  path: "/library",
  validateSearch: viewFrom,
  component: lazyRouteComponent(() => import("./knowledge/library-page.tsx"), "LibraryPage"),
});
const bin = createRoute({
  getParentRoute: () => tenant,
  path: "/library/bin",
  component: lazyRouteComponent(() => import("./knowledge/bin/bin-page.tsx"), "BinPage"),
});
const document = createRoute({
  getParentRoute: () => tenant,
  path: "/library/$documentId",
  // The passage is named by the hash (#p12), and in older addresses here; `find`: words to look for in the document.
  validateSearch: (
    search: Record<string, unknown>,
  ): { passage?: number; start?: number; end?: number; find?: string } => ({
    ...whole("passage", search.passage),
    ...whole("start", search.start),
    ...whole("end", search.end),
    ...(search.find ? { find: String(search.find) } : {}),
  }),
  component: lazyRouteComponent(() => import("./knowledge/document-page.tsx"), "DocumentPage"),
});
const versions = createRoute({
  getParentRoute: () => tenant,
  path: "/library/$documentId/versions",
  validateSearch: (search: Record<string, unknown>): { open?: string; from?: string; to?: string } => ({
    ...(typeof search.open === "string" && search.open ? { open: search.open } : {}),
    ...(typeof search.from === "string" && search.from ? { from: search.from } : {}),
    ...(typeof search.to === "string" && search.to ? { to: search.to } : {}),
  }),
  component: lazyRouteComponent(() => import("./knowledge/versions/versions-page.tsx"), "VersionsPage"),
});
const documentHistory = createRoute({
  getParentRoute: () => tenant,
  path: "/library/$documentId/history",
  component: lazyRouteComponent(() => import("./knowledge/versions/history-page.tsx"), "HistoryPage"),
});
const search = createRoute({
  getParentRoute: () => tenant,
  path: "/search",
  validateSearch: addressOf,
  component: lazyRouteComponent(() => import("./knowledge/search/search-page.tsx"), "SearchPage"),
});
const activity = createRoute({
  getParentRoute: () => tenant,
  path: "/activity",
  component: lazyRouteComponent(() => import("./trust/activity-page.tsx"), "ActivityPage"),
});
const tenants = createRoute({
  getParentRoute: () => tenant,
  path: "/tenants",
  component: lazyRouteComponent(() => import("./tenancy/tenants-page.tsx"), "TenantsPage"),
});
const enterSupport = createRoute({
  getParentRoute: () => tenant,
  path: "/tenants/support",
  component: lazyRouteComponent(() => import("./tenancy/support/enter-page.tsx"), "EnterSupportPage"),
});
const publicPage = createRoute({
  getParentRoute: () => tenant,
  path: "/tenants/public-page",
  component: lazyRouteComponent(() => import("./trust/public-page-form.tsx"), "PublicPageForm"),
});
const encryptionKeys = createRoute({
  getParentRoute: () => tenant,
  path: "/tenants/keys",
  component: lazyRouteComponent(() => import("./operations/keys-page.tsx"), "KeysPage"),
});
const backups = createRoute({
  getParentRoute: () => tenant,
  path: "/tenants/backups",
  component: lazyRouteComponent(() => import("./operations/backups-page.tsx"), "BackupsPage"),
});
const attacks = createRoute({
  getParentRoute: () => tenant,
  path: "/tenants/attacks",
  component: lazyRouteComponent(() => import("./trust/attacks-page.tsx"), "AttacksPage"),
});
const settings = createRoute({
  getParentRoute: () => tenant,
  path: "/settings",
  component: lazyRouteComponent(() => import("./frame/settings-frame.tsx"), "SettingsFrame"),
});
const settingsHome = createRoute({
  getParentRoute: () => settings,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/t/$slug/settings/account", params, replace: true });
  },
});
const account = createRoute({
  getParentRoute: () => settings,
  path: "/account",
  component: lazyRouteComponent(() => import("./identity/account-page.tsx"), "AccountPage"),
});
const ownSecurity = createRoute({
  getParentRoute: () => settings,
  path: "/security",
  component: lazyRouteComponent(() => import("./identity/own-security-page.tsx"), "OwnSecurityPage"),
});
const noticeChoices = createRoute({
  getParentRoute: () => settings,
  path: "/notices",
  component: lazyRouteComponent(() => import("./identity/notices/choices-page.tsx"), "NoticeChoicesPage"),
});
const members = createRoute({
  getParentRoute: () => settings,
  path: "/members",
  component: lazyRouteComponent(() => import("./tenancy/members-page.tsx"), "MembersPage"),
});
const groups = createRoute({
  getParentRoute: () => settings,
  path: "/groups",
  component: lazyRouteComponent(() => import("./tenancy/groups/groups-page.tsx"), "GroupsPage"),
});
const group = createRoute({
  getParentRoute: () => settings,
  path: "/groups/$groupId",
  component: lazyRouteComponent(() => import("./tenancy/groups/group-page.tsx"), "GroupPage"),
});
const rolesList = createRoute({
  getParentRoute: () => settings,
  path: "/roles",
  component: lazyRouteComponent(() => import("./tenancy/roles/roles-page.tsx"), "RolesPage"),
});
const role = createRoute({
  getParentRoute: () => settings,
  path: "/roles/$roleId",
  validateSearch: (search: Record<string, unknown>): { from?: string } =>
    typeof search.from === "string" ? { from: search.from } : {},
  component: lazyRouteComponent(() => import("./tenancy/roles/role-page.tsx"), "RolePage"),
});
const apiKeys = createRoute({
  getParentRoute: () => settings,
  path: "/keys",
  component: lazyRouteComponent(() => import("./tenancy/keys/keys-page.tsx"), "KeysPage"),
});
const policy = createRoute({
  getParentRoute: () => settings,
  path: "/policy",
  component: lazyRouteComponent(() => import("./tenancy/policy-page.tsx"), "PolicyPage"),
});
const support = createRoute({
  getParentRoute: () => settings,
  path: "/support",
  component: lazyRouteComponent(() => import("./tenancy/support/support-page.tsx"), "SupportPage"),
});
const openings = createRoute({
  getParentRoute: () => settings,
  path: "/openings",
  component: lazyRouteComponent(() => import("./tenancy/openings/openings-page.tsx"), "OpeningsPage"),
});
const workspace = createRoute({
  getParentRoute: () => settings,
  path: "/workspace",
  component: lazyRouteComponent(() => import("./tenancy/workspace-page.tsx"), "WorkspacePage"),
});

function whole<Name extends string>(name: Name, value: unknown): { [key in Name]?: number } {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) && number >= 0
    ? ({ [name]: number } as { [key in Name]?: number })
    : {};
}

export const router = createRouter({
  routeTree: root.addChildren([
    entry,
    setUp,
    outbox,
    security,
    signIn,
    join,
    verify,
    unlock,
    confirmAddress,
    undoAddress,
    forgotten,
    reset,
    setUpFactor,
    tenant.addChildren([
      tenantHome,
      ask,
      chat,
      library,
      bin,
      document,
      versions,
      documentHistory,
      search,
      activity,
      tenants,
      enterSupport,
      publicPage,
      backups,
      encryptionKeys,
      attacks,
      settings.addChildren([
        settingsHome,
        account,
        ownSecurity,
        noticeChoices,
        members,
        groups,
        group,
        rolesList,
        role,
        apiKeys,
        policy,
        support,
        openings,
        workspace,
      ]),
    ]),
  ]),
  defaultPreload: "intent",
  defaultPendingMs: 200,
  // Only the page scrolls, inside the frame; what the address names is scrolled to by the page itself.
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
