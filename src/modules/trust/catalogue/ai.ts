import { claimsUnder } from "./claim.ts";

export const aiClaims = claimsUnder("ai", [
  {
    id: "assistant.external-off",
    words:
      "No outside AI gets anything until an admin has switched it on and the person asking has given a consent that is on record.",
  },
  {
    id: "assistant.tenant-scoped",
    words: "A conversation draws on the data of its own workspace and on nothing else.",
  },
  {
    id: "knowledge.relevant-only",
    words:
      "Of all documents, only the passages that bear on a question are given to the AI, and the answer cites each one it used.",
  },
  {
    id: "privacy.fields",
    words:
      "On the way to an AI provider, names, mail addresses, phone numbers, postal addresses and tax numbers are replaced by stand-ins.",
  },
  {
    id: "privacy.free-text",
    words: "The same replacement reaches into running text, be it a message, a note or a file.",
    couldBeWrong:
      "Finding names in running text is guesswork; how many are missed is measured and published.",
  },
  {
    id: "assistant.staff-sanitised",
    words: "No name and no address of a listed colleague or member ever reaches an AI provider.",
    couldBeWrong: "A nickname that nobody listed counts as running text, with its published misses.",
  },
  {
    id: "privacy.restored-locally",
    words:
      "In the answer the real names stand again, put back on this server and nowhere else, even while the answer is still arriving.",
  },
  {
    id: "privacy.algorithm",
    words:
      "How names are found and replaced is described on a public page together with what the method was measured to miss.",
  },
  {
    id: "privacy.headers",
    words:
      "Every answer to a connected program carries headers that forbid training on it (X-OpenAI-Training: disallow) and mark it as pseudonymised (X-AI-Data-Classification: pseudonymized).",
    couldBeWrong: "A header asks; whether the other side obeys cannot be seen from here.",
  },
  {
    id: "privacy.ai-log",
    words:
      "Whatever the AI does is logged, and everyone can fetch the part that concerns them, as GDPR Article 15 grants.",
  },
  {
    id: "privacy.transfers",
    words:
      "Data stays in the customer's region unless a recipient outside, be it an AI provider, mail or a connected service, has been switched on; each is listed with its purpose and legal basis.",
    couldBeWrong: "The legal basis is the operator's own assessment.",
  },
  {
    id: "assistant.own-keys",
    words:
      "A workspace can use its own key and address at Anthropic or at any service that speaks the OpenAI interface.",
  },
  {
    id: "assistant.no-training",
    words:
      "For each AI provider it is recorded under what agreement it works, how long it keeps data and whether it trains on them, and every request carries the provider's switches against storing and training.",
    couldBeWrong: "That the provider keeps to it rests on the provider's word.",
  },
  {
    id: "assistant.voice",
    words:
      "Speech is turned into text only after a consent of its own, because sound cannot have its names replaced beforehand, and no recording is ever stored.",
  },
  {
    id: "connectors.mcp",
    words:
      "Connected AI programs search, read documents and look up contacts through MCP over streamable HTTP, in the newest revision and its predecessor, and every result reaches them pseudonymised.",
  },
  {
    id: "connectors.notion",
    words:
      "Of a Notion workspace only the access token is stored and only pages that someone picked are imported, by hand or on a schedule; disconnecting deletes the token at that moment.",
  },
]);
