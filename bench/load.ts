/**
 * A load generator in a process of its own: a fixed number of kept-alive connections, each of which sends its next
 * request when the answer to the last is complete. Written by hand on sockets, so that it takes as little as it can
 * of the processors that it shares with the servers under test.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { quantile, rounded } from "./report.ts";

export interface Order {
  readonly port: number;
  /** Whole requests, sent in turn; a connection keeps to its own when there are as many as connections. */
  readonly requests: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}

export interface Round {
  readonly answers: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers that said when to come again; whoever got one waits so long. */
  readonly askedToWait: number;
  readonly perSecond: number;
  /** Milliseconds until the answer was complete. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

export interface Load {
  run(order: Order): Promise<Round>;
  close(): void;
}

/** Starts the generator's process. */
export function openLoad(): Load {
  const child: ChildProcess = fork(new URL(import.meta.url), ["work"], { execArgv: [] });
  return {
    async run(order) {
      child.send(order);
      const [answer] = (await once(child, "message")) as [Round | { error: string }];
      if ("error" in answer) throw new Error(answer.error);
      return answer;
    },
    close: () => void child.kill(),
  };
}

if (process.argv[2] === "work" && process.send) {
  process.on("message", (order: Order) => {
    generate(order).then(
      (round) => process.send?.(round),
      (error: Error) => process.send?.({ error: error.message }),
    );
  });
}

async function generate({ port, requests, connections, seconds }: Order): Promise<Round> {
  const bytes = requests.map((r) => Buffer.from(r, "utf8"));
  const taken: number[] = [];
  const statuses: Record<string, number> = {};
  let askedToWait = 0;
  let next = 0;
  const began = performance.now();
  const end = began + seconds * 1000;
  const one = async (index: number): Promise<void> => {
    // Not all in one moment: the queue of connections that nobody has accepted yet is a system's, and short.
    if (index >= 100) await sleep(index / 2);
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    await new Promise<void>((done, fail) => {
      let sent = 0;
      let pending = "";
      const finish = () => {
        socket.destroy();
        done();
      };
      const send = () => {
        if (performance.now() >= end) return finish();
        sent = performance.now();
        socket.write(bytes[(bytes.length === connections ? index : next++) % bytes.length] as Buffer);
      };
      socket.setEncoding("latin1").on("data", (text: string) => {
        pending = pending === "" ? text : pending + text;
        const head = pending.indexOf("\r\n\r\n");
        if (head < 0) return;
        const length = /\r\ncontent-length: (\d+)/i.exec(pending)?.[1];
        if (length === undefined) return fail(new Error("an answer does not tell its length"));
        if (pending.length < head + 4 + Number(length)) return;
        const status = pending.slice(9, 12);
        statuses[status] = (statuses[status] ?? 0) + 1;
        taken.push(performance.now() - sent);
        const wait = status === "200" ? undefined : /\r\nretry-after: (\d+)/i.exec(pending)?.[1];
        pending = "";
        if (wait === undefined) return send();
        askedToWait++;
        setTimeout(send, Math.max(0, Math.min(Number(wait) * 1000, end - performance.now())));
      });
      socket.on("error", fail).on("close", () => fail(new Error("the server closed a connection")));
      send();
    });
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => one(index)));
  const elapsed = (performance.now() - began) / 1000;
  const sorted = Float64Array.from(taken).sort();
  return {
    answers: taken.length,
    statuses,
    askedToWait,
    perSecond: rounded(taken.length / elapsed, 0),
    p50: rounded(quantile(sorted, 0.5)),
    p99: rounded(quantile(sorted, 0.99)),
    most: rounded(sorted.at(-1) ?? 0),
  };
}
