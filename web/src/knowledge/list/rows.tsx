import { Link } from "@tanstack/react-router";
import { memo, type ReactNode } from "react";
import type { Document, Folder } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { bytesOf, Moment } from "../../ui/time.tsx";
import { DocumentMenu } from "../document-menu.tsx";
import { useRetryDocument } from "../documents.ts";
import { FolderMenu } from "../folders/folder-menu.tsx";
import type { Tree } from "../folders/folders.ts";
import { dragProps, useDropTarget } from "../folders/moving.ts";
import { Kind, Plate } from "../plate.tsx";
import { Progress } from "../progress.tsx";
import { WhoSees } from "../sharing/who-sees.tsx";
import { GridPart } from "./grid-part.tsx";
import type { Item } from "./items.ts";
import { rowColumns } from "./row-look.ts";
import type { Sort } from "./view.ts";

/** Where a row is drawn, and whether it is the one that Tab enters. */
type Place = { index: number; top: number; active: boolean; measure: (row: HTMLElement | null) => void };

type RowProps = Place & {
  item: Item;
  tree: Tree;
  everywhere: boolean;
  sort: Sort | undefined;
  selected: boolean;
  /** What is dragged with this one. */
  itemsWith: (item: Item) => Item[];
};

export const Row = memo(function Row(props: RowProps) {
  return props.item.kind === "folder" ? (
    <FolderRow {...props} folder={props.item.thing} />
  ) : (
    <DocumentRow {...props} document={props.item.thing} />
  );
});

/** In the place of a row that has not been loaded yet. */
export function WaitingRow({ index, top, active, measure }: Place) {
  return (
    <GridPart
      ref={measure}
      role="row"
      data-index={index}
      aria-rowindex={index + 2}
      aria-busy="true"
      tabIndex={active ? 0 : -1}
      style={{ transform: `translateY(${top}px)` }}
      className={rowColumns}
    >
      <GridPart role="gridcell" />
      <GridPart role="gridcell" className="py-3.5 pr-8">
        <span className="sr-only">Loading</span>
        <span aria-hidden="true" className="block h-4 max-w-72 rounded-sm bg-line" />
      </GridPart>
    </GridPart>
  );
}

function FolderRow(props: RowProps & { folder: Folder }) {
  const { folder, item, tree, everywhere } = props;
  const session = useSession();
  const drop = useDropTarget(folder.id);
  return (
    <Frame
      {...props}
      folder={folder.id}
      over={drop.over}
      attributes={{
        ...dragProps(() => props.itemsWith(item), folder.access !== "read" && session.can("folder.move")),
        ...drop.handlers,
      }}
      plate={<Plate letters="DIR" words="Folder" />}
      name={
        <Link
          to="/t/$slug/library"
          params={{ slug: session.slug }}
          search={{ folder: folder.id }}
          tabIndex={props.active ? 0 : -1}
          draggable={false}
          className="wrap-anywhere underline-offset-3 hover:underline"
        >
          {folder.name}
        </Link>
      }
      below={
        <>
          {everywhere && folder.parent && <Where tree={tree} folder={folder.parent} />}
          <p className="text-small text-muted sm:hidden">
            <WhoSees kind="folders" thing={folder} folder={null} />
          </p>
        </>
      }
      sight={<WhoSees kind="folders" thing={folder} />}
      size={<span className="text-muted">–</span>}
      day={<Moment at={folder.createdAt} />}
      more={<FolderMenu folder={folder} focusable={props.active} />}
    />
  );
}

