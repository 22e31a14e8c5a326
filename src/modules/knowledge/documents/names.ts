const LONGEST = 300;
const LONGEST_ENDING = 12;

// Controls, line separators, and the marks that turn writing around: with them "exe.fdp" can be shown as "pdf.exe".
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** A name as it is given to a browser that stores a file under it: one that leads nowhere and hides nothing. */
export const fileName = (name: string): string => name.replace(/[/\\:*?"<>|]/g, "_").replace(/^\.+/, "_");

/** A document's name as it is kept: as given, but for what cannot be seen; at most 300 characters with its ending. */
export function cleanName(given: string): string {
  const name = given.toWellFormed().replace(UNSEEN, "").trim();
  if (name === "") return "Untitled";
  if (name.length <= LONGEST) return name;
  const dot = name.lastIndexOf(".");
  const ending = dot > 0 && name.length - dot <= LONGEST_ENDING ? name.slice(dot) : "";
  return (
    name
      .slice(0, LONGEST - ending.length - 1)
      .toWellFormed()
      .replace(/\ufffd$/, "") + ending
  ).trim();
}
