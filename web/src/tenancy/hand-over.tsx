import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Holdings, Member } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Initials } from "../ui/initials.tsx";
import { type Choice, Picker } from "../ui/picker.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { plural } from "../ui/time.tsx";
import { say } from "../ui/toast.tsx";
import { useMembers } from "./people.ts";

type Left = Pick<Member, "id" | "name">;

export function useHoldings(member: Left) {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "holdings", member.id],
    queryFn: () => session.call<Holdings>("GET", `members/${member.id}/holdings`),
    enabled: session.can("member.see-holdings"),
    staleTime: 0,
  });
}

function inWords({ documents, folders, chats }: Holdings): string | null {
  const parts = [
    documents && plural(documents, "document"),
    folders && plural(folders, "folder"),
    chats && plural(chats, "conversation"),
  ].filter((part) => typeof part === "string");
  return parts.length ? new Intl.ListFormat("en-GB").format(parts) : null;
}

/** Whether it is known that there is nothing to give to anybody. */
export const ownsNothing = (holdings: Holdings | undefined): boolean =>
  holdings !== undefined && inWords(holdings) === null;

/** Who may get what somebody owns. */
export const takersOf = (member: Left, all: readonly Member[] = []): Choice<Member>[] =>
  all
    .filter(({ id, status, role }) => id !== member.id && status === "active" && role !== "support")
    .map((one) => ({
      key: one.id,
      value: one,
      words: one.name,
      more: one.address,
      icon: <Initials name={one.name} />,
    }));

/** How much somebody owns, in numbers only. */
export function HoldingsLine({ member }: { member: Left }) {
  const holdings = useHoldings(member);
  if (!holdings.data) return null;
  const words = inWords(holdings.data);
  return (
    <p className="mt-2">
      {words ? `${member.name} owns ${words}.` : `${member.name} owns nothing here.`}
      {holdings.data.groups > 0 && ` They are in ${plural(holdings.data.groups, "group")}.`}
    </p>
  );
}

/** Gives what a removed member left to somebody else. Until then nobody but those it was shared with sees it. */
export function HandOver({ member, onClose }: { member: Left; onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const members = useMembers();
  const holdings = useHoldings(member);
  const [chosen, setChosen] = useState<Choice<Member> | null>(null);
  const words = holdings.data ? inWords(holdings.data) : null;
  const give = useMutation({
    mutationFn: (to: Member) =>
      session.call("POST", `members/${member.id}/hand-over`, { body: { to: to.id } }),
    onSuccess: (_answer, to) => {
      void queries.invalidateQueries({ queryKey: [session.slug] });
      onClose();
      say(`${to.name} owns now what ${member.name} left.`);
    },
  });
  const choices = takersOf(member, members.data?.items);
  const nothing = ownsNothing(holdings.data);
  return (
    <Dialog title={`What ${member.name} left`} onClose={onClose}>
      {nothing ? (
        <p className="text-muted">There are no documents, folders or conversations to hand over.</p>
      ) : (
        <>
          <p className="mb-4 text-muted">
            {words ? `${words}. ` : ""}Whoever gets it owns it from then on, with everything that it was
            shared with.
          </p>
          <Picker
            label="Hand over to"
            first
            placeholder="A member of this workspace"
            choices={choices}
            chosen={chosen}
            onChoose={setChosen}
            none="Nobody here is called that."
            loading={members.isPending}
          />
          {give.error ? (
            <div className="mt-4">
              <Notice>{wordsOf(give.error)}</Notice>
            </div>
          ) : null}
        </>
      )}
      <DialogActions>
        <Button onClick={onClose}>{nothing ? "Close" : "Later"}</Button>
        {!nothing && (
          <Button
            kind="primary"
            disabled={!chosen}
            busy={give.isPending}
            onClick={() => chosen && give.mutate(chosen.value)}
          >
            Hand over
          </Button>
        )}
      </DialogActions>
    </Dialog>
  );
}
