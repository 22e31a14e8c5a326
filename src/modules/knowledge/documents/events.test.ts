import assert from "node:assert/strict";
import { test } from "node:test";
import { openStand, openToAll, upload } from "../../../../test/support/knowledge.ts";
import { unit } from "../../../kernel/database/unit.ts";
import type { StreamEvent } from "../../../kernel/routes/contract.ts";
import { endSessions } from "../../identity/sessions/service.ts";
import { documentEvents } from "./events.ts";
import type { Document } from "./view.ts";

test("the stream of documents", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const [mara, omar] = [await workspace.hire("Mara", "manager"), await workspace.hire("Omar", "owner")];
  const gone = new AbortController();
  t.after(() => gone.abort());
  const follow = (who: typeof mara, from?: string) => {
    const seen: StreamEvent[] = [];
    const ended = (async () => {
      for await (const event of documentEvents(who.as(), from, gone.signal)) seen.push(event);
    })();
    return { ended, seen, states: () => seen.map((e) => (e.data as Document).state) };
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve, 700));

  await t.test(
    "shows each change once, to those who may see the document, and ends with the session",
    async () => {
      const [hers, his] = [follow(mara), follow(omar)];
      await settled();
      const { items } = await upload(mara, { name: "a.md", content: "A text." });
      const id = items[0]?.id ?? "";
      await settled();
      await workspace.settle({ id });
      await settled();
      assert.deepEqual([hers.states()[0], hers.states().at(-1)], ["received", "ready"]);
      assert.equal(new Set(hers.states()).size, hers.seen.length);
      assert.equal(his.seen.length, 0);
      await openToAll(mara, "document", id);
      await settled();
      assert.deepEqual(
        his.seen.map((e) => [e.event, (e.data as Document).id, (e.data as Document).mine]),
        [["document", id, false]],
      );
      // Nothing happens while it looks again by itself, and nothing is sent.
      await new Promise((resolve) => setTimeout(resolve, 5200));
      assert.equal(his.seen.length, 1);
      const resumed = follow(omar, his.seen.at(-1)?.id);
      await settled();
      assert.equal(resumed.seen.length, 1);
      await unit(workspace.job(), (ctx) => endSessions(ctx, { memberId: omar.id }, "test"));
      await Promise.all([his.ended, resumed.ended]);
      assert.equal(gone.signal.aborted, false);
    },
  );
});
