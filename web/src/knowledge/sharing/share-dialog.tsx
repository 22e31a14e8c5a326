import { Link } from "@tanstack/react-router";
import { Building2, UserRound, Users, X } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import type { AccessView, Permission, Share, ShareWith } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { useGroups, useMembers } from "../../tenancy/people.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Initials } from "../../ui/initials.tsx";
import { type Choice, Picker } from "../../ui/picker.tsx";
import { Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { plural } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { accessWords, type Kind, namesOf, nouns, type Shared, useAccess, useShares } from "./access.ts";

const notes: Record<Kind, string> = {
  documents: "Answers quote only from documents that the person who asks can see.",
  folders: "What is true of a folder is true of everything in it, now and later.",
  chats: "Whoever reads it sees the quoted sentences of documents that they can see themselves.",
};

const rights: Record<Kind, Permission> = {
  documents: "document.share",
  folders: "folder.share",
  chats: "chat.share",
};

/** Who can see a thing, and the place to change that. Every change holds from the next click of anybody on. */
export function ShareDialog({ kind, thing, onClose }: { kind: Kind; thing: Shared; onClose: () => void }) {
  const session = useSession();
  const view = useAccess(kind, thing.id);
  const mayShare = thing.access === "own" && session.can(rights[kind]);
  return (
    <Dialog title="Who can see it" onClose={onClose} shape="wide">
      <p className="-mt-1 mb-4 text-small wrap-anywhere text-muted">{thing.name}</p>
      {view.isPending && <Skeleton label="Loading who can see it" lines={4} />}
      {view.isError && <Notice>{wordsOf(view.error)}</Notice>}
      {view.data && (
        <>
          <p className="mb-4">{meaning(view.data, kind, thing, session.me.id, session.tenant.name)}</p>
          {mayShare && <Add kind={kind} id={thing.id} view={view.data} />}
          <People kind={kind} thing={thing} view={view.data} mayShare={mayShare} />
          <Openings view={view.data} mine={thing.mine} />
          <p className="mt-4 text-small text-muted">{notes[kind]}</p>
        </>
      )}
      <DialogActions>
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}

const deeds: Record<Kind, string> = {
  documents: "change it",
  folders: "add to it and change what is in it",
  chats: "ask in it",
};

/** What the list below comes to, in one sentence. */
function meaning(view: AccessView, kind: Kind, thing: Shared, me: string, tenant: string): string {
  const noun = nouns[kind];
  const own = view.owner.id === me ? "you" : view.owner.name;
  const only = `Only ${own} can see this ${noun}.`;
  if (view.shares.length === 0) return only;
  const all = view.shares.filter((share) => share.with.kind === "tenant");
  const deed = deeds[kind];
  const doers = view.shares.filter((share) => share.access === "write");
  const names = (shares: Share[]) => [...new Set(shares.map((share) => nameOf(share.with, me, tenant)))];
  if (all.some((share) => share.access === "write"))
    return `Everyone at ${tenant} can see this ${noun} and ${deed}${thing.mine ? "" : `; it is ${own}’s`}.`;
  const see = all.length ? `Everyone at ${tenant}` : capital(namesOf([own, ...names(view.shares)]));
  const change = doers.length ? `; ${namesOf(names(doers))} can ${deed}` : "";
  return `${see} can see this ${noun}${change}.`;
}

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

function nameOf(to: ShareWith, me: string, tenant: string): string {
  if (to.kind === "tenant") return `everyone at ${tenant}`;
  if (to.kind === "group") return `the group ${to.name}`;
  return to.id === me ? "you" : to.name;
}

function Add({ kind, id, view }: { kind: Kind; id: string; view: AccessView }) {
  const session = useSession();
  const members = useMembers();
  const groups = useGroups();
  const { add } = useShares(kind, id);
  const [chosen, setChosen] = useState<Choice<ShareWith> | null>(null);
  const [access, setAccess] = useState<Share["access"]>("read");
  // What is inherited can be shared once more, directly: the folder's share may end and this one stay.
  const direct = new Set(
    view.shares.filter((share) => !share.inheritedFrom).map((share) => keyOf(share.with)),
  );
  const off = (to: ShareWith) => (direct.has(keyOf(to)) ? { off: "It is shared with them already" } : {});
  const choices: Choice<ShareWith>[] = [
    choiceOf(
      { kind: "tenant", id: null, name: `Everyone at ${session.tenant.name}` },
      "Every member, also those who join later",
    ),
    ...(groups.data?.items ?? []).map((group) =>
      choiceOf({ kind: "group", id: group.id, name: group.name }, plural(group.members, "member")),
    ),
    ...(members.data?.items ?? [])
      .filter((member) => member.id !== view.owner.id && member.role !== "support")
      .map((member) => choiceOf({ kind: "member", id: member.id, name: member.name }, member.address)),
  ].map((choice) => ({ ...choice, ...off(choice.value) }));

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!chosen) return;
    const { value } = chosen;
    add.mutate(
      { with: { kind: value.kind, id: value.id }, access },
      {
        onSuccess: () => {
          setChosen(null);
          say(`Shared with ${nameOf(value, session.me.id, session.tenant.name)}.`);
        },
      },
    );
  }

  return (
    <form onSubmit={submit} className="mb-5">
      <div className="flex flex-wrap items-start gap-2.5">
        <Picker
          label="Share with"
          hideLabel
          first
          placeholder="A person, a group, or everyone"
          choices={choices}
          chosen={chosen}
          onChoose={setChosen}
          none="Nobody here is called that."
          loading={members.isPending && session.can("member.read")}
          className="min-w-0 flex-1 basis-56"
        />
        <AccessSelect kind={kind} label="What they may do" value={access} onChange={setAccess} />
        <Button type="submit" kind="primary" className="min-h-10" disabled={!chosen} busy={add.isPending}>
          Share
        </Button>
      </div>
      {add.error ? (
        <div className="mt-3">
          <Notice>{wordsOf(add.error)}</Notice>
        </div>
      ) : null}
    </form>
  );
}

