import type { AccessView } from "../../api/types.ts";
import { Notice } from "../../ui/states.tsx";

/** An admin who reads something without its being shared with them, until when and why. */
export function OpeningNotice({ opening, mine }: { opening: AccessView["openings"][number]; mine: boolean }) {
  return (
    <Notice kind="stale">
      <strong className="font-semibold">{opening.by.name}</strong> (admin){" "}
      {mine ? "can read this" : "reads this"} until {untilWords(opening.until)}: “{opening.reason}”
    </Notice>
  );
}

const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const dayAndTime = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

/** "14:30" today, else with its day. */
export function untilWords(iso: string): string {
  const date = new Date(iso);
  return date.toDateString() === new Date().toDateString() ? time.format(date) : dayAndTime.format(date);
}
