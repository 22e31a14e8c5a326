import { useLocation, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Document } from "../api/types.ts";
import { useWide } from "../frame/wide.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Empty, Forbidden } from "../ui/states.tsx";
import { passageOf } from "./document-page/addresses.ts";
import { Contents } from "./document-page/contents.tsx";
import { FindBar, useFinding } from "./document-page/find.tsx";
import { DocumentFrame } from "./document-page/frame.tsx";
import { PageField } from "./document-page/page-field.tsx";
import { Reader, type Target } from "./document-page/reader.tsx";
import { useOutline } from "./document-page/reading.ts";
import { useRetryDocument } from "./documents.ts";
import type { Marks } from "./passages.tsx";
import { Progress } from "./progress.tsx";

/** A document as text: its passages in order, the one that the address names in sight and marked. */
export function DocumentPage() {
  const session = useSession();
  const { documentId } = useParams({ from: "/t/$slug/library/$documentId" });
  if (!session.can("document.read")) return <Forbidden />;
  return (
    <DocumentFrame key={documentId} id={documentId} part="text">
      {(document) =>
        // While it is being indexed the text is there already; it is only not found yet.
        document.state === "ready" || document.state === "indexing" ? (
          <Text key={document.version} document={document} />
        ) : (
          <NotReady document={document} />
        )
      }
    </DocumentFrame>
  );
}

function Text({ document }: { document: Document }) {
  const wide = useWide();
  const { passage, start, end, find } = useSearch({ from: "/t/$slug/library/$documentId" });
  const { hash } = useLocation();
  const named = passageOf(hash) ?? passage ?? null;
  const [target, setTarget] = useState<Target | null>(named === null ? null : { no: named, time: 1 });
  const [place, setPlace] = useState(named ?? 0);
  const [open, setOpen] = useState(false);
  const go = useCallback((no: number) => setTarget((old) => ({ no, time: (old?.time ?? 0) + 1 })), []);
  // Following a link to another passage of the same document.
  useEffect(() => {
    if (named !== null)
      setTarget((old) => (old?.no === named ? old : { no: named, time: (old?.time ?? 0) + 1 }));
  }, [named]);
  const outline = useOutline(document.id, document.version);
  const finding = useFinding(document, find ?? "", named, go);
  const marks = useMemo<Marks>(() => {
    if (named === null) return new Map();
    return new Map([[named, start === undefined || end === undefined ? [] : [[start, end]]]]);
  }, [named, start, end]);
  const items = outline.data?.items ?? [];
  const contents = items.some(({ heading }) => heading !== null) || items.length > 3;
  const list = (
    <Contents
      kind={document.kind}
      items={items}
      place={place}
      onGo={(no) => {
        setOpen(false);
        go(no);
      }}
    />
  );

  return (
    <>
      <div className="sticky top-0 z-10 -mx-3 mb-6 flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line bg-paper px-3 py-2">
        <FindBar finding={finding} />
        <span className="flex items-center gap-3 sm:ml-auto">
          <PageField kind={document.kind} pages={document.pages} items={items} place={place} onGo={go} />
          {contents && !wide && (
            <Button small aria-haspopup="dialog" onClick={() => setOpen(true)}>
              Contents
            </Button>
          )}
        </span>
      </div>
      <div className="flex items-start gap-10">
        <div className="min-w-0 flex-1">
          <Reader
            text={{ path: `documents/${document.id}`, version: document.version }}
            kind={document.kind}
            marks={marks}
            sought={finding.sought}
            target={target}
            linkTo={document.id}
            onPlace={setPlace}
            empty={<NoText document={document} />}
          />
        </div>
        {contents && wide && (
          <aside
            aria-label="Contents"
            className="sticky top-20 flex max-h-[calc(100dvh-7rem)] w-64 shrink-0 flex-col"
          >
            {list}
          </aside>
        )}
      </div>
      {open && (
        <Dialog title="Contents" shape="drawer" onClose={() => setOpen(false)}>
          {list}
        </Dialog>
      )}
    </>
  );
}

function NoText({ document }: { document: Document }) {
  return (
    <Empty title="There is no text in it">
      <p>
        {document.pictures
          ? "Its pages are pictures. Add a version with text, or keep it as a file: it is found by its name."
          : "It is found by its name alone. The file itself is kept."}
      </p>
    </Empty>
  );
}

function NotReady({ document }: { document: Document }) {
  const session = useSession();
  const retry = useRetryDocument(document.id);
  if (document.state !== "failed") {
    return (
      <Empty title="It is being read">
        <p>The text appears here by itself, usually within seconds.</p>
        <div className="mt-4 flex justify-center">
          <Progress document={document} />
        </div>
      </Empty>
    );
  }
  return (
    <Empty
      title="This document could not be read"
      action={
        document.access !== "read" &&
        session.can("document.retry") && (
          <Button kind="primary" busy={retry.isPending} onClick={() => retry.mutate()}>
            Retry
          </Button>
        )
      }
    >
      <p>{document.problem?.message ?? "Try again, or add another version."}</p>
      <p className="mt-2">The file itself is kept, and found by its name.</p>
    </Empty>
  );
}
