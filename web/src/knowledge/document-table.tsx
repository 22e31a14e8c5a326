import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { Document } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { Moment } from "../ui/time.tsx";
import { DocumentMenu } from "./document-menu.tsx";
import { useRetryDocument } from "./documents.ts";

/** Documents as a table; on a phone the columns that matter less stand under the name. */
export function DocumentTable({ items }: { items: Document[] }) {
  return (
    <table className="w-full border-collapse text-left">
      <thead className="max-sm:sr-only">
        <tr className="border-b border-line text-small text-muted">
          <th scope="col" className="py-2 pr-4 pl-2.5 font-medium">
            Name
          </th>
          <th scope="col" className="w-60 py-2 pr-4 font-medium max-lg:w-44 max-sm:hidden">
            Who can see it
          </th>
          <th scope="col" className="w-20 py-2 pr-4 font-medium max-md:hidden">
            Pages
          </th>
          <th scope="col" className="w-24 py-2 pr-2 font-medium max-sm:hidden">
            Added
          </th>
          <th scope="col" className="w-10 py-2 sm:w-24">
            <span className="sr-only">More</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((document) => (
          <Row key={document.id} document={document} />
        ))}
      </tbody>
    </table>
  );
}

const Row = memo(function Row({ document }: { document: Document }) {
  const session = useSession();
  const retry = useRetryDocument(document.id);
  const seen = whoSees(document, session.tenant.name);
  const mayRetry = document.state === "failed" && document.mine && session.can("document.upload");
  const retryButton = mayRetry && (
    <Button
      kind="quiet"
      small
      className="px-2 text-ink"
      busy={retry.isPending}
      onClick={() => retry.mutate()}
    >
      Retry<span className="sr-only"> {document.name}</span>
    </Button>
  );
  return (
    <tr className="border-b border-line align-middle transition-colors hover:bg-accent-soft has-[:focus-visible]:bg-accent-soft">
      <th scope="row" className="py-2 pr-4 pl-2.5 font-normal">
        <div className="flex items-start gap-3">
          <Kind kind={document.kind} />
          <div className="min-w-0 flex-1">
            <Link
              to="/t/$slug/library/$documentId"
              params={{ slug: session.slug, documentId: document.id }}
              className="wrap-anywhere underline-offset-3 hover:underline"
            >
              {document.name}
            </Link>
            <Progress document={document} />
            <p className="line-clamp-2 text-small text-muted sm:hidden">
              <Moment at={document.createdAt} /> · {seen}
            </p>
            <div className="-ml-2 sm:hidden">{retryButton}</div>
          </div>
        </div>
      </th>
      <td className="py-2 pr-4 text-muted max-sm:hidden">
        <span className="line-clamp-2" title={seen}>
          {seen}
        </span>
      </td>
      <td className="py-2 pr-4 max-md:hidden">{document.pages ?? <span className="text-muted">–</span>}</td>
      <td className="py-2 pr-2 max-sm:hidden">
        <Moment at={document.createdAt} />
      </td>
      <td className="w-10 py-1 pr-1 text-right whitespace-nowrap sm:w-24">
        <div className="flex items-center justify-end">
          <span className="max-sm:hidden">{retryButton}</span>
          <DocumentMenu document={document} />
        </div>
      </td>
    </tr>
  );
});

/** What is happening to a document, or why it could not be read. Nothing when it is ready. */
export function Progress({ document }: { document: Document }) {
  if (document.state === "ready") return null;
  if (document.state === "failed") {
    return (
      <p className="flex gap-1.5 text-small text-broken">
        <span className="pt-0.5">
          <Glyph state="broken" size={13} />
        </span>
        <span>{document.problem?.message ?? "It could not be read. Try again, or add another version."}</span>
      </p>
    );
  }
  const words = { received: "waiting to be read", reading: "being read", indexing: "being indexed" }[
    document.state
  ];
  return (
    <p className="flex items-center gap-1.5 text-small text-muted">
      <Glyph state="working" size={13} />
      {words}
    </p>
  );
}

const kinds: Record<Document["kind"], string> = { pdf: "PDF", html: "HTM", markdown: "MD", text: "TXT" };

/** Kind of a document as a small plate. */
export function Kind({ kind }: { kind: Document["kind"] }) {
  return (
    <span className="mt-0.5 inline-flex h-5 w-[30px] shrink-0 items-center justify-center rounded-[4px] border border-line bg-surface text-[0.625rem] font-semibold tracking-wide text-muted">
      {kinds[kind]}
    </span>
  );
}

/** Who can see a document, in words. */
export function whoSees(document: Document, tenant: string): string {
  if (document.visibility === "private") return document.mine ? "Only you" : `Only ${document.owner.name}`;
  return document.mine ? `Everyone at ${tenant}` : `Everyone, from ${document.owner.name}`;
}
