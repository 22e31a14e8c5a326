import assert from "node:assert/strict";
import { test } from "node:test";
import { extractDocx } from "./docx.ts";
import { docx, told, W, wp } from "./office-files.ts";

const lines = async (...given: Parameters<typeof docx>) => (await told(extractDocx, docx(...given))).lines;

const STYLES = `<w:styles ${W}>
  <w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
  <w:style w:type="paragraph" w:styleId="Kapitel"><w:name w:val="Kapitel"/><w:basedOn w:val="berschrift1"/></w:style>
  <w:style w:type="paragraph" w:styleId="Titre3"><w:name w:val="Titre 3"/></w:style>
  <w:style w:type="paragraph" w:styleId="TOCHeading"><w:name w:val="TOC Heading"/><w:basedOn w:val="berschrift1"/><w:pPr><w:outlineLvl w:val="9"/></w:pPr></w:style>
  <w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/></w:style>
  <w:style w:type="paragraph" w:styleId="Klausel"><w:name w:val="Clause"/><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="2"/></w:numPr></w:pPr></w:style>
  <w:style w:type="paragraph" w:styleId="A"><w:name w:val="A"/><w:basedOn w:val="B"/></w:style>
  <w:style w:type="paragraph" w:styleId="B"><w:name w:val="B"/><w:basedOn w:val="A"/></w:style>
  <w:style w:type="character" w:styleId="Unseen"><w:name w:val="Unseen"/><w:rPr><w:vanish/></w:rPr></w:style>
</w:styles>`;
const styled = (body: string) =>
  lines(body, { "word/styles.xml": STYLES }, [["rId1", "styles", "styles.xml"]]);

test("headings by the outline of their style, of one that it is based on, by its name, or by their own", async () => {
  assert.deepEqual(
    await styled(
      wp("The lease", "Titel") +
        wp("One", "berschrift1") +
        wp("Two", "Kapitel") +
        wp("Three", "Titre3") +
        wp("Contents", "TOCHeading") +
        wp("In a circle", "A") +
        '<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>Own</w:t></w:r></w:p>' +
        wp("An entire paragraph. ".repeat(20), "berschrift1"),
    ),
    [
      "heading1: The lease",
      "heading1: One",
      "heading1: Two",
      "heading3: Three",
      "paragraph: Contents",
      "paragraph: In a circle",
      "heading2: Own",
      `paragraph: ${"An entire paragraph. ".repeat(20).trim()}`,
    ],
  );
});

test("the title: of the properties, else the paragraph set as title", async () => {
  const related: [string, string, string][] = [["rId1", "styles", "styles.xml"]];
  const named = docx(wp("The lease", "Titel"), { "word/styles.xml": STYLES }, related, "Lease &amp; annex");
  assert.equal((await told(extractDocx, named)).titles[0], "Lease & annex");
  const unnamed = docx(wp("The lease", "Titel"), { "word/styles.xml": STYLES }, related);
  assert.deepEqual((await told(extractDocx, unnamed)).titles, ["The lease"]);
});

test("runs, hyperlinks, breaks, fields by their results, content controls", async () => {
  const run = (text: string) => `<w:r><w:t xml:space="preserve">${text}</w:t></w:r>`;
  const code = (type: string) => `<w:r><w:fldChar w:fldCharType="${type}"/></w:r>`;
  assert.deepEqual(
    await lines(
      `<w:p><w:pPr><w:tabs><w:tab w:val="left" w:pos="720"/></w:tabs></w:pPr>${run("Rent ")}<w:hyperlink r:id="rId9">${run("&#163;420")}</w:hyperlink><w:r><w:tab/><w:t>due</w:t><w:br/><w:t>monthly</w:t></w:r></w:p>` +
        `<w:p>${run("Page ")}${code("begin")}<w:r><w:instrText> PAGEREF secret </w:instrText></w:r>${run("not this")}${code("separate")}${run("7")}${code("end")}${run(" of 9")}</w:p>` +
        `<w:p>${code("begin")}${run("unfinished")}</w:p>` +
        `<w:sdt><w:sdtPr><w:alias w:val="Name"/></w:sdtPr><w:sdtContent>${wp("In a control")}</w:sdtContent></w:sdt>` +
        `<w:p><w:r><w:t>25</w:t></w:r><w:r><w:noBreakHyphen/><w:t>30 &lt;m&gt; &amp; more</w:t></w:r></w:p>` +
        `<w:p><m:oMath><m:r><m:t>E=mc</m:t></m:r></m:oMath></w:p>`,
    ),
    [
      "paragraph: Rent £420 due\nmonthly",
      "paragraph: Page 7 of 9",
      "paragraph: In a control",
      "paragraph: 25-30 <m> & more",
      "paragraph: E=mc",
    ],
  );
});

