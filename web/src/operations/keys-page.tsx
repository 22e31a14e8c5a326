import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { KeysState } from "../api/types.ts";
import { Page } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { OperatorTabs } from "../tenancy/operator-tabs.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Glyph, type State } from "../ui/glyph.tsx";
import { Section } from "../ui/section.tsx";
import { ErrorPanel, Forbidden, Notice, Skeleton } from "../ui/states.tsx";
import { Moment } from "../ui/time.tsx";
import { say } from "../ui/toast.tsx";

const SOURCES = {
  file: "A file of this server, apart from the data",
  environment: "The environment of the server",
  service: "A key service; it never leaves it",
} as const;

const DISKS: Record<KeysState["disks"][number]["state"], { state: State; word: string }> = {
  encrypted: { state: "attested", word: "encrypted" },
  "not-encrypted": { state: "broken", word: "not encrypted, as far as the system knows" },
  unknown: { state: "not-run", word: "cannot be told from here" },
};

/** The operator's page of the keys that everything is encrypted with: versions and counts, never a key. */
export function KeysPage() {
  const session = useSession();
  return session.can("operator.keys.read") ? <Keys /> : <Forbidden />;
}

function Keys() {
  const session = useSession();
  const keys = useQuery({
    queryKey: [session.slug, "master-keys"],
    queryFn: () => session.call<KeysState>("GET", "master-keys"),
    refetchInterval: ({ state }) => (state.data?.rotation?.running || state.data?.resealing ? 3000 : false),
    staleTime: 0,
  });
  return (
    <Page
      title="Encryption keys"
      below="One master key wraps the key of each workspace, and each of these encrypts its data. This page shows versions and counts, and no key."
    >
      <OperatorTabs />
      {keys.isPending ? (
        <Skeleton label="Loading the keys" lines={6} tall />
      ) : keys.isError ? (
        <ErrorPanel
          error={keys.error}
          onRetry={() => void keys.refetch()}
          title="The keys could not be loaded"
        />
      ) : (
        <Standing keys={keys.data} mayRotate={session.can("operator.keys.rotate")} />
      )}
    </Page>
  );
}

