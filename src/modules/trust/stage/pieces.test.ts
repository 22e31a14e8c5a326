import assert from "node:assert/strict";
import { test } from "node:test";
import type { Control, Finding } from "../../../kernel/controls.ts";
import { runControls } from "../controls/run.ts";
import { inPieces, total } from "./pieces.ts";
import type { Aim, Stage } from "./stage.ts";

const ID = "identity.sessions";
const found = (verdict: Finding["verdict"]): Finding[] => [
  { verdict, what: "GET /session", who: "", got: "" },
];

/** A control of three pieces, of which the second is red and the third cannot go on after that. */
function control(ran: string[], lastly = false): Control<Stage> {
  let scenes = 0;
  const piece = (name: string, verdict: Finding["verdict"]) => async (_: Stage, scene: number) => {
    ran.push(`${name} ${scene}`);
    return found(verdict);
  };
  return {
    id: ID,
    kind: "tested",
    removed: "nothing",
    ...inPieces(
      async () => ++scenes,
      {
        first: piece("first", "held"),
        second: piece("second", "broken"),
        third: async () => {
          ran.push("third");
          throw new Error("nothing left");
        },
      },
      (counts) => ({ summary: `${total(counts)} in all` }),
    ),
    ...(lastly && {
      lastly: async () => {
        ran.push("attack");
        return { subjects: 1, findings: found("held"), summary: "attacked" };
      },
    }),
  };
}

const stage = (only: readonly string[], aim: Aim = {}) => ({ only, aim }) as unknown as Stage; // all that is looked at

test("as a whole, all pieces are run on one scene, and a red one keeps what it found", async () => {
  const ran: string[] = [];
  const [result] = await runControls(stage([ID]), [control(ran)], "1");
  assert.deepEqual(ran, ["first 1", "second 1", "third"]);
  assert.equal(result?.result, "broken");
  assert.deepEqual(
    result?.evidence.map(({ what }) => what),
    ["GET /session", "GET /session"],
  );
  assert.equal(result?.summary, "2 in all");
});

test("a piece is run alone, and those on one stage share their scene", async () => {
  const ran: string[] = [];
  const [result] = await runControls(stage([`${ID}/second`, `${ID}/first`]), [control(ran, true)], "1");
  assert.deepEqual(ran, ["first 1", "second 1"]);
  assert.equal(result?.result, "broken");
  await assert.rejects(runControls(stage([`${ID}/fourth`]), [control([])], "1"), /no part fourth/);
});

test("the attacker's part is one as well", async () => {
  const ran: string[] = [];
  const [result] = await runControls(stage([`${ID}/attack`]), [control(ran, true)], "1");
  assert.deepEqual(ran, ["attack"]);
  assert.equal(result?.result, "held");
});

test("until something is broken: nothing is looked at after it", async () => {
  const ran: string[] = [];
  await runControls(stage([ID], { untilBroken: true }), [control(ran, true)], "1");
  assert.deepEqual(ran, ["first 1", "second 1"]);
});

test("a piece that cannot run is no reason to stop looking", async () => {
  const ran: string[] = [];
  const only = [`${ID}/third`, `${ID}/attack`];
  const [result] = await runControls(stage(only, { untilBroken: true }), [control(ran, true)], "1");
  assert.deepEqual(ran, ["third", "attack"]);
  assert.equal(result?.result, "broken");
});

test("a kept scene is entered by the pieces, and set anew by the whole check", async () => {
  const seen: string[] = [];
  let set = 0;
  const pieces = inPieces(
    async () => ({ from: `set ${++set}` }),
    {
      look: async (_: Stage, { from }: { from: string }) => {
        seen.push(from);
        return found("held");
      },
    },
    () => ({ summary: "" }),
    { id: ID, keep: ({ from }) => [from], enter: (_, kept) => ({ from: `kept of ${kept[0]}` }) },
  );
  const kept = JSON.parse(JSON.stringify(await pieces.keepScene?.(stage([ID]))));
  const copy = { ...stage([ID]), scenes: new Map([[ID, kept]]) } as Stage; // as it is entered
  await pieces.parts.look(copy);
  await pieces.check(copy);
  await pieces.parts.look({ ...copy, scenes: new Map() });
  assert.deepEqual(seen, ["kept of set 1", "set 2", "set 3"]);
});
