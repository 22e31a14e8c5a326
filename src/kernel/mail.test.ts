import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { test } from "node:test";
import { asSuperuser, openStage } from "../../test/support/stage.ts";
import { unit } from "./database/unit.ts";
import { deliverMail, readOutbox, sendMail } from "./mail.ts";

const mail = {
  to: "ada@harrow.example",
  subject: "Confirm your address",
  text: "Grüße,\nhttps://x.example/#token",
};

test("mail without a server", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");

  await t.test("stays sealed in the outbox, newest first, of all tenants", async () => {
    await unit(company.job(), (ctx) => sendMail(ctx, mail));
    stage.pass(1000);
    await unit(other.job(), (ctx) => sendMail(ctx, { ...mail, to: "bo@bexley.example" }));
    await assert.rejects(
      unit(company.job(), async (ctx) => {
        await sendMail(ctx, { ...mail, to: "never@harrow.example" });
        throw new Error("boom");
      }),
    );
    const outbox = await readOutbox(stage.system);
    assert.deepEqual(
      outbox.map(({ id: _, at: __, ...rest }) => rest),
      [
        { ...mail, to: "bo@bexley.example", tenant: "bexley" },
        { ...mail, tenant: "harrow" },
      ],
    );
    assert.equal((await readOutbox(stage.system, 1)).length, 1);
    const rows = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select state, recipient, subject, body from mail");
      return rows as { state: string; recipient: Buffer; subject: Buffer; body: Buffer }[];
    });
    for (const row of rows) {
      assert.equal(row.state, "outbox");
      for (const cell of [row.recipient, row.subject, row.body])
        assert.doesNotMatch(cell.toString("latin1"), /ada|Confirm|token/);
    }
    await assert.rejects(sendMail(company.job(), mail), /unit of work/);
  });
});

test("mail through a server", async (t) => {
  const server = await smtpServer(t);
  const stage = await openStage(t, {
    env: { SMTP_URL: server.url, MAIL_FROM: "Vouchsafe <desk@example.org>" },
    jobs: [deliverMail],
  });
  const company = await stage.company("harrow");
  /** The newest job's mail. */
  const newest = () =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select data->>'id' as id from pgboss.job join mail on mail_id::text = data->>'id' order by created_at desc limit 1",
      );
      return (rows[0]?.id ?? "") as string;
    });
  const stateOf = (id: string) =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select state, problem, sent_at is not null as dated from mail where mail_id = $1",
        [id],
      );
      return rows[0];
    });
  const send = async () => {
    await unit(company.job(), (ctx) => sendMail(ctx, mail));
    return newest();
  };

  await t.test("leaves through a job, once", async () => {
    const id = await send();
    assert.deepEqual(await stateOf(id), { state: "waiting", problem: null, dated: false });
    await deliverMail.run(company.job(), id, false);
    assert.deepEqual(await stateOf(id), { state: "sent", problem: null, dated: true });
    await deliverMail.run(company.job(), id, false);
    assert.equal(server.received.length, 1);
    const [{ from, to, data } = { from: "", to: "", data: "" }] = server.received;
    assert.deepEqual([from, to], ["<desk@example.org>", "<ada@harrow.example>"]);
    assert.match(data, /^Subject: Confirm your address\r$/m);
    assert.ok(data.includes(`Message-ID: <${id}@vouchsafe>`));
    assert.ok(
      Buffer.from(
        data
          .replace(/=\r\n/g, "")
          .replace(/=([0-9A-F]{2})/g, (_, h) => String.fromCharCode(Number.parseInt(h, 16))),
        "latin1",
      )
        .toString()
        .includes("Grüße"),
    );
    // Nobody reads mails here where a server takes them, not even those from before there was one.
    await asSuperuser(stage.database, (client) => client.query("update mail set state = 'outbox'"));
    assert.deepEqual(await readOutbox(stage.system), []);
  });

  await t.test("is tried again, and given up after the last try", async () => {
    server.refuse = true;
    const id = await send();
    await assert.rejects(deliverMail.run(company.job(), id, false));
    assert.equal((await stateOf(id))?.state, "waiting");
    await assert.rejects(deliverMail.run(company.job(), id, true));
    assert.deepEqual(await stateOf(id), { state: "failed", problem: "delivery", dated: false });
    server.refuse = false;
    await deliverMail.run(company.job(), id, false);
    assert.equal(server.received.length, 1);
  });

  await t.test("of another tenant is not found", async () => {
    const other = await stage.company("bexley");
    const id = await send();
    await deliverMail.run(other.job(), id, true);
    assert.equal((await stateOf(id))?.state, "waiting");
    assert.equal(server.received.length, 1);
  });
});

interface Received {
  from: string;
  to: string;
  data: string;
}

/** The few words of SMTP (RFC 5321) that a client needs; it keeps what it is given. */
async function smtpServer(t: { after(fn: () => Promise<void>): void }) {
  const received: Received[] = [];
  const state = { received, refuse: false, url: "" };
  const server = createServer((socket: Socket) => {
    let rest = "";
    let inData = false;
    let current: Received = { from: "", to: "", data: "" };
    socket.on("error", () => {});
    socket.write("220 test ESMTP\r\n");
    socket.setEncoding("latin1").on("data", (text: string) => {
      rest += text;
      for (;;) {
        const end = inData ? rest.indexOf("\r\n.\r\n") : rest.indexOf("\r\n");
        if (end < 0) return;
        const line = rest.slice(0, end);
        rest = rest.slice(end + (inData ? 5 : 2));
        if (inData) {
          received.push({ ...current, data: line });
          inData = false;
          socket.write("250 kept\r\n");
        } else if (/^MAIL FROM:/i.test(line)) {
          current = { from: line.slice(10), to: "", data: "" };
          socket.write(state.refuse ? "451 try later\r\n" : "250 ok\r\n");
        } else if (/^RCPT TO:/i.test(line)) {
          current.to = line.slice(8);
          socket.write("250 ok\r\n");
        } else if (/^DATA/i.test(line)) {
          inData = true;
          socket.write("354 go on\r\n");
        } else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
        else socket.write("250 test\r\n");
      }
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => new Promise((resolve) => server.close(() => resolve())));
  state.url = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return state;
}
