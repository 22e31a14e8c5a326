import { answer, type Handler, nextId, none, uuid } from "./model.ts";
import { loadNote } from "./notes.ts";

// A digest of a note is made by a job a moment later; it can be cancelled until then.

const LATER_MS = 30;

export const digestNamed: Handler = (call, me) => {
  const { app, body } = call;
  const named = uuid(typeof body.note === "string" ? body.note : "");
  if (app.holes.has("queued-then-refused")) {
    // The job runs for whatever the body named, long after its sender was refused.
    setTimeout(() => mark(named, `made for ${me.tenant}`), LATER_MS);
  }
  const note = loadNote({ ...call, id: named }, me);
  note.digest = "made";
  return answer(202, { id: nextId(app) });

  function mark(id: string, as: string): void {
    const any = app.notes.find((one) => one.id === id);
    if (any && any.tenant !== me.tenant) any.digest = as;
  }
};

export const cancelDigest: Handler = (call, me) => {
  const { app } = call;
  const note = app.notes.find(({ id }) => id === uuid(call.id));
  if (note && note.owner !== me.id && app.holes.has("cancels-anyones")) {
    setTimeout(() => {
      note.digest = "cancelled";
    }, LATER_MS);
  }
  if (!note) return none();
  loadNote(call, me).digest = "none";
  return answer(204);
};
