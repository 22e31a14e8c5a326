import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Invitation } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { wordsOf } from "../ui/states.tsx";
import { say } from "../ui/toast.tsx";

/** Takes an invitation back, or clears one that has run out. */
export function WithdrawInvitation({ invitation }: { invitation: Invitation }) {
  const session = useSession();
  const queries = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () => session.call("DELETE", `invitations/${invitation.id}`),
    onSuccess: () => say(`The invitation of ${invitation.address} no longer works.`),
    onError: (error) => say(wordsOf(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "invitations"] }),
  });
  return (
    <Button small busy={withdraw.isPending} onClick={() => withdraw.mutate()}>
      {invitation.state === "open" ? "Withdraw" : "Clear"}
      <span className="sr-only"> the invitation of {invitation.address}</span>
    </Button>
  );
}