test("tracked changes: insertions stay, deletions and what was moved away go; a deleted mark joins", async () => {
  assert.deepEqual(
    await lines(
      '<w:p><w:r><w:t xml:space="preserve">Pay </w:t></w:r><w:ins w:id="1"><w:r><w:t>ten</w:t></w:r></w:ins><w:del w:id="2"><w:r><w:delText>five</w:delText><w:t>five too</w:t></w:r></w:del><w:moveFrom w:id="3"><w:r><w:t>moved</w:t></w:r></w:moveFrom><w:moveTo w:id="4"><w:r><w:t xml:space="preserve"> here</w:t></w:r></w:moveTo></w:p>' +
        '<w:p><w:pPr><w:rPr><w:del w:id="5"/></w:rPr></w:pPr><w:r><w:t xml:space="preserve">first half, </w:t></w:r></w:p>' +
        wp("second half") +
        '<w:tbl><w:tr><w:trPr><w:del w:id="6"/></w:trPr><w:tc><w:p><w:r><w:t>gone</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>' +
        '<w:p><w:pPr><w:pPrChange w:id="7"><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:pPrChange></w:pPr><w:r><w:t>No heading any more</w:t></w:r></w:p>',
    ),
    ["paragraph: Pay ten here", "paragraph: first half, second half", "paragraph: No heading any more"],
  );
});

test("hidden text is unseen by its reader and unread by us, whether by its run or its style", async () => {
  assert.deepEqual(
    await styled(
      '<w:p><w:r><w:t>seen</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:rPr><w:rStyle w:val="Unseen"/></w:rPr><w:t>hidden too</w:t></w:r><w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t xml:space="preserve"> again</w:t></w:r></w:p>',
    ),
    ["paragraph: seen again"],
  );
});

const NUMBERING = `<w:numbering ${W}>
  <w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl><w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%3)"/></w:lvl></w:abstractNum>
  <w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="\uF0B7"/></w:lvl></w:abstractNum>
  <w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>
  <w:num w:numId="2"><w:abstractNumId w:val="0"/></w:num>
  <w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>
</w:numbering>`;

test("numbers as the reader sees them: levels, styles, restarts, bullets, numbered headings", async () => {
  const item = (text: string, numbering: number, level = 0, outline = "") =>
    `<w:p><w:pPr>${outline}<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="${numbering}"/></w:numPr></w:pPr><w:r><w:t>${text}</w:t></w:r></w:p>`;
  assert.deepEqual(
    await lines(
      item("Term", 2, 0, '<w:outlineLvl w:val="0"/>') +
        wp("clause", "Klausel") +
        item("sub", 2, 2) +
        item("sub", 2, 2) +
        wp("clause", "Klausel") +
        item("Rent", 2, 0, '<w:outlineLvl w:val="0"/>') +
        wp("clause", "Klausel") +
        item("anew", 3) +
        item("dot", 1) +
        item("no number", 0),
      { "word/styles.xml": STYLES, "word/numbering.xml": NUMBERING },
      [
        ["rId1", "styles", "styles.xml"],
        ["rId2", "numbering", "numbering.xml"],
      ],
    ),
    [
      "heading1: 1. Term",
      "list: 1.1 clause\n(a) sub\n(b) sub\n1.2 clause",
      "heading1: 2. Rent",
      "list: 2.1 clause\n1. anew\n- dot",
      "paragraph: no number",
    ],
  );
});

test("tables: a row a line, merged cells in each of their rows, boxes of one cell as text, a table within a cell", async () => {
  const cell = (content: string, properties = "") => `<w:tc><w:tcPr>${properties}</w:tcPr>${content}</w:tc>`;
  assert.deepEqual(
    await lines(
      `<w:tbl><w:tr>${cell(wp("Room"))}${cell(wp("Day"))}${cell(wp("Price"))}</w:tr>` +
        `<w:tr>${cell(wp("Oak"), '<w:vMerge w:val="restart"/>')}${cell(wp("Monday") + wp("and Tuesday"))}${cell(wp("£12"))}</w:tr>` +
        `<w:tr>${cell("<w:p/>", "<w:vMerge/>")}${cell(wp("Sunday"))}${cell(wp("£14"))}</w:tr>` +
        `<w:tr>${cell(wp("closed on holidays"), '<w:gridSpan w:val="2"/>')}${cell(`<w:tbl><w:tr>${cell(wp("a"))}${cell(wp("b"))}</w:tr></w:tbl><w:p/>`)}</w:tr></w:tbl>` +
        `<w:tbl><w:tr>${cell(wp("Boxed words") + wp("in two"))}</w:tr></w:tbl>`,
    ),
    [
      "table: Room | Day | Price\nOak | Monday and Tuesday | £12\nOak | Sunday | £14\nclosed on holidays | a, b",
      "paragraph: Boxed words",
      "paragraph: in two",
    ],
  );
});

