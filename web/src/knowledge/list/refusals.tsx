import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { useGrowing } from "../../ui/growing.tsx";
import { count } from "../../ui/time.tsx";
import { setRefusals, useRefusals } from "./deeds.ts";

/** What of many was refused, each with its reason. Nothing when there is nothing to tell. */
export function RefusalsDialog() {
  const told = useRefusals();
  const { shown, rest, end } = useGrowing(told?.refused ?? []);
  if (!told) return null;
  const all = told.done + told.refused.length;
  const close = () => setRefusals(null);
  return (
    <Dialog
      title={`${count(told.refused.length)} of ${count(all)} could not be ${told.deed}`}
      onClose={close}
      shape="wide"
    >
      {told.done > 0 && (
        <p className="mb-3 flex items-center gap-1.5 text-muted">
          <Glyph state="held" size={14} /> {count(told.done)} {told.done === 1 ? "was" : "were"} {told.deed}.
        </p>
      )}
      <ul className="max-h-80 overflow-y-auto border-t border-line">
        {shown.map(({ item, message }) => (
          <li key={item.id} className="flex gap-2.5 border-b border-line py-2">
            <span className="pt-1">
              <Glyph state="broken" size={14} />
            </span>
            <span className="min-w-0">
              <span className="block wrap-anywhere">{item.name}</span>
              <span className="block text-small text-muted">{message}</span>
            </span>
          </li>
        ))}
        {rest > 0 && <div ref={end} className="h-6" />}
      </ul>
      <DialogActions>
        <Button kind="primary" data-first onClick={close}>
          Close
        </Button>
      </DialogActions>
    </Dialog>
  );
}
