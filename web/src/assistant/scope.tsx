import { useQuery } from "@tanstack/react-query";
import { ChevronDown, FileText } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import type { DocumentList, Scope } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { useDocument } from "../knowledge/documents.ts";
import { useFolders } from "../knowledge/folders/folders.ts";
import { isKind, type Kind, kinds, kindWords } from "../knowledge/kinds.ts";
import { Drop, Pill, pillButton } from "../knowledge/search/filters.tsx";
import { folderChoices } from "../knowledge/search/folder-dialog.tsx";
import { useSettled } from "../knowledge/search/searching.ts";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { SelectField } from "../ui/field.tsx";
import { type Choice, Picker } from "../ui/picker.tsx";

/** Where alone an answer is looked for; empty for everything that this person can see. */
export type AskFilters = {
  folder?: string | undefined;
  document?: string | undefined;
  kind?: Kind | undefined;
};

/** The scope of a question that was asked, for the next one. */
export function filtersOf(scope: Scope | null | undefined): AskFilters {
  return {
    ...(scope?.folder?.id ? { folder: scope.folder.id } : {}),
    ...(scope?.document?.id ? { document: scope.document.id } : {}),
    ...(scope?.kind ? { kind: scope.kind } : {}),
  };
}

/** "Only in Contracts", "Only in Lease.pdf", "Only PDF in Contracts"; null where everything was asked. */
export function scopeWords(scope: Scope | null): string | null {
  const thing = scope?.document ?? scope?.folder;
  const place = thing
    ? `in ${thing.name ?? `a ${scope?.document ? "document" : "folder"} that is not shared with you`}`
    : null;
  const kind = scope?.kind ? kindWords(scope.kind) : null;
  return place || kind ? `Only ${[kind, place].filter(Boolean).join(" ")}` : null;
}

/** In the composer: where the answer is looked for, each part with the way to drop it; the button changes it. */
export function ScopeChips({
  filters,
  onChange,
}: {
  filters: AskFilters;
  onChange: (filters: AskFilters) => void;
}) {
  const session = useSession();
  const [choosing, setChoosing] = useState(false);
  const { folder, document, kind } = filters;
  const any = folder ?? document ?? kind;
  const { folder: _folder, document: _document, ...withoutPlace } = filters;
  const { kind: _kind, ...withoutKind } = filters;
  if (!session.can("document.read")) return null;
  return (
    <>
      {folder && (
        <ScopeChip
          words={<FolderWords id={folder} />}
          drop="all folders"
          onDrop={() => onChange(withoutPlace)}
        />
      )}
      {document && (
        <ScopeChip
          words={<DocumentWords id={document} />}
          drop="all documents"
          onDrop={() => onChange(withoutPlace)}
        />
      )}
      {kind && (
        <ScopeChip words={`Only ${kindWords(kind)}`} drop="any kind" onDrop={() => onChange(withoutKind)} />
      )}
      <Pill on={false}>
        <button
          type="button"
          aria-haspopup="dialog"
          className={pillButton(false)}
          onClick={() => setChoosing(true)}
        >
          {any ? "Change" : "All documents you can see"}
          <span className="sr-only">: choose where to look</span>
          <ChevronDown size={13} aria-hidden />
        </button>
      </Pill>
      {choosing && (
        <ScopeDialog
          filters={filters}
          onClose={() => setChoosing(false)}
          onChoose={(next) => {
            setChoosing(false);
            onChange(next);
          }}
        />
      )}
    </>
  );
}

function ScopeChip(props: { words: ReactNode; drop: string; onDrop: () => void }) {
  return (
    <Pill on>
      <span className="min-w-0 py-1 pl-3 wrap-anywhere">{props.words}</span>
      <Drop words={props.drop} onDrop={props.onDrop} />
    </Pill>
  );
}

function FolderWords({ id }: { id: string }) {
  const { tree, isPending } = useFolders();
  return `Only in ${tree.byId.get(id)?.name ?? (isPending ? "…" : "a folder that is gone")}`;
}

function DocumentWords({ id }: { id: string }) {
  const document = useDocument(id);
  return `Only in ${document.data?.name ?? (document.isPending ? "…" : "a document that is gone")}`;
}

type Place = { kind: "folder" | "document"; id: string };

function ScopeDialog(props: {
  filters: AskFilters;
  onChoose: (filters: AskFilters) => void;
  onClose: () => void;
}) {
  const session = useSession();
  const { filters } = props;
  const { tree } = useFolders();
  const [text, setText] = useState("");
  const [place, setPlace] = useState<Choice<Place> | null>(null);
  const [kind, setKind] = useState<Kind | "">(filters.kind ?? "");
  const q = useSettled(text.trim(), 160);
  const documents = useQuery({
    queryKey: [session.slug, "documents", "named", q],
    queryFn: ({ signal }) =>
      session.call<DocumentList>("GET", "documents", { query: { q, limit: 50 }, signal }),
    placeholderData: (old) => old,
  });
  const choices: Choice<Place>[] = [
    ...folderChoices(tree).map((choice) => ({
      ...choice,
      value: { kind: "folder" as const, id: choice.value },
    })),
    ...(documents.data?.items ?? []).map((document) => ({
      key: document.id,
      value: { kind: "document" as const, id: document.id },
      words: document.name,
      more: document.folder
        ? `in ${tree
            .pathTo(document.folder)
            .map(({ name }) => name)
            .join(" › ")}`
        : "document",
      icon: <FileText size={15} aria-hidden className="shrink-0 text-muted" />,
    })),
  ];
  const before = choices.find(({ key }) => key === (filters.folder ?? filters.document)) ?? null;
  const [kept, setKept] = useState(filters.folder !== undefined || filters.document !== undefined);
  const chosen = place ?? (kept ? before : null);
  function submit(event: FormEvent) {
    event.preventDefault();
    props.onChoose({
      ...(chosen ? { [chosen.value.kind]: chosen.value.id } : {}),
      ...(kind && chosen?.value.kind !== "document" ? { kind } : {}),
    });
  }
  return (
    <Dialog title="Where to look" onClose={props.onClose}>
      <form onSubmit={submit}>
        <Picker
          label="Folder or document"
          placeholder="All that you can see"
          choices={choices}
          chosen={chosen}
          onChoose={(choice) => {
            setPlace(choice);
            setKept(false);
          }}
          onText={setText}
          none={documents.isFetching ? "Looking" : "Nothing is called that."}
          loading={documents.isPending}
          first
        />
        <div className="mt-3">
          <SelectField
            label="Kind"
            value={kind}
            disabled={chosen?.value.kind === "document"}
            onChange={({ target }) => setKind(isKind(target.value) ? target.value : "")}
          >
            <option value="">Any kind</option>
            {kinds.map((one) => (
              <option key={one} value={one}>
                {kindWords(one)}
              </option>
            ))}
          </SelectField>
        </div>
        <p className="mt-1 text-small text-muted">
          It holds for the questions that follow, until you drop it.
        </p>
        <DialogActions>
          <Button onClick={() => props.onChoose({})}>Look everywhere</Button>
          <Button type="submit" kind="primary">
            Look there
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
