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
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (answer?.(request, response)) return;
    handler(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
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
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
