import { type DragEvent, useState } from "react";
import { useDeeds, wordsOfItems } from "../list/deeds.ts";
import { type Movable, mayMoveTo, useFolders } from "./folders.ts";

// Dragging is the second way of two: whatever can be dragged has “Move” in its menu.

const type = "application/x-vouchsafe-item";
let dragged: Movable[] = [];

/** What makes a row draggable. `items` is asked as the drag begins: the row's own, or all that are selected with it. */
export function dragProps(items: () => Movable[], may: boolean) {
  if (!may) return {};
  return {
    draggable: true,
    onDragStart: (event: DragEvent) => {
      dragged = items();
      event.dataTransfer.setData(type, String(dragged.length));
      event.dataTransfer.effectAllowed = "move";
      if (dragged.length > 1) showCount(event.dataTransfer, wordsOfItems(dragged));
    },
    onDragEnd: () => {
      dragged = [];
    },
  };
}

/** Under the pointer: how many there are, in place of a picture of one row. The browser takes its picture at once. */
function showCount(transfer: DataTransfer, words: string): void {
  const label = document.createElement("div");
  label.textContent = words;
  label.className =
    "fixed -top-20 left-0 rounded-md bg-accent px-3 py-1.5 font-sans text-small font-semibold text-on-accent";
  document.body.append(label);
  transfer.setDragImage(label, 12, 16);
  setTimeout(() => label.remove());
}

/** Takes what is dragged into the folder `to` (null: the top of the library). */
export function useDropTarget(to: string | null) {
  const { tree } = useFolders();
  const { move } = useDeeds();
  const [over, setOver] = useState(false);
  const takes = (event: DragEvent) =>
    event.dataTransfer.types.includes(type) && dragged.length > 0 && mayMoveTo(tree, dragged, to);
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
        if (!takes(event)) return;
        event.preventDefault();
        void move(dragged, to);
      },
    },
  };
}
