import { extractionFailure } from "./failure.ts";
import { cleanLine } from "./text.ts";
import { type Namespaces, readXml, type XmlEvents } from "./xml.ts";
import { membersOf, openZip, type ZipBudget } from "./zip.ts";

/** An OpenDocument package (ODF 1.3 part 2). */
export type OdfPackage = {
  title: string;
  /** Reports nothing for a file that is not there. */
  read(file: "content.xml" | "styles.xml", events: XmlEvents): Promise<void>;
};

const OASIS = "urn:oasis:names:tc:opendocument:xmlns:";
const odfNamespaces: Namespaces = new Map([
  ...["office", "text", "table", "style", "presentation", "manifest"].map((word): [string, string] => [
    `${OASIS}${word}:1.0`,
    word,
  ]),
  [`${OASIS}drawing:1.0`, "draw"],
  [`${OASIS}xsl-fo-compatible:1.0`, "fo"],
  ["http://purl.org/dc/elements/1.1/", "dc"],
]);

/** Throws `password_protected` for an encrypted package, `damaged` for what is none. */
export async function openOdf(bytes: Uint8Array, budget?: ZipBudget): Promise<OdfPackage> {
  const zip = await openZip(bytes, budget);
  const files = membersOf(zip);
  const read = (file: string, events: XmlEvents) => readXml(zip, files.get(file), odfNamespaces, events);
  await read("meta-inf/manifest.xml", {
    open(name) {
      if (name === "manifest:encryption-data") throw extractionFailure("password_protected");
    },
  });
  if (!files.has("content.xml")) throw extractionFailure("damaged");
  let inTitle = false;
  let title = "";
  await read("meta.xml", {
    open: (name) => {
      inTitle = name === "dc:title";
    },
    close: () => {
      inTitle = false;
    },
    text: (text) => {
      if (inTitle && title.length < 1000) title += text;
    },
  });
  return { title: cleanLine(title), read };
}
