import { randomBytes } from "node:crypto";
import { outboxLink } from "../../operations/outbox.ts";
import { expectStatus } from "../stage/client.ts";
import { mailedToken, type Person } from "../stage/people.ts";
import { hireAnother, spareCompany } from "../stage/spare-company.ts";
import type { Stage } from "../stage/stage.ts";
import { ask, upload, waitUntilReady } from "../stage/workspace.ts";
import { plantTexts } from "./escaping-texts.ts";

/** A host that nothing must ask for; `.invalid` never resolves (RFC 2606). */
export const FOREIGN = "elsewhere.invalid";
/** What a payload calls when it runs. */
export const ALARM = "vouchsafeAlarm";
/** Every element of ours carries it; shown as text it proves that the payload reached the page. */
export const MARK = "data-planted";

/** At most 120 characters, for names. Breaks out of text, of attributes, of a title and of a script. */
const WITH_ALL = { with: { kind: "tenant", id: null }, access: "read" };
const NAME = `"'></title><img ${MARK} src=//${FOREIGN}/n onerror=${ALARM}(1)><script>${ALARM}(2)</script>`;
/** For names of at most 60 characters. */
const SHORT = `"'><img ${MARK} src=x onerror=${ALARM}(14)>`;
const RICH = `${NAME}<svg ${MARK} onload=${ALARM}(3)><iframe ${MARK} srcdoc="<script>parent.${ALARM}(4)</script>"></iframe><a ${MARK} href="javascript:${ALARM}(5)">quay</a>`;

const TEXT = `The quayside lantern costs 40 crowns a month ${RICH}.\n`;
const MARKDOWN = `# Lantern ${RICH}

The quayside lantern is lit at dusk ${RICH}.

![the lantern](http://${FOREIGN}/image.png) [press here](javascript:${ALARM}(6)) <http://${FOREIGN}/auto>

<script>${ALARM}(7)</script>
`;
const HTML = `<!doctype html><title>Lantern ${NAME}</title><base href="//${FOREIGN}/"><meta http-equiv="refresh" content="0;url=//${FOREIGN}/">
<link rel="stylesheet" href="//${FOREIGN}/s.css"><style>@import "//${FOREIGN}/i.css"</style><script>${ALARM}(8)</script>
<body onload="${ALARM}(9)"><p>The quayside lantern is cleaned on Mondays &lt;img ${MARK} src=x onerror=${ALARM}(10)&gt; &lt;script&gt;${ALARM}(11)&lt;/script&gt;.</p>
<img ${MARK} src="//${FOREIGN}/h.png" onerror="${ALARM}(12)"></body>`;

/** A page, who opens it, and whether the payload is to be seen on it. */
export interface PlantedPage {
  readonly path: string;
  readonly as: "colleague" | "operator" | "visitor";
  readonly shows: boolean;
}

export interface Planted {
  readonly slug: string;
  readonly colleague: Person;
  readonly operator: Person;
  readonly documents: readonly string[];
  readonly pages: readonly PlantedPage[];
  /** Gives the workspace its own name back. */
  restore(): Promise<void>;
}

/** Script in every text that others see: names, addresses, titles, questions, files, and what the log keeps of a browser. */
export async function plantPayloads(stage: Stage): Promise<Planted> {
  const { system } = stage.server;
  const company = await spareCompany(stage);
  const { slug, owner: colleague } = company;
  const writer = await hireAnother(company, "Corin Vex", "admin");
  const { client } = writer;
  const withAgent = { headers: { "user-agent": `${NAME} Mozilla` } };
  expectStatus(
    await client.call("PATCH", "account", { body: { name: NAME }, ...withAgent }),
    200,
    "renaming a member",
  );
  expectStatus(
    await colleague.client.call("PATCH", "tenant", { body: { name: NAME }, ...withAgent }),
    200,
    "renaming a workspace",
  );
  const address = `'onerror='${ALARM}&lt${randomBytes(4).toString("hex")}@x.example`;
  expectStatus(
    await client.call("POST", "invitations", { body: { address, role: "viewer" }, ...withAgent }),
    201,
    "inviting",
  );
  // A failed sign-in stands in the colleague's own history, with the browser of whoever tried.
  await client.call("POST", "session", {
    body: { address: colleague.address, password: "wrong" },
    ...withAgent,
  });

  const documents = (
    await upload(client, [
      { name: `${NAME}.txt`, bytes: Buffer.from(TEXT) },
      { name: `${NAME}.md`, bytes: Buffer.from(MARKDOWN) },
      { name: `${NAME}.html`, bytes: Buffer.from(HTML) },
    ])
  ).map((d) => d.id);
  await waitUntilReady(client, documents);
  for (const id of documents) {
    expectStatus(
      await client.call("POST", `documents/${id}/shares`, { body: WITH_ALL }),
      201,
      "sharing a document",
    );
  }
  const { chat } = await ask(client, `What does the quayside lantern cost? ${RICH}`);
  expectStatus(
    await client.call("PATCH", `chats/${chat}`, { body: { title: NAME } }),
    200,
    "renaming a chat",
  );
  expectStatus(await client.call("POST", `chats/${chat}/shares`, { body: WITH_ALL }), 201, "sharing a chat");

  const { operator } = stage.founder;
  const founded = `planted-${randomBytes(4).toString("hex")}`;
  const body = { slug: founded, name: NAME, ownerAddress: address };
  expectStatus(await operator.client.call("POST", "tenants", { body }), 201, "founding a workspace");
  const join = await mailedToken(system, address, "join");

  const at = (path: string, shows = true): PlantedPage => ({
    path: `/t/${slug}/${path}`,
    as: "colleague",
    shows,
  });
  const texts = await plantTexts(colleague, SHORT, at);
  const inPath = encodeURIComponent(NAME);
  return {
    slug,
    colleague,
    operator,
    documents,
    pages: [
      at("ask"),
      at(`ask/${chat}`),
      at("library"),
      at("library?q=quayside"),
      at(`library?q=${inPath}`),
      ...documents.map((id) => at(`library/${id}?passage=0&start=0&end=30`)),
      at("activity"),
      ...texts,
      at("settings/account"),
      at("settings/members"),
      at("settings/workspace"),
      at(`library/${inPath}`, false),
      { path: "/t/operator/tenants", as: "operator", shows: true },
      { path: `/t/${founded}/join#${join}`, as: "visitor", shows: true },
      { path: outboxLink(system) ?? "/outbox", as: "visitor", shows: true },
      {
        path: `/t/${inPath}/sign-in?next=${encodeURIComponent(`javascript:${ALARM}(13)`)}`,
        as: "visitor",
        shows: false,
      },
      { path: `/t/${slug}/sign-in?next=${encodeURIComponent(`//${FOREIGN}/`)}`, as: "visitor", shows: false },
      { path: "/security", as: "visitor", shows: false },
    ],
    async restore() {
      await colleague.client.call("PATCH", "tenant", { body: { name: company.name } });
    },
  };
}
