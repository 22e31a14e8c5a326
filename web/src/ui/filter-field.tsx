/** Narrows a list on the page while one types. */
export function FilterField(props: {
  label: string;
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <input
      type="search"
      data-search
      aria-label={props.label}
      placeholder={props.placeholder ?? props.label}
      value={props.value}
      onChange={(event) => props.onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape" && props.value) {
          // Empties the field, and leaves open the dialog that it may stand in.
          event.preventDefault();
          event.stopPropagation();
          props.onChange("");
        }
      }}
      className="min-h-9 w-full rounded-md border border-line bg-surface px-3.5 hover:border-edge focus:border-accent sm:w-64"
    />
  );
}
