import { useParams } from "@tanstack/react-router";
import type { HistoryEntry } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { eventWords } from "../../trust/event-words.tsx";
import { NextPage } from "../../ui/next-page.tsx";
import { Empty, ErrorPanel, Forbidden, Skeleton } from "../../ui/states.tsx";
import { bytesOf, Moment } from "../../ui/time.tsx";
import { DocumentFrame } from "../document-page/frame.tsx";
import type { Tree } from "../folders/folders.ts";
import { useFolders } from "../folders/folders.ts";
import { useHistory } from "./versions.ts";

/** What happened to a document, newest first, as the audit log has it. */
export function HistoryPage() {
  const session = useSession();
  const { documentId } = useParams({ from: "/t/$slug/library/$documentId/history" });
  if (!session.can("document.history")) return <Forbidden />;
  return (
    <DocumentFrame key={documentId} id={documentId} part="history">
      {() => <Body id={documentId} />}
    </DocumentFrame>
  );
}

function Body({ id }: { id: string }) {
  const history = useHistory(id);
  const { tree } = useFolders();
  if (history.isPending) return <Skeleton label="Loading the history" lines={6} tall />;
  if (history.isError)
    return (
      <ErrorPanel
        error={history.error}
        onRetry={() => void history.refetch()}
        title="The history could not be loaded"
      />
    );
  const items = history.data.pages.flatMap((page) => page.items);
  if (!items.length)
    return (
      <Empty title="Nothing is recorded yet">
        <p>What happens to this document appears here within moments.</p>
      </Empty>
    );
  return (
    <section aria-labelledby="history">
      <h2 id="history" className="sr-only">
        History
      </h2>
      <ol className="border-l border-line pl-5">
        {items.map((entry, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id, and older ones are only appended.
          <Entry key={index} entry={entry} tree={tree} />
        ))}
      </ol>
      <NextPage of={history}>Show older entries</NextPage>
      <p className="mt-6 max-w-[62ch] text-small text-muted">
        Taken from the audit log, which nobody can change. Reading and searching are not recorded.
      </p>
    </section>
  );
}

function Entry({ entry, tree }: { entry: HistoryEntry; tree: Tree }) {
  const session = useSession();
  const who = entry.by
    ? entry.by.id === session.me.id
      ? "you"
      : (entry.by.name ?? "a former member")
    : "Vouchsafe itself";
  const more = changeWords(entry, tree);
  return (
    <li className="relative pb-4">
      <span
        aria-hidden="true"
        className="absolute top-[0.45rem] -left-[1.5rem] size-2 rounded-full border border-edge bg-paper"
      />
      <p className="font-medium">{words[entry.event] ?? eventWords(entry.event)}</p>
      {more && <p className="wrap-anywhere">{more}</p>}
      <p className="text-small text-muted">
        {who} · <Moment at={entry.at} how="full" />
      </p>
    </li>
  );
}

/** The event as it stands in a list about this one document. */
const words: Record<string, string> = {
  "document.uploaded": "Added",
  "document.changed": "Renamed",
  "document.moved": "Moved",
  "document.retried": "Read again",
  "document.deleted": "Put into the bin",
  "document.restored": "Brought back from the bin",
  "document.version-added": "New version",
  "document.version-restored": "Version restored",
  "document.shared": "Shared",
  "document.downloaded": "Downloaded",
  "content.read": "Read by an admin who had it opened",
};

/** What changed, as far as the log says it to this reader: names are not kept in it. */
function changeWords({ event, changes }: HistoryEntry, tree: Tree): string {
  const parts: string[] = [];
  for (const [field, [before, after]] of Object.entries(changes)) {
    if (field === "folder" && event === "document.moved")
      parts.push(`From ${placeOf(before, tree)} to ${placeOf(after, tree)}`);
    else if (field === "folder" && event === "document.restored") parts.push(`To ${placeOf(after, tree)}`);
    else if (field === "version" && isKnown(after)) parts.push(`Version ${after}`);
    else if (field === "from" && isKnown(after)) parts.push(`with the file of version ${after}`);
    else if (field === "bytes" && typeof after === "number") parts.push(bytesOf(after));
    else if (field === "name" && event === "document.changed")
      parts.push("What it was called is not kept in the log");
    else if (field === "with" && isKnown(after))
      parts.push(
        event === "document.shared" ? withWhom(String(after)) : `With the folder ${placeOf(after, tree)}`,
      );
    else if (field === "access" && isKnown(after))
      parts.push(after === "write" ? "can change it" : "can read it");
  }
  return parts.join(", ");
}

/** The log keeps whom by their id: "tenant", "group …", "member …". */
function withWhom(words: string): string {
  if (words.startsWith("tenant")) return "With everyone";
  return words.startsWith("group") ? "With a group" : "With a person";
}

function isKnown(value: unknown): value is string | number {
  return typeof value === "number" || (typeof value === "string" && value !== "" && value !== "[redacted]");
}

function placeOf(id: unknown, tree: Tree): string {
  if (id === null || id === undefined) return "the top of the library";
  const folder = typeof id === "string" ? tree.byId.get(id) : undefined;
  return folder ? `“${folder.name}”` : "a folder that you do not see";
}
