/** A document of the demo: `path` is absolute, `name` is what the library shows. */
export type SampleDocument = { path: URL; name: string; kind: "pdf" | "html" | "markdown" | "text" };

/**
 * A question that the demo asks, and what shows that it was answered: every string of `expects` stands in the passage
 * that must be cited, in document `document` (its `name`) on page `page` (null where there are no pages).
 */
export type SampleQuestion = { question: string; expects: string[]; document: string; page: number | null };

export type SampleCompany = {
  slug: string;
  name: string;
  documents: SampleDocument[];
  questions: SampleQuestion[];
};

const here = (path: string) => new URL(path, import.meta.url);

/** Two companies that do not exist, with documents that were written for them. People, firms and places are invented. */
export const sampleCompanies: SampleCompany[] = [
  {
    slug: "harrow-finch",
    name: "Harrow & Finch",
    documents: [
      {
        path: here("harrow-finch/lindqvist-house-lease.pdf"),
        name: "Lease Lindqvist House, 4th floor.pdf",
        kind: "pdf",
      },
      {
        path: here("harrow-finch/printer-framework-agreement.pdf"),
        name: "Framework agreement Copperplate Row.pdf",
        kind: "pdf",
      },
      { path: here("harrow-finch/staff-handbook.md"), name: "Staff handbook.md", kind: "markdown" },
      { path: here("harrow-finch/price-list.html"), name: "Price list 2025.html", kind: "html" },
      { path: here("harrow-finch/office-notes.txt"), name: "Office notes.txt", kind: "text" },
    ],
    questions: [
      {
        question: "What is the period of notice for Lindqvist House?",
        expects: ["six months to the end of a calendar quarter"],
        document: "Lease Lindqvist House, 4th floor.pdf",
        page: 4,
      },
      {
        question: "How much is the break fee, and what reduces it?",
        expects: ["break fee of three months' Rent", "reduced by what a new tenant pays"],
        document: "Lease Lindqvist House, 4th floor.pdf",
        page: 4,
      },
      {
        question: "How many days of holiday do staff have in a year?",
        expects: ["27 days a year"],
        document: "Staff handbook.md",
        page: null,
      },
    ],
  },
  {
    slug: "bexley-marine",
    name: "Bexley Marine",
    documents: [
      {
        path: here("bexley-marine/berth-hire-contract.pdf"),
        name: "Berth hire contract C 17.pdf",
        kind: "pdf",
      },
      { path: here("bexley-marine/crew-handbook.md"), name: "Crew handbook.md", kind: "markdown" },
      { path: here("bexley-marine/tariff.html"), name: "Tariff 2025-26.html", kind: "html" },
      { path: here("bexley-marine/safety-notes.txt"), name: "Safety notes.txt", kind: "text" },
    ],
    questions: [
      {
        question: "How can the berth holder end the contract, and with what notice?",
        expects: ["three months' written notice to 31 March or to 31 October"],
        document: "Berth hire contract C 17.pdf",
        page: 2,
      },
      {
        question: "Above what wind is there no lifting?",
        expects: ["Wind above 25 knots", "no lifting"],
        document: "Crew handbook.md",
        page: null,
      },
      {
        question: "What does a 12 metre berth cost for the whole year?",
        expects: ["12 metres | £3,540"],
        document: "Tariff 2025-26.html",
        page: null,
      },
    ],
  },
];
