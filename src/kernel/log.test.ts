import assert from "node:assert/strict";
import { test } from "node:test";
import { openLog } from "./log.ts";

function logged(work: (log: ReturnType<typeof openLog>) => void): Record<string, unknown> {
  const lines: string[] = [];
  work(openLog("info", { write: (line) => void lines.push(line) }));
  return JSON.parse(lines.join("")) as Record<string, unknown>;
}

test("what is hidden by name is hidden three levels deep, in lists and in bindings too", () => {
  const line = logged((log) =>
    log.child({ requestId: "r", token: "t1" }).info(
      {
        password: "p",
        member: { id: "m", name: "n", home: { address: "a", city: "c" } },
        list: [{ text: "t2", no: 1 }],
        status: 200,
      },
      "answered",
    ),
  );
  assert.equal(line["token"], "[redacted]");
  assert.equal(line["password"], "[redacted]");
  assert.deepEqual(line["member"], {
    id: "m",
    name: "[redacted]",
    home: { address: "[redacted]", city: "c" },
  });
  assert.deepEqual(line["list"], [{ text: "[redacted]", no: 1 }]);
  assert.deepEqual([line["requestId"], line["status"], line["msg"]], ["r", 200, "answered"]);
});

test("hiding leaves what was given to the log as it was", () => {
  const member = { name: "n" };
  logged((log) => log.info({ member }, "seen"));
  assert.deepEqual(member, { name: "n" });
});

test("a driver's message is not written, nor what an error carries beside it", () => {
  const error = Object.assign(new Error("Key (address)=(a@b.example) exists"), {
    severity: "ERROR",
    code: "23505",
    detail: "a@b.example",
  });
  const line = logged((log) => log.warn({ err: error }, "refused"));
  assert.equal((line["err"] as { code: string }).code, "23505");
  assert.ok(!JSON.stringify(line).includes("b.example"));
});
