import assert from "node:assert/strict";
import { test } from "node:test";
import { extractOdp, extractOds, extractOdt } from "./odf.ts";
import { odf, told } from "./office-files.ts";

const p = (text: string) => `<text:p>${text}</text:p>`;

test("odt: headings, numbered and not, lists, spaces, links, notes, comments, text boxes", async () => {
  const list = `<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/><text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")"/></text:list-style><text:list-style style:name="L2"><text:list-level-style-bullet text:level="1" text:bullet-char="•"/></text:list-style>`;
  const result = await told(
    extractOdt,
    odf(
      "text",
      `<text:h text:style-name="T1" text:outline-level="1">Term</text:h><text:p>One<text:s text:c="3"/>two<text:tab/>three<text:line-break/><text:a>four</text:a><text:note text:note-class="footnote"><text:note-citation>9</text:note-citation><text:note-body>${p("As above.")}</text:note-body></text:note>.<office:annotation><dc:creator>Lena</dc:creator>${p("Sure?")}</office:annotation></text:p>` +
        `<text:list text:style-name="L1"><text:list-item>${p("first")}<text:list><text:list-item>${p("inner")}</text:list-item></text:list></text:list-item><text:list-item>${p("second")}${p("still second")}</text:list-item></text:list><text:list text:style-name="L2"><text:list-item>${p("dot")}</text:list-item></text:list>` +
        `<text:p>Anchor<draw:frame><draw:text-box>${p("Boxed")}</draw:text-box></draw:frame></text:p><text:h text:outline-level="1">Rent</text:h>`,
      {
        automatic: list,
        styles:
          '<text:outline-style style:name="Outline"><text:outline-level-style text:level="1" style:num-format="1" style:num-suffix="."/></text:outline-style>',
        master: `<style:master-page style:name="S"><style:header>${p("Harrow &amp; Co")}</style:header><style:header-left>${p("Harrow &amp; Co")}</style:header-left><style:footer>${p("7")}</style:footer></style:master-page>`,
        title: "Lease",
      },
    ),
  );
  assert.deepEqual(result.titles, ["Lease"]);
  assert.deepEqual(result.lines, [
    "heading1: 1. Term",
    "paragraph: One two three\nfour [1].",
    "paragraph: [1] As above.",
    "paragraph: Comment: Sure?",
    "list: 1. first\na) inner\n2. second\nstill second\n- dot",
    "paragraph: Anchor",
    "paragraph: Boxed",
    "heading1: 2. Rent",
    "paragraph: Harrow & Co",
  ]);
});

test("odt: tracked deletions, hidden text and hidden sections are left out; tables with merged cells", async () => {
  const cell = (text: string, more = "") => `<table:table-cell${more}>${p(text)}</table:table-cell>`;
  const { lines } = await told(
    extractOdt,
    odf(
      "text",
      `<text:tracked-changes><text:changed-region><text:deletion>${p("deleted")}</text:deletion></text:changed-region></text:tracked-changes>` +
        `<text:p>Seen<text:span text:style-name="H">unseen</text:span></text:p><text:p text:style-name="HP">unseen</text:p><text:section text:display="none">${p("unseen")}</text:section>` +
        `<table:table><table:table-row>${cell("Room")}${cell("Price")}</table:table-row><table:table-row>${cell("Oak", ' table:number-rows-spanned="2"')}${cell("12")}</table:table-row><table:table-row><table:covered-table-cell/>${cell("14")}</table:table-row><table:table-row>${cell("both", ' table:number-columns-spanned="2"')}<table:covered-table-cell/></table:table-row></table:table>`,
      {
        automatic:
          '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style><style:style style:name="HP" style:family="paragraph" style:parent-style-name="H"/>',
      },
    ),
  );
  assert.deepEqual(lines, ["paragraph: Seen", "table: Room | Price\nOak | 12\nOak | 14\nboth"]);
});

test("odp: slides with titles, outlines, tables, notes; hidden slides say so", async () => {
  const frame = (kind: string, content: string) =>
    `<draw:frame presentation:class="${kind}"><draw:text-box>${content}</draw:text-box></draw:frame>`;
  const result = await told(
    extractOdp,
    odf(
      "presentation",
      `<draw:page draw:name="p1">${frame("outline", `<text:list><text:list-item>${p("Desks")}</text:list-item><text:list-item>${p("Rooms")}</text:list-item></text:list>`)}${frame("title", p("Prices"))}${frame("page-number", p("1"))}<presentation:notes>${frame("notes", p("Speak slowly."))}${frame("page-number", p("1"))}</presentation:notes></draw:page>` +
        `<draw:page draw:style-name="dp2"><draw:g><draw:custom-shape>${p("A shape")}</draw:custom-shape></draw:g><draw:frame><table:table><table:table-row><table:table-cell>${p("a")}</table:table-cell><table:table-cell>${p("b")}</table:table-cell></table:table-row></table:table></draw:frame></draw:page>`,
      {
        automatic:
          '<style:style style:name="dp2" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>',
      },
    ),
  );
  assert.equal(result.pages, 2);
  assert.deepEqual(result.lines, [
    "heading1@1: Prices",
    "list@1: - Desks\n- Rooms",
    "paragraph@1: Notes: Speak slowly.",
    "heading1@2: Slide 2 (hidden slide)",
    "paragraph@2: A shape",
    "table@2: a | b",
  ]);
});

test("ods: cells as they are shown, repeated cells and rows, merged cells, comments, hidden sheets", async () => {
  const cell = (text: string, more = "") =>
    `<table:table-cell${more}>${text ? p(text) : ""}</table:table-cell>`;
  const rest = '<table:table-cell table:number-columns-repeated="16380"/>';
  const row = (...cells: string[]) => `<table:table-row>${cells.join("")}${rest}</table:table-row>`;
  const result = await told(
    extractOds,
    odf(
      "spreadsheet",
      `<table:table table:name="Rooms">${row(cell("House"), cell("Room"), cell("Price"))}${row(cell("Harrow", ' table:number-rows-spanned="2"'), cell("Oak"), `<table:table-cell office:value-type="currency" office:value="12">${p("£12.00")}<office:annotation>${p("net")}</office:annotation></table:table-cell>`)}${row("<table:covered-table-cell/>", cell("Elm"), '<table:table-cell office:value-type="float" office:value="14"/>')}${row(cell("Mill"), "<table:table-cell/>", cell("9"))}<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>` +
        `<table:table table:name="Kept" table:style-name="ta2">${row(cell("x", ' table:number-columns-repeated="2"'))}</table:table>`,
      {
        automatic:
          '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>',
      },
    ),
  );
  assert.equal(result.pages, 2);
  assert.deepEqual(result.lines, [
    "heading1@1: Rooms",
    "table@1: House | Room | Price\nHouse: Harrow | Room: Oak | Price: £12.00\nHouse: Harrow | Room: Elm | Price: 14\nHouse: Mill | Price: 9",
    "paragraph@1: Comment: net",
    "heading1@2: Kept (hidden sheet)",
    "table@2: x | x",
  ]);
});
