import assert from "node:assert/strict";
import { test } from "node:test";
import { relations, S, sheetRows, told, xlsx } from "./office-files.ts";
import { extractXlsx } from "./xlsx.ts";

const lines = async (...given: Parameters<typeof xlsx>) => (await told(extractXlsx, xlsx(...given))).lines;

const STYLES = `<styleSheet ${S}><numFmts><numFmt numFmtId="164" formatCode="#,##0.00\\ &quot;€&quot;"/></numFmts><fonts><font/><font><b/></font></fonts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0" fontId="0"/><xf numFmtId="164" fontId="0"/><xf numFmtId="14" fontId="0"/><xf numFmtId="10" fontId="0"/><xf numFmtId="0" fontId="1"/></cellXfs></styleSheet>`;

test("cells as a person sees them: shared and rich strings, formats, dates, results of formulas, errors", async () => {
  const row =
    '<row r="2"><c r="A2" t="s"><v>1</v></c><c r="B2" s="1"><v>1234.5</v></c><c r="C2" s="2"><v>45356</v></c><c r="D2" s="3"><v>0.125</v></c><c r="E2" t="b"><v>1</v></c><c r="F2" t="str"><f>A2&amp;"x"</f><v>Oakx</v></c><c r="G2" t="e"><v>#N/A</v></c></row>';
  const head =
    '<row r="1">' +
    ["Room", "Rent", "From", "Share", "Let", "Key", "Note"]
      .map((name, i) => `<c r="${"ABCDEFG"[i]}1" t="inlineStr"><is><t>${name}</t></is></c>`)
      .join("") +
    "</row>";
  const parts = {
    "xl/sharedStrings.xml": `<sst ${S}><si><t>unused</t></si><si><r><t>O</t></r><r><rPr><b/></rPr><t>ak</t></r><rPh sb="0" eb="1"><t>phonetic</t></rPh></si></sst>`,
    "xl/styles.xml": STYLES,
  };
  assert.deepEqual(await lines({ "Rooms &amp; desks": head + row }, parts), [
    "heading1@1: Rooms & desks",
    "table@1: Room | Rent | From | Share | Let | Key | Note\nRoom: Oak | Rent: 1,234.50 € | From: 2024-03-05 | Share: 12.50% | Let: TRUE | Key: Oakx | Note: #N/A",
  ]);
  const old = await lines({ S: '<row r="1"><c r="A1" s="2"><v>43894</v></c></row>' }, parts, {
    before: '<workbookPr date1904="1"/>',
  });
  assert.deepEqual(old.at(-1), "table@1: 2024-03-05");
});

test("sheets keep their place; hidden ones say so, empty ones say nothing", async () => {
  const result = await told(
    extractXlsx,
    xlsx(
      { One: sheetRows([["alpha"]]), Two: "", Three: sheetRows([["gamma"]]) },
      {},
      { states: { Three: "veryHidden" } },
    ),
  );
  assert.equal(result.pages, 3);
  assert.deepEqual(result.lines, [
    "heading1@1: One",
    "table@1: alpha",
    "heading1@3: Three (hidden sheet)",
    "table@3: gamma",
  ]);
});

test("names of columns: found above rows of values, by a table, a filter, a frozen pane; forms have none", async () => {
  const rows = sheetRows([["Prices of May"], ["Room", "Price"], ["Oak", 12], ["Elm", 14], [], ["Total", 26]]);
  assert.deepEqual(
    (await lines({ S: rows })).at(-1),
    "table@1: Prices of May\nRoom | Price\nRoom: Oak | Price: 12\nRoom: Elm | Price: 14\nRoom: Total | Price: 26",
  );
  const form = sheetRows([
    ["Name", "Lena"],
    ["Town", "Wexcombe"],
    ["Street", "Harrow Lane"],
  ]);
  assert.deepEqual(
    (await lines({ S: form })).at(-1),
    "table@1: Name | Lena\nTown | Wexcombe\nStreet | Harrow Lane",
  );
  const named = "table@1: Name | Lena\nName: Town | Lena: Wexcombe\nName: Street | Lena: Harrow Lane";
  const table = {
    "xl/worksheets/_rels/sheet1.xml.rels": relations([["rId1", "table", "../tables/table1.xml"]]),
    "xl/tables/table1.xml": `<table ${S} ref="A1:B3"/>`,
  };
  assert.deepEqual((await lines({ S: form }, table)).at(-1), named);
  const pane = `<worksheet ${S}><sheetViews><sheetView><pane ySplit="1" state="frozen"/></sheetView></sheetViews><sheetData>${form}</sheetData></worksheet>`;
  assert.deepEqual((await lines({ S: pane })).at(-1), named);
  for (const range of ["S!$A$1:$B$3", "S!$A:$B,S!$1:$1"]) {
    const name = range.includes(",") ? "Print_Titles" : "_FilterDatabase";
    const book = `<definedNames><definedName name="_xlnm.${name}" localSheetId="0">${range}</definedName></definedNames>`;
    assert.deepEqual((await lines({ S: form }, {}, { book })).at(-1), named, range);
  }
});

test("merged cells say their words in each of their rows; comments and text boxes follow the rows", async () => {
  const sheet = `<worksheet ${S}><sheetData>${sheetRows([
    ["House", "Room", "Price"],
    ["Harrow", "Oak", 12],
    [null, "Elm", 14],
    ["Mill", "Ash", 9],
  ])}</sheetData><mergeCells><mergeCell ref="A2:A3"/></mergeCells></worksheet>`;
  const A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"';
  assert.deepEqual(
    await lines(
      { S: sheet },
      {
        "xl/worksheets/_rels/sheet1.xml.rels": relations([
          ["rId1", "comments", "../comments1.xml"],
          ["rId2", "drawing", "../drawings/drawing1.xml"],
        ]),
        "xl/comments1.xml": `<comments ${S}><commentList><comment ref="B2"><text><r><t>Since </t></r><r><t>May</t></r></text></comment></commentList></comments>`,
        "xl/drawings/drawing1.xml": `<xdr:wsDr ${A} xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"><xdr:sp><xdr:txBody><a:p><a:r><a:t>Prices are net</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>`,
      },
    ),
    [
      "heading1@1: S",
      "table@1: House | Room | Price\nHouse: Harrow | Room: Oak | Price: 12\nHouse: Harrow | Room: Elm | Price: 14\nHouse: Mill | Room: Ash | Price: 9",
      "paragraph@1: Comment: B2: Since May",
      "paragraph@1: Prices are net",
    ],
  );
});

test("cells without places follow one another; strange places are left out", async () => {
  assert.deepEqual(
    (
      await lines({
        S: '<row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is></c></row><row><c r="ZZZZ9"><v>1</v></c><c r="XFD2"><v>7</v></c></row>',
      })
    ).at(-1),
    "table@1: a | b\n7",
  );
});
