import { useEffect, useState } from "react";
import { ago, count, plural } from "./amounts.ts";

export { ago, count, plural };

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** "today", "yesterday", "18 Nov", "18 Nov 2025". */
export function dayOf(iso: string): string {
  const date = new Date(iso);
  const now = new Date();
  const days = Math.round((startOf(now) - startOf(date)) / 86_400_000);
  if (days === 0) return "today";
  if (days === 1) return "yesterday";
  return date.getFullYear() === now.getFullYear() ? day.format(date) : dayAndYear.format(date);
}

export function fullTime(iso: string): string {
  return full.format(new Date(iso));
}

/** "1.2 MB", with decimal prefixes as file managers show them. */
export function bytesOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

function startOf(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** The current time, renewed every `seconds`. */
export function useNow(seconds = 30): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
  return now;
}

/** A moment, short, with the full date for whoever hovers or listens. */
export function Moment({ at, how = "day" }: { at: string; how?: "day" | "ago" | "full" }) {
  const now = useNow();
  const words = how === "day" ? dayOf(at) : how === "ago" ? ago(at, now, true) : fullTime(at);
  return (
    <time dateTime={at} title={fullTime(at)} className="whitespace-nowrap">
      {words}
    </time>
  );
}
