import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { ApiKey, List, WorkspaceKey } from "../../api/types.ts";
import { useTitle } from "../../frame/page.tsx";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Glyph, type State } from "../../ui/glyph.tsx";
import { ShowMore, useGrowing } from "../../ui/growing.tsx";
import { Section } from "../../ui/section.tsx";
import { Empty, ErrorPanel, Forbidden, Skeleton } from "../../ui/states.tsx";
import { Moment, plural, useNow } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { keyPermissions } from "./key-permissions.ts";
import { NewKeyDialog } from "./new-key.tsx";

/** Keys for programs: one's own, and for admins those of everybody. */
export function KeysPage() {
  useTitle("API keys", "Settings");
  const session = useSession();
  if (!session.can("key.use") && !session.can("key.see-all")) return <Forbidden whole={false} />;
  return (
    <>
      {session.can("key.use") && (
        <Section
          title="Your API keys"
          words="A program with a key acts as you, within what the key allows and never with more than you may do at that moment."
          aside={session.can("key.create") && <NewKeyButton />}
        >
          <Keys path="keys" mayEnd={session.can("key.end")} />
        </Section>
      )}
      {session.can("key.see-all") && (
        <Section
          title="All keys of the workspace"
          words="Of every member. The key itself is shown to nobody again."
        >
          <Keys path="workspace-keys" mayEnd={session.can("key.end-all")} />
        </Section>
      )}
    </>
  );
}

function NewKeyButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind="primary" onClick={() => setOpen(true)}>
        New key
      </Button>
      {open && <NewKeyDialog onClose={() => setOpen(false)} />}
    </>
  );
}

type AnyKey = ApiKey & Partial<Pick<WorkspaceKey, "owner">>;

function Keys({ path, mayEnd }: { path: "keys" | "workspace-keys"; mayEnd: boolean }) {
  const session = useSession();
  const keys = useQuery({
    queryKey: [session.slug, path],
    queryFn: () => session.call<List<AnyKey>>("GET", path),
  });
  const [past, setPast] = useState(false);
  const all = keys.data?.items ?? [];
  const live = all.filter(({ state }) => state === "active");
  const growing = useGrowing(past ? all : live, String(past));
  const { shown } = growing;
  if (keys.isPending) return <Skeleton label="Loading the keys" lines={4} />;
  if (keys.isError)
    return (
      <ErrorPanel
        error={keys.error}
        onRetry={() => void keys.refetch()}
        title="The keys could not be loaded"
      />
    );
  if (all.length === 0)
    return path === "keys" ? (
      <Empty title="You have no keys">
        <p>
          A key lets a script or another program reach what you choose: one folder for reading, say, from one
          network, for 30 days.
        </p>
      </Empty>
    ) : (
      <p className="border-t border-line py-4 text-muted">Nobody here has a key.</p>
    );
  return (
    <>
      {live.length === 0 && !past && <p className="border-t border-line py-4 text-muted">None is active.</p>}
      <ul className="border-t border-line">
        {shown.map((key) => (
          <Row key={key.id} apiKey={key} path={path} mayEnd={mayEnd} />
        ))}
      </ul>
      <ShowMore {...growing} />
      {all.length > live.length && (
        <Button kind="quiet" small className="mt-3 -ml-3" aria-expanded={past} onClick={() => setPast(!past)}>
          {past ? "Hide" : "Show"}{" "}
          {plural(all.length - live.length, "key that no longer works", "keys that no longer work")}
        </Button>
      )}
    </>
  );
}

const states: Record<ApiKey["state"], { glyph: State; words: string }> = {
  active: { glyph: "held", words: "active" },
  expired: { glyph: "stale", words: "expired" },
  revoked: { glyph: "not-done", words: "ended" },
};

const words = new Map(keyPermissions.map((permission) => [permission.key, permission.words]));
const WEEK = 7 * 86_400_000;

function Row(props: { apiKey: AnyKey; path: string; mayEnd: boolean }) {
  const { apiKey: key } = props;
  const [ending, setEnding] = useState(false);
  const now = useNow(300);
  const live = key.state === "active";
  const soon = live && Date.parse(key.expiresAt) - now < WEEK;
  const state = states[key.state];
  return (
    <li className="flex flex-wrap items-start gap-x-5 gap-y-2 border-b border-line py-3">
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <span className="font-semibold wrap-anywhere">{key.name}</span>
          <span className="font-mono text-evidence text-muted">{key.prefix}…</span>
        </p>
        <dl className="mt-1 flex flex-wrap gap-x-4 gap-y-0.5 text-small text-muted">
          {key.owner && <Fact name="of">{key.owner.name}</Fact>}
          <Fact name="in">
            {key.folder ? (key.folder.name ? `“${key.folder.name}”` : "one folder") : "all folders"}
          </Fact>
          <Fact name="from">{key.networks.length ? key.networks.join(", ") : "any network"}</Fact>
          <Fact name="last used">{key.lastUsedAt ? <Moment at={key.lastUsedAt} how="ago" /> : "never"}</Fact>
        </dl>
        <details className="mt-1 text-small">
          <summary className="inline-flex min-h-7 items-center rounded-sm text-muted hover:text-ink">
            It may do {plural(key.permissions.length, "thing")}
          </summary>
          <ul className="mt-1 ml-4 list-disc text-muted">
            {key.permissions.map((permission) => (
              <li key={permission}>{words.get(permission) ?? permission}</li>
            ))}
          </ul>
        </details>
      </div>
      <div className="flex items-center gap-4 pt-0.5">
        <span className="text-right text-small">
          <span className="flex items-center justify-end gap-1.5">
            <Glyph state={soon ? "stale" : state.glyph} size={14} />
            {soon ? "ends soon" : state.words}
          </span>
          <span className={soon ? "text-ink" : "text-muted"}>
            {live ? "until " : "since "}
            <Moment at={key.expiresAt} />
          </span>
        </span>
        {live && props.mayEnd && (
          <Button small onClick={() => setEnding(true)}>
            End<span className="sr-only"> the key {key.name}</span>
          </Button>
        )}
      </div>
      {ending && <EndKey apiKey={key} path={props.path} onClose={() => setEnding(false)} />}
    </li>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex gap-1">
      <dt>{name}</dt>
      <dd className="text-ink">{children}</dd>
    </div>
  );
}

function EndKey({ apiKey, path, onClose }: { apiKey: AnyKey; path: string; onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => session.call("DELETE", `${path}/${apiKey.id}`),
    onSuccess: () => {
      onClose();
      say(`The key “${apiKey.name}” no longer works.`);
    },
    onSettled: () =>
      Promise.all(
        ["keys", "workspace-keys"].map((what) =>
          queries.invalidateQueries({ queryKey: [session.slug, what] }),
        ),
      ),
  });
  return (
    <Confirm
      title={`End the key “${apiKey.name}”?`}
      deed="End it"
      busy={end.isPending}
      error={end.error}
      onClose={onClose}
      onConfirm={() => end.mutate()}
    >
      Whatever uses it is refused from the next request on. It cannot be brought back; make a new one instead.
      {apiKey.owner && apiKey.owner.id !== session.me.id && ` ${apiKey.owner.name} sees it in their list.`}
    </Confirm>
  );
}
