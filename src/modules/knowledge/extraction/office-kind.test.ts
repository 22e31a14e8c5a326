import assert from "node:assert/strict";
import { test } from "node:test";
import { compoundFile } from "./hostile-office.ts";
import { docx, odf, pptx, xlsx, zipped } from "./office-files.ts";
import { officeKind, olePackage } from "./office-kind.ts";
import { openZip } from "./zip.ts";

test("the kind of a zip by its content", async () => {
  const kinds: [Buffer, string | null][] = [
    [docx(""), "docx"],
    [pptx([]), "pptx"],
    [xlsx({}), "xlsx"],
    [odf("text", ""), "odt"],
    [odf("presentation", ""), "odp"],
    [odf("spreadsheet", ""), "ods"],
    [odf("text-template", ""), "odt"],
    [odf("graphics", ""), null],
    [zipped({ "a.txt": "a" }), null],
    [zipped({ mimetype: "application/epub+zip" }), null],
    [typed("application/vnd.ms-word.document.macroEnabled.main+xml"), "docx"],
    [typed("application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"), "docx"],
    [typed("application/vnd.ms-word.template.macroEnabledTemplate.main+xml"), "docx"],
    [typed("application/vnd.ms-excel.sheet.macroEnabled.main+xml"), "xlsx"],
    [typed("application/vnd.ms-excel.sheet.binary.macroEnabled.main"), null],
    [typed("application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml"), "pptx"],
  ];
  for (const [bytes, kind] of kinds) assert.equal(await officeKind(await openZip(bytes)), kind);
});

const typed = (type: string) =>
  zipped({
    "[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/m.xml" ContentType="${type}"/></Types>`,
  });

test("compound files: encrypted packages and old documents", () => {
  assert.equal(olePackage(compoundFile("EncryptionInfo", "EncryptedPackage")), "encrypted");
  assert.equal(olePackage(compoundFile("WordDocument", "1Table")), "old");
  assert.equal(olePackage(compoundFile("EncryptedPackage").subarray(0, 600)), "old");
  assert.equal(olePackage(compoundFile().subarray(0, 8)), null);
  assert.equal(olePackage(docx("")), null);
});
