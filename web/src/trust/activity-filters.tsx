import { useMembers } from "../tenancy/people.ts";
import { Initials } from "../ui/initials.tsx";
import { Picker } from "../ui/picker.tsx";
import { eventGroups, eventWords } from "./event-words.tsx";

/** Dates are days in the reader's own time zone, both included; "" is no limit. */
export type ActivityFilter = { event: string; actor: string; resource: string; since: string; until: string };

export const noFilter: ActivityFilter = { event: "", actor: "", resource: "", since: "", until: "" };

export const isFiltered = (filter: ActivityFilter): boolean => Object.values(filter).some(Boolean);

/** As the server asks for it: moments in UTC, the second without its own. */
export function queryOf({ since, until, ...rest }: ActivityFilter): Record<string, string> {
  const day = (date: string, days: number): string => {
    const [year = 0, month = 1, of = 1] = date.split("-").map(Number);
    return new Date(year, month - 1, of + days).toISOString();
  };
  const filled = Object.entries({ ...rest, since: since && day(since, 0), until: until && day(until, 1) });
  return Object.fromEntries(filled.filter(([, value]) => value !== ""));
}

const control = "min-h-9 rounded-md border border-line bg-surface px-3 text-base hover:border-edge";

const resources = {
  member: "People",
  session: "Sessions",
  passkey: "Passkeys",
  invitation: "Invitations",
  group: "Groups",
  role: "Roles",
  key: "API keys",
  document: "Documents",
  folder: "Folders",
  share: "Shares",
  chat: "Chats",
  opening: "Looks of admins",
  "support-grant": "Support",
  tenant: "The workspace",
  "audit-export": "Exports of this log",
};

export function ActivityFilters(props: {
  filter: ActivityFilter;
  onChange: (filter: ActivityFilter) => void;
}) {
  const { filter, onChange } = props;
  const set = (part: Partial<ActivityFilter>) => onChange({ ...filter, ...part });
  const members = useMembers();
  const choices = (members.data?.items ?? []).map((member) => ({
    key: member.id,
    value: member.id,
    words: member.name,
    more: member.address,
    icon: <Initials name={member.name} />,
  }));
  return (
    <search aria-label="Filter the activity" className="mb-5 flex flex-wrap items-center gap-x-3 gap-y-2.5">
      <select
        aria-label="What happened"
        className={`${control} max-w-56 max-sm:w-full max-sm:max-w-full`}
        value={filter.event}
        onChange={(event) => set({ event: event.target.value })}
      >
        <option value="">Everything</option>
        {eventGroups.map(({ group, events }) => (
          <optgroup key={group} label={group}>
            {events.map((name) => (
              <option key={name} value={name}>
                {eventWords(name)}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
      {members.data && (
        <Picker
          label="Who did it"
          hideLabel
          placeholder="Everyone"
          choices={choices}
          chosen={choices.find(({ key }) => key === filter.actor) ?? null}
          onChoose={(choice) => set({ actor: choice?.value ?? "" })}
          none="Nobody here is called that."
          className="w-52 max-sm:w-full"
        />
      )}
      <select
        aria-label="On what"
        className={`${control} max-sm:w-full`}
        value={filter.resource}
        onChange={(event) => set({ resource: event.target.value })}
      >
        <option value="">On anything</option>
        {Object.entries(resources).map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
      <span className="flex flex-wrap items-center gap-2 text-muted">
        <label className="flex items-center gap-2">
          from
          <input
            type="date"
            className={control}
            value={filter.since}
            max={filter.until || undefined}
            onChange={(event) => set({ since: event.target.value })}
          />
        </label>
        <label className="flex items-center gap-2">
          to
          <input
            type="date"
            className={control}
            value={filter.until}
            min={filter.since || undefined}
            onChange={(event) => set({ until: event.target.value })}
          />
        </label>
      </span>
    </search>
  );
}
