import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import S3rver from "s3rver";
import type { BucketConfig } from "../../src/kernel/s3/bucket.ts";
import { secret } from "../../src/kernel/secret.ts";

/** What stands in for an S3-compatible service. Keeps no signature: it answers whoever names the right access key. */
export interface S3StandIn {
  readonly config: BucketConfig;
  /** The bucket's objects as files. */
  readonly folder: string;
  /** Every request so far, as `PUT /bucket/key?partNumber=1`. */
  readonly requests: readonly string[];
  /** Each request is asked about first: one that answers true is answered by the caller, or never. */
  intercept(answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | null): void;
  /** `gone`: nobody listens. `hung`: it takes requests and answers when it goes on. `errors`: 500 to everything. */
  outage(kind: "gone" | "hung" | "errors" | null): Promise<void>;
  close(): Promise<void>;
}

/** Starts one on a free port of the loopback, with an empty bucket. */
export async function startS3(bucket = "kept"): Promise<S3StandIn> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-s3-"));
  const service = new S3rver({
    directory: folder,
    silent: true,
    configureBuckets: [{ name: bucket, configs: [] }],
  });
  await service.configureBuckets();
  const handler = service.callback();
  const requests: string[] = [];
  let answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | null = null;
  let kind: "gone" | "hung" | "errors" | null = null;
  const held: (() => void)[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (answer?.(request, response)) return;
    if (kind === "hung") held.push(() => handler(request, response));
    else if (kind === "errors") response.writeHead(500).end();
    else handler(request, response);
  });
  const listen = (at: number) =>
    new Promise<void>((listening) => server.listen(at, "127.0.0.1", () => listening()));
  const close = async () => {
    const closed = new Promise((done) => server.close(done));
    server.closeAllConnections();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo; // listens on a port, so it is one
  return {
    config: {
      endpoint: `http://127.0.0.1:${port}`,
      region: "us-east-1",
      bucket,
      accessKeyId: "S3RVER",
      secretAccessKey: secret(randomBytes(16).toString("hex")),
      timeoutMs: 5000,
    },
    folder: join(folder, bucket),
    requests,
    intercept: (with_) => {
      answer = with_;
    },
    async outage(next) {
      kind = next;
      if (kind === "gone") await close();
      else if (!server.listening) await listen(port);
      if (kind !== "hung") for (const goOn of held.splice(0)) goOn();
    },
    close: async () => {
      await close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
