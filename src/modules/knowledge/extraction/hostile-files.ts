// Files that no one should have to open, made when the tests ask for them; those of other formats stand in hostile-*.ts.
import { constants, deflateRawSync, deflateSync } from "node:zlib";
import { PDFDocument, StandardFonts } from "pdf-lib";
import type { ExtractionLimits } from "./extract.ts";
import type { ExtractionFailureCode } from "./failure.ts";

/**
 * A file and what must become of it: `code`, the failure that its reader ends with; `refused`, the words with which it
 * is not even taken; or `text`, found in what is read, while `without` is not.
 */
export type HostileFile = {
  name: string;
  bytes: () => Buffer | Promise<Buffer>;
  verdict: { code: ExtractionFailureCode } | { refused: RegExp } | { text: RegExp; without?: RegExp };
  limits?: Partial<ExtractionLimits>;
};

/** A PDF of pages of lines, as an ordinary program makes it. */
export async function textPdf(pages: string[][], title?: string): Promise<Buffer> {
  const document = await PDFDocument.create();
  if (title !== undefined) document.setTitle(title);
  const font = await document.embedFont(StandardFonts.Helvetica);
  for (const lines of pages) {
    const page = document.addPage([595, 842]);
    lines.forEach((line, row) => {
      page.drawText(line, { x: 60, y: 780 - row * 14, size: 10, font });
    });
  }
  return Buffer.from(await document.save());
}

/** Pages that hold a picture and no text. */
export async function scannedPdf(): Promise<Buffer> {
  const document = await PDFDocument.create();
  const png = await document.embedPng(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  );
  for (let i = 0; i < 2; i++)
    document.addPage([595, 842]).drawImage(png, { x: 0, y: 0, width: 595, height: 842 });
  return Buffer.from(await document.save());
}

/** A PDF that asks for a password before it shows anything (standard handler, 40 bits; the proof of the password fits none). */
export function lockedPdf(): Buffer {
  const proof = `<${"5a".repeat(32)}>`;
  return rawPdf(
    [
      stream("", Buffer.from("BT (secret) Tj ET")),
      `<< /Filter /Standard /V 1 /R 2 /O ${proof} /U ${proof} /P -4 >>`,
    ],
    "/Encrypt 5 0 R /ID [<00> <00>]",
  );
}

/** About 1 MB that unpacks to 1.1 GB, in the content of a page, honest or in a disguise that the check before does not see through. */
export function inflatingPdf(disguise: "none" | "picture" | "two filters"): Buffer {
  const bomb = zeroBomb();
  if (disguise === "picture") return rawPdf([stream("/Filter /FlateDecode /Subtype /Image", bomb)]);
  if (disguise === "two filters")
    return rawPdf([stream("/Filter [/FlateDecode /FlateDecode]", deflateSync(bomb))]);
  return rawPdf([stream("/Filter /FlateDecode", bomb)]);
}

/** The same in an object stream, which the parser unpacks to find the pages. */
export function inflatingObjectStreamPdf(): Buffer {
  return rawPdf([stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", zeroBomb())]);
}

/** 1.1 GB of blanks in zlib form: one packed piece after which the packer forgets everything, again and again. */
function zeroBomb(): Buffer {
  const piece = deflateRawSync(Buffer.alloc(11_000_000, 32), { finishFlush: constants.Z_FULL_FLUSH });
  return Buffer.concat([Buffer.from([0x78, 0x9c]), ...Array<Buffer>(100).fill(piece), Buffer.from([3, 0])]);
}

export function stream(entries: string, bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`<< ${entries} /Length ${bytes.length} >>\nstream\n`),
    bytes,
    Buffer.from("\nendstream"),
  ]);
}

/** A PDF of one page whose content is the first of `objects`; they are numbered from 4. `page` goes into its dictionary, `catalog` into the catalog. */
export function rawPdf(
  objects: (Buffer | string)[],
  trailer = "",
  { page = "/Resources << >>", catalog = "", pages = "/Kids [3 0 R] /Count 1" } = {},
): Buffer {
  const all = [
    `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`,
    `<< /Type /Pages ${pages} >>`,
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R ${page} >>`,
    ...objects,
  ];
  const parts: Buffer[] = [Buffer.from("%PDF-1.7\n")];
  const places: number[] = [];
  let size = 9;
  all.forEach((object, index) => {
    places.push(size);
    const part = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`),
      Buffer.from(object),
      Buffer.from("\nendobj\n"),
    ]);
    parts.push(part);
    size += part.length;
  });
  const rows = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
  parts.push(
    Buffer.from(
      `xref\n0 ${all.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${all.length + 1} /Root 1 0 R ${trailer} >>\nstartxref\n${size}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}
