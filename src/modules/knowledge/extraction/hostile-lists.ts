import type { HostileFile } from "./hostile-files.ts";
import { hostileMail } from "./hostile-mail.ts";
import { hostileOffice, hostileOfficeRead } from "./hostile-office.ts";
import { hostilePdf } from "./hostile-pdf.ts";
import { hostileSquares } from "./hostile-squares.ts";
import { hostileTexts } from "./hostile-texts.ts";
import { hostileZips } from "./hostile-zips.ts";

export type { HostileFile } from "./hostile-files.ts";

export const hostileFiles: readonly HostileFile[] = [
  ...hostileTexts,
  ...hostileSquares,
  ...hostilePdf,
  ...hostileZips,
  ...hostileMail,
  ...hostileOffice,
  ...hostileOfficeRead,
];

// Some of each reader's, and what would take all memory and time of the process that it gets out of hand in.
const IN_THE_CHILD: ReadonlySet<string> = new Set([
  "empty.txt",
  "deep.html",
  "brackets.md",
  "row of 200,000 columns.csv",
  "deep.rtf",
  "old one renamed.docx",
  "bomb.pdf",
  "two thousand million pages.pdf",
  "a form that draws itself.pdf",
  "a picture of ten thousand million points.pdf",
  "lease.docx",
  "bomb that says it is small.zip",
  "zips in zips.zip",
  "bomb attached.eml",
  "30 MB of blanks.docx",
  "many cells.xlsx",
  "cells repeated in repeated rows.ods",
  "encrypted.odt",
]);

/** Which are given to a child as an upload and its job do; the others are read by their readers alone, which costs a tenth. */
export const inTheChild = ({ name }: HostileFile): boolean => IN_THE_CHILD.has(name);
