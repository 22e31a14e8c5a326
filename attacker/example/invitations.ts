import { moment } from "./accounts.ts";
import { type App, answer, type Call, nextId, Refusal, type Reply, text } from "./model.ts";

// An invitation is a token that is good once.

export async function accept({ app, body }: Call): Promise<Reply> {
  const token = text(body.token, 200);
  text(body.name, 100);
  const used = app.invitations.get(token);
  if (used === undefined || (used && !app.holes.has("token-again"))) throw new Refusal(410, "link_invalid");
  if (app.holes.has("token-twice-at-once")) await moment();
  app.invitations.set(token, true);
  return answer(201, { id: nextId(app) });
}

export function invite(app: App): string {
  const token = `token-${nextId(app)}`;
  app.invitations.set(token, false);
  return token;
}
