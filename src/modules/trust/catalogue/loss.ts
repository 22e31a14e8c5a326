import { claimsUnder } from "./claim.ts";

export const lossClaims = claimsUnder("loss", [
  {
    id: "crypto.fields",
    words:
      "AES-256-GCM covers every stored secret (keys of AI providers, mail and database accounts, payment gateways, second factors and connected services) and every text a person writes or uploads: documents and their names, messages, titles, memories, the personal details of members and contacts, what jobs carry and what the audit log quotes; exact matches are found by keyed hash, a value is opened only when it is needed, and each field left readable is published by name.",
    couldBeWrong:
      "Lengths, counts and times show, and so does which rows hold the same hashed value. The check opens what two companies and the operator have written so far; a column that is still empty has shown nothing.",
  },
  {
    id: "crypto.dump-reveals-nothing",
    words:
      "Marker words, entered through the product into every field that takes text, turn up nowhere in the raw database, the stored files, the backups or the logs.",
    couldBeWrong:
      "The search looks for the markers in plain and in common encodings; an encoding nobody thought of would pass.",
  },
  {
    id: "crypto.at-rest",
    words:
      "Live data and backups are encrypted where they are stored, fields and files by this software and the disk beneath them by the operator.",
    couldBeWrong:
      "Whether the disk is encrypted can be seen only where the host tells; elsewhere it is the operator's word.",
    kind: "attested",
  },
  {
    id: "crypto.master-key",
    words:
      "The master key comes from the server's environment or a key service, stands in no code, database or log, and can be replaced by a documented command while the service runs.",
    couldBeWrong:
      "Whoever can read the memory of the running server can read keys. The key is searched for as it is, in base64 and in hexadecimal; another form would pass.",
  },
  {
    id: "crypto.shredding",
    words:
      "When a customer's keys are destroyed its data can no longer be read, at once in the running system and within 7 days in every backup, because copies of keys are kept apart and for no longer than that.",
    couldBeWrong:
      "Copies that the operator makes by other means are outside of any check, and so are archives of keys in a folder or bucket that is not set any more, or that a bucket keeps as former versions. A key file is overwritten before it goes; what a disk keeps of it by its own ways is still wrapped by the master key.",
  },
  {
    id: "crypto.tls",
    words:
      "Connections use TLS 1.3 (1.2 only if the operator permits it), browsers are told to insist on it, unencrypted requests are redirected, certificates renew by themselves, and the inner connections stay on the machine or use TLS as well.",
    couldBeWrong:
      "It is tried on the server's own listener with a certificate made for the check. Where a proxy in front brings the TLS, its settings are the operator's. Fetching a certificate from an authority is tried when the product is built, not on this installation. Mail goes to the mail server under TLS, unless the operator permits otherwise; on which way it goes on from there is not seen here.",
  },
  {
    id: "knowledge.encrypted-search",
    words:
      "Search works on an encrypted index whose entries are keyed hashes of words, so that the database holds neither the words nor the text; what is deleted or no longer shared is found no more from the next search on, and no part of the index speaks of a deleted document 24 hours later.",
    couldBeWrong:
      "Whoever holds a copy of the database sees which entries stand for the same word and about how frequent it is; very common words could be guessed. The 24 hours count while a server is running, and copies that were made before keep what they had.",
  },
  {
    id: "ops.backup",
    words:
      "Each day at 03:00 UTC every database, customers' own included, and all files are backed up, encrypted with age before they leave the machine under a key that is not on it, and copied to S3 storage elsewhere; 7 daily and 4 weekly backups are kept, or 30 days if chosen, and every run is verified and recorded.",
    couldBeWrong:
      "It is tried on a copy with a folder of its own. Whether this installation has a recipient, where its backups lie and when the last one was made is the operator's; no customer has a database of its own yet. age does not say who made an archive: a restored one must come from a place that the operator trusts.",
  },
  {
    id: "ops.restore-test",
    words:
      "Once a day, and never less than monthly, the newest backup is restored by itself, its counts and checksums are compared, and the result is published.",
    couldBeWrong:
      "It runs on the same machine, with the same master key: that the operator still has the identity, and a copy of the master key elsewhere, it cannot know.",
  },
  {
    id: "ops.backup-keys",
    words:
      "The keys that backups are encrypted to can be replaced, and whoever holds an old one can still open the backups made for it.",
  },
  {
    id: "ops.tenant-restore",
    words:
      "One customer can be set back to an earlier moment while every other customer's data stays as it is.",
    couldBeWrong:
      "Its audit log is not set back. A workspace that moves to another installation brings its log, of which only the old installation's proofs say that it was true when it was written. Documents that were still being read at that moment wait until somebody reads them again.",
  },
  {
    id: "billing.credentials",
    words:
      "Access to payment gateways is stored encrypted, and card details never pass through this service.",
  },
]);