const keyOf = (to: Pick<ShareWith, "kind" | "id">): string => `${to.kind}-${to.id ?? "all"}`;

function choiceOf(to: ShareWith, more: string): Choice<ShareWith> {
  return { key: keyOf(to), value: to, words: to.name, more, icon: <Sign of={to} /> };
}

function Sign({ of }: { of: ShareWith }) {
  if (of.kind === "member") return <Initials name={of.name} />;
  const Icon = of.kind === "group" ? Users : Building2;
  return (
    <span className="inline-flex size-7 shrink-0 items-center justify-center rounded-full border border-line text-muted">
      <Icon size={14} aria-hidden />
    </span>
  );
}

function AccessSelect(props: {
  kind: Kind;
  label: string;
  value: Share["access"];
  disabled?: boolean;
  onChange: (access: Share["access"]) => void;
}) {
  return (
    <select
      aria-label={props.label}
      value={props.value}
      disabled={props.disabled}
      onChange={(event) => props.onChange(event.target.value as Share["access"])}
      className="min-h-10 rounded-md border border-edge bg-surface px-2.5 text-base disabled:opacity-60"
    >
      <option value="read">{accessWords[props.kind].read}</option>
      <option value="write">{accessWords[props.kind].write}</option>
    </select>
  );
}

function People(props: { kind: Kind; thing: Shared; view: AccessView; mayShare: boolean }) {
  const { kind, thing, view, mayShare } = props;
  const session = useSession();
  const { add, alter, end } = useShares(kind, thing.id);
  const mayAlter = mayShare && session.can("share.change");
  const mayEnd = mayShare && session.can("share.end");

  function takeBack(share: Share) {
    const name = nameOf(share.with, session.me.id, session.tenant.name);
    end.mutate(share, {
      onSuccess: () =>
        say(`Taken back from ${name}. It holds at once.`, {
          words: "Undo",
          act: () =>
            add.mutate(
              { with: { kind: share.with.kind, id: share.with.id }, access: share.access },
              { onError: (error) => say(wordsOf(error)) },
            ),
        }),
      onError: (error) => say(wordsOf(error)),
    });
  }

  return (
    <ul aria-label="Who can see it" className="border-t border-line">
      <Row
        sign={<UserSign name={view.owner.name} />}
        name={view.owner.id === session.me.id ? `${view.owner.name} (you)` : view.owner.name}
      >
        <span className="text-small text-muted">Owner</span>
      </Row>
      {view.shares.map((share) => (
        <Row
          key={`${share.id}-${share.inheritedFrom?.id ?? ""}`}
          sign={<Sign of={share.with} />}
          name={share.with.kind === "tenant" ? `Everyone at ${session.tenant.name}` : share.with.name}
          below={
            share.inheritedFrom && (
              <>
                through the folder{" "}
                <Link
                  to="/t/$slug/library"
                  params={{ slug: session.slug }}
                  search={{ folder: share.inheritedFrom.id }}
                  className="underline decoration-line underline-offset-3 hover:text-ink"
                >
                  {share.inheritedFrom.name}
                </Link>
                {mayShare && ", changed there"}
              </>
            )
          }
        >
          {share.inheritedFrom || !mayAlter ? (
            <span className="text-small text-muted">{accessWords[kind][share.access]}</span>
          ) : (
            <AccessSelect
              kind={kind}
              label={`What ${share.with.name || "everyone"} may do`}
              value={share.access}
              onChange={(access) =>
                alter.mutate({ share, access }, { onError: (error) => say(wordsOf(error)) })
              }
            />
          )}
          {!share.inheritedFrom && mayEnd && (
            <IconButton
              label={`Take back from ${share.with.kind === "tenant" ? "everyone" : share.with.name}`}
              disabled={end.isPending}
              onClick={() => takeBack(share)}
            >
              <X size={16} aria-hidden />
            </IconButton>
          )}
        </Row>
      ))}
    </ul>
  );
}

