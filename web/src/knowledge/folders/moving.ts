import { type DragEvent, useState } from "react";
import { wordsOf } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";
import { type Movable, mayMoveTo, useFolders, useMove } from "./folders.ts";

// Dragging is the second way of two: whatever can be dragged has “Move” in its menu.

const type = "application/x-vouchsafe-item";
let dragged: Movable | null = null;

/** What makes a row draggable. */
export function dragProps(item: Movable, may: boolean) {
  if (!may) return {};
  return {
    draggable: true,
    onDragStart: (event: DragEvent) => {
      dragged = item;
      event.dataTransfer.setData(type, item.id);
      event.dataTransfer.effectAllowed = "move";
    },
    onDragEnd: () => {
      dragged = null;
    },
  };
}

/** Takes a dragged document or folder into the folder `to` (null: the top of the library). */
export function useDropTarget(to: string | null) {
  const { tree } = useFolders();
  const put = usePut();
  const [over, setOver] = useState(false);
  const takes = (event: DragEvent) =>
    event.dataTransfer.types.includes(type) && dragged !== null && mayMoveTo(tree, dragged, to);
  return {
    over,
    handlers: {
      onDragOver: (event: DragEvent) => {
        if (!takes(event)) return;
        event.preventDefault();
        if (!over) setOver(true);
      },
      onDragLeave: () => setOver(false),
      onDrop: (event: DragEvent) => {
        setOver(false);
        if (!dragged || !takes(event)) return;
        event.preventDefault();
        put(dragged, to);
      },
    },
  };
}

/** Moves and says so, with the way back. */
export function usePut(): (item: Movable, to: string | null, then?: () => void) => void {
  const move = useMove();
  const { tree } = useFolders();
  return (item, to, then) =>
    move.mutate(
      { item, to },
      {
        onSuccess: () => {
          then?.();
          const place = to ? `“${tree.byId.get(to)?.name ?? "the folder"}”` : "the top of the library";
          say(`“${item.name}” is in ${place} now.`, {
            words: "Move back",
            act: () => move.mutate({ item, to: item.in }, { onError: (error) => say(wordsOf(error)) }),
          });
        },
        onError: (error) => say(wordsOf(error)),
      },
    );
}
