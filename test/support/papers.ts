import { PDFDocument, StandardFonts } from "pdf-lib";

/** A document for a test: its text holds `word`, which no other has, exactly once. */
export interface Paper {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly word: string;
}

const SENTENCES = [
  "The harbour office keeps the ledger of every berth that is let for the season",
  "A notice period of ninety days applies to each contract unless both parties agree otherwise",
  "Invoices are paid within thirty days, and a reminder follows after two weeks",
  "The deposit is returned once the inspector has found the berth in good order",
  "Lanterns must be lit from dusk until dawn on every vessel that lies at anchor",
];

let made = 0;

/** A word that is in no dictionary, never twice the same. */
function newWord(): string {
  made += 1;
  return `qx${Array.from(String(made), (digit) => "bcdfghjklm"[Number(digit)]).join("")}zy`;
}

const sentences = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${SENTENCES[(from + i) % SENTENCES.length]}, entry ${from + i}.`);

/** Text of about `kilobytes`. */
export function textPaper(kilobytes: number): Paper {
  const word = newWord();
  const lines = sentences(made * 1000, Math.ceil((kilobytes * 1024) / 90));
  lines.splice(Math.floor(lines.length / 2), 0, `The watchword of this paper is ${word}.`);
  return { name: `Paper ${made}.txt`, bytes: Buffer.from(lines.map((line) => `${line}\n\n`).join("")), word };
}

export async function pdfPaper(pages: number): Promise<Paper> {
  const word = newWord();
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  const name = `Paper ${made}.pdf`;
  for (let page = 0; page < pages; page += 1) {
    const sheet = pdf.addPage();
    const lines = sentences(page * 40, 40);
    if (page === pages - 1) lines[20] = `The watchword of this paper is ${word}.`;
    for (const [i, line] of lines.entries()) sheet.drawText(line, { x: 40, y: 800 - i * 18, size: 9, font });
  }
  return { name, bytes: await pdf.save(), word };
}
