import {
  answer,
  type Call,
  type Comment,
  type Handler,
  type Member,
  nextId,
  none,
  text,
  uuid,
} from "./model.ts";
import { loadNote } from "./notes.ts";

// Comments lie in notes: a path names both, and the one must lie in the other.

export const listComments: Handler = (call, me) => {
  const { id } = loadNote(call, me);
  return answer(200, { items: call.app.comments.filter(({ note }) => note === id), next: null });
};

export const addComment: Handler = (call, me) => {
  const comment = { id: nextId(call.app), note: loadNote(call, me).id, text: text(call.body.text, 100) };
  call.app.comments.push(comment);
  return answer(201, { id: comment.id });
};

export const readComment: Handler = (call, me) => answer(200, loadComment(call, me));

export const removeComment: Handler = (call, me) => {
  const comment = loadComment(call, me);
  call.app.comments = call.app.comments.filter((other) => other !== comment);
  return answer(204);
};

function loadComment(call: Call, me: Member): Comment {
  const note = loadNote(call, me);
  const comment = call.app.comments.find(({ id }) => id === uuid(call.subId));
  if (!comment || (comment.note !== note.id && !call.app.holes.has("comment-of-any-note"))) return none();
  return comment;
}
