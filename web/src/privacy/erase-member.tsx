import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Member } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { HoldingsLine, ownsNothing, takersOf, useHoldings } from "../tenancy/hand-over.tsx";
import { useMembers } from "../tenancy/people.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { type Choice, Picker } from "../ui/picker.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { say } from "../ui/toast.tsx";

/** Erases a member: what they own goes to somebody, or goes; nothing says any more who they were. */
export function EraseMember({ member, onClose }: { member: Member; onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const members = useMembers();
  const nothing = ownsNothing(useHoldings(member).data);
  const [wantsToGive, setGives] = useState(true);
  const gives = wantsToGive && !nothing;
  const [chosen, setChosen] = useState<Choice<Member> | null>(null);
  const erase = useMutation({
    mutationFn: () =>
      session.call("POST", `members/${member.id}/erasure`, {
        body: gives ? { content: "handed-over", to: chosen?.value.id } : { content: "deleted" },
      }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [session.slug] });
      onClose();
      say("They are removed. What names them is being erased.");
    },
  });
  const choices = takersOf(member, members.data?.items);
  return (
    <Dialog title={`Erase ${member.name}?`} onClose={onClose}>
      <p className="text-muted">
        Their sessions, keys and factors end at once. Their name and address go, from mails and from the log,
        too: it keeps that something happened, without saying who it was. Nothing brings this back.
      </p>
      <HoldingsLine member={member} />
      <fieldset className={nothing ? "hidden" : "mt-4 flex flex-col gap-2"}>
        <legend className="mb-1.5 text-small font-semibold">What they own</legend>
        {[
          { is: true, words: "goes to another member" },
          { is: false, words: "is deleted" },
        ].map(({ is, words }) => (
          <label key={words} className="flex min-h-9 items-center gap-2.5">
            <input
              type="radio"
              name="fate"
              checked={gives === is}
              onChange={() => setGives(is)}
              className="size-4 accent-[var(--color-accent)]"
            />
            {words}
          </label>
        ))}
      </fieldset>
      {gives && (
        <div className="mt-3">
          <Picker
            label="To whom"
            placeholder="A member of this workspace"
            choices={choices}
            chosen={chosen}
            onChoose={setChosen}
            none="Nobody here is called that."
            loading={members.isPending}
          />
        </div>
      )}
      {erase.error && (
        <div className="mt-4">
          <Notice>{wordsOf(erase.error)}</Notice>
        </div>
      )}
      <DialogActions>
        <Button onClick={onClose} data-first>
          Keep it as it is
        </Button>
        <Button
          kind="danger"
          disabled={gives && !chosen}
          busy={erase.isPending}
          onClick={() => erase.mutate()}
        >
          Erase
        </Button>
      </DialogActions>
    </Dialog>
  );
}
