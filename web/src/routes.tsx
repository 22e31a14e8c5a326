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

const tenant = createRoute({ getParentRoute: () => root, path: "/t/$slug", component: Shell });
const tenantHome = createRoute({ getParentRoute: () => tenant, path: "/", component: FirstPlace });
const ask = createRoute({
  getParentRoute: () => tenant,
  path: "/ask",
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
  validateSearch: (search: Record<string, unknown>): { q?: string } =>
    typeof search.q === "string" && search.q ? { q: search.q } : {},
  component: lazyRouteComponent(() => import("./knowledge/library-page.tsx"), "LibraryPage"),
});
const document = createRoute({
  getParentRoute: () => tenant,
  path: "/library/$documentId",
  validateSearch: (search: Record<string, unknown>): { passage?: number; start?: number; end?: number } => ({
    ...whole("passage", search.passage),
    ...whole("start", search.start),
    ...whole("end", search.end),
  }),
  component: lazyRouteComponent(() => import("./knowledge/document-page.tsx"), "DocumentPage"),
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
const members = createRoute({
  getParentRoute: () => settings,
  path: "/members",
  component: lazyRouteComponent(() => import("./tenancy/members-page.tsx"), "MembersPage"),
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
    tenant.addChildren([
      tenantHome,
      ask,
      chat,
      library,
      document,
      activity,
      tenants,
      settings.addChildren([settingsHome, account, members, workspace]),
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
