import { FileText, FolderClosed } from "lucide-react";
import type { Binned } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { classes } from "../../ui/classes.ts";
import { Glyph } from "../../ui/glyph.tsx";
import { Moment, plural, useNow } from "../../ui/time.tsx";

const soon = 3;

/** One thing in the bin: where it was, who deleted it, how long it stays. */
export function BinRow(props: {
  item: Binned;
  selected: boolean;
  busy: boolean;
  onToggle: () => void;
  onRestore: (() => void) | null;
  onRemove: (() => void) | null;
}) {
  const { item, selected, busy, onRestore, onRemove } = props;
  const session = useSession();
  const now = useNow(600);
  const days = Math.max(0, Math.ceil((Date.parse(item.until) - now) / 86_400_000));
  const isFolder = item.kind === "folder";
  const Icon = isFolder ? FolderClosed : FileText;
  const left = days === 0 ? "its last day" : `${plural(days, "day")} left`;
  return (
    <li
      className={classes(
        "flex flex-wrap items-start gap-x-3 gap-y-1 border-b border-line py-2 pr-1 pl-2.5 hover:bg-accent-soft",
        selected && "bg-accent-soft",
      )}
    >
      <label className="flex min-h-7 items-center">
        <input
          type="checkbox"
          aria-label={`Select ${item.name}`}
          checked={selected}
          onChange={props.onToggle}
          className="size-[15px] accent-[var(--accent)] pointer-coarse:size-[18px]"
        />
      </label>
      <span className="flex min-h-7 items-center text-muted">
        <Icon size={17} strokeWidth={1.6} aria-hidden />
        <span className="sr-only">{isFolder ? "Folder" : "Document"}, </span>
      </span>
      <span className="min-w-0 flex-1 basis-52">
        <span className="block wrap-anywhere">
          {item.name}
          {isFolder && <span className="text-muted">, {plural(item.documents, "document")} in it</span>}
        </span>
        <span className="block text-small text-muted">
          {item.from ? `from “${item.from.name}”` : "from the top of the library"} · deleted{" "}
          <Moment at={item.deletedAt} />
          {item.by.id !== session.me.id && ` by ${item.by.name}`}
          <span className="whitespace-nowrap sm:hidden"> · {left}</span>
        </span>
      </span>
      <span
        className={classes(
          "flex min-h-8 items-center gap-1.5 text-small max-sm:hidden",
          days <= soon ? "text-ink" : "text-muted",
        )}
      >
        <Glyph state="stale" size={13} />
        {left}
      </span>
      <span className="flex gap-1 max-sm:basis-full max-sm:justify-end">
        {onRestore && (
          <Button small busy={busy} onClick={onRestore}>
            Restore<span className="sr-only"> {item.name}</span>
          </Button>
        )}
        {onRemove && (
          <Button small kind="quiet" className="px-2" onClick={onRemove}>
            Delete for ever<span className="sr-only">: {item.name}</span>
          </Button>
        )}
      </span>
    </li>
  );
}