const UserSign = ({ name }: { name: string }) => (name ? <Initials name={name} /> : <UserRound size={15} />);

function Row(props: { sign: ReactNode; name: string; below?: ReactNode; children: ReactNode }) {
  return (
    <li className="flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line py-1.5">
      {props.sign}
      <span className="min-w-0 flex-1 basis-40 leading-snug">
        <span className="block wrap-anywhere">{props.name}</span>
        {props.below && <span className="block text-small text-muted">{props.below}</span>}
      </span>
      <span className="flex items-center gap-1.5">{props.children}</span>
    </li>
  );
}

/** Admins who read it without its being shared with them: always shown to whoever may ask who sees it. */
function Openings({ view, mine }: { view: AccessView; mine: boolean }) {
  if (view.openings.length === 0) return null;
  return (
    <div className="mt-4 flex flex-col gap-2">
      {view.openings.map((opening) => (
        <OpeningNotice key={`${opening.by.id}-${opening.until}`} opening={opening} mine={mine} />
      ))}
    </div>
  );
}

export function OpeningNotice({ opening, mine }: { opening: AccessView["openings"][number]; mine: boolean }) {
  return (
    <Notice kind="stale">
      <strong className="font-semibold">{opening.by.name}</strong> (admin){" "}
      {mine ? "can read this" : "reads this"} until {untilWords(opening.until)}: “{opening.reason}”
    </Notice>
  );
}

const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const dayAndTime = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

/** "14:30" today, else with its day. */
export function untilWords(iso: string): string {
  const date = new Date(iso);
  return date.toDateString() === new Date().toDateString() ? time.format(date) : dayAndTime.format(date);
}
