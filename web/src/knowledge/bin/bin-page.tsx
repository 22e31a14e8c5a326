import { Link } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { useMemo, useState } from "react";
import type { Binned } from "../../api/types.ts";
import { Page } from "../../frame/page.tsx";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { useGrowing } from "../../ui/growing.tsx";
import { Empty, ErrorPanel, Forbidden, Skeleton } from "../../ui/states.tsx";
import { count, plural } from "../../ui/time.tsx";
import { RefusalsDialog } from "../list/refusals.tsx";
import { useBin, useBinDeeds } from "./bin.ts";
import { BinRow } from "./bin-row.tsx";

type Asked = { what: "remove"; items: Binned[] } | { what: "empty" };

/** What one has deleted, for 30 days: back to where it was, or away for ever. */
export function BinPage() {
  const session = useSession();
  return session.can("bin.see") ? <Bin /> : <Forbidden />;
}

function Bin() {
  const session = useSession();
  const bin = useBin();
  const { busy, restore, remove, empty } = useBinDeeds();
  const items = useMemo(() => bin.data?.pages.flatMap((page) => page.items) ?? [], [bin.data]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set());
  const [asked, setAsked] = useState<Asked | null>(null);
  const { shown, rest, end } = useGrowing(items, "", 100);
  const selected = items.filter(({ id }) => chosen.has(id));
  const mayRestore = session.can("bin.restore");
  const mayEmpty = session.can("bin.empty");
  const clear = () => setChosen(new Set());
  const toggle = (id: string) =>
    setChosen((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  return (
    <Page
      title="Bin"
      below={
        <>
          <Link
            to="/t/$slug/library"
            params={{ slug: session.slug }}
            className="inline-flex min-h-7 items-center gap-1 underline-offset-3 hover:text-ink hover:underline"
          >
            <ChevronLeft size={15} aria-hidden />
            Library
          </Link>
          <span className="block">What is in here nobody finds. After 30 days it is deleted for ever.</span>
        </>
      }
      aside={
        mayEmpty &&
        items.length > 0 && (
          <Button kind="danger" onClick={() => setAsked({ what: "empty" })}>
            Empty the bin
          </Button>
        )
      }
    >
      {bin.isPending && <Skeleton label="Loading the bin" lines={6} tall />}
      {bin.isError && (
        <ErrorPanel
          error={bin.error}
          onRetry={() => void bin.refetch()}
          title="The bin could not be loaded"
        />
      )}
      {bin.isSuccess && items.length === 0 && (
        <Empty title="The bin is empty">
          <p>What you delete from the library lies here for 30 days and can be restored.</p>
        </Empty>
      )}
      {items.length > 0 && (
        <>
          <div className="sticky top-0 z-[5] flex min-h-11 flex-wrap items-center gap-x-2 border-b border-line bg-paper text-small">
            <label className="flex min-h-9 items-center gap-2.5 pl-2.5 text-muted">
              <input
                type="checkbox"
                checked={selected.length > 0 && selected.length === items.length}
                ref={(box) => {
                  if (box) box.indeterminate = selected.length > 0 && selected.length < items.length;
                }}
                onChange={() => (selected.length ? clear() : setChosen(new Set(items.map(({ id }) => id))))}
                className="size-[15px] accent-[var(--accent)] pointer-coarse:size-[18px]"
              />
              Select all
            </label>
            <p role="status" className="ml-1 font-semibold">
              {selected.length > 0 && `${count(selected.length)} selected`}
            </p>
            {selected.length > 0 && (
              <span className="ml-auto flex gap-1">
                {mayRestore && (
                  <Button small kind="quiet" busy={busy} onClick={() => void restore(selected, clear)}>
                    Restore
                  </Button>
                )}
                {mayEmpty && (
                  <Button small kind="quiet" onClick={() => setAsked({ what: "remove", items: selected })}>
                    Delete for ever
                  </Button>
                )}
              </span>
            )}
          </div>
          <ul aria-label="In the bin">
            {shown.map((item) => (
              <BinRow
                key={item.id}
                item={item}
                selected={chosen.has(item.id)}
                onToggle={() => toggle(item.id)}
                busy={busy}
                onRestore={mayRestore ? () => void restore([item], clear) : null}
                onRemove={mayEmpty ? () => setAsked({ what: "remove", items: [item] }) : null}
              />
            ))}
          </ul>
          {rest > 0 && <div ref={end} className="h-8" />}
          {rest === 0 && bin.hasNextPage && (
            <div className="flex justify-center pt-5">
              <Button small busy={bin.isFetchingNextPage} onClick={() => void bin.fetchNextPage()}>
                Show more
              </Button>
            </div>
          )}
        </>
      )}
      {asked && (
        <Confirm
          title={asked.what === "empty" ? "Empty the bin?" : removeTitle(asked.items)}
          deed={asked.what === "empty" ? "Empty the bin" : "Delete for ever"}
          busy={busy}
          error={null}
          onClose={() => setAsked(null)}
          onConfirm={() => {
            const done = () => {
              setAsked(null);
              clear();
            };
            void (asked.what === "empty" ? empty(done) : remove(asked.items, done));
          }}
        >
          {asked.what === "empty" ? "All that you have in it" : "It"} is deleted with its text, its file and
          its versions. It cannot be brought back.
        </Confirm>
      )}
      <RefusalsDialog />
    </Page>
  );
}

function removeTitle(items: Binned[]): string {
  const [one] = items;
  return items.length === 1 && one
    ? `Delete “${one.name}” for ever?`
    : `Delete ${plural(items.length, "thing")} for ever?`;
}
