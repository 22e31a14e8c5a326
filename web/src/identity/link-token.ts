import { useState } from "react";
import { isApiError } from "../api/errors.ts";

/**
 * The one-time token that a mailed link carries after `#`. A fragment is never sent to a server; it stays in the
 * address until the token has been used (`forget`), so that loading the page again still works.
 */
export function useLinkToken(): { token: string; forget: () => void } {
  const [token] = useState(() => decodeURIComponent(window.location.hash.slice(1)));
  return {
    token,
    forget: () => window.history.replaceState(window.history.state, "", window.location.pathname),
  };
}

/** Whether the server refused a link's token: used up, out of date, or cut short when it was copied. */
export function isSpent(error: unknown): boolean {
  return isApiError(error) && (error.code === "link_invalid" || "token" in error.fields);
}
