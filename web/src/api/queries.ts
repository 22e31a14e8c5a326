import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isApiError } from "./errors.ts";

/** One cache for the page. Refusals are shown at once; only a lost connection or a busy server is tried again. */
export function createQueries(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache(),
    mutationCache: new MutationCache(),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: false,
        retry: (count, error) =>
          count < 2 && isApiError(error) && (error.status >= 500 || error.code === "unreachable"),
        retryDelay: (count) => 400 * 2 ** count,
      },
      mutations: { retry: false },
    },
  });
}