test("notes and comments follow what refers to them; headers and footers stand once; text boxes once", async () => {
  const box = (text: string) => `<w:txbxContent>${wp(text)}</w:txbxContent>`;
  const result = await lines(
    '<w:p><w:r><w:t>The tenant</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t xml:space="preserve"> pays.</w:t></w:r><w:r><w:commentReference w:id="0"/></w:r><w:r><w:endnoteReference w:id="2"/></w:r></w:p>' +
      `<w:p><w:r><w:t>Anchor</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>${box("Boxed")}</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>${box("Boxed")}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>` +
      wp("End"),
    {
      "word/footnotes.xml": `<w:footnotes ${W}><w:footnote w:type="separator" w:id="0">${wp("-----")}</w:footnote><w:footnote w:id="2">${wp("As named above.")}</w:footnote></w:footnotes>`,
      "word/endnotes.xml": `<w:endnotes ${W}><w:endnote w:id="2">${wp("See the annex.")}</w:endnote></w:endnotes>`,
      "word/comments.xml": `<w:comments ${W}><w:comment w:id="0" w:author="L">${wp("Is that right?")}</w:comment></w:comments>`,
      "word/header1.xml": `<w:hdr ${W}>${wp("Harrow &amp; Co")}</w:hdr>`,
      "word/header2.xml": `<w:hdr ${W}>${wp("Harrow &amp; Co")}</w:hdr>`,
      "word/footer1.xml": `<w:ftr ${W}>${wp("12")}</w:ftr>`,
      "word/footer2.xml": `<w:ftr ${W}>${wp("Draft of May")}</w:ftr>`,
    },
    [
      ["rId1", "footnotes", "footnotes.xml"],
      ["rId2", "endnotes", "endnotes.xml"],
      ["rId3", "comments", "comments.xml"],
      ["rId4", "header", "header1.xml"],
      ["rId5", "header", "header2.xml"],
      ["rId6", "footer", "footer1.xml"],
      ["rId7", "footer", "footer2.xml"],
      ["rId8", "hyperlink", "https://outside.example/"],
    ],
  );
  assert.deepEqual(result, [
    "paragraph: The tenant [1] pays. [2]",
    "paragraph: [1] As named above.",
    "paragraph: Comment: Is that right?",
    "paragraph: [2] See the annex.",
    "paragraph: Anchor",
    "paragraph: Boxed",
    "paragraph: End",
    "paragraph: Harrow & Co",
    "paragraph: Draft of May",
  ]);
});

test("diagrams and charts say their words where they stand", async () => {
  const spaces =
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"';
  const say = (text: string) => `<a:p><a:r><a:t>${text}</a:t></a:r></a:p>`;
  assert.deepEqual(
    await lines(
      `<w:p ${spaces}><w:r><w:t>See</w:t><w:drawing><dgm:relIds r:dm="rId1"/></w:drawing></w:r><w:r><w:drawing><c:chart r:id="rId2"/></w:drawing></w:r></w:p>`,
      {
        "word/diagrams/data1.xml": `<dgm:dataModel ${spaces}>${say("Ask")}${say("Answer")}</dgm:dataModel>`,
        "word/charts/chart1.xml": `<c:chartSpace ${spaces}><c:title>${say("Rent")}</c:title><c:numCache><c:v>12</c:v></c:numCache></c:chartSpace>`,
      },
      [
        ["rId1", "diagramData", "diagrams/data1.xml"],
        ["rId2", "chart", "charts/chart1.xml"],
      ],
    ),
    ["paragraph: See", "paragraph: Ask\nAnswer", "paragraph: Rent"],
  );
});

test("the strict edition of the standard, other prefixes, UTF-16", async () => {
  const strict = (encoding: string) =>
    `<?xml version="1.0" encoding="${encoding}"?><x:document xmlns:x="http://purl.oclc.org/ooxml/wordprocessingml/main"><x:body><x:p><x:pPr><x:outlineLvl x:val="2"/></x:pPr><x:r><x:t>Zoë</x:t></x:r></x:p></x:body></x:document>`;
  const little = Buffer.from(`\uFEFF${strict("UTF-16")}`, "utf16le");
  for (const bytes of [
    Buffer.from(strict("UTF-8")),
    little,
    Buffer.from(little).swap16(),
    Buffer.from(strict("ISO-8859-1"), "latin1"),
  ])
    assert.deepEqual(await lines("", { "word/document.xml": bytes }), ["heading3: Zoë"]);
});
