/** A file, and the folders that it lay in on its own machine, "" or "Contracts/2026". */
export type Found = { file: File; path: string };

export type Dropped = {
  files: Found[];
  /** Every folder, also the empty ones, each after the one around it. */
  folders: string[];
  /** Files that systems leave behind and nobody means to add. */
  leftOut: number;
};

const leftBehind = /^(\.ds_store|thumbs\.db|desktop\.ini|\.localized|~\$.*|\._.*)$/i;

/**
 * What was dropped: files, and folders with all that is in them. Must be called in the drop's own handler, since the
 * browser forgets the entries when it has returned. A folder that cannot be read rejects.
 */
export async function readDropped(transfer: DataTransfer): Promise<Dropped> {
  const entries = [...transfer.items].flatMap((item) => {
    const entry = item.kind === "file" ? item.webkitGetAsEntry() : null;
    return entry ? [entry] : [];
  });
  // A browser without entries gives files alone.
  if (!entries.length)
    return sorted(
      [...transfer.files].map((file) => ({ file, path: "" })),
      [],
    );
  const files: Found[] = [];
  const folders: string[] = [];
  for (const entry of entries) await walk(entry, "", files, folders);
  return sorted(files, folders);
}

/** What was chosen with a file dialog for a whole folder: the browser names each file's place. */
export function readChosen(chosen: FileList): Dropped {
  const files = [...chosen].map((file) => ({
    file,
    path: file.webkitRelativePath.split("/").slice(0, -1).join("/"),
  }));
  return sorted(files, [...new Set(files.map(({ path }) => path))].filter(Boolean));
}

async function walk(entry: FileSystemEntry, path: string, files: Found[], folders: string[]): Promise<void> {
  if (isFile(entry)) {
    files.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path });
    return;
  }
  if (!isFolder(entry)) return;
  const own = path ? `${path}/${entry.name}` : entry.name;
  folders.push(own);
  const reader = entry.createReader();
  // It gives at most 100 at a time, and none when all have been given.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (!some.length) return;
    for (const child of some) await walk(child, own, files, folders);
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

function sorted(all: Found[], folders: string[]): Dropped {
  const files = all.filter(({ file }) => !leftBehind.test(file.name));
  return { files, folders, leftOut: all.length - files.length };
}
