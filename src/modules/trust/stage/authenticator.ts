import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSign,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";

// An authenticator made of software, for people of the stage: what a telephone or a security key would answer to a page
// (WebAuthn level 3, 6.1 and 6.5; CTAP2's CBOR). It confirms whatever it is asked, as a tester's finger would.

type Options = Readonly<Record<string, unknown>>;

/** What an honest authenticator and browser would say otherwise. */
export interface Lie {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly userVerified?: false;
  readonly counter?: number;
  readonly credentialId?: string;
  readonly userHandle?: string;
}

/** One credential, at one origin. */
export interface Authenticator {
  readonly credentialId: string;
  /** Answers `navigator.credentials.create` as JSON. */
  create(options: Options, origin: string, lie?: Lie): object;
  /** Answers `navigator.credentials.get` as JSON. */
  get(options: Options, origin: string, lie?: Lie): object;
  /** All that it takes to open the same one again. */
  keep(): KeptAuthenticator;
}

export interface KeptAuthenticator {
  readonly credentialId: string;
  /** PKCS #8, base64. */
  readonly key: string;
  readonly counter: number;
  readonly owner: string;
  readonly counts: boolean;
}

/** `counts`: whether it tells how often it signed; those that are kept in an account of their maker do not. */
export function openAuthenticator({ counts = true } = {}): Authenticator {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const credentialId = randomBytes(32).toString("base64url");
  return authenticatorOf({ privateKey, credentialId, counts, counter: 0, owner: "" });
}

export function reopenAuthenticator({ key, ...rest }: KeptAuthenticator): Authenticator {
  const privateKey = createPrivateKey({ key: Buffer.from(key, "base64"), format: "der", type: "pkcs8" });
  return authenticatorOf({ ...rest, privateKey });
}

function authenticatorOf({
  privateKey,
  credentialId,
  counts,
  ...state
}: Omit<KeptAuthenticator, "key"> & { privateKey: KeyObject }): Authenticator {
  const publicKey = createPublicKey(privateKey);
  let { counter, owner } = state;
  const data = (options: Options, lie: Lie, attested?: Buffer) => {
    const flags = 0x01 | (lie.userVerified === false ? 0 : 0x04) | (attested ? 0x40 : 0);
    const head = Buffer.alloc(5);
    head[0] = flags;
    head.writeUInt32BE(lie.counter ?? (counts ? ++counter : 0), 1);
    return Buffer.concat([sha256(lie.rpId ?? rpIdOf(options)), head, attested ?? Buffer.alloc(0)]);
  };
  const envelope = (lie: Lie, response: object) => ({
    id: lie.credentialId ?? credentialId,
    rawId: lie.credentialId ?? credentialId,
    type: "public-key",
    authenticatorAttachment: "platform",
    clientExtensionResults: {},
    response,
  });
  return {
    credentialId,
    keep: () => ({
      credentialId,
      key: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64"),
      counter,
      owner,
      counts,
    }),
    create(options, origin, lie = {}) {
      owner = (options.user as { id: string }).id;
      const id = Buffer.from(lie.credentialId ?? credentialId, "base64url");
      const length = Buffer.from([id.length >> 8, id.length & 0xff]);
      // No make is named: sixteen zeros.
      const attested = Buffer.concat([Buffer.alloc(16), length, id, coseKey(publicKey)]);
      return envelope(lie, {
        clientDataJSON: clientData("webauthn.create", options, origin, lie).toString("base64url"),
        attestationObject: attestation(data(options, lie, attested)).toString("base64url"),
        transports: ["internal"],
      });
    },
    get(options, origin, lie = {}) {
      const authenticatorData = data(options, lie);
      // One that was never registered has no owner to name.
      const handle = lie.userHandle ?? owner;
      const client = clientData("webauthn.get", options, origin, lie);
      const signature = createSign("sha256")
        .update(Buffer.concat([authenticatorData, sha256(client)]))
        .sign(privateKey);
      return envelope(lie, {
        clientDataJSON: client.toString("base64url"),
        authenticatorData: authenticatorData.toString("base64url"),
        signature: signature.toString("base64url"),
        ...(handle ? { userHandle: handle } : {}),
      });
    },
  };
}

function clientData(type: string, options: Options, origin: string, lie: Lie): Buffer {
  const challenge = lie.challenge ?? options.challenge;
  return Buffer.from(JSON.stringify({ type, challenge, origin: lie.origin ?? origin, crossOrigin: false }));
}

// For a new credential the page names the relying party in an object, for a signature by its id.
function rpIdOf(options: Options): string {
  return (options.rpId ?? (options.rp as { id: string } | undefined)?.id ?? "") as string;
}

const sha256 = (value: string | Buffer): Buffer => createHash("sha256").update(value).digest();

/** `{ fmt: "none", attStmt: {}, authData }` in CBOR. */
function attestation(authData: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([0xa3]),
    text("fmt"),
    text("none"),
    text("attStmt"),
    Buffer.from([0xa0]),
    text("authData"),
    bytes(authData),
  ]);
}

/** An ES256 key (RFC 9053, 2.1 and 7.1): `{ 1: 2, 3: -7, -1: 1, -2: x, -3: y }`. */
function coseKey(key: KeyObject): Buffer {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  return Buffer.concat([
    Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]),
    bytes(Buffer.from(x, "base64url")),
    Buffer.from([0x22]),
    bytes(Buffer.from(y, "base64url")),
  ]);
}

const text = (value: string): Buffer =>
  Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)]);

function bytes(value: Buffer): Buffer {
  const head = value.length < 256 ? [0x58, value.length] : [0x59, value.length >> 8, value.length & 0xff];
  return Buffer.concat([Buffer.from(head), value]);
}
