import { FolderInput, Trash2, X } from "lucide-react";
import { useSession } from "../../identity/session.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { count } from "../../ui/time.tsx";
import { wordsOfItems } from "./deeds.ts";
import type { Item } from "./items.ts";

/** What can be done with all that is selected; lies over the heads of the columns, so that nothing moves. */
export function BulkBar(props: {
  items: Item[];
  total: number;
  /** Those that are not loaded yet are being fetched, to be selected too. */
  collecting: boolean;
  onAll: () => void;
  onClear: () => void;
  onMove: () => void;
  onBin: () => void;
}) {
  const { items, total, collecting } = props;
  const session = useSession();
  const mayMove = session.can("document.move") || session.can("folder.move");
  const mayBin = session.can("document.delete") || session.can("folder.delete");
  const any = items.length > 0 || collecting;
  return (
    <>
      {/* There before its words, so that a screen reader hears them come. */}
      <p role="status" className="sr-only">
        {any && (collecting ? "Selecting all" : `${wordsOfItems(items)} selected`)}
      </p>
      {any && (
        <div
          role="toolbar"
          aria-label="What is selected"
          onKeyDown={(event) => {
            if (event.key === "Escape") props.onClear();
          }}
          className="sticky top-0 z-10 -mb-10.5 flex h-10.5 items-center border-b border-accent bg-accent-soft px-1 sm:rounded-t-sm"
        >
          <IconButton label="Select nothing (Esc)" onClick={props.onClear} className="hover:bg-surface">
            <X size={16} aria-hidden />
          </IconButton>
          <span aria-hidden="true" className="mr-1 min-w-0 truncate text-small font-semibold sm:mr-2">
            {collecting ? (
              `Selecting all ${count(total)}`
            ) : (
              <>
                <span className="sm:hidden">{count(items.length)}</span>
                <span className="max-sm:hidden">{wordsOfItems(items)}</span> selected
              </>
            )}
          </span>
          {!collecting && items.length < total && (
            <Button kind="quiet" small className={barButton} onClick={props.onAll}>
              Select all {count(total)}
            </Button>
          )}
          <span className="ml-auto flex">
            {mayMove && (
              <Button kind="quiet" small className={barButton} disabled={collecting} onClick={props.onMove}>
                <FolderInput size={16} aria-hidden />
                <span className="max-sm:sr-only">Move</span>
              </Button>
            )}
            {mayBin && (
              <Button kind="quiet" small className={barButton} disabled={collecting} onClick={props.onBin}>
                <Trash2 size={16} aria-hidden />
                <span className="max-sm:sr-only">To the bin</span>
              </Button>
            )}
          </span>
        </div>
      )}
    </>
  );
}

const barButton = "px-2 hover:bg-surface";
