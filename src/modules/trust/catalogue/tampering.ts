import { claimsUnder } from "./claim.ts";

export const tamperingClaims = claimsUnder("tampering", [
  {
    id: "audit.entries",
    words:
      "Each change, each look of an admin into another person's content, each export, each bulk download and each sign-in leaves an entry that says who (with role and workspace), what, on which record, the old and new values with sensitive ones blacked out, the UTC time and the network address.",
  },
  {
    id: "audit.append-only",
    words:
      "The application can neither change nor delete an audit entry because the database refuses it; entries are added by a role that can do nothing else and that fills in workspace, person and time itself, and a further role, when the time to keep them is over, empties their content but leaves the hash.",
    couldBeWrong:
      "A server process that was taken over could add entries in the name of a person who is signed in; it could not remove any.",
  },
  {
    id: "audit.tamper-evident",
    words:
      "The audit log is a signed Merkle tree (RFC 6962, C2SP checkpoints): a separate program without any connection can prove that an entry is in it and that nothing before it was altered.",
    couldBeWrong: "A log that is set back as a whole shows only to someone who kept a later checkpoint.",
  },
  {
    id: "audit.siem",
    words: "The audit log can be fed to a security monitoring system as OCSF JSON, by syslog or by webhook.",
  },
  {
    id: "http.csrf",
    words:
      "A request that changes anything on the strength of a cookie is refused unless it proves that it comes from this application's own pages.",
  },
  {
    id: "http.sql-parameterised",
    words:
      "No database query is put together from pieces of text: what comes from outside always travels beside it, as a parameter.",
  },
  {
    id: "http.escaping",
    words:
      "Nothing that a person or a model writes can run in a browser: the content policy permits no inline code, files are taken for what they declare to be, and answers load no picture and no address by themselves.",
    couldBeWrong: "It is tried in one browser; others may differ.",
  },
  {
    id: "http.rate-limits",
    words:
      "Each customer has a limited rate on each route, a stricter one at sign-in, counted correctly over all server processes; beyond it the answer is 429 and says, in standard headers, when to come back.",
    couldBeWrong:
      "Several server processes share their counts only where the operator has set a Valkey or Redis; while it cannot be reached, sign-in is refused and every other limit is counted by each process alone. Where none is installed, only one process is checked. Visitors are counted by network.",
  },
  {
    id: "http.ssrf",
    words:
      "An address that a person enters is fetched only if it resolves to a public network, the connection goes to exactly the address that was checked, and every redirect is checked anew.",
  },
  {
    id: "http.errors",
    words:
      "An error says what to do and nothing of the inside, and no malformed input, of whatever kind, gets more than a refusal or costs any data.",
  },
  {
    id: "connectors.limits",
    words:
      "Connected programs get at most 300 requests a minute and 15 in one second, 30 changes a minute and 500 bulk operations on leads a day, for each customer and endpoint.",
  },
  {
    id: "connectors.events",
    words:
      "Each request of a connected program is kept with its response for 30 days, and longer if it failed.",
  },
  {
    id: "connectors.email",
    words:
      "A workspace can answer mail through its own IMAP and SMTP accounts, and a reply with a forged sender is refused.",
  },
  {
    id: "ops.anomalies",
    words:
      "Rules watch for odd access (a touched decoy, a mass export, a rise in rights, a key used from a new network, a journey nobody can make) and raise an alert.",
  },
  {
    id: "trust.self-attack",
    words:
      "Two customers made for this purpose, who know each other's identifiers, attack each route, tool, job, stream and search: with all means against test installations and the latest backup, restored apart, with the harmless ones against the live service; a breach shows at once and its details once it is mended, and anyone can run the attacks from outside.",
    couldBeWrong:
      "Attempts find the faults they were written to find. The server can tell the attacker’s requests from others, since they must raise no alarm: that it treats them alike, only an attack from outside shows.",
  },
  {
    id: "trust.falsifiable",
    words: "For each defence there is a test that takes it away and sees its claim turn red.",
    couldBeWrong:
      "One way of removing a defence is tried: with every change of the program one defence of each claim, in turn, and one of all here each day; another way could go unnoticed.",
  },
]);
