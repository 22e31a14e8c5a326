import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { classes } from "./classes.ts";

export type Choice<Value> = {
  key: string;
  value: Value;
  /** What is searched, and what stands in the field once chosen. */
  words: string;
  /** Searched too and shown smaller: an address, a kind. */
  more?: string;
  icon?: ReactNode;
  /** Shown, but not to be chosen; says why. */
  off?: string;
};

const atMost = 30;

/**
 * A field that finds while one types, among any number of choices: a combobox with a list, as ARIA describes it.
 * Shows the best 30 and says how many more there are.
 */
export function Picker<Value>(props: {
  label: string;
  hideLabel?: boolean;
  placeholder?: string;
  choices: Choice<Value>[];
  chosen: Choice<Value> | null;
  onChoose: (choice: Choice<Value> | null) => void;
  /** Told what is typed, where the choices come from a search for it. */
  onText?: (text: string) => void;
  /** What to say when nothing matches. */
  none: string;
  loading?: boolean;
  first?: boolean;
  className?: string;
}) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const place = usePlace(field, open);
  const found = matching(props.choices, props.chosen ? "" : text);
  const shown = found.slice(0, atMost);
  const active = open ? shown[Math.min(at, shown.length - 1)] : undefined;

  function choose(choice: Choice<Value>) {
    if (choice.off) return;
    props.onChoose(choice);
    setText("");
    setOpen(false);
    setAt(0);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return setOpen(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      setAt((old) => (Math.min(old, shown.length - 1) + step + shown.length) % Math.max(1, shown.length));
    } else if (event.key === "Enter" && open && active) {
      event.preventDefault();
      choose(active);
    } else if (event.key === "Escape" && open) {
      // The list closes, not the dialog that it may stand in.
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
    }
  }

  return (
    <div className={classes("relative", props.className)}>
      <label htmlFor={id} className={props.hideLabel ? "sr-only" : "mb-1.5 block text-small font-semibold"}>
        {props.label}
      </label>
      <input
        ref={field}
        id={id}
        role="combobox"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={active ? `${id}-${active.key}` : undefined}
        autoComplete="off"
        spellCheck={false}
        {...(props.first ? { "data-first": true } : {})}
        placeholder={props.placeholder}
        value={props.chosen ? props.chosen.words : text}
        onChange={(event) => {
          props.onChoose(null);
          setText(event.target.value);
          props.onText?.(event.target.value);
          setOpen(true);
          setAt(0);
        }}
        onClick={() => setOpen(true)}
        onFocus={(event) => event.currentTarget.select()}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
        className="min-h-10 w-full rounded-md border border-edge bg-surface px-3 text-base text-ink"
      />
      <div
        id={`${id}-list`}
        role="listbox"
        aria-label={props.label}
        hidden={!open || shown.length === 0}
        style={place}
        className="fixed z-30 overflow-y-auto rounded-md border border-line bg-raised p-1 shadow-soft"
      >
        {shown.map((choice) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field keeps the focus and has the keys.
          <div
            key={choice.key}
            id={`${id}-${choice.key}`}
            role="option"
            tabIndex={-1}
            aria-selected={choice === active}
            aria-disabled={choice.off ? true : undefined}
            ref={choice === active ? (node) => node?.scrollIntoView({ block: "nearest" }) : undefined}
            // Keeps the focus in the field, whose loss would close the list before the click.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => choose(choice)}
            className={classes(
              "flex min-h-9 cursor-pointer items-center gap-2.5 rounded-sm px-2.5 py-1.5",
              choice === active && "bg-accent-soft",
              choice.off && "cursor-not-allowed text-muted",
            )}
          >
            {choice.icon}
            <span className="min-w-0 flex-1 leading-tight">
              <span className="block wrap-anywhere">{choice.words}</span>
              {(choice.off ?? choice.more) && (
                <span className="block text-small wrap-anywhere text-muted">{choice.off ?? choice.more}</span>
              )}
            </span>
          </div>
        ))}
      </div>
      <p role="status" className={classes("mt-1 text-small text-muted", !open && "sr-only")}>
        {open && (props.loading ? "Loading" : tally(found.length, text, props.none))}
      </p>
    </div>
  );
}

/** Under the field, or above it where there is more room; fixed, since a dialog would cut off what hangs out of it. */
function usePlace(field: RefObject<HTMLInputElement | null>, open: boolean): CSSProperties {
  const [style, setStyle] = useState<CSSProperties>({});
  useLayoutEffect(() => {
    if (!open) return;
    const measure = () => {
      const box = field.current?.getBoundingClientRect();
      if (!box) return;
      const below = window.innerHeight - box.bottom - 12;
      const up = below < 180 && box.top > below;
      setStyle({
        left: box.left,
        width: box.width,
        maxHeight: Math.min(264, up ? box.top - 12 : below),
        ...(up ? { bottom: window.innerHeight - box.top + 4 } : { top: box.bottom + 4 }),
      });
    };
    measure();
    window.addEventListener("scroll", measure, true);
    window.addEventListener("resize", measure);
    return () => {
      window.removeEventListener("scroll", measure, true);
      window.removeEventListener("resize", measure);
    };
  }, [open, field]);
  return style;
}

function tally(found: number, text: string, none: string): string {
  if (found === 0) return none;
  if (found > atMost) return `${atMost} of ${found.toLocaleString("en-GB")}. Type to find the others.`;
  return text ? `${found} found` : "";
}

/** Those that hold every word that was typed; names that begin so come first. */
function matching<Value>(choices: Choice<Value>[], text: string): Choice<Value>[] {
  const words = folded(text).split(/\s+/).filter(Boolean);
  if (!words.length) return choices;
  const hits = choices.filter((choice) => {
    const hay = folded(`${choice.words} ${choice.more ?? ""}`);
    return words.every((word) => hay.includes(word));
  });
  const begins = (choice: Choice<Value>) => (folded(choice.words).startsWith(words[0] ?? "") ? 0 : 1);
  return hits.sort((a, b) => begins(a) - begins(b));
}

/** Without case and accents: "osei" finds "Óséi". */
export function folded(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
