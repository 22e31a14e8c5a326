import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { showing } from "./decoys.ts";

test("what passes through is unchanged, and a text across two parts is seen once they are there", async () => {
  const marker = "abcdefgh";
  for (let cut = 0; cut <= marker.length; cut++) {
    const parts = [`--${marker.slice(0, cut)}`, `${marker.slice(cut)}--`].map((part) => Buffer.from(part));
    let seen = 0;
    const shown = Readable.from(parts).pipe(
      showing(marker.length, (part) => {
        if (part.includes(marker)) seen += 1;
      }),
    );
    const passed = Buffer.concat((await shown.toArray()) as Buffer[]);
    assert.equal(passed.toString(), `--${marker}--`);
    assert.equal(seen, 1, `cut after ${cut}`);
  }
});
