import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

// Stands in for a key service: the transit engine's HTTP API as its public documentation describes it
// (POST /v1/<mount>/encrypt|decrypt|rewrap/<key>, GET /v1/<mount>/keys/<key>, POST …/keys/<key>/rotate and …/config;
// X-Vault-Token; bodies and errors as JSON). Written from that description alone.

export interface KeyServiceStandIn {
  readonly url: string;
  readonly token: string;
  /** Environment of a server that uses it. */
  readonly env: Readonly<Record<string, string>>;
  /** What was asked, such as `decrypt`. */
  readonly calls: string[];
  /** How it answers from now on. */
  mood: "well" | "sealed" | "silent" | "refusing" | "talking nonsense" | "deaf after rotating";
  rotate(): void;
  /** Versions below it do not open any more. */
  forgetBelow(version: number): void;
  close(): Promise<void>;
}

export async function startKeyService(): Promise<KeyServiceStandIn> {
  const keys = new Map([[1, randomBytes(32)]]);
  const token = randomBytes(24).toString("base64url");
  const calls: string[] = [];
  let oldest = 1;
  const newest = () => Math.max(...keys.keys());

  const encrypt = (plain: Buffer): string => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", keys.get(newest()) as Buffer, nonce);
    const body = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return `vault:v${newest()}:${body.toString("base64")}`;
  };
  const decrypt = (text: unknown): Buffer | null => {
    const [, version = "", base64 = ""] = /^vault:v([0-9]+):(.+)$/.exec(String(text)) ?? [];
    const key = keys.get(Number(version));
    if (!key || Number(version) < oldest) return null;
    const bytes = Buffer.from(base64, "base64");
    try {
      const cipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
      cipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]);
    } catch {
      return null;
    }
  };

  const standIn = { url: "", token, env: {}, calls, mood: "well" } as KeyServiceStandIn & {
    url: string;
    env: object;
  };
  const answer = (response: ServerResponse, status: number, body: object) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  const server = createServer(async (request: IncomingMessage, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const [, , mount, verb = "", key, more] = (request.url ?? "").split("/");
    calls.push(more ?? verb);
    if (standIn.mood === "silent") return;
    if (standIn.mood === "sealed") return answer(response, 503, { errors: ["it is sealed"] });
    if (standIn.mood === "talking nonsense") return void response.end("<html>");
    if (standIn.mood === "refusing" || request.headers["x-vault-token"] !== token) {
      return answer(response, 403, { errors: ["permission denied"] });
    }
    if (mount !== "transit" || key !== "workspaces") return answer(response, 404, { errors: [] });
    const body = JSON.parse(Buffer.concat(pieces).toString() || "{}") as Record<string, string>;
    const bad = () => answer(response, 400, { errors: ["invalid ciphertext"] });
    if (verb === "encrypt") {
      const ciphertext = encrypt(Buffer.from(body.plaintext ?? "", "base64"));
      return answer(response, 200, { data: { ciphertext, key_version: newest() } });
    }
    if (verb === "decrypt" || verb === "rewrap") {
      const plain = decrypt(body.ciphertext);
      if (!plain) return bad();
      const data =
        verb === "decrypt" ? { plaintext: plain.toString("base64") } : { ciphertext: encrypt(plain) };
      return answer(response, 200, { data });
    }
    if (verb === "keys" && more === "rotate") {
      standIn.rotate();
      if (standIn.mood === "deaf after rotating") return;
      return void response.writeHead(204).end();
    }
    if (verb === "keys") {
      const data = {
        name: key,
        latest_version: newest(),
        min_decryption_version: oldest,
        type: "aes256-gcm96",
      };
      return answer(response, 200, { data });
    }
    answer(response, 404, { errors: [] });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(standIn, {
    url,
    env: { KEY_SERVICE_URL: url, KEY_SERVICE_TOKEN: token, KEY_SERVICE_KEY: "workspaces" },
    rotate: () => void keys.set(newest() + 1, randomBytes(32)),
    forgetBelow: (version: number) => {
      oldest = version;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
