import type { ReactNode } from "react";
import { Button } from "./button.tsx";

interface Paged {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  fetchNextPage(): unknown;
}

/** Below a list that the server hands out in pages: fetches the next one, while there is one. */
export function NextPage({ of, children }: { of: Paged; children: ReactNode }) {
  if (!of.hasNextPage) return null;
  return (
    <Button small className="mt-5" busy={of.isFetchingNextPage} onClick={() => void of.fetchNextPage()}>
      {children}
    </Button>
  );
}
