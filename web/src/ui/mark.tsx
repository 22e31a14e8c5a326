/** The sign of the product: a V in a ring, as a notary's stamp. Decorative; the name stands beside it. */
export function BrandMark({ size = 22 }: { size?: number }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className="shrink-0 text-accent"
    >
      <circle cx="12" cy="12" r="10.6" />
      <circle cx="12" cy="12" r="8" strokeWidth="0.8" strokeDasharray="0.6 1.9" />
      <path d="m8.4 9.2 3.6 5.8 3.6-5.8" />
    </svg>
  );
}
