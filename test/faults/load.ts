import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Client } from "../../src/modules/trust/stage/client.ts";
import { type Paper, pdfPaper, textPaper } from "../support/papers.ts";
import { original } from "../support/visitor.ts";
import type { Firm } from "./firm.ts";

/** What came back while people worked: how many answers of each status, and how often nothing came. */
export type Tally = Map<string, number>;

/**
 * People who go on working whatever happens to the server, until `stop`. What they are told was done, `firm` remembers;
 * of what was not answered, either may be so. Anything but a refusal that can be understood is collected in `odd`.
 */
export function startWorking(firm: Firm) {
  const tally: Tally = new Map();
  const odd: string[] = [];
  const stopping = new AbortController();
  const call = async (...args: Parameters<Client["call"]>): Promise<Answer | null> => {
    // A server that is not there refuses the connection, a dying one cuts it: the person tries again.
    const answer = await firm.client.call(...args).catch(() => null);
    const status = String(answer?.status ?? "no answer");
    tally.set(status, (tally.get(status) ?? 0) + 1);
    if (answer && answer.status >= 500 && ![503, 507].includes(answer.status))
      odd.push(`${args[0]} ${args[1]}: ${answer.status} ${answer.text.slice(0, 200)}`);
    return answer;
  };
  const again = async (pause: number, work: () => Promise<void>) => {
    for (; !stopping.signal.aborted; await sleep(pause)) await work();
  };
  const chats: string[] = [];
  const workers = [
    again(350, async () => add(firm, call, textPaper(2 + Math.floor(Math.random() * 60)))),
    again(1500, async () => add(firm, call, await pdfPaper(4))),
    again(200, async () => {
      await call("GET", "documents");
    }),
    again(300, async () => {
      await call("GET", "search?q=harbour");
    }),
    again(400, async () => {
      const [id, paper] = pickOne([...firm.documents]) ?? [];
      if (!id || !paper) return;
      // Cut off, or refused, or all of it: a part of a file is never served as the whole.
      const file = await original(firm.client, id).catch(() => null);
      if (Buffer.isBuffer(file) && !file.equals(paper.bytes))
        odd.push(`${paper.name} was served with ${file.length} bytes of ${paper.bytes.length}`);
    }),
    again(350, async () => {
      const name = `Drawer ${firm.folders.size} ${Math.random().toString(36).slice(2, 8)}`;
      const answer = await call("POST", "folders", { body: { name, parent: null } });
      if (answer?.status === 201) firm.folders.set(answer.json.id, new Set([name]));
    }),
    again(400, async () => renameOne(firm, call)),
    again(500, async () => {
      if (chats.length === 0 || Math.random() < 0.1) {
        const made = await call("POST", "chats", { body: {} });
        if (made?.status === 201) chats.push(made.json.id);
        return;
      }
      const chat = pickOne(chats) ?? "";
      const asked = await call("POST", `chats/${chat}/questions`, {
        body: { text: "When are invoices paid?" },
      });
      if (asked?.status === 201) firm.answers.set(asked.json.answer.id, chat);
    }),
  ];
  const done = Promise.all(workers);
  // Looked at when they are stopped, after whatever else may fail first.
  done.catch(() => stopping.abort());
  return {
    tally,
    odd,
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

type Call = (...args: Parameters<Client["call"]>) => Promise<Answer | null>;

const pickOne = <T>(from: readonly T[]): T | undefined => from[Math.floor(Math.random() * from.length)];

async function add(firm: Firm, call: Call, paper: Paper): Promise<void> {
  const form = new FormData();
  form.append("file", new Blob([new Uint8Array(paper.bytes)]), paper.name);
  const answer = await call("POST", "documents", { raw: form });
  const [document] = answer?.status === 201 ? answer.json.items : [];
  if (document) firm.documents.set(document.id, paper);
}

async function renameOne(firm: Firm, call: Call): Promise<void> {
  const id = pickOne([...firm.folders.keys()]);
  const may = id && firm.folders.get(id);
  if (!id || !may) return;
  const name = `Renamed ${Math.random().toString(36).slice(2, 10)}`;
  may.add(name);
  firm.renamed.push({ id, name });
  const answer = await call("PATCH", `folders/${id}`, { body: { name } });
  if (answer && answer.status < 300) firm.folders.set(id, new Set([name]));
  // Refused before anything was done. With 503 nobody knows.
  else if (answer && answer.status < 500) may.delete(name);
}
