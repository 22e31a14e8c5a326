import { count, dayOf, plural } from "../ui/time.tsx";

/** One day of attempts; `open` are those that could not be judged. */
export type Day = { date: string; attempts: number; broken: number; open?: number };

/**
 * Attempts per day as bars, the last 90 days. A day on which something broke is red and carries a mark, one without an
 * attempt is a dot; the same figures stand in a table behind it.
 */
export function Days({ title, days, until }: { title: string; days: Day[]; until: number }) {
  const shown = everyDay(days, until);
  const most = Math.max(1, ...shown.map((day) => day.attempts));
  const red = shown.filter((day) => day.broken > 0);
  const total = shown.reduce((sum, day) => sum + day.attempts, 0);
  const tried = shown.filter((day) => day.attempts > 0);
  if (tried.length === 0) return null;
  const result = red.length
    ? `something broke on ${red.map((day) => dayOf(day.date)).join(", ")}`
    : "nothing broke";
  return (
    <figure className="mt-8 break-inside-avoid">
      <div
        role="img"
        aria-label={`${title}: ${count(total)} attempts on ${plural(tried.length, "day")} of the last 90; ${result}.`}
        className="flex h-[60px] items-end gap-px sm:gap-[2px]"
      >
        {shown.map((day) => (
          <Bar key={day.date} day={day} most={most} />
        ))}
      </div>
      <figcaption className="mt-2 flex flex-wrap justify-between gap-x-6 text-small text-muted">
        <span>{dayOf(shown[0]?.date ?? "")}</span>
        <span className="max-sm:order-last max-sm:basis-full">
          {title}, {result}
        </span>
        <span>today</span>
      </figcaption>
      <Table title={title} days={tried} />
    </figure>
  );
}

function Bar({ day, most }: { day: Day; most: number }) {
  const words = `${dayOf(day.date)}: ${plural(day.attempts, "attempt")}${day.broken ? `, ${day.broken} broken` : ""}`;
  return (
    <div title={words} className="flex h-full min-w-0 flex-1 flex-col items-center justify-end">
      {day.broken > 0 && (
        // A mark beside the colour: two bars in red and green look the same to many.
        <span className="mb-0.5 block h-[5px] w-full max-w-[7px] bg-broken [clip-path:polygon(50%_0,100%_100%,0_100%)]" />
      )}
      {day.attempts === 0 ? (
        <span className="block h-[2px] w-full rounded-full bg-line" />
      ) : (
        <span
          style={{ height: `${12 + (day.attempts / most) * 76}%` }}
          className={`block w-full rounded-t-[2px] ${day.broken > 0 ? "bg-broken" : "bg-held opacity-85"}`}
        />
      )}
    </div>
  );
}

function Table({ title, days }: { title: string; days: Day[] }) {
  return (
    <details className="group mt-1 text-small print:hidden">
      <summary className="inline-flex min-h-8 list-none items-center rounded-sm text-muted underline decoration-line underline-offset-3 hover:text-ink [&::-webkit-details-marker]:hidden">
        The same as a table
      </summary>
      <div className="mt-2 max-h-72 overflow-auto">
        <table className="w-full max-w-xl border-collapse text-left">
          <caption className="sr-only">{title}</caption>
          <thead>
            <tr className="text-muted">
              <th scope="col" className="py-1 pr-4 font-normal">
                Day
              </th>
              <th scope="col" className="py-1 pr-4 text-right font-normal">
                Attempts
              </th>
              <th scope="col" className="py-1 pr-4 text-right font-normal">
                Broken
              </th>
              <th scope="col" className="py-1 text-right font-normal">
                Not judged
              </th>
            </tr>
          </thead>
          <tbody>
            {days.toReversed().map((day) => (
              <tr key={day.date} className="border-t border-line">
                <th scope="row" className="py-1 pr-4 font-normal">
                  {dayOf(day.date)}
                </th>
                <td className="py-1 pr-4 text-right">{count(day.attempts)}</td>
                <td className={`py-1 pr-4 text-right ${day.broken > 0 ? "font-semibold text-broken" : ""}`}>
                  {count(day.broken)}
                </td>
                <td className="py-1 text-right">{day.open === undefined ? "—" : count(day.open)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

const dayLength = 86_400_000;

/** The last 90 days; one without a run stands between the others, not left out. */
function everyDay(days: Day[], until: number): Day[] {
  const byDate = new Map(days.map((day) => [day.date, day]));
  return Array.from({ length: 90 }, (_, at) => {
    const date = new Date(until - (89 - at) * dayLength).toISOString().slice(0, 10);
    return byDate.get(date) ?? { date, attempts: 0, broken: 0 };
  });
}
