/** A person's initials in a disc; the name stands beside it. */
export function Initials({ name }: { name: string }) {
  // Signs are no initials: "Olu Marsh (operator)" is OM.
  const parts = name.match(/(?<![(\p{L}])\p{L}[^\s]*/gu) ?? [name.trim()];
  const letters = `${parts[0]?.[0] ?? ""}${parts.length > 1 ? (parts.at(-1)?.[0] ?? "") : ""}`.toUpperCase();
  return (
    <span
      aria-hidden="true"
      className="inline-flex size-7 shrink-0 items-center justify-center rounded-full bg-accent-soft text-[0.6875rem] font-bold text-accent"
    >
      {letters}
    </span>
  );
}
