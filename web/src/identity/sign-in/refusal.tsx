import { useEffect, useState } from "react";
import { isApiError } from "../../api/errors.ts";
import { plural, useNow } from "../../ui/time.tsx";

/** Why somebody was not let in, in words; `wait` is what useWait says. */
export function Refusal({ error, wait }: { error: unknown; wait: number }) {
  if (!isApiError(error)) return "Something on this page went wrong. Load the page again.";
  if (error.code === "rate_limited" || error.code === "busy") {
    const what = error.code === "busy" ? "The server is busy." : "Too many attempts from this place.";
    return wait > 0
      ? `${what} Wait ${plural(wait, "second")}, then try again.`
      : `${what} You can try again now.`;
  }
  return (
    <>
      {Object.values(error.fields).join(" ") || error.message}
      {error.requestId && error.status >= 500 && (
        <span className="mt-1 block font-mono text-evidence text-muted">Request {error.requestId}</span>
      )}
    </>
  );
}

/** Seconds left of the wait that a refusal asked for; 0 when none. */
export function useWait(error: unknown): number {
  const now = useNow(1);
  const [until, setUntil] = useState(0);
  useEffect(() => {
    if (isApiError(error) && error.retryAfter) setUntil(Date.now() + error.retryAfter * 1000);
  }, [error]);
  return Math.max(
    0,
    Math.min(Math.ceil((until - now) / 1000), isApiError(error) ? (error.retryAfter ?? 0) : 0),
  );
}
