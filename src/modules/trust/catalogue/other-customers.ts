import { claimsUnder } from "./claim.ts";

export const otherCustomersClaims = claimsUnder("other-customers", [
  {
    id: "tenancy.isolation-api",
    words:
      "Whoever asks for another customer's data by its true identifier gets the answer “not found”, whatever their role, on each route that takes an identifier; a route that was not attacked counts as broken.",
    couldBeWrong:
      "The attempts follow the published interface; what a determined person would think of beyond it, they do not try.",
  },
  {
    id: "tenancy.isolation-database",
    words:
      "The database itself separates customers in every table that holds their data: the application owns none of these tables and cannot switch the separation off, it reads nothing until it has named one customer, and a query that asks for everything gets that customer's rows alone.",
    couldBeWrong:
      "The application chooses which customer it names; that it names the right one is checked by the claims beside this one.",
  },
  {
    id: "tenancy.isolation-everywhere",
    words:
      "The same separation holds away from the pages: in background jobs, search, files, live streams, caches, exports, quotas, memories, what the AI is given and the tools that outside programs use.",
    couldBeWrong:
      "Looked at is what there is: search with its suggestions and filters, files with their versions and pieces, lists and exports, streams, every kind of job, what each may take, and what answers are made of. Memories and tools for outside programs are not part of the product yet. How long an answer takes is not measured here.",
  },
  {
    id: "tenancy.isolation-crypto",
    words:
      "Each customer's data is encrypted with a key of its own, and an encrypted value that is copied to another customer, table, column or row cannot be opened there.",
    couldBeWrong:
      "An older value put back into the very same place still opens, except where values carry a version.",
  },
  {
    id: "tenancy.foreign-keys",
    words:
      "Every reference between two records includes the customer they belong to, so that the database refuses a record that points at another customer's.",
  },
  {
    id: "tenancy.namespaces",
    words:
      "A customer's records stand either behind enforced row separation in the shared database or in a database of the customer's own, which the platform sets up, updates, backs up and moves by itself.",
  },
  {
    id: "tenancy.byod",
    words:
      "A customer can name a PostgreSQL database of its own, its data then stays there, and the details of the connection are kept encrypted.",
  },
  {
    id: "tenancy.residency",
    words:
      "A customer is bound to one region with its own database, file storage and keys, and none of its data is written in any other.",
    couldBeWrong: "Where a data centre stands is known from its operator, not from a check.",
  },
  {
    id: "privacy.analytics",
    words:
      "Figures on usage are shown only when enough people stand behind each of them that nobody can be singled out, and no one is identified from them again.",
  },
]);
