import { useInfiniteQuery } from "@tanstack/react-query";
import type { List, SignIn } from "../api/types.ts";
import { eventWords, Outcome } from "../trust/event-words.tsx";
import { NextPage } from "../ui/next-page.tsx";
import { ErrorPanel, Skeleton } from "../ui/states.tsx";
import { Moment } from "../ui/time.tsx";
import { deviceOf } from "./device.ts";
import { useSession } from "./session.tsx";

/** A person's own authentication events, newest first. */
export function SignInHistory() {
  const session = useSession();
  const history = useInfiniteQuery({
    queryKey: [session.slug, "sign-ins"],
    queryFn: ({ pageParam }) =>
      session.call<List<SignIn>>("GET", "account/sign-ins", { query: { cursor: pageParam, limit: 25 } }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
  if (history.isPending) return <Skeleton label="Loading your sign-ins" lines={5} tall />;
  if (history.isError) return <ErrorPanel error={history.error} onRetry={() => void history.refetch()} />;
  const items = history.data.pages.flatMap((page) => page.items);
  if (!items.length) return <p className="text-muted">Nothing yet.</p>;
  return (
    <>
      <table className="w-full border-collapse text-left">
        <thead className="max-sm:sr-only">
          <tr className="border-b border-line text-small text-muted">
            <th scope="col" className="py-2 pr-4 font-medium">
              What
            </th>
            <th scope="col" className="py-2 pr-4 font-medium">
              From
            </th>
            <th scope="col" className="py-2 font-medium">
              When
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr
              key={one.id}
              className="border-b border-line align-top max-sm:flex max-sm:flex-wrap max-sm:gap-x-3 max-sm:py-2"
            >
              <td className="py-2 pr-4 max-sm:w-full max-sm:py-0">
                <span className="flex flex-wrap items-center gap-x-2">
                  {eventWords(one.event)} <Outcome outcome={one.outcome} />
                </span>
              </td>
              <td className="py-2 pr-4 text-muted max-sm:py-0 max-sm:text-small">
                {deviceOf(one.userAgent)} · {one.ip ?? "unknown address"}
              </td>
              <td className="py-2 text-muted max-sm:py-0 max-sm:text-small">
                <Moment at={one.at} how="full" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <NextPage of={history}>Show older ones</NextPage>
    </>
  );
}
