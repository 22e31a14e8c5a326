import type { ReactNode } from "react";
import { type Cell, isHeaded, labelledOf, type Piece, rowsOf } from "./pieces.ts";

/** Rows and cells of a block as a table, which scrolls by itself where it is wider than the page. */
export function Table({ piece, text }: { piece: Piece; text: (start: number, end: number) => ReactNode }) {
  const rows = rowsOf(piece.text);
  const labelled = labelledOf(piece.text, rows);
  const of = (cell: Cell | null | undefined) => (cell ? text(cell.start, cell.end) : null);
  const width = Math.max(...rows.map((row) => row.length));
  const headed = !labelled && isHeaded(piece.text, rows);
  const heads = labelled?.labels ?? (headed ? rows[0] : undefined);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group, and not one of fields.
    <div
      role="group"
      aria-label="Table"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard.
      tabIndex={0}
      className="mb-4 overflow-x-auto rounded-sm border border-line bg-surface font-sans text-small"
    >
      <table className="w-full border-collapse text-left tabular-nums">
        {heads && (
          <thead>
            <tr className="border-b border-line">
              {heads.map((cell) => (
                <th key={cell.start} scope="col" className={head}>
                  {of(cell)}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {labelled
            ? labelled.rows.map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows of a text that does not change.
                <tr key={index} className={line}>
                  {row.map((cell, column) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: the same.
                    <td key={column} className={data}>
                      {of(cell)}
                    </td>
                  ))}
                </tr>
              ))
            : rows.slice(headed ? 1 : 0).map((row) => (
                <tr key={row[0]?.start} className={line}>
                  {row.map((cell, column) => (
                    <td
                      key={cell.start}
                      className={data}
                      {...(column === row.length - 1 && row.length < width
                        ? { colSpan: width - row.length + 1 }
                        : {})}
                    >
                      {of(cell)}
                    </td>
                  ))}
                </tr>
              ))}
        </tbody>
      </table>
    </div>
  );
}

const line = "border-b border-line last:border-b-0";
const head = "min-w-16 px-2.5 py-1.5 align-bottom font-semibold";
const data = "min-w-16 px-2.5 py-1.5 align-top whitespace-pre-line";
