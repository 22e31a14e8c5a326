import assert from "node:assert/strict";
import { test } from "node:test";
import { P, pptx, relations, shape, told } from "./office-files.ts";
import { extractPptx } from "./pptx.ts";

const a = (text: string) => `<a:txBody><a:p><a:r><a:t>${text}</a:t></a:r></a:p></a:txBody>`;

test("slides in the order of the show, each with its title, text, table, notes and comments; footers once", async () => {
  const result = await told(
    extractPptx,
    pptx(
      [
        shape("body", "Desks", "Rooms") +
          shape("title", "Prices") +
          shape("ftr", "Harrow &amp; Co") +
          shape("sldNum", "2"),
        shape("ctrTitle", "Harrow Lane") + shape("subTitle", "A house") + shape("ftr", "Harrow &amp; Co"),
        `<p:grpSp><p:grpSp>${shape("", "In a group")}</p:grpSp></p:grpSp>` +
          `<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc>${a("Room")}</a:tc><a:tc>${a("Price")}</a:tc><a:tc>${a("Note")}</a:tc></a:tr><a:tr><a:tc gridSpan="2">${a("Oak")}</a:tc><a:tc hMerge="1">${a("")}</a:tc><a:tc>${a("full")}</a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>`,
      ],
      {
        "ppt/slides/_rels/slide1.xml.rels": relations([
          ["rId1", "notesSlide", "../notesSlides/notesSlide1.xml"],
          ["rId2", "comments", "../comments/comment1.xml"],
        ]),
        "ppt/notesSlides/notesSlide1.xml": `<p:notes ${P}><p:cSld><p:spTree>${shape("sldImg")}${shape("body", "Speak slowly.")}${shape("sldNum", "1")}</p:spTree></p:cSld></p:notes>`,
        "ppt/comments/comment1.xml": `<p:cmLst ${P}><p:cm authorId="0"><p:text>Too dear?</p:text></p:cm></p:cmLst>`,
      },
      [2, 1, 3],
    ),
  );
  assert.deepEqual([result.pages, result.titles], [3, ["Deck"]]);
  assert.deepEqual(result.lines, [
    "heading1@1: Harrow Lane",
    "paragraph@1: A house",
    "paragraph@1: Harrow & Co",
    "heading1@2: Prices",
    "list@2: - Desks\n- Rooms",
    "paragraph@2: Notes: Speak slowly.",
    "paragraph@2: Comment: Too dear?",
    "heading1@3: Slide 3",
    "paragraph@3: In a group",
    "table@3: Room | Price | Note\nOak | full",
  ]);
});

test("hidden slides say so, hidden shapes are unread, alternatives are told once, diagrams and charts keep their words", async () => {
  const D = 'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"';
  const C = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"';
  const frame = (content: string) =>
    `<p:graphicFrame><a:graphic><a:graphicData>${content}</a:graphicData></a:graphic></p:graphicFrame>`;
  const result = await told(
    extractPptx,
    pptx(
      [
        `<p:sld ${P} show="0"><p:cSld><p:spTree>${shape("title", "Kept back")}</p:spTree></p:cSld></p:sld>`,
        shape("title", "Plan") +
          shape("", "unseen").replace("<p:cNvPr ", '<p:cNvPr hidden="1" ') +
          `<mc:AlternateContent><mc:Choice Requires="p14">${shape("", "Once")}</mc:Choice><mc:Fallback>${shape("", "Once")}</mc:Fallback></mc:AlternateContent>` +
          frame(`<dgm:relIds ${D} r:dm="rId1"/>`) +
          frame(`<c:chart ${C} r:id="rId2"/>`),
      ],
      {
        "ppt/slides/_rels/slide2.xml.rels": relations([
          ["rId1", "diagramData", "../diagrams/data1.xml"],
          ["rId2", "chart", "../charts/chart1.xml"],
          ["rId3", "image", "https://outside.example/x.png"],
        ]),
        "ppt/diagrams/data1.xml": `<dgm:dataModel ${P} ${D}><dgm:ptLst><dgm:pt><dgm:t><a:p><a:r><a:t>Ask</a:t></a:r></a:p></dgm:t></dgm:pt><dgm:pt><dgm:t><a:p><a:r><a:t>Answer</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst></dgm:dataModel>`,
        "ppt/charts/chart1.xml": `<c:chartSpace ${P} ${C}><c:title><a:p><a:r><a:t>Rent by year</a:t></a:r></a:p></c:title><c:ser><c:tx><c:strRef><c:f>S!$A$1</c:f><c:strCache><c:pt idx="0"><c:v>Oak</c:v></c:pt></c:strCache></c:strRef></c:tx><c:val><c:numRef><c:numCache><c:pt idx="0"><c:v>12</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:chartSpace>`,
      },
    ),
  );
  assert.deepEqual(result.lines, [
    "heading1@1: Kept back (hidden slide)",
    "heading1@2: Plan",
    "paragraph@2: Once",
    "paragraph@2: Ask\nAnswer",
    "paragraph@2: Rent by year\nOak",
  ]);
});
