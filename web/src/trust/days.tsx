import type { SecuritySnapshot } from "../api/types.ts";
import { count, dayOf, plural } from "../ui/time.tsx";

type Day = SecuritySnapshot["days"][number];

/** Attempts per day as bars, the last 90 days; a day on which something broke is red and has its own words. */
export function Days({ days }: { days: Day[] }) {
  const shown = everyDay(days).slice(-90);
  const first = shown[0];
  if (!first || shown.length < 2) return null;
  const most = Math.max(1, ...shown.map((day) => day.attempts));
  const red = shown.filter((day) => day.broken > 0);
  const total = shown.reduce((sum, day) => sum + day.attempts, 0);
  const summary = `${count(total)} attempts in ${plural(shown.length, "day")}; ${
    red.length ? `something broke on ${red.map((day) => dayOf(day.date)).join(", ")}` : "none got through"
  }.`;
  return (
    <figure className="mt-10">
      <svg
        role="img"
        aria-label={summary}
        viewBox={`0 0 ${shown.length * 10} 44`}
        preserveAspectRatio="none"
        className="block h-[52px] w-full"
      >
        {shown.map((day, index) => {
          const height = day.attempts === 0 ? 4 : 8 + (day.attempts / most) * 36;
          const look =
            day.broken > 0 ? "fill-broken" : day.attempts === 0 ? "fill-line" : "fill-held opacity-85";
          return (
            <rect
              key={day.date}
              x={index * 10 + 0.6}
              y={44 - height}
              width={8.8}
              height={height}
              className={look}
            >
              <title>{`${dayOf(day.date)}: ${plural(day.attempts, "attempt")}${day.broken ? `, ${day.broken} broken` : ""}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption className="mt-2 flex flex-wrap justify-between gap-x-6 text-small text-muted">
        <span>{dayOf(first.date)}</span>
        <span className="max-sm:order-last max-sm:basis-full">
          attempts a day, last {plural(shown.length, "day")}
          {red.length > 0 &&
            ` · ${red.length === 1 ? "one red day" : `${red.length} red days`}: ${red.map((day) => dayOf(day.date)).join(", ")}`}
        </span>
        <span>{dayOf(shown.at(-1)?.date ?? first.date)}</span>
      </figcaption>
    </figure>
  );
}

const dayLength = 86_400_000;

/** A day without a run stands between the others as a gap, not left out. */
function everyDay(days: Day[]): Day[] {
  const byDate = new Map(days.map((day) => [day.date, day]));
  const first = Date.parse(days[0]?.date ?? "");
  const last = Date.parse(days.at(-1)?.date ?? "");
  const all: Day[] = [];
  for (let at = first; at <= last; at += dayLength) {
    const date = new Date(at).toISOString().slice(0, 10);
    all.push(byDate.get(date) ?? { date, attempts: 0, broken: 0 });
  }
  return all;
}