function Standing({ keys, mayRotate }: { keys: KeysState; mayRotate: boolean }) {
  const { rotation, resealing, workspaces } = keys;
  return (
    <div className="max-w-[46rem]">
      <Section
        title="Master key"
        words={`${SOURCES[keys.source]}.`}
        aside={mayRotate && <RotateMaster keys={keys} />}
      >
        {rotation?.problem && (
          <div className="mb-4">
            <Notice>{rotation.problem}</Notice>
          </div>
        )}
        <div aria-live="polite">
          {rotation?.running && <Bar words="Key files wrapped anew" done={rotation.done} of={rotation.of} />}
        </div>
        <Versions masters={keys.masters} />
        <ul className="mt-4 grid gap-1.5 text-muted">
          {keys.words.map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      </Section>
      <Section
        title="Data keys"
        words="Each workspace has its own. With a new one, what is stored is encrypted again in the background; people notice nothing."
        aside={mayRotate && <RenewData disabled={resealing > 0} />}
      >
        <p aria-live="polite">
          {resealing > 0
            ? `${resealing} of ${workspaces} are on their way to a new key. The old one goes an hour later at the earliest, once nothing names it.`
            : `Every workspace has one key, and nothing is left under an older one.`}
        </p>
      </Section>
      <Section
        title="The disk beneath"
        words="What this server can see of it. On the security page it stands as your own statement, never as a green tick."
      >
        <ul className="grid gap-3">
          {keys.disks.map(({ what, state, words }) => (
            <li key={what} className="flex gap-2.5">
              <span className="pt-1">
                <Glyph state={DISKS[state].state} />
              </span>
              <span className="min-w-0">
                <span className="font-medium">{`${what.charAt(0).toUpperCase()}${what.slice(1)}: ${DISKS[state].word}`}</span>
                <span className="block text-small wrap-anywhere text-muted">{words}</span>
              </span>
            </li>
          ))}
        </ul>
      </Section>
    </div>
  );
}

function Versions({ masters }: { masters: KeysState["masters"] }) {
  return (
    <table className="w-full border-collapse text-left">
      <thead>
        <tr className="border-b border-line text-small text-muted">
          <th scope="col" className="py-2 pr-4 font-medium">
            Version
          </th>
          <th scope="col" className="py-2 pr-4 font-medium">
            Wraps
          </th>
          <th scope="col" className="py-2 font-medium">
            Since
          </th>
        </tr>
      </thead>
      <tbody>
        {masters.map((one) => (
          <tr key={`${one.inService} ${one.version}`} className="border-b border-line">
            <th scope="row" className="py-2.5 pr-4 font-normal">
              <span className="inline-flex items-center gap-2">
                <Glyph state={one.isCurrent ? "held" : "stale"} size={14} />
                {one.version}
                <span className="text-small text-muted">{one.isCurrent ? "current" : "older"}</span>
              </span>
            </th>
            <td className="py-2.5 pr-4 tabular-nums">
              {one.workspaces} {one.workspaces === 1 ? "key file" : "key files"}
            </td>
            <td className="py-2.5 text-muted">{one.since ? <Moment at={one.since} /> : "not known"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Bar({ words, done, of }: { words: string; done: number; of: number }) {
  return (
    <label className="mb-4 block">
      <span className="text-small text-muted">
        {words}: {done} of {of}
      </span>
      <progress value={done} max={Math.max(of, 1)} className="mt-1 block h-1.5 w-full accent-accent" />
    </label>
  );
}

function RotateMaster({ keys }: { keys: KeysState }) {
  const session = useSession();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  // What an earlier one has begun is ended first; from the environment no key can be made here.
  const isOpen = keys.masters.some((one) => !one.isCurrent && one.workspaces > 0);
  const makeNew = !isOpen && keys.source !== "environment";
  const rotate = useMutation({
    mutationFn: () => session.call<KeysState>("POST", "master-keys/rotation", { body: { makeNew } }),
    onSuccess: (shown) => {
      queries.setQueryData([session.slug, "master-keys"], shown);
      setAsking(false);
      say("Every key is being wrapped anew.");
    },
  });
  if (!isOpen && !makeNew) return null;
  const deed = isOpen ? "Go on with the rotation" : "Replace the master key";
  return (
    <>
      <Button busy={keys.rotation?.running ?? false} onClick={() => setAsking(true)}>
        {deed}
      </Button>
      {asking && (
        <Confirm
          title={`${deed}?`}
          deed={deed}
          danger={false}
          busy={rotate.isPending}
          error={rotate.error}
          onConfirm={() => rotate.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>
            {isOpen
              ? `The key files that are still under an older master key are wrapped with version ${keys.current}.`
              : "A new master key is made, and every key file is wrapped with it. People can go on working."}
          </p>
          <p className="mt-2">
            Keep the old one until this page says that it may go.
            {keys.source === "file" && " Then copy the file of master keys to a safe place again."}
          </p>
        </Confirm>
      )}
    </>
  );
}

function RenewData({ disabled }: { disabled: boolean }) {
  const session = useSession();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const renew = useMutation({
    mutationFn: () => session.call<KeysState>("POST", "data-keys/rotation", { body: {} }),
    onSuccess: (shown) => {
      queries.setQueryData([session.slug, "master-keys"], shown);
      setAsking(false);
      say("Every workspace has a new key.");
    },
  });
  return (
    <>
      <Button disabled={disabled} onClick={() => setAsking(true)}>
        Make new data keys
      </Button>
      {asking && (
        <Confirm
          title="Make new data keys?"
          deed="Make new data keys"
          danger={false}
          busy={renew.isPending}
          error={renew.error}
          onConfirm={() => renew.mutate()}
          onClose={() => setAsking(false)}
        >
          Everything that is stored is read and encrypted again, a little at a time. With much data this takes
          hours and keeps the disk busy.
        </Confirm>
      )}
    </>
  );
}
