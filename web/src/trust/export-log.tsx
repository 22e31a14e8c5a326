import { Download } from "lucide-react";
import { useState } from "react";
import { fileOf } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { say } from "../ui/toast.tsx";

const formats = [
  [
    "proof",
    "With proofs",
    "Every entry, with all that the offline program needs to show that none is changed or missing.",
  ],
  ["csv", "Table (CSV)", "What is filtered now, for a program for tables."],
  ["ocsf", "OCSF events", "What is filtered now, as JSON lines for a security monitoring system."],
] as const;

/** Takes the log away as a file; the server asks for a fresh second factor first. */
export function ExportLog({ filter }: { filter: Record<string, string> }) {
  const session = useSession();
  const [open, setOpen] = useState(false);
  const [format, setFormat] = useState<string>("proof");
  const [busy, setBusy] = useState(false);
  if (!session.can("audit.export")) return null;
  const save = async () => {
    setBusy(true);
    try {
      const query = { format, ...(format === "proof" ? {} : filter) };
      const { blob, name } = await fileOf(session.slug, "audit/export", query);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      setOpen(false);
    } catch (error) {
      say(isApiError(error) ? error.message : "The log could not be saved. Try again.");
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <Download size={15} aria-hidden /> Export
      </Button>
      {open && (
        <Dialog title="Export the log" onClose={() => setOpen(false)}>
          <fieldset className="grid gap-3">
            <legend className="sr-only">Form of the file</legend>
            {formats.map(([value, name, words]) => (
              <label key={value} className="flex items-start gap-3">
                <input
                  type="radio"
                  name="format"
                  className="mt-1.5 accent-accent"
                  checked={format === value}
                  onChange={() => setFormat(value)}
                />
                <span>
                  {name}
                  <span className="block text-small text-muted">{words}</span>
                </span>
              </label>
            ))}
          </fieldset>
          <DialogActions>
            <Button onClick={() => setOpen(false)}>Cancel</Button>
            <Button kind="primary" busy={busy} onClick={() => void save()}>
              Save the file
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}