function DocumentRow(props: RowProps & { document: Document }) {
  const { document, item, tree, everywhere, sort, active } = props;
  const session = useSession();
  const retry = useRetryDocument(document.id);
  const mayWrite = document.access !== "read";
  const mayRetry = document.state === "failed" && mayWrite && session.can("document.retry");
  const through = throughFolder(document, tree);
  const at = sort === "changed" ? document.updatedAt : document.createdAt;
  const retryButton = mayRetry && (
    <Button
      kind="quiet"
      small
      tabIndex={active ? 0 : -1}
      className="px-2 text-ink"
      busy={retry.isPending}
      onClick={() => retry.mutate()}
    >
      Retry<span className="sr-only"> {document.name}</span>
    </Button>
  );
  return (
    <Frame
      {...props}
      attributes={dragProps(() => props.itemsWith(item), mayWrite && session.can("document.move"))}
      plate={<Kind kind={document.kind} />}
      name={
        <Link
          to="/t/$slug/library/$documentId"
          params={{ slug: session.slug, documentId: document.id }}
          tabIndex={active ? 0 : -1}
          draggable={false}
          className="wrap-anywhere underline-offset-3 hover:underline"
        >
          {document.name}
        </Link>
      }
      below={
        <>
          {everywhere && document.folder && <Where tree={tree} folder={document.folder} />}
          <Progress document={document} />
          <p className="flex flex-wrap gap-x-2 text-small text-muted sm:hidden">
            <Moment at={at} />
            {sort === "largest" && <span>{bytesOf(document.bytes)}</span>}
            <WhoSees thing={document} folder={through} />
          </p>
          <div className="-ml-2 sm:hidden">{retryButton}</div>
        </>
      }
      sight={<WhoSees thing={document} folder={through} />}
      size={
        sort === "largest"
          ? bytesOf(document.bytes)
          : (document.pages ?? <span className="text-muted">–</span>)
      }
      day={<Moment at={at} />}
      more={
        <>
          <span className="max-sm:hidden">{retryButton}</span>
          <DocumentMenu document={document} focusable={active} />
        </>
      }
    />
  );
}

function Frame(
  props: RowProps & {
    folder?: string;
    over?: boolean;
    attributes: object;
    plate: ReactNode;
    name: ReactNode;
    below: ReactNode;
    sight: ReactNode;
    size: ReactNode;
    day: ReactNode;
    more: ReactNode;
  },
) {
  const { item, index, selected, active } = props;
  return (
    <GridPart
      {...props.attributes}
      ref={props.measure}
      role="row"
      data-index={index}
      data-folder={props.folder}
      data-over={props.over || undefined}
      aria-rowindex={index + 2}
      aria-selected={selected}
      tabIndex={active ? 0 : -1}
      style={{ transform: `translateY(${props.top}px)` }}
      className={rowColumns}
    >
      <GridPart role="gridcell" className="flex">
        <label data-box className="flex h-11 w-full items-center justify-center pr-1">
          <input
            type="checkbox"
            aria-label={`Select ${item.name}`}
            tabIndex={active ? 0 : -1}
            checked={selected}
            // The grid's own click does it, so that Shift can make a range of it.
            onChange={() => undefined}
            className="size-[15px] accent-[var(--accent)] opacity-60 group-hover/row:opacity-100 group-focus/row:opacity-100 checked:opacity-100 pointer-coarse:size-[18px] pointer-coarse:opacity-100"
          />
        </label>
      </GridPart>
      <GridPart role="rowheader" className="flex min-w-0 items-start gap-3 py-[0.6rem] pr-4">
        {props.plate}
        <span className="block min-w-0 flex-1">
          {props.name}
          {props.below}
        </span>
      </GridPart>
      <GridPart role="gridcell" className="py-[0.6rem] pr-4 text-muted max-sm:hidden">
        {props.sight}
      </GridPart>
      <GridPart role="gridcell" className="py-[0.6rem] pr-4 max-md:hidden">
        {props.size}
      </GridPart>
      <GridPart role="gridcell" className="py-[0.6rem] pr-2 max-sm:hidden">
        {props.day}
      </GridPart>
      <GridPart role="gridcell" className="flex items-center justify-end py-1 pr-1 whitespace-nowrap">
        {props.more}
      </GridPart>
    </GridPart>
  );
}

function Where({ tree, folder }: { tree: Tree; folder: string }) {
  const path = tree.pathTo(folder).map(({ name }) => name);
  return path.length ? <p className="text-small wrap-anywhere text-muted">in {path.join(" › ")}</p> : null;
}

/** The shared folder that a document stands in, when that is why others see it. */
function throughFolder(document: Document, tree: Tree): string | null {
  const folder = document.folder ? tree.byId.get(document.folder) : undefined;
  if (!folder || document.visibility === "private") return null;
  return folder.visibility === document.visibility ? folder.name : null;
}
