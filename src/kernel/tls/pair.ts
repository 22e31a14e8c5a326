import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";

/** A certificate with its chain, and its private key, as PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
  readonly from: Date;
  readonly until: Date;
}

/** What keeps a pair from being used. `problem` can be shown: it says nothing of the key. */
export type PairError = Error & { readonly problem: string };
const pairError = (problem: string, cause?: unknown): PairError =>
  Object.assign(new Error(problem, cause === undefined ? {} : { cause }), { problem });
export const isPairError = (error: unknown): error is PairError =>
  error instanceof Error && "problem" in error && typeof error.problem === "string";

/** Reads a pair; both may be in one file. Throws a PairError for one that no server could use now. */
export async function readPair(certPath: string, keyPath: string, now: Date): Promise<Pair> {
  const [cert, key] = await Promise.all(
    [certPath, keyPath].map((path) =>
      readFile(path, "utf8").catch((cause: unknown) => {
        throw pairError(`${path} cannot be read`, cause);
      }),
    ),
  );
  return checkPair(cert ?? "", key ?? "", now);
}

/** Throws a PairError unless certificate and key belong together and hold now. */
export function checkPair(certText: string, keyText: string, now: Date): Pair {
  const cert = blocks(certText, "CERTIFICATE").join("\n");
  const key = blocks(keyText, "(?:[A-Z]+ )?PRIVATE KEY")[0] ?? "";
  if (cert === "") throw pairError("the certificate's file holds none");
  if (key === "") throw pairError("the key's file holds none");
  try {
    // The first is the server's own; those after it lead to an authority (RFC 8446, section 4.4.2).
    const leaf = new X509Certificate(cert);
    const [from, until] = [leaf.validFromDate, leaf.validToDate];
    if (!leaf.checkPrivateKey(createPrivateKey(key)))
      throw pairError("certificate and key do not belong together");
    if (now > until) throw pairError(`the certificate ended on ${until.toISOString().slice(0, 10)}`);
    if (now < from) throw pairError(`the certificate begins only on ${from.toISOString().slice(0, 10)}`);
    return { cert: `${cert}\n`, key: `${key}\n`, from, until };
  } catch (error) {
    if (isPairError(error)) throw error;
    throw pairError("certificate or key cannot be read", error);
  }
}

/** The names that a certificate is for, in order. */
export function namesOf(cert: string): string[] {
  const { subjectAltName = "" } = new X509Certificate(cert);
  return [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].map(([, name = ""]) => name.toLowerCase()).sort();
}

function blocks(text: string, label: string): string[] {
  return text.match(new RegExp(`-----BEGIN (${label})-----[^-]+-----END \\1-----`, "g")) ?? [];
}
