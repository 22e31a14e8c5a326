import { PDFDocument, StandardFonts } from "pdf-lib";
import {
  type HostileFile,
  inflatingPdf,
  lockedPdf,
  rawPdf,
  scannedPdf,
  stream,
  textPdf,
} from "./hostile-files.ts";

const FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
const WORDS = stream("", Buffer.from("BT /F1 12 Tf 60 700 Td (The honest words) Tj ET"));
const withFont = (more = "") => ({ page: `/Resources << /Font << /F1 5 0 R >> ${more} >>` });
const honest = /The honest words/;

/** PDF files that run, fetch, point in circles, claim too much, or are not what they seem. */
export const hostilePdf: readonly HostileFile[] = [
  { name: "locked.pdf", bytes: lockedPdf, verdict: { code: "password_protected" } },
  { name: "scanned.pdf", bytes: scannedPdf, verdict: { code: "no_text" } },
  {
    name: "truncated.pdf",
    bytes: async () => {
      const whole = await textPdf([["One"], ["Two"]]);
      return whole.subarray(0, whole.length >> 1);
    },
    verdict: { code: "damaged" },
  },
  {
    name: "nothing inside.pdf",
    bytes: () => Buffer.from("%PDF-1.7\nstartxref\n0\n%%EOF\n"),
    verdict: { code: "damaged" },
  },
  { name: "bomb.pdf", bytes: () => inflatingPdf("none"), verdict: { code: "too_large_inflated" } },
  {
    name: "script.pdf",
    bytes: () =>
      rawPdf([WORDS, FONT, "<< /S /JavaScript /JS (app.alert\\('evil'\\)) >>"], "", {
        ...withFont(),
        catalog: "/OpenAction 6 0 R /AA << /WC 6 0 R >>",
      }),
    verdict: { text: honest, without: /evil|alert/ },
  },
  {
    name: "launch.pdf",
    bytes: () =>
      rawPdf([WORDS, FONT], "", {
        page: `${withFont().page} /Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 600 800] /A << /S /Launch /F (cmd.exe) >> >> << /Type /Annot /Subtype /Link /Rect [0 0 600 800] /A << /S /URI /URI (http://127.0.0.1:9/evil) >> >>]`,
        catalog: "/OpenAction << /S /GoToR /F (http://127.0.0.1:9/evil.pdf) /D [0 /Fit] >>",
      }),
    verdict: { text: honest, without: /cmd|evil/ },
  },
  {
    name: "outside stream.pdf",
    bytes: () =>
      rawPdf(
        [
          stream(
            "/F (http://127.0.0.1:9/evil) /FFilter /FlateDecode",
            Buffer.from("BT /F1 12 Tf 60 700 Td (The honest words) Tj ET"),
          ),
          FONT,
        ],
        "",
        withFont(),
      ),
    verdict: { text: honest, without: /evil/ },
  },
  {
    name: "attachment inside.pdf",
    bytes: async () => {
      const document = await PDFDocument.create();
      const font = await document.embedFont(StandardFonts.Helvetica);
      document.addPage().drawText("The honest words", { x: 50, y: 500, font });
      await document.attach(Buffer.from("MZ evil program"), "evil.exe");
      return Buffer.from(await document.save());
    },
    verdict: { text: honest, without: /evil/ },
  },
  {
    name: "pages in a circle.pdf",
    bytes: () => rawPdf([WORDS, FONT], "", { ...withFont(), pages: "/Kids [2 0 R] /Count 1" }),
    verdict: { code: "damaged" },
  },
  {
    name: "two thousand million pages.pdf",
    bytes: () => rawPdf([WORDS, FONT], "", { ...withFont(), pages: "/Kids [3 0 R] /Count 2147483647" }),
    verdict: { text: honest },
  },
  {
    name: "index in a circle.pdf",
    bytes: () => {
      const whole = rawPdf([WORDS, FONT], "", withFont()).toString("latin1");
      const at = /startxref\n(\d+)/.exec(whole)?.[1] ?? "0";
      return Buffer.from(whole.replace("/Root", `/Prev ${at} /Root`), "latin1");
    },
    verdict: { text: honest },
  },
  {
    name: "a form that draws itself.pdf",
    bytes: () =>
      rawPdf(
        [
          stream("", Buffer.from("BT /F1 12 Tf 60 700 Td (The honest words) Tj ET /X Do")),
          FONT,
          stream(
            "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>",
            Buffer.from("/X Do /X Do"),
          ),
        ],
        "",
        withFont("/XObject << /X 6 0 R >>"),
      ),
    verdict: { code: "damaged" },
    limits: { milliseconds: 20_000 },
  },
  {
    name: "arrays in arrays.pdf",
    bytes: () =>
      rawPdf([WORDS, FONT, `${"[".repeat(200_000)}${"]".repeat(200_000)}`], "", {
        ...withFont(),
        catalog: "/Deep 6 0 R",
      }),
    verdict: { text: honest },
  },
  {
    name: "a picture of ten thousand million points.pdf",
    bytes: () =>
      rawPdf(
        [
          stream("", Buffer.from("BT /F1 12 Tf 60 700 Td (The honest words) Tj ET /P Do")),
          FONT,
          stream(
            "/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /ColorSpace /DeviceRGB /BitsPerComponent 8",
            Buffer.from("x"),
          ),
        ],
        "",
        withFont("/XObject << /P 6 0 R >>"),
      ),
    verdict: { text: honest },
  },
  {
    name: "only that picture.pdf",
    bytes: () =>
      rawPdf(
        [
          stream("", Buffer.from("/P Do")),
          stream(
            "/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /ColorSpace /DeviceRGB /BitsPerComponent 8",
            Buffer.from("x"),
          ),
        ],
        "",
        { page: "/Resources << /XObject << /P 5 0 R >> >>" },
      ),
    verdict: { code: "no_text" },
  },
  { name: "lease.txt", bytes: () => rawPdf([WORDS, FONT], "", withFont()), verdict: { text: honest } },
  { name: "lease.docx", bytes: () => rawPdf([WORDS, FONT], "", withFont()), verdict: { text: honest } },
  {
    name: "a login page.pdf",
    bytes: () => Buffer.from("<!DOCTYPE html><p>The honest words<script>evil()</script>"),
    verdict: { text: honest, without: /evil/ },
  },
  {
    name: "words.pdf",
    bytes: () => Buffer.from("just words"),
    verdict: { refused: /ends in \.pdf, but it holds plain text/ },
  },
];
