import type { ReactNode } from "react";
import { Button } from "../../ui/button.tsx";
import { Empty } from "../../ui/states.tsx";
import { filterWords, isFiltered, type View, withoutFilters } from "./view.ts";

/** Why the list has nothing in it, and the way on. `addButton`: null where this person may not add. */
export function Emptiness(props: { view: View; onView: (view: View) => void; addButton: ReactNode }) {
  const { view, onView, addButton } = props;
  if (isFiltered(view)) return <NothingMatches view={view} onView={onView} />;
  if (view.q) return <p className="py-2 text-muted">No document is called “{view.q}”.</p>;
  if (view.folder && !view.everywhere) return <EmptyFolder addButton={addButton} />;
  return <Teach addButton={addButton} />;
}

function NothingMatches({ view, onView }: { view: View; onView: (view: View) => void }) {
  const words = `there is no ${filterWords(view)}`;
  const where = view.q
    ? `${capital(words)} that is called “${view.q}”.`
    : view.everywhere
      ? `${capital(words)}.`
      : view.folder
        ? `In this folder ${words}.`
        : `At the top of the library ${words}.`;
  const wider = !view.everywhere && !view.q;
  return (
    <Empty
      title="Nothing matches"
      action={
        <>
          {wider && (
            <Button kind="primary" onClick={() => onView({ ...view, everywhere: true })}>
              Look in every folder
            </Button>
          )}
          <Button onClick={() => onView(withoutFilters(view))}>Clear the filters</Button>
        </>
      }
    >
      <p>{where}</p>
    </Empty>
  );
}

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

function EmptyFolder({ addButton }: { addButton: ReactNode }) {
  return (
    <Empty title="Nothing is in this folder yet" action={addButton}>
      <p>
        {addButton
          ? "Drop files or whole folders here, or move documents in from elsewhere. Whoever can see the folder can see them."
          : "Whoever owns it has not put anything in yet."}
      </p>
    </Empty>
  );
}

function Teach({ addButton }: { addButton: ReactNode }) {
  return (
    <Empty title={addButton ? "Add the first document" : "Nothing is shared with you yet"} action={addButton}>
      {addButton ? (
        <p>
          PDF, Word, Excel, PowerPoint, OpenDocument, email, web pages, plain text, and ZIP archives of these.
          Drop files or whole folders anywhere on this page. They are encrypted before they are written to
          disk, and only you see them until you share them.
        </p>
      ) : (
        <p>When somebody shares a document or a folder with you, it appears here.</p>
      )}
    </Empty>
  );
}
