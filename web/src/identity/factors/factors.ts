import { useQuery } from "@tanstack/react-query";
import type { Factors } from "../../api/types.ts";
import { useSession } from "../session.tsx";

/** The signed-in person's second factors. */
export function useFactors(enabled = true) {
  const session = useSession();
  return useQuery({
    queryKey: [session.slug, "factors"],
    queryFn: () => session.call<Factors>("GET", "account/factors"),
    enabled,
  });
}

/** Whether somebody has any factor with which they can sign in. */
export function hasFactor({ totp, passkeys }: Factors): boolean {
  return totp !== null || passkeys.length > 0;
}
