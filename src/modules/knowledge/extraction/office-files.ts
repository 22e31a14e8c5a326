// Office files made for tests: small, and true to ECMA-376 and ODF 1.3 as far as they go.
import { strToU8, type Zippable, zipSync } from "fflate";
import type { Report } from "./blocks.ts";

export type Parts = Record<string, string | Uint8Array>;

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/** The parts as a zip, in their order; strings are UTF-8. `stored` ones are not packed. */
export function zipped(parts: Parts, stored: string[] = []): Buffer {
  const files: Zippable = {};
  for (const [name, content] of Object.entries(parts))
    files[name] = [
      typeof content === "string" ? strToU8(content) : content,
      { level: stored.includes(name) ? 0 : 6, mtime: new Date(2024, 0, 1) },
    ];
  return Buffer.from(zipSync(files));
}

/** A relationships part; a target with "://" is external. */
export function relations(entries: [id: string, type: string, target: string][]): string {
  const each = entries.map(
    ([id, type, target]) =>
      `<Relationship Id="${id}" Type="${type.includes("/") ? type : `${OFFICE}/${type}`}" Target="${target}"${target.includes("://") ? ' TargetMode="External"' : ""}/>`,
  );
  return `${XML}<Relationships xmlns="${RELATIONS}">${each.join("")}</Relationships>`;
}

/** A package whose main part is `main`, of content type `type`; `title` goes into its core properties. */
export function ooxml(main: string, type: string, parts: Parts, title?: string): Buffer {
  return zipped(ooxmlParts(main, type, parts, title));
}

/** The same before it is zipped. */
export function ooxmlParts(main: string, type: string, parts: Parts, title?: string): Parts {
  return {
    "[Content_Types].xml": `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/${main}" ContentType="application/vnd.openxmlformats-officedocument.${type}.main+xml"/></Types>`,
    "_rels/.rels": relations([
      ["rId1", "officeDocument", main],
      [
        "rId2",
        "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties",
        "docProps/core.xml",
      ],
    ]),
    "docProps/core.xml": `${XML}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">${title === undefined ? "" : `<dc:title>${title}</dc:title>`}<dc:creator>N. N.</dc:creator></cp:coreProperties>`,
    ...Object.fromEntries(
      Object.entries(parts).map(([name, part]) => [
        name,
        typeof part === "string" && part.startsWith("<") && !part.startsWith("<?") ? XML + part : part,
      ]),
    ),
  };
}

export const W =
  'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"';

/** A text document of `body` (the content of w:body) and other parts of word/, which the main part is related to by `related`. */
export function docx(
  body: string,
  parts: Parts = {},
  related: [id: string, type: string, target: string][] = [],
  title?: string,
): Buffer {
  return ooxml(
    "word/document.xml",
    "wordprocessingml.document",
    {
      "word/document.xml": `<w:document ${W}><w:body>${body}</w:body></w:document>`,
      ...(related.length > 0 ? { "word/_rels/document.xml.rels": relations(related) } : {}),
      ...parts,
    },
    title,
  );
}

