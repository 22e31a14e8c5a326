import type { Attributes, XmlEvents } from "./xml.ts";

/** What one shape of a slide says. `rows` is a table's; `linked` the relation to a diagram or chart. */
export type Shape = {
  /** What the layout has it for: "title", "body", "ftr", "obj" for any content, "" for a shape of its own. */
  placeholder: string;
  paragraphs: { text: string; bullet: "inherited" | "own" | "none" }[];
  rows: string[][];
  linked: string | null;
};

/**
 * The events of a slide or its notes to shapes in the order in which they are drawn, groups opened up. Shapes that are
 * not shown, the number and the date of the slide, and the second telling of mc:AlternateContent are left out.
 */
export function slideEvents(take: (shape: Shape) => void): XmlEvents {
  let shape: Shape | undefined;
  let paragraph: Shape["paragraphs"][number] | undefined;
  let row: string[] = [];
  let cell: string[] | undefined;
  let merged = false;
  const alternatives: boolean[] = [];
  let skipped = 0;
  let inText = false;

  function open(name: string, attribute: Attributes): void {
    if (skipped > 0 || (name === "mc:Fallback" && alternatives.at(-1) === true)) {
      skipped++;
      return;
    }
    switch (name) {
      case "p:sp":
      case "p:graphicFrame":
      case "p:cxnSp":
        shape = { placeholder: "", paragraphs: [], rows: [], linked: null };
        return;
      case "p:cNvPr":
        if (shape !== undefined && /^(?:1|true)$/.test(attribute("hidden") ?? "")) shape = undefined;
        return;
      case "p:ph":
        if (shape !== undefined) shape.placeholder = attribute("type") ?? "obj";
        return;
      case "a:p":
        paragraph = { text: "", bullet: "inherited" };
        return;
      case "a:buNone":
        if (paragraph) paragraph.bullet = "none";
        return;
      case "a:buChar":
      case "a:buAutoNum":
        if (paragraph) paragraph.bullet = "own";
        return;
      case "a:br":
        if (paragraph) paragraph.text += "\n";
        return;
      case "a:fld":
        if (/^(?:slidenum|datetime)/.test(attribute("type") ?? "")) skipped++;
        return;
      case "a:t":
      case "m:t":
        inText = true;
        return;
      case "a:tr":
        row = [];
        return;
      case "a:tc":
        cell = [];
        // The words of merged cells stand in the first of them.
        merged = attribute("hMerge") === "1";
        return;
      case "dgm:relIds":
        if (shape !== undefined) shape.linked = attribute("r:dm") ?? null;
        return;
      case "c:chart":
        if (shape !== undefined) shape.linked = attribute("r:id") ?? null;
        return;
      case "mc:AlternateContent":
        alternatives.push(false);
        return;
      case "mc:Choice":
        if (alternatives.length > 0) alternatives[alternatives.length - 1] = true;
    }
  }
  function close(name: string): void {
    if (skipped > 0) {
      skipped--;
      return;
    }
    if (name === "a:t" || name === "m:t") inText = false;
    else if (name === "mc:AlternateContent") alternatives.pop();
    else if (name === "a:p") {
      if (cell !== undefined) cell.push(paragraph?.text ?? "");
      else if (paragraph !== undefined) shape?.paragraphs.push(paragraph);
      paragraph = undefined;
    } else if (name === "a:tc") {
      if (!merged) row.push(cell?.join(" ") ?? "");
      cell = undefined;
    } else if (name === "a:tr") shape?.rows.push(row);
    else if (name === "p:sp" || name === "p:graphicFrame" || name === "p:cxnSp") {
      if (shape !== undefined) take(shape);
      shape = undefined;
    }
  }
  return {
    open,
    close,
    text(text) {
      if (inText && skipped === 0 && paragraph !== undefined) paragraph.text += text;
    },
  };
}
