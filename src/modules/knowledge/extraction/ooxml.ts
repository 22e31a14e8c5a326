import { extractionFailure } from "./failure.ts";
import { cleanLine } from "./text.ts";
import { type Namespaces, readXml, type XmlEvents } from "./xml.ts";
import { membersOf, openZip, type ZipBudget } from "./zip.ts";

/** A relation of a part to another one: `type` is the last word of its address ("styles"), `target` the other's name. */
export type Relation = { id: string; type: string; target: string };

/** An Office Open XML package (ECMA-376 part 2). Parts are named without a leading slash, in any case of letters. */
export type Package = {
  main: string;
  /** The title of its core properties; empty where there is none. */
  title: string;
  /** Those that lead to parts of this package; what lies outside is never looked at. */
  relations(part: string): Promise<Relation[]>;
  /** How large a part says it is; 0 for one that is not there. */
  bytes(part: string): number;
  /** Reports nothing for a part that is not there. */
  read(part: string | undefined, events: XmlEvents): Promise<void>;
};

/** Both editions of the standard: transitional, which everybody writes, and strict. */
const BOTH: [prefix: string, transitional: string, strict: string][] = [
  ["w", "wordprocessingml/2006/main", "wordprocessingml/main"],
  ["s", "spreadsheetml/2006/main", "spreadsheetml/main"],
  ["p", "presentationml/2006/main", "presentationml/main"],
  ["a", "drawingml/2006/main", "drawingml/main"],
  ["c", "drawingml/2006/chart", "drawingml/chart"],
  ["dgm", "drawingml/2006/diagram", "drawingml/diagram"],
  ["r", "officeDocument/2006/relationships", "officeDocument/relationships"],
  ["m", "officeDocument/2006/math", "officeDocument/math"],
];

export const ooxmlNamespaces: Namespaces = new Map([
  ...BOTH.flatMap(([prefix, transitional, strict]): [string, string][] => [
    [`http://schemas.openxmlformats.org/${transitional}`, prefix],
    [`http://purl.oclc.org/ooxml/${strict}`, prefix],
  ]),
  ["http://schemas.openxmlformats.org/markup-compatibility/2006", "mc"],
  ["http://schemas.openxmlformats.org/package/2006/relationships", "rel"],
  ["http://schemas.openxmlformats.org/package/2006/content-types", "ct"],
  ["http://purl.org/dc/elements/1.1/", "dc"],
  ["http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments", "threaded"],
  ["http://schemas.microsoft.com/office/powerpoint/2018/8/main", "modern"],
]);

/** Throws `damaged` for what is no package. */
export async function openPackage(bytes: Uint8Array, budget?: ZipBudget): Promise<Package> {
  const zip = await openZip(bytes, budget);
  const parts = membersOf(zip);
  const read = (part: string | undefined, events: XmlEvents) =>
    readXml(zip, part === undefined ? undefined : parts.get(part.toLowerCase()), ooxmlNamespaces, events);

  async function relations(part: string): Promise<Relation[]> {
    const found: Relation[] = [];
    const slash = part.lastIndexOf("/") + 1;
    await read(`${part.slice(0, slash)}_rels/${part.slice(slash)}.rels`, {
      open(name, attribute) {
        const target = attribute("Target");
        const external = /^external$/i.test(attribute("TargetMode") ?? "");
        if (name !== "rel:Relationship" || target === undefined || external) return;
        found.push({
          id: attribute("Id") ?? "",
          type: (attribute("Type") ?? "").split("/").at(-1) ?? "",
          target: resolved(part, target),
        });
      },
    });
    return found;
  }

  const roots = await relations("");
  const main = roots.find(({ type }) => type === "officeDocument")?.target;
  if (main === undefined || !parts.has(main.toLowerCase())) throw extractionFailure("damaged");
  const title = await titleOf(read, roots.find(({ type }) => type === "core-properties")?.target);
  const size = (part: string) => parts.get(part.toLowerCase())?.bytes ?? 0;
  return { main, title, relations, read, bytes: size };
}

/** A target is relative to the folder of its part; the result is a key among the parts, never a path. */
function resolved(part: string, target: string): string {
  const path = target.startsWith("/") ? [] : part.split("/").slice(0, -1);
  for (const step of target.split(/[\\/]/)) {
    if (step === "..") path.pop();
    else if (step !== "." && step !== "") path.push(step);
  }
  return path.join("/").replace(/%20/g, " ");
}

async function titleOf(read: Package["read"], part: string | undefined): Promise<string> {
  let inside = false;
  let title = "";
  await read(part, {
    open: (name) => {
      inside = name === "dc:title";
    },
    close: () => {
      inside = false;
    },
    text: (text) => {
      if (inside && title.length < 1000) title += text;
    },
  });
  return cleanLine(title);
}