/** A paragraph of one run in a style. */
export const wp = (text: string, style?: string): string =>
  `<w:p>${style ? `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>` : ""}<w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;

const A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"';
const R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"';
export const P = `${A} ${R} xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"`;
export const S = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ${R}`;

/** A shape of a slide with paragraphs; `placeholder` as in `<p:ph type=…>`, "" for a text box. */
export const shape = (placeholder: string, ...paragraphs: string[]): string =>
  `<p:sp><p:nvSpPr><p:cNvPr id="2" name="s"/><p:cNvSpPr/><p:nvPr>${placeholder ? `<p:ph${placeholder === "obj" ? "" : ` type="${placeholder}"`}/>` : ""}</p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>${paragraphs.map((text) => `<a:p><a:r><a:t>${text}</a:t></a:r></a:p>`).join("")}</p:txBody></p:sp>`;

/** A presentation of slides by the content of their shape trees, shown in the order of `order` (default: as given). */
export function pptx(
  slides: string[],
  parts: Parts = {},
  order = slides.map((_, index) => index + 1),
): Buffer {
  const files: Parts = {
    "ppt/presentation.xml": `<p:presentation ${P}><p:sldIdLst>${order.map((no) => `<p:sldId id="${255 + no}" r:id="rId${no}"/>`).join("")}</p:sldIdLst></p:presentation>`,
    "ppt/_rels/presentation.xml.rels": relations(
      slides.map((_, index) => [`rId${index + 1}`, "slide", `slides/slide${index + 1}.xml`]),
    ),
  };
  slides.forEach((content, index) => {
    files[`ppt/slides/slide${index + 1}.xml`] = content.startsWith("<p:sld ")
      ? content
      : `<p:sld ${P}><p:cSld><p:spTree>${content}</p:spTree></p:cSld></p:sld>`;
  });
  return ooxml("ppt/presentation.xml", "presentationml.presentation", { ...files, ...parts }, "Deck");
}

/** A workbook; each sheet is the content of its `sheetData`, or a whole worksheet. `book` goes into the workbook part. */
export function xlsx(
  sheets: Record<string, string>,
  parts: Parts = {},
  {
    book = "",
    before = "",
    states = {} as Record<string, string>,
    related = [] as [string, string, string][],
  } = {},
): Buffer {
  const names = Object.keys(sheets);
  const files: Parts = {
    "xl/workbook.xml": `<workbook ${S}>${before}<sheets>${names.map((name, index) => `<sheet name="${name}" sheetId="${index + 1}"${states[name] ? ` state="${states[name]}"` : ""} r:id="rId${index + 1}"/>`).join("")}</sheets>${book}</workbook>`,
    "xl/_rels/workbook.xml.rels": relations([
      ...names.map((_, index): [string, string, string] => [
        `rId${index + 1}`,
        "worksheet",
        `worksheets/sheet${index + 1}.xml`,
      ]),
      ...related,
      ["rIdS", "styles", "styles.xml"],
      ["rIdT", "sharedStrings", "/xl/sharedStrings.xml"],
    ]),
  };
  names.forEach((name, index) => {
    const content = sheets[name] ?? "";
    files[`xl/worksheets/sheet${index + 1}.xml`] = content.startsWith("<worksheet")
      ? content
      : `<worksheet ${S}><sheetData>${content}</sheetData></worksheet>`;
  });
  return ooxml("xl/workbook.xml", "spreadsheetml.sheet", { ...files, ...parts });
}

/** Rows of inline strings and numbers from A1 on. */
export const sheetRows = (rows: (string | number | null)[][]): string =>
  rows
    .map(
      (cells, index) =>
        `<row r="${index + 1}">${cells
          .map((value, column) => {
            const place = `r="${String.fromCharCode(65 + column)}${index + 1}"`;
            if (value === null) return "";
            return typeof value === "number"
              ? `<c ${place}><v>${value}</v></c>`
              : `<c ${place} t="inlineStr"><is><t>${value}</t></is></c>`;
          })
          .join("")}</row>`,
    )
    .join("");

const NAMESPACES = [
  ["office", "office"],
  ["text", "text"],
  ["table", "table"],
  ["style", "style"],
  ["draw", "drawing"],
  ["presentation", "presentation"],
  ["fo", "xsl-fo-compatible"],
]
  .map(([prefix, word]) => `xmlns:${prefix}="urn:oasis:names:tc:opendocument:xmlns:${word}:1.0"`)
  .join(" ");

/** An OpenDocument package of `kind` ("text", "presentation", "spreadsheet") by the content of its body and its styles. */
export function odf(
  kind: string,
  body: string,
  { automatic = "", styles = "", master = "", title = "", manifest = "" } = {},
): Buffer {
  const dc = 'xmlns:dc="http://purl.org/dc/elements/1.1/"';
  return zipped(
    {
      mimetype: `application/vnd.oasis.opendocument.${kind}`,
      "content.xml": `${XML}<office:document-content ${NAMESPACES} ${dc} office:version="1.3"><office:automatic-styles>${automatic}</office:automatic-styles><office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`,
      "styles.xml": `${XML}<office:document-styles ${NAMESPACES} office:version="1.3"><office:styles>${styles}</office:styles><office:master-styles>${master}</office:master-styles></office:document-styles>`,
      "meta.xml": `${XML}<office:document-meta ${NAMESPACES} ${dc}><office:meta><dc:title>${title}</dc:title></office:meta></office:document-meta>`,
      "META-INF/manifest.xml": `${XML}<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.${kind}"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">${manifest}</manifest:file-entry></manifest:manifest>`,
    },
    ["mimetype"],
  );
}

/** What a reader reports, in short: "heading1@2: text". */
export async function told(
  read: (bytes: Uint8Array, report: Report) => Promise<void>,
  bytes: Uint8Array,
): Promise<{ pages: number | null; titles: string[]; lines: string[] }> {
  const all = { pages: null as number | null, titles: [] as string[], lines: [] as string[] };
  await read(bytes, {
    pages: (count) => {
      all.pages = count;
    },
    title: (text) => all.titles.push(text),
    block: ({ kind, level, page, text }) =>
      all.lines.push(`${kind}${level ?? ""}${page === null ? "" : `@${page}`}: ${text}`),
    pictures: () => {},
  });
  return all;
}
