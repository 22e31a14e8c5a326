import type { Report } from "./blocks.ts";
import { type Kind, zipKinds } from "./sniff.ts";
import type { ZipBudget } from "./zip.ts";

/** What a document within a document may still cost: `depth` counts those around it; all zips unpack from one budget. */
export type Room = { depth: number; budget?: ZipBudget };

type Reader = (bytes: Uint8Array, report: Report, room: Room) => void | Promise<void>;

// Each format's library is loaded only for its own documents.
const readers: Readonly<Record<Kind, Reader>> = {
  pdf: async (bytes, report) => (await import("./pdf.ts")).extractPdf(bytes, report),
  docx: async (bytes, report, room) => (await import("./docx.ts")).extractDocx(bytes, report, room.budget),
  pptx: async (bytes, report, room) => (await import("./pptx.ts")).extractPptx(bytes, report, room.budget),
  xlsx: async (bytes, report, room) => (await import("./xlsx.ts")).extractXlsx(bytes, report, room.budget),
  odt: async (bytes, report, room) => (await import("./odf.ts")).extractOdt(bytes, report, room.budget),
  odp: async (bytes, report, room) => (await import("./odf.ts")).extractOdp(bytes, report, room.budget),
  ods: async (bytes, report, room) => (await import("./odf.ts")).extractOds(bytes, report, room.budget),
  rtf: async (bytes, report) => (await import("./rtf.ts")).extractRtf(bytes, report),
  html: async (bytes, report) => (await import("./html.ts")).extractHtml(bytes, report),
  markdown: async (bytes, report) => (await import("./markdown.ts")).extractMarkdown(bytes, report),
  text: async (bytes, report) => (await import("./plain.ts")).extractPlain(bytes, report),
  csv: async (bytes, report) => (await import("./csv.ts")).extractCsv(bytes, report),
  eml: async (bytes, report, room) => (await import("./eml.ts")).extractEml(bytes, report, room),
  zip: async (bytes, report, room) => (await import("./archive.ts")).extractArchive(bytes, report, room),
};

/** Reads a document that was taken for `kind`. `turned` is told when it is another of the formats that are zips. */
export async function readDocument(
  kind: Kind,
  bytes: Uint8Array,
  report: Report,
  turned: (kind: Kind) => void = () => {},
  room: Room = { depth: 0 },
): Promise<void> {
  const real = zipKinds.has(kind) ? await (await import("./zip-kind.ts")).zipKindOf(bytes) : kind;
  if (real !== kind) turned(real);
  await readers[real](bytes, report, room);
}
