import { Building2, Users } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { AccessView, Share, ShareWith } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { useGroups, useMembers } from "../../tenancy/people.ts";
import { Button } from "../../ui/button.tsx";
import { Initials } from "../../ui/initials.tsx";
import { type Choice, Picker } from "../../ui/picker.tsx";
import { Notice, wordsOf } from "../../ui/states.tsx";
import { plural } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { accessWords, type Kind, nameOf, useShares } from "./access.ts";

/** Shares with one more: a person or a group, found as one types, or everybody. */
export function ShareForm({ kind, id, view }: { kind: Kind; id: string; view: AccessView }) {
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

export function Sign({ of }: { of: ShareWith }) {
  if (of.kind === "member") return <Initials name={of.name} />;
  const Icon = of.kind === "group" ? Users : Building2;
  return (
    <span className="inline-flex size-7 shrink-0 items-center justify-center rounded-full border border-line text-muted">
      <Icon size={14} aria-hidden />
    </span>
  );
}

export function AccessSelect(props: {
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
