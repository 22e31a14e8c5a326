/** What whoever unpacks an export reads first. */
export function readme(of: {
  kind: "workspace" | "person";
  slug: string;
  at: Date;
  part: number;
  isLast: boolean;
}): string {
  const what =
    of.kind === "workspace"
      ? `everything in the workspace "${of.slug}"`
      : `the data of one person in the workspace "${of.slug}"`;
  return `This is part ${of.part} of an export of ${what},
made on ${of.at.toISOString()} (UTC).

${of.isLast ? "It is the last part." : "More parts follow. Each can be unpacked by itself; together they hold everything."}

documents/   the files as they were added, under their names and folders
versions/    earlier versions of them
bin/         what lay in the bin
text/        what was read out of each file, as Markdown
${
  of.isLast
    ? `data/        everything else, by kind: the same rows as JSON and as CSV (RFC 4180, UTF-8)
${
  of.kind === "workspace"
    ? `audit/       the audit log: log.jsonl with proofs, which the program in the folder verify/ of the software's
             source checks offline; log.csv for reading`
    : "data/log.json  entries of the audit log that this person made, or that are about them"
}
`
    : ""
}documents.json  of each file: its path here, document, version, time, and its text's path
SHA256SUMS      checksums of every file; check them with: sha256sum -c SHA256SUMS
manifest.json   the same with sizes, and what could not be read

Characters that some systems do not take in names are replaced by "_", and equal names have a number.
Times are UTC. Identifiers in data/ are those of the rows; "null" is nothing.
Passwords, secrets of second factors and keys are not in an export.
`;
}
