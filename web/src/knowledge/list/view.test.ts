import assert from "node:assert/strict";
import { test } from "node:test";
import { filterWords, viewFrom, withoutFilters } from "./view.ts";

test("an address is read as far as it makes sense", () => {
  const view = {
    folder: "f",
    q: "2026",
    sort: "largest",
    kind: "docx",
    state: "failed",
    owner: "others",
  } as const;
  assert.deepEqual(viewFrom({ ...view, q: 2026, everywhere: "true", page: 3 }), {
    ...view,
    everywhere: true,
  });
  assert.deepEqual(
    viewFrom({
      sort: "fastest",
      kind: "exe",
      state: ["ready"],
      owner: "",
      folder: 7,
      q: "",
      everywhere: "no",
    }),
    {},
  );
  assert.deepEqual(withoutFilters(viewFrom(view)), { folder: "f", q: "2026", sort: "largest" });
});

test("what is looked for reads as a sentence", () => {
  assert.equal(
    filterWords({ kind: "eml", state: "failed", owner: "mine" }),
    "email of yours that could not be read",
  );
  assert.equal(filterWords({ state: "working" }), "document that is being read");
});
