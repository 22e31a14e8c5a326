import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useRef, useState } from "react";
import { isApiError } from "../api/errors.ts";
import type { ImportResult, Tenant } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { ShowMore, useGrowing } from "../ui/growing.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { count, plural } from "../ui/time.tsx";

const example = `address,name,role,password_hash
ana.lind@harrow-finch.example,Ana Lind,manager,$2b$12$…
tom.ek@harrow-finch.example,Tom Ek,viewer,pbkdf2_sha256$…`;

/** Takes over a customer's users from elsewhere, with the hashes of their passwords, so that they sign in as before. */
export function ImportUsers({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const id = useId();
  const file = useRef<HTMLInputElement>(null);
  const [csv, setCsv] = useState("");
  const [unread, setUnread] = useState<string | null>(null);
  const rows = csv.split("\n").filter((line) => line.trim()).length - 1;
  const load = useMutation({
    mutationFn: () => session.call<ImportResult>("POST", `tenants/${tenant.id}/users`, { body: { csv } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [session.slug, "tenants"] }),
  });
  if (load.data) return <Result tenant={tenant} result={load.data} onClose={onClose} onMore={load.reset} />;

  async function read(from: File | undefined) {
    if (!from) return;
    setUnread(null);
    if (from.size > 5_000_000)
      return setUnread("A file may have 5 MB at most. Split it and import the parts.");
    try {
      // A byte that is no UTF-8 would turn into a sign that nobody wrote, in somebody's name.
      setCsv(new TextDecoder("utf-8", { fatal: true }).decode(await from.arrayBuffer()));
    } catch {
      setUnread("The file is not UTF-8 text. Save it as CSV in UTF-8.");
    }
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    load.mutate();
  }
  const error = unread ?? (load.error && !isApiError(load.error) ? wordsOf(load.error) : null);
  return (
    <Dialog title={`Import users of ${tenant.name}`} shape="wide" onClose={onClose}>
      <form onSubmit={submit}>
        <p className="mb-4 text-muted">
          CSV with the columns <code className="font-mono text-evidence">address</code>,{" "}
          <code className="font-mono text-evidence">name</code>,{" "}
          <code className="font-mono text-evidence">role</code> and, if there is one,{" "}
          <code className="font-mono text-evidence">password_hash</code>: bcrypt, or PBKDF2-SHA256 as Django
          writes it. Whoever comes with a hash signs in with the password they have; the others get an
          invitation.
        </p>
        <div className="mb-1.5 flex flex-wrap items-center justify-between gap-3">
          <label htmlFor={id} className="text-small font-semibold">
            Users
          </label>
          <Button small onClick={() => file.current?.click()}>
            Choose a file
          </Button>
          <input
            ref={file}
            type="file"
            hidden
            accept=".csv,text/csv,text/plain"
            onChange={(event) => {
              void read(event.target.files?.[0]);
              event.target.value = "";
            }}
          />
        </div>
        <textarea
          id={id}
          rows={9}
          required
          data-first
          spellCheck={false}
          wrap="off"
          value={csv}
          placeholder={example}
          aria-describedby={`${id}-more`}
          onChange={(event) => setCsv(event.target.value)}
          className="block w-full overflow-auto rounded-md border border-edge bg-surface px-3 py-2 font-mono text-evidence"
        />
        <p id={`${id}-more`} className="mt-1.5 text-small text-muted">
          {rows > 0 ? `${plural(rows, "row")} under the heading.` : "The first line names the columns."}
        </p>
        {(error || load.error) && (
          <div className="mt-3">
            <Notice>{error ?? wordsOf(load.error)}</Notice>
          </div>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={load.isPending} disabled={rows < 1}>
            Import
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Result(props: { tenant: Tenant; result: ImportResult; onClose: () => void; onMore: () => void }) {
  const { added, refused } = props.result;
  const growing = useGrowing(refused);
  return (
    <Dialog title={`Users of ${props.tenant.name}`} shape="wide" onClose={props.onClose}>
      <p className="flex gap-2">
        <span className="pt-1">
          <Glyph state={added > 0 ? "held" : "not-done"} size={15} />
        </span>
        <span>
          {added === 0
            ? "Nobody was added."
            : `${plural(added, "person is", "people are")} in: members where a hash came along, invited otherwise.`}
          {refused.length > 0 &&
            ` ${plural(refused.length, "row was", "rows were")} not taken; the others stand. Mend these rows and import them again.`}
        </span>
      </p>
      {refused.length > 0 && (
        <section
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard.
          tabIndex={0}
          aria-label="Rows that were not taken"
          className="relative mt-4 max-h-80 overflow-auto rounded-md border border-line"
        >
          <table className="w-full border-collapse text-left">
            <thead>
              <tr className="border-b border-line text-small text-muted">
                <th scope="col" className="w-14 px-3 py-2 font-medium">
                  Row
                </th>
                <th scope="col" className="px-3 py-2 font-medium">
                  Address
                </th>
                <th scope="col" className="px-3 py-2 font-medium">
                  Why not
                </th>
              </tr>
            </thead>
            <tbody>
              {growing.shown.map((row) => (
                <tr key={row.row} className="border-b border-line align-top last:border-0">
                  <td className="px-3 py-2 text-muted">{count(row.row)}</td>
                  <td className="px-3 py-2 font-mono text-evidence wrap-anywhere">{row.address || "–"}</td>
                  <td className="px-3 py-2 wrap-anywhere">{row.message}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <ShowMore {...growing} />
        </section>
      )}
      <DialogActions>
        <Button onClick={props.onMore}>Import more</Button>
        <Button kind="primary" data-first onClick={props.onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}
