/** A state is never colour alone: each has its own shape, and the word stands beside it. */
export type State = "held" | "broken" | "attested" | "not-done" | "not-run" | "stale" | "working";

const words: Record<State, string> = {
  held: "held",
  broken: "broken",
  attested: "our word",
  "not-done": "not done",
  "not-run": "not run",
  stale: "stale",
  working: "working",
};

const colours: Record<State, string> = {
  held: "text-held",
  broken: "text-broken",
  attested: "text-attested",
  "not-done": "text-stale",
  "not-run": "text-stale",
  stale: "text-stale",
  working: "text-accent",
};

/** Word of a state, as written on the page. */
export function wordOf(state: State): string {
  return words[state];
}

/** The drawing alone, hidden from screen readers: the word belongs beside it. */
export function Glyph({ state, size = 16 }: { state: State; size?: number }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={`shrink-0 ${colours[state]}`}
    >
      {state === "held" && (
        <>
          <circle cx="8" cy="8" r="6.5" />
          <path d="m5.2 8.2 2 2 3.7-4.2" />
        </>
      )}
      {state === "broken" && (
        <>
          <path d="M8 1.8 15 14H1z" />
          <path d="M8 6.3v3.4M8 11.8v.1" />
        </>
      )}
      {state === "attested" && <path d="m3 13 .8-3.2L11 2.6l2.4 2.4-7.2 7.2zM9.6 4l2.4 2.4" />}
      {state === "not-done" && <circle cx="8" cy="8" r="6.5" strokeDasharray="2.2 2.2" />}
      {state === "not-run" && (
        <>
          <circle cx="8" cy="8" r="6.5" strokeDasharray="2.2 2.2" />
          <path d="M5.5 8h5" />
        </>
      )}
      {state === "stale" && (
        <>
          <circle cx="8" cy="8" r="6.5" />
          <path d="M8 4.5V8l2.3 1.6" />
        </>
      )}
      {state === "working" && (
        <>
          <circle cx="8" cy="8" r="6.5" opacity=".3" />
          <path d="M8 1.5A6.5 6.5 0 0 1 14.5 8" />
        </>
      )}
    </svg>
  );
}
