import { useSyncExternalStore } from "react";

/** Whether the page is being printed: what is folded on the screen is open on paper. */
export function usePrinting(): boolean {
  return useSyncExternalStore(subscribe, () => window.matchMedia("print").matches);
}

function subscribe(listener: () => void): () => void {
  const media = window.matchMedia("print");
  media.addEventListener("change", listener);
  return () => media.removeEventListener("change", listener);
}
