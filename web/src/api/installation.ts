import { useQuery } from "@tanstack/react-query";
import { callGlobal } from "./client.ts";
import type { Installation } from "./types.ts";

/** What everybody may know of this installation. */
export const useInstallation = (options: { readonly staleTime?: number; readonly retry?: boolean } = {}) =>
  useQuery({
    queryKey: ["installation"],
    queryFn: () => callGlobal<Installation>("GET", "installation"),
    ...options,
  });
