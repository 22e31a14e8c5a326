import type { HTMLAttributes, Ref } from "react";

type Role = "grid" | "rowgroup" | "row" | "columnheader" | "rowheader" | "gridcell";

/**
 * A part of a grid (ARIA APG). Not the elements of a table: their rows cannot be drawn only while they are in sight, nor
 * a row take the focus.
 */
export function GridPart(
  props: HTMLAttributes<HTMLDivElement> & {
    role: Role;
    ref?: Ref<HTMLDivElement>;
    "data-index"?: number;
    "data-folder"?: string | undefined;
    "data-over"?: true | undefined;
  },
) {
  return <div {...props} />;
}
