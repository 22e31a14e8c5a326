import assert from "node:assert/strict";
import { test } from "node:test";
import { isExtractionFailure } from "./failure.ts";
import { xmlReader } from "./xml.ts";

const NAMESPACES = new Map([
  ["urn:w", "w"],
  ["urn:strict", "w"],
  ["urn:r", "r"],
]);

function read(source: string | Uint8Array, size = 1 << 20): string {
  let out = "";
  const reader = xmlReader(NAMESPACES, {
    open(name, attribute) {
      const value = attribute("w:val") ?? attribute("val");
      out += `<${name}${value === undefined ? "" : `=${value}`}>`;
    },
    close: (name) => {
      out += `</${name}>`;
    },
    text: (text) => {
      out += text;
    },
  });
  const bytes = Buffer.from(source as string); // as: Buffer.from takes either
  for (let at = 0; at < bytes.length; at += size) reader.write(bytes.subarray(at, at + size));
  reader.end();
  return out;
}

const damaged = (source: string | Uint8Array) =>
  assert.throws(
    () => read(source),
    (error) => isExtractionFailure(error) && error.code === "damaged",
  );

test("names by their namespace, whatever the prefix, and again after it ends", () => {
  assert.equal(
    read(
      '<x:a xmlns:x="urn:w" x:val="1"><b xmlns="urn:strict" val="2"/><x:c/><q:d xmlns:q="urn:other"/><e/></x:a>',
    ),
    "<w:a=1><w:b=2></w:b><w:c></w:c><?:d></?:d><e></e></w:a>",
  );
  assert.equal(
    read('<x:a xmlns:x="urn:w"><x:b xmlns:x="urn:r"/><x:b/></x:a>'),
    "<w:a><r:b></r:b><w:b></w:b></w:a>",
  );
});

test("text in pieces of any size: five entities, numeric ones, CDATA; others stay as they are", () => {
  const source = "<a>1 &lt; 2 &amp; &#x5A;o&#235; <![CDATA[<raw> & so]]> &nobody; &nbsp;</a>";
  for (const size of [1, 7, 1000])
    assert.equal(read(source, size), "<a>1 < 2 & Zoë <raw> & so &nobody; &nbsp;</a>");
});

test("encodings by mark, by shape, by declaration; bytes that are none are damage", () => {
  const declared = (label: string) => `<?xml version="1.0" encoding="${label}"?><a>Zoë</a>`;
  const little = Buffer.from(declared("UTF-16"), "utf16le");
  for (const bytes of [
    Buffer.from(declared("UTF-8")),
    Buffer.from(`\uFEFF${declared("UTF-8")}`),
    little,
    Buffer.from(little).swap16(),
    Buffer.from(declared("windows-1252"), "latin1"),
    // It says UTF-16 in plain ASCII.
    Buffer.from(declared("UTF-16")),
  ])
    assert.equal(read(bytes), "<a>Zoë</a>");
  damaged(Buffer.from(declared("UTF-8"), "latin1"));
  damaged(declared("klingon"));
});

test("no document type with declarations, no truncated document, no depth without end", () => {
  damaged('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>');
  damaged("<!DOCTYPE a [ <!ELEMENT a ANY> ]><a/>");
  damaged('<!ENTITY b "c"><a/>');
  assert.equal(read('<!DOCTYPE a PUBLIC "x" "http://outside.example/x.dtd"><a/>'), "<a></a>");
  damaged("<a><b>");
  damaged("");
  damaged("words");
  damaged("<a>".repeat(300) + "</a>".repeat(300));
  damaged(`<a b="${"x".repeat(12_000_000)}"/>`);
  damaged(`<a><!--${"x".repeat(12_000_000)}--></a>`);
  damaged(`<a ${Array.from({ length: 300 }, (_, i) => `xmlns:n${i}="u"`).join(" ")}/>`);
});
