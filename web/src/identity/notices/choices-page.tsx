import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Lock } from "lucide-react";
import type { List, NoticeChoice } from "../../api/types.ts";
import { useTitle } from "../../frame/page.tsx";
import { Part } from "../../frame/part.tsx";
import { Empty, ErrorPanel, Forbidden, Skeleton, wordsOf } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";
import { useSession } from "../session.tsx";

type Place = "page" | "mail";
type Choices = Pick<List<NoticeChoice>, "items">;

/** Of what a person is told, on the page and by mail. */
export function NoticeChoicesPage() {
  useTitle("Notices", "Settings");
  const session = useSession();
  if (!session.can("account.notices")) return <Forbidden whole={false} />;
  return (
    <div className="max-w-[46rem]">
      <Part
        title="Of what you are told"
        words="On the page, behind the bell, and by mail. What concerns the safety of your account is always told in both places."
      >
        <Table />
      </Part>
    </div>
  );
}

function Table() {
  const session = useSession();
  const queries = useQueryClient();
  const queryKey = [session.slug, "notice-choices"];
  const choices = useQuery({
    queryKey,
    queryFn: () => session.call<Choices>("GET", "account/notices"),
  });
  const change = useMutation({
    mutationFn: ({ kind, page, mail }: NoticeChoice) =>
      session.call("PUT", "account/notices", { body: { kind, page, mail } }),
    onMutate: (next) => {
      const before = queries.getQueryData<Choices>(queryKey);
      queries.setQueryData<Choices>(queryKey, (old) =>
        old ? { ...old, items: old.items.map((one) => (one.kind === next.kind ? next : one)) } : old,
      );
      return before;
    },
    onError: (error, _next, before) => {
      queries.setQueryData(queryKey, before);
      say(wordsOf(error));
    },
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
  if (choices.isPending) return <Skeleton label="Loading your choices" lines={6} tall />;
  if (choices.isError) return <ErrorPanel error={choices.error} onRetry={() => void choices.refetch()} />;
  const items = [...choices.data.items].sort((a, b) => Number(a.fixed) - Number(b.fixed));
  if (!items.length) return <Empty title="There is nothing to choose" />;
  return (
    <>
      <table className="w-full border-collapse text-left">
        <thead>
          <tr className="border-b border-line text-small text-muted">
            <th scope="col" className="py-2 pr-4 font-medium">
              What
            </th>
            <th scope="col" className="w-20 py-2 text-center font-medium">
              Page
            </th>
            <th scope="col" className="w-20 py-2 text-center font-medium">
              Mail
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((one) => (
            <tr key={one.kind} className="border-b border-line">
              <th scope="row" className="py-2.5 pr-4 font-normal">
                {one.words}
              </th>
              {(["page", "mail"] as const).map((place) => (
                <td key={place} className="py-1 text-center">
                  <Box
                    one={one}
                    place={place}
                    onChange={() => change.mutate({ ...one, [place]: !one[place] })}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-3 flex items-center gap-1.5 text-small text-muted">
        <Lock size={13} aria-hidden />
        always told
      </p>
    </>
  );
}

function Box({ one, place, onChange }: { one: NoticeChoice; place: Place; onChange: () => void }) {
  if (one.fixed)
    return (
      <span className="inline-flex size-10 items-center justify-center text-muted" title="Always told">
        <Lock size={15} aria-hidden />
        <span className="sr-only">always</span>
      </span>
    );
  return (
    <label className="inline-flex size-10 items-center justify-center">
      <input
        type="checkbox"
        checked={one[place]}
        onChange={onChange}
        className="size-[1.05rem] accent-accent"
      />
      <span className="sr-only">
        {one.words}: {place === "page" ? "on the page" : "by mail"}
      </span>
    </label>
  );
}
