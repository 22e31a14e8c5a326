import { test } from "node:test";
import { Readable } from "node:stream";
import { addReady, openStand, openToAll, upload } from "../../../test/support/knowledge.ts";
import { searchPassages } from "./service.ts";
import { renameDocument, moveDocument, getDocument } from "./documents/service.ts";
import { uploadVersion } from "./documents/upload.ts";
import { restoreVersion, listVersions } from "./versions/service.ts";
import { deleteDocument, deleteFolder } from "./bin/deleting.ts";
import { restoreBinned } from "./bin/restoring.ts";
import { createFolder } from "./folders/service.ts";
import { beginUpload } from "./uploads/service.ts";
import { storageOf } from "./storage/quotas.ts";

test("R1", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const [mara, omar] = [await workspace.hire("Mara", "manager"), await workspace.hire("Omar", "owner")];
  const id = await addReady(workspace, mara, "a.md", "One two three.");
  const err = (e: any) => `${e.code} ${e.message}`;
  async function* one(text: string) { yield { name: "a.md", stream: Readable.from([Buffer.from(text)]) }; }
  // deadlock
  const outcome: Record<string, number> = {};
  const note = (k: string) => (e?: any) => { const s = `${k}: ${e?.code ?? "ok"} ${e?.cause?.code ?? ""}`; outcome[s] = (outcome[s] ?? 0) + 1; };
  for (let i = 0; i < 20; i++) {
    await Promise.all([
      ...[0,1,2].map((j) => renameDocument(mara.as("document.change"), id, `n${i}-${j}.md`).then(() => note("rename")(), note("rename"))),
      i < 10 ? uploadVersion(mara.as("document.add-version"), id, one(`text ${i}`)).then(() => note("version")(), note("version")) : null,
      beginUpload(mara.as("document.upload"), { name: "b.md", bytes: 10, folder: null, document: id }).then(() => note("begin")(), note("begin")),
    ]);
  }
  console.log(outcome);
  // restore into a folder that was shared since
  const place = await createFolder(mara.as("folder.create"), { name: "P", parent: null });
  const doc = await addReady(workspace, mara, "p.md", "Hush.");
  await moveDocument(mara.as("document.move"), doc, place.id);
  await deleteDocument(mara.as("document.delete"), doc);
  await openToAll(mara, "folder", place.id);
  await restoreBinned(mara.as("bin.restore"), doc);
  console.log("restored visible to omar:", await getDocument(omar.as(), doc).then((d) => d.name, err));
  console.log("storage by omar", JSON.stringify(await storageOf(omar.as("storage.read"))));
});
