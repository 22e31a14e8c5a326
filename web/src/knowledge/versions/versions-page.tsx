import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { Document, Version } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { ErrorPanel, Forbidden, Skeleton } from "../../ui/states.tsx";
import { DocumentFrame } from "../document-page/frame.tsx";
import { Compare } from "./compare.tsx";
import { OldVersion } from "./old-version.tsx";
import { VersionList } from "./version-list.tsx";
import { useVersions } from "./versions.ts";

/** The versions of a document: the list, the text of one, or what changed between two. */
export function VersionsPage() {
  const session = useSession();
  const { documentId } = useParams({ from: "/t/$slug/library/$documentId/versions" });
  if (!session.can("document.versions")) return <Forbidden />;
  return (
    <DocumentFrame key={documentId} id={documentId} part="versions">
      {(document) => <Body document={document} />}
    </DocumentFrame>
  );
}

function Body({ document }: { document: Document }) {
  const session = useSession();
  const navigate = useNavigate();
  const { open, from, to } = useSearch({ from: "/t/$slug/library/$documentId/versions" });
  const versions = useVersions(document);
  const show = (search: { open?: string; from?: string; to?: string }) =>
    void navigate({
      to: "/t/$slug/library/$documentId/versions",
      params: { slug: session.slug, documentId: document.id },
      search,
    });
  if (versions.isPending) return <Skeleton label="Loading the versions" lines={5} tall />;
  if (versions.isError)
    return (
      <ErrorPanel
        error={versions.error}
        onRetry={() => void versions.refetch()}
        title="The versions could not be loaded"
      />
    );
  const items = versions.data.items;
  const byId = (id: string | undefined) => items.find((version) => version.id === id);
  const [old, older, newer] = [byId(open), byId(from), byId(to)];
  const actions = {
    onOpen: (version: Version) => show({ open: version.id }),
    onCompare: (a: Version, b: Version) => {
      const [first, second] = a.no < b.no ? [a, b] : [b, a];
      show({ from: first.id, to: second.id });
    },
    onClose: () => show({}),
  };
  if (older && newer)
    return <Compare key={`${older.id} ${newer.id}`} older={older} newer={newer} all={items} {...actions} />;
  if (old) return <OldVersion key={old.id} version={old} all={items} document={document} {...actions} />;
  return <VersionList document={document} items={items} {...actions} />;
}
