import assert from "node:assert/strict";
import { test } from "node:test";
import { stemEnglish } from "./stemmer.ts";

test("gives the stems of the published algorithm", () => {
  const pairs = `terminate:termin termination:termin terminated:termin leases:leas leasing:leas skies:sky dying:die
    agreed:agre hopping:hop hoping:hope ties:tie cries:cri gas:gas kiwis:kiwi consign:consign consistency:consist
    knightly:knight employees:employe conditional:condit sensibility:sensibl rationalize:ration happiness:happi
    electricity:electr formative:format adoption:adopt organization:organiz university:universiti adding:add
    biologists:biolog tenant's:tenant evening:evening proceed:proceed controlling:control rate:rate yearly:year`;
  for (const pair of pairs.split(/\s+/)) {
    const [word = "", stem = ""] = pair.split(":");
    assert.equal(stemEnglish(word), stem, word);
  }
});

test("leaves alone what is not a lower-case English word", () => {
  for (const word of ["", "ab", "42", "über", "Ω", "b12", "11.2"]) assert.equal(stemEnglish(word), word);
});
