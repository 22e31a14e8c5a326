import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { wordsOf } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";

/** Takes the closing back; nothing is lost by it, so nothing is asked. */
export function KeepButton({ small = false }: { small?: boolean }) {
  const session = useSession();
  const queries = useQueryClient();
  const keep = useMutation({
    mutationFn: () => session.call("DELETE", "tenant/closing"),
    onSuccess: () => say("The workspace is kept. Everything goes on as before."),
    onError: (error) => say(wordsOf(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug] }),
  });
  return (
    <Button small={small} kind="primary" busy={keep.isPending} onClick={() => keep.mutate()}>
      Keep the workspace
    </Button>
  );
}
