import { createSocket } from "node:dgram";

/** A name server on 127.0.0.1 that says what it is told to (RFC 1035, A records, time to live 0). */
export async function answerNames(
  port: number,
  addressOf: (name: string) => string | null,
): Promise<{ close: () => void }> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const reply = replyTo(query, addressOf);
    if (reply) socket.send(reply, from.port, from.address);
  });
  socket.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, "127.0.0.1", resolve);
  });
  return { close: () => socket.close() };
}

const HEADER = 12;
const [TYPE_A, CLASS_IN] = [1, 1];

function replyTo(query: Buffer, addressOf: (name: string) => string | null): Buffer | null {
  const labels: string[] = [];
  let at = HEADER;
  for (let length = query[at] ?? 0; length > 0 && length < 64; length = query[at] ?? 0) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString("latin1"));
    at += 1 + length;
  }
  const end = at + 5;
  if (labels.length === 0 || query.length < end) return null;
  const isA = query.readUInt16BE(at + 1) === TYPE_A;
  const address = isA ? addressOf(labels.join(".").toLowerCase()) : null;
  const head = Buffer.from(query.subarray(0, HEADER));
  // A response, authoritative; no such name where there is no address and an A record was asked for.
  head.writeUInt16BE(0x8400 | (isA && address === null ? 3 : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(address === null ? 0 : 1, 6);
  head.writeUInt32BE(0, 8);
  if (address === null) return Buffer.concat([head, query.subarray(HEADER, end)]);
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(TYPE_A, 2);
  record.writeUInt16BE(CLASS_IN, 4);
  record.writeUInt16BE(4, 10);
  for (const [i, part] of address.split(".").entries()) record[12 + i] = Number(part);
  return Buffer.concat([head, query.subarray(HEADER, end), record]);
}
