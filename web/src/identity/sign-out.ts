import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useSession } from "./session.tsx";

/** Ends this session (or all of the person's) and goes to the sign-in page. */
export function useSignOut(everywhere = false) {
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => session.call("DELETE", everywhere ? "sessions" : "session"),
    onSuccess: async () => {
      await navigate({ to: "/t/$slug/sign-in", params: { slug: session.slug }, search: { left: true } });
      queries.removeQueries({ queryKey: [session.slug] });
    },
  });
}
