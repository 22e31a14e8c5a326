import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { List, OpenSession } from "../api/types.ts";
import { Button } from "../ui/button.tsx";
import { ErrorPanel, Notice, Skeleton, wordsOf } from "../ui/states.tsx";
import { Moment } from "../ui/time.tsx";
import { say } from "../ui/toast.tsx";
import { deviceOf } from "./device.ts";
import { useSession } from "./session.tsx";
import { useSignOut } from "./sign-out.ts";

/** The open sessions of the signed-in person, each of which they can end. */
export function Sessions() {
  const session = useSession();
  const queries = useQueryClient();
  const everywhere = useSignOut(true);
  const sessions = useQuery({
    queryKey: [session.slug, "sessions"],
    queryFn: () => session.call<List<OpenSession>>("GET", "sessions"),
  });
  const end = useMutation({
    mutationFn: (one: OpenSession) => session.call("DELETE", `sessions/${one.id}`),
    onSuccess: (_nothing, one) => say(`The session of ${deviceOf(one.userAgent)} has ended.`),
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "sessions"] }),
  });
  if (sessions.isPending) return <Skeleton label="Loading your sessions" lines={3} tall />;
  if (sessions.isError) return <ErrorPanel error={sessions.error} onRetry={() => void sessions.refetch()} />;
  const failed = end.error ?? everywhere.error;
  return (
    <>
      {failed && (
        <div className="mb-3">
          <Notice>{wordsOf(failed)}</Notice>
        </div>
      )}
      <ul className="border-t border-line">
        {sessions.data.items.map((one) => (
          <li
            key={one.id}
            className="flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 border-b border-line py-2"
          >
            <span className="min-w-0 flex-1 basis-56">
              <span className="block">
                {deviceOf(one.userAgent)}
                {one.current && (
                  <span className="ml-2 rounded-sm bg-accent-soft px-1.5 py-0.5 text-small font-semibold text-accent">
                    this one
                  </span>
                )}
              </span>
              <span className="block text-small text-muted">
                {one.ip ?? "unknown address"} · active <Moment at={one.lastActiveAt} how="ago" /> · since{" "}
                <Moment at={one.createdAt} />
              </span>
            </span>
            {!one.current && (
              <Button
                small
                busy={end.isPending && end.variables.id === one.id}
                onClick={() => end.mutate(one)}
              >
                End this one
                <span className="sr-only">: {deviceOf(one.userAgent)}</span>
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Button kind="danger" className="mt-4" busy={everywhere.isPending} onClick={() => everywhere.mutate()}>
        Sign out everywhere
      </Button>
    </>
  );
}
