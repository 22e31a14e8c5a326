import { posix } from "node:path";
import {
  type App,
  answer,
  type Call,
  type File,
  type Handler,
  type Member,
  nextId,
  none,
  Refusal,
  type Reply,
  uuid,
} from "./model.ts";

// Files are private to their owner. They lie under made-up names on a disk that holds other things, too.

export const uploadFile: Handler = (call, me) => {
  const { name, bytes } = partOf(call);
  const file = addFile(call.app, me, name, bytes);
  return answer(201, { id: file.id });
};

export function addFile(app: App, { id: owner, tenant }: Member, name: string, bytes: Buffer): File {
  const id = nextId(app);
  const folder = `/files/${tenant}/${owner}`;
  const at = app.holes.has("name-climbs") ? posix.join(folder, name) : posix.join(folder, id);
  if (!app.disk.has(at)) app.disk.set(at, bytes);
  const file = { id, tenant, owner, name, at };
  app.files.push(file);
  return file;
}

export const listFiles: Handler = ({ app }, me) => {
  const own = app.files.filter(({ owner, tenant }) => owner === me.id && tenant === me.tenant);
  return answer(200, { items: own.map(shown), next: null });
};

export const readFile: Handler = (call, me) => answer(200, shown(loadFile(call, me)));

export const downloadFile: Handler = (call, me) => {
  const { app, id } = call;
  if (app.holes.has("download-by-name") && /\.\./.test(id)) {
    const found = app.disk.get(posix.join(`/files/${me.tenant}/${me.id}`, decodeURIComponent(id)));
    return found ? sent(call, "file", found) : none();
  }
  const file = loadFile(call, me);
  return sent(call, file.name, app.disk.get(file.at) ?? Buffer.alloc(0));
};

function sent({ app, wire }: Call, name: string, bytes: Buffer): Reply {
  const svg = app.holes.has("svg-runs") && name.endsWith(".svg");
  const plain = app.holes.has("name-in-header") ? `; filename="${name}"` : "";
  const headers: Record<string, string> = {
    "content-type": svg ? "image/svg+xml" : "application/octet-stream",
    "content-disposition": `${app.holes.has("shown-inline") || svg ? "inline" : "attachment"}${plain || `; filename*=UTF-8''${encodeURIComponent(name.replace(/[/\\]|\.\.|[^ -~]/g, "_"))}`}`,
    "x-content-type-options": "nosniff",
    "content-security-policy": svg ? "default-src *" : "sandbox; default-src 'none'",
    "cache-control": "no-store",
    "accept-ranges": "bytes",
  };
  const range = /^bytes=(\d*)-(\d*)$/.exec(wire.headers.range ?? "");
  if (!range || wire.headers["if-range"] || (!range[1] && !range[2]))
    return { status: 200, headers, body: bytes.toString("utf8") };
  const size = bytes.length;
  const from = range[1] ? Number(range[1]) : Math.max(0, size - Number(range[2]));
  const to = range[1] && range[2] ? Number(range[2]) : size - 1;
  // Read from where the file lies: what is behind it on the disk belongs to somebody else.
  const disk = app.holes.has("range-beyond-the-file") ? Buffer.concat([bytes, ...app.disk.values()]) : bytes;
  const last = app.holes.has("range-beyond-the-file") ? to : Math.min(to, size - 1);
  if (from >= size || from > last) throw new Refusal(416, "range", { "content-range": `bytes */${size}` });
  const part = disk.subarray(from, last + 1);
  return {
    status: 206,
    headers: { ...headers, "content-range": `bytes ${from}-${last}/${size}` },
    body: part.toString("utf8"),
  };
}

function loadFile({ app, id }: Call, me: Member): File {
  const file = app.files.find((candidate) => candidate.id === uuid(id));
  return file?.owner === me.id && file.tenant === me.tenant ? file : none();
}

function shown({ id, name }: File): unknown {
  return { id, name };
}

function partOf({ wire }: Call): { name: string; bytes: Buffer } {
  const boundary = /^multipart\/form-data; boundary=([\w-]{1,70})$/.exec(
    wire.headers["content-type"] ?? "",
  )?.[1];
  if (!boundary) throw new Refusal(415, "media_type");
  const form = String(wire.body ?? "");
  if (form.length > 100_000) throw new Refusal(413, "too_large");
  const parts = form.split(`--${boundary}`);
  if (parts.length < 3 || !parts.at(-1)?.startsWith("--")) throw new Refusal(400, "malformed_body");
  for (const part of parts.slice(1, -1)) {
    const [head = "", ...rest] = part.split("\r\n\r\n");
    const name = /filename="([^\r\n]{1,300})"/.exec(head)?.[1];
    if (name !== undefined && !name.includes("\0"))
      return { name, bytes: Buffer.from(rest.join("\r\n\r\n").replace(/\r\n$/, "")) };
  }
  throw new Refusal(400, "malformed_body");
}
