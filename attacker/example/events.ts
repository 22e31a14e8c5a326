import { callerOf } from "./callers.ts";
import type { Handler, Note } from "./model.ts";

/** Notes as they change, for as long as the session stands. */
export const watchNotes: Handler = (call, me) => {
  const { app } = call;
  const headers = { "content-type": "text/event-stream", "cache-control": "no-store" };
  return {
    status: 200,
    headers,
    body: "",
    live: ({ write, end }) => {
      const tell = (note: Note) => {
        const theirs = note.tenant === me.tenant && note.owner === me.id;
        if (theirs || app.holes.has("stream-of-all"))
          write(`data: ${JSON.stringify({ id: note.id, title: note.title })}\n\n`);
      };
      app.watchers.add(tell);
      const stands = () => {
        try {
          return callerOf(call) !== null;
        } catch {
          return false;
        }
      };
      const look = setInterval(() => {
        if (!stands() && !app.holes.has("stream-outlives")) end();
      }, 40);
      return () => {
        clearInterval(look);
        app.watchers.delete(tell);
      };
    },
  };
};
