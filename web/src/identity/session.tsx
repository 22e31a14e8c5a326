import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo } from "react";
import { type CallOptions, call, onForbidden, onSignedOut, rememberSession } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import type { Permission, SessionView } from "../api/types.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export type Session = SessionView & {
  slug: string;
  can: (permission: Permission) => boolean;
  /** A call to a route of this tenant; throws ApiError. */
  call: <Output>(method: Method, path: string, options?: CallOptions) => Promise<Output>;
};

const Current = createContext<Session | null>(null);

/** The signed-in person and their tenant. Only below SessionGate. */
export function useSession(): Session {
  const session = useContext(Current);
  if (!session) throw new Error("useSession is used outside a signed-in page.");
  return session;
}

/** Loads the session of a tenant; `signedOut` is told when there is none, or when it ends later. */
export function SessionGate(props: {
  slug: string;
  signedOut: () => void;
  waiting: ReactNode;
  failed: (error: unknown, retry: () => void) => ReactNode;
  children: ReactNode;
}) {
  const { slug, signedOut } = props;
  const queries = useQueryClient();
  const view = useQuery({
    queryKey: [slug, "session"],
    queryFn: async () => rememberSession(await call<SessionView>(slug, "GET", "session")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(
    () =>
      onSignedOut((ended) => {
        if (ended !== slug) return;
        signedOut();
        queries.removeQueries({ queryKey: [slug] });
      }),
    [slug, signedOut, queries],
  );
  // The page offers what the role allows; a refusal means that the role has changed since the session was read.
  useEffect(
    () =>
      onForbidden((where) => {
        if (where === slug) void queries.invalidateQueries({ queryKey: [slug, "session"] });
      }),
    [slug, queries],
  );
  const session = useMemo<Session | null>(
    () =>
      view.data
        ? {
            ...view.data,
            slug,
            can: (permission) => view.data.me.permissions.includes(permission),
            call: (method, path, options) => call(slug, method, path, options),
          }
        : null,
    [view.data, slug],
  );
  if (session) return <Current value={session}>{props.children}</Current>;
  if (view.isError && !(isApiError(view.error) && view.error.code === "signed_out")) {
    return props.failed(view.error, () => void view.refetch());
  }
  return props.waiting;
}
