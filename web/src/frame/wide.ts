import { useSyncExternalStore } from "react";

const query = "(min-width: 1080px)";

/** Whether there is room for a second column beside a page. Follows zoom and the window's size. */
export function useWide(): boolean {
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches);
}

function subscribe(listener: () => void): () => void {
  const media = window.matchMedia(query);
  media.addEventListener("change", listener);
  return () => media.removeEventListener("change", listener);
}
