import { claimsUnder } from "./claim.ts";

export const leavingClaims = claimsUnder("leaving", [
  {
    id: "tenancy.export",
    words:
      "A customer can take out everything it has by itself, in open formats, and encrypted if it wishes.",
  },
  {
    id: "tenancy.lifecycle",
    words:
      "A workspace that is closed can be brought back for 30 days and is deleted completely within the 90 that follow, apart from invoices, which the law wants kept for 7 years.",
  },
  {
    id: "privacy.requests",
    words:
      "When a customer instructs it, a person's request to see, take along, delete or restrict their data is carried through as a guided procedure over all data, within its legal deadline.",
  },
  {
    id: "privacy.retention",
    words:
      "Data goes when its time is over, by purges that are proven to run: audit content after 2 years, events of integrations after 30 days (failed ones later), assignments of leads after 90 days.",
  },
  {
    id: "billing.invoices",
    words: "Invoices outlive the customer's workspace by 7 years.",
  },
  {
    id: "contacts.records",
    words:
      "People and leads, with their notes, owners and assignments, come in and go out as CSV and can be changed in bulk; the history of assignments is deleted after 90 days.",
  },
]);
