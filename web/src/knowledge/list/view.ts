import { isKind, type Kind, kindNoun } from "../kinds.ts";

/** How the library is looked at. All of it stands in the address, so that a view can be kept, sent, and gone back to. */
export type View = {
  folder?: string;
  q?: string;
  sort?: Sort;
  kind?: Kind;
  state?: State;
  owner?: Owner;
  /** True: in every folder, not only in the one that is open. */
  everywhere?: true;
};

export type Sort = "newest" | "oldest" | "name" | "largest" | "changed";
export type State = "ready" | "working" | "failed";
export type Owner = "mine" | "others";

export const sorts: { value: Sort; words: string }[] = [
  { value: "newest", words: "Newest first" },
  { value: "oldest", words: "Oldest first" },
  { value: "changed", words: "Last changed" },
  { value: "name", words: "Name" },
  { value: "largest", words: "Largest first" },
];

export const states: { value: State; words: string }[] = [
  { value: "ready", words: "Ready" },
  { value: "working", words: "Being read" },
  { value: "failed", words: "Could not be read" },
];

export const owners: { value: Owner; words: string }[] = [
  { value: "mine", words: "Mine" },
  { value: "others", words: "Others’" },
];

/** Reads an address; what it does not know is left out. */
export function viewFrom(search: Record<string, unknown>): View {
  const { folder, q, sort, kind, state, owner } = search;
  return {
    ...(typeof folder === "string" && folder ? { folder } : {}),
    ...(typeof q === "string" && q ? { q } : typeof q === "number" ? { q: String(q) } : {}),
    ...oneOf("sort", sorts, sort),
    ...(isKind(kind) ? { kind } : {}),
    ...oneOf("state", states, state),
    ...oneOf("owner", owners, owner),
    ...(search.everywhere === true || search.everywhere === "true" ? { everywhere: true as const } : {}),
  };
}

function oneOf<Name extends string, Value extends string>(
  name: Name,
  known: { value: Value }[],
  value: unknown,
): { [key in Name]?: Value } {
  const found = known.find((one) => one.value === value);
  // The name is the literal that was given.
  return found ? ({ [name]: found.value } as { [key in Name]?: Value }) : {};
}

export function isFiltered({ kind, state, owner }: View): boolean {
  return Boolean(kind || state || owner);
}

/** The same view without what narrows it. */
export function withoutFilters({ folder, q, sort }: View): View {
  return { ...(folder ? { folder } : {}), ...(q ? { q } : {}), ...(sort ? { sort } : {}) };
}

/** "PDF that could not be read, of yours": what is looked for, for a sentence that says there is none. */
export function filterWords({ kind, state, owner }: View): string {
  const what = kind ? kindNoun(kind) : "document";
  const how = state
    ? { ready: " that is ready", working: " that is being read", failed: " that could not be read" }[state]
    : "";
  const whose = owner ? { mine: " of yours", others: " of somebody else’s" }[owner] : "";
  return what + whose + how;
}
