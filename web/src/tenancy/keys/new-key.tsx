import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { isApiError } from "../../api/errors.ts";
import type { ApiKeys, NewKey, PermissionWords } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { useFolders } from "../../knowledge/folders/folders.ts";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { type Choice, Picker } from "../../ui/picker.tsx";
import { Notice, wordsOf } from "../../ui/states.tsx";
import { fullTime, plural } from "../../ui/time.tsx";
import { PermissionGroups } from "../permission-groups.tsx";
import { keyPermissions } from "./key-permissions.ts";

const spans = [7, 30, 60, 90];

/** Makes a key; afterwards shows it, this once. */
export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<NewKey | null>(null);
  if (made) return <Shown made={made} onClose={onClose} />;
  return <Form onClose={onClose} onMade={setMade} />;
}

function Form({ onClose, onMade }: { onClose: () => void; onMade: (made: NewKey) => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const networksId = useId();
  const folders = useFolders();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set());
  const [folder, setFolder] = useState<Choice<string> | null>(null);
  const [networks, setNetworks] = useState("");
  const [days, setDays] = useState(30);
  const own = useQuery({
    queryKey: [session.slug, "keys"],
    queryFn: () => session.call<ApiKeys>("GET", "keys"),
  });
  const mayHold = new Set(own.data?.mayHold);
  const permissions: PermissionWords[] = keyPermissions.filter(({ key }) => mayHold.has(key));
  const make = useMutation({
    mutationFn: () =>
      session.call<NewKey>("POST", "keys", {
        body: {
          name: name.trim(),
          permissions: [...chosen],
          folder: folder?.value ?? null,
          networks: networks.split(/[\s,]+/).filter(Boolean),
          days,
        },
      }),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: [session.slug, "keys"] });
      void queries.invalidateQueries({ queryKey: [session.slug, "workspace-keys"] });
      onMade(made);
    },
  });
  const fields = isApiError(make.error) ? make.error.fields : {};
  const networkError = Object.entries(fields).find(([field]) => field.startsWith("networks"))?.[1];
  function submit(event: FormEvent) {
    event.preventDefault();
    make.mutate();
  }
  return (
    <Dialog title="New API key" shape="wide" onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {make.error && !fields.name && !networkError && <Notice>{wordsOf(make.error)}</Notice>}
        <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_9rem]">
          <Field
            label="Name"
            required
            data-first
            maxLength={80}
            value={name}
            error={fields.name}
            placeholder="Nightly import"
            onChange={(event) => setName(event.target.value)}
            hint="By which you know it again."
          />
          <SelectField
            label="Works for"
            value={days}
            onChange={(event) => setDays(Number(event.target.value))}
          >
            {spans.map((span) => (
              <option key={span} value={span}>
                {span} days
              </option>
            ))}
          </SelectField>
        </div>
        <div>
          <p className="mb-2 text-small font-semibold">What it may do</p>
          <div className="relative max-h-72 overflow-y-auto rounded-md border border-line bg-surface px-4 py-3">
            <PermissionGroups
              permissions={permissions}
              chosen={chosen}
              onChange={setChosen}
              whyNot={() => null}
            />
          </div>
          <p className="mt-1.5 text-small text-muted">
            {plural(chosen.size, "permission")} chosen. Everything that has to do with accounts, people and
            keys stays with people.
          </p>
        </div>
        <Picker
          label="Only in this folder (optional)"
          placeholder="All that you can see"
          choices={folders.tree.all.map((one) => ({
            key: one.id,
            value: one.id,
            words: folders.tree
              .pathTo(one.id)
              .map((step) => step.name)
              .join(" › "),
          }))}
          chosen={folder}
          onChoose={setFolder}
          none={folders.tree.all.length ? "No folder is called that." : "There are no folders yet."}
          loading={folders.isPending && session.can("folder.read")}
        />
        <div>
          <label htmlFor={networksId} className="mb-1.5 block text-small font-semibold">
            Only from these networks <span className="font-normal text-muted">(optional)</span>
          </label>
          <textarea
            id={networksId}
            rows={2}
            spellCheck={false}
            value={networks}
            aria-invalid={networkError ? true : undefined}
            aria-describedby={`${networksId}-more`}
            onChange={(event) => setNetworks(event.target.value)}
            placeholder="192.0.2.0/24"
            className="block w-full rounded-md border border-edge bg-surface px-3 py-2 font-mono text-evidence aria-invalid:border-broken"
          />
          <p
            id={`${networksId}-more`}
            className={`mt-1.5 text-small ${networkError ? "text-broken" : "text-muted"}`}
          >
            {networkError ?? "Addresses or ranges, one to a line. Empty: from anywhere."}
          </p>
        </div>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            kind="primary"
            busy={make.isPending}
            disabled={!name.trim() || chosen.size === 0}
          >
            Create the key
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Shown({ made, onClose }: { made: NewKey; onClose: () => void }) {
  const [kept, setKept] = useState(false);
  return (
    <Dialog title="Copy the key now" shape="wide" onClose={() => kept && onClose()}>
      <p className="text-muted">
        It is shown this once. We keep only its fingerprint: if it is lost, end it and make a new one.
      </p>
      <div className="mt-4 flex flex-wrap items-center gap-3 rounded-md border border-line bg-surface px-4 py-3">
        <code data-key className="min-w-0 flex-1 basis-72 font-mono text-evidence break-all select-all">
          {made.key}
        </code>
        <CopyButton text={made.key} words="Copy the key" />
      </div>
      <p className="mt-3 text-small text-muted">
        Send it as <code className="font-mono text-evidence">Authorization: Bearer …</code>, and keep it where
        you keep passwords. It ends {fullTime(made.expiresAt)}; a mail reminds you before.
      </p>
      <label className="mt-4 flex items-center gap-2.5">
        <input
          type="checkbox"
          className="size-3.5 accent-[var(--accent)]"
          checked={kept}
          onChange={(event) => setKept(event.target.checked)}
        />
        I have kept it in a safe place
      </label>
      <DialogActions>
        <Button kind="primary" disabled={!kept} onClick={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}
