import { claimsUnder } from "./claim.ts";

export const leavingClaims = claimsUnder("leaving", [
  {
    id: "tenancy.export",
    words:
      "A customer can take out everything it has by itself, in open formats, and encrypted if it wishes.",
    couldBeWrong:
      "Secrets that are good here only (passwords, second factors, keys) are not in it, nor the index, which is made of the documents.",
  },
  {
    id: "tenancy.lifecycle",
    words:
      "A workspace that is closed can be brought back for 30 days and is deleted completely within the 90 that follow, apart from invoices, which the law wants kept for 7 years.",
    couldBeWrong:
      "Copies in backups are unreadable once the copies of the keys have lapsed, a week later. There is no billing yet, so there is no invoice that could be kept. The log keeps that things happened, and when, without saying what.",
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
    couldBeWrong:
      "There are no integrations and no leads yet: their two timers are declared, and nothing has shown that they run. Backups keep what they hold for as long as they are kept; a restore erases again whom it knows to be erased since, which is up to the last archive of the keys. A program that was taken over can empty log entries by erasing people; each time stays in the log. Who was erased may be named in what others were told, for up to 90 days.",
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
