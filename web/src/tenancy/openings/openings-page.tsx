import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { List, Opening } from "../../api/types.ts";
import { useTitle } from "../../frame/page.tsx";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { ShowMore, useGrowing } from "../../ui/growing.tsx";
import { Initials } from "../../ui/initials.tsx";
import { type Choice, Picker } from "../../ui/picker.tsx";
import { Section } from "../../ui/section.tsx";
import { ErrorPanel, Forbidden, Skeleton, wordsOf } from "../../ui/states.tsx";
import { fullTime, useNow } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { useMembers } from "../people.ts";
import { useRoles } from "../roles.ts";
import { OpenDialog, type Opened } from "./open-dialog.tsx";

/** Who of the admins opened whose content, when and why: of one's own for everybody, of all for admins. */
export function OpeningsPage() {
  useTitle("Opened content", "Settings");
  const session = useSession();
  const all = session.can("content.see-openings");
  const own = session.can("account.openings");
  if (!all && !own) return <Forbidden whole={false} />;
  return (
    <>
      {own && (
        <Section
          title="Who opened yours"
          words="What you have not shared, nobody sees. An admin who must read it opens it with a reason, for a time, and you see it here."
        >
          <Openings
            path="account/openings"
            cacheKey="own-openings"
            none="Nobody has opened anything of yours."
            own
          />
        </Section>
      )}
      {all && (
        <Section
          title="Opened by admins"
          words="Everything in this workspace that was read without being shared."
          aside={session.can("content.open") && <OpenButton />}
        >
          <Openings path="openings" cacheKey="openings" none="No admin has opened anything." />
        </Section>
      )}
    </>
  );
}

function Openings(props: { path: string; cacheKey: string; none: string; own?: boolean }) {
  const session = useSession();
  const openings = useQuery({
    queryKey: [session.slug, props.cacheKey],
    queryFn: () => session.call<List<Opening>>("GET", props.path),
    staleTime: 0,
  });
  const growing = useGrowing(openings.data?.items ?? []);
  const { shown } = growing;
  if (openings.isPending) return <Skeleton label="Loading what was opened" lines={4} />;
  if (openings.isError)
    return (
      <ErrorPanel
        error={openings.error}
        onRetry={() => void openings.refetch()}
        title="What was opened could not be loaded"
      />
    );
  if (shown.length === 0) return <p className="border-t border-line py-4 text-muted">{props.none}</p>;
  return (
    <>
      <ul className="border-t border-line">
        {shown.map((opening) => (
          <Row key={opening.id} opening={opening} own={props.own ?? false} />
        ))}
      </ul>
      <ShowMore {...growing} />
    </>
  );
}

function Row({ opening, own }: { opening: Opening; own: boolean }) {
  const session = useSession();
  const queries = useQueryClient();
  const now = useNow();
  const live = !opening.ended && Date.parse(opening.until) > now;
  const end = useMutation({
    mutationFn: () => session.call("DELETE", `openings/${opening.id}`),
    onSuccess: () => say("It is closed again."),
    onError: (error) => say(wordsOf(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug] }),
  });
  const mine = opening.by.id === session.me.id;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line py-3">
      <div className="min-w-0 flex-1 basis-64">
        <p className="wrap-anywhere">
          <strong className="font-semibold">{mine ? "You" : opening.by.name}</strong> opened{" "}
          <What opening={opening} own={own} linked={live && mine} />
        </p>
        <p className="wrap-anywhere text-muted">“{opening.reason}”</p>
        <p className="mt-0.5 text-small text-muted">
          {fullTime(opening.at)}
          {Date.parse(opening.until) > now && !live
            ? ", closed before its time"
            : ` to ${fullTime(opening.until)}`}
        </p>
      </div>
      <span className="flex items-center gap-1.5 text-small">
        <Glyph state={live ? "working" : "held"} size={14} />
        {live ? "open now" : "closed"}
      </span>
      {live && !own && session.can("content.close") && (
        <Button small busy={end.isPending} onClick={() => end.mutate()}>
          End now<span className="sr-only"> what {opening.by.name} opened</span>
        </Button>
      )}
    </li>
  );
}

function What({ opening, own, linked }: { opening: Opening; own: boolean; linked: boolean }) {
  const session = useSession();
  const { kind, id, name } = opening.of;
  if (kind === "member") return own ? "everything of yours" : `everything of ${name ?? "a former member"}`;
  const noun = kind === "chat" ? "conversation" : kind;
  const words = name ? `the ${noun} “${name}”` : `a ${noun}`;
  if (id === null || (!linked && !own)) return words;
  const look = "underline decoration-line underline-offset-3 hover:decoration-current";
  if (kind === "document")
    return (
      <Link
        to="/t/$slug/library/$documentId"
        params={{ slug: session.slug, documentId: id }}
        className={look}
      >
        {words}
      </Link>
    );
  if (kind === "chat")
    return (
      <Link to="/t/$slug/ask/$chatId" params={{ slug: session.slug, chatId: id }} className={look}>
        {words}
      </Link>
    );
  return (
    <Link to="/t/$slug/library" params={{ slug: session.slug }} search={{ folder: id }} className={look}>
      {words}
    </Link>
  );
}

/** First what is to be opened: a person, or one thing by its address; then why and for how long. */
function OpenButton() {
  const [asking, setAsking] = useState(false);
  const [of, setOf] = useState<{ of: Opened; name: string | null } | null>(null);
  return (
    <>
      <Button kind="primary" onClick={() => setAsking(true)}>
        Open something
      </Button>
      {asking && (
        <ChooseWhat
          onClose={() => setAsking(false)}
          onChosen={(chosen) => {
            setAsking(false);
            setOf(chosen);
          }}
        />
      )}
      {of && <OpenDialog {...of} onClose={() => setOf(null)} />}
    </>
  );
}

function ChooseWhat(props: {
  onClose: () => void;
  onChosen: (chosen: { of: Opened; name: string | null }) => void;
}) {
  const session = useSession();
  const members = useMembers();
  const [person, setPerson] = useState<Choice<string> | null>(null);
  const [address, setAddress] = useState("");
  const thing = thingAt(address, session.slug);
  const { within } = useRoles();
  const choices = (members.data?.items ?? [])
    .filter(({ id, role }) => id !== session.me.id && role !== "support")
    .map((member) => ({
      ...(within(member.role) ? {} : { off: "Holds more than you do" }),
      key: member.id,
      value: member.id,
      words: member.name,
      more: member.address,
      icon: <Initials name={member.name} />,
    }));
  function submit(event: FormEvent) {
    event.preventDefault();
    if (person) props.onChosen({ of: { kind: "member", id: person.value }, name: person.words });
    else if (thing) props.onChosen({ of: thing, name: null });
  }
  return (
    <Dialog title="What do you need to read?" onClose={props.onClose}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Picker
          label="Everything of one person"
          first
          placeholder="A member of this workspace"
          choices={choices}
          chosen={person}
          onChoose={setPerson}
          none="Nobody here is called that."
          loading={members.isPending}
        />
        <Field
          label="Or one document, folder or conversation"
          value={address}
          disabled={person !== null}
          onChange={(event) => setAddress(event.target.value)}
          placeholder={`${window.location.origin}/t/${session.slug}/library/…`}
          hint="Its address, as somebody sent it to you. One thing is better than everything."
          error={address && !thing ? "This is not the address of something in this workspace." : undefined}
        />
        <DialogActions>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={!person && !thing}>
            Next
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

const uuid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

function thingAt(address: string, slug: string): Opened | null {
  const here = `/t/${slug}/`;
  const rest = address.trim().split(here)[1] ?? "";
  const find = (pattern: string) => new RegExp(`^${pattern}`, "i").exec(rest)?.[1] ?? null;
  const document = find(`library/(${uuid})`);
  if (document) return { kind: "document", id: document };
  const folder = find(`library\\?(?:.*&)?folder=(${uuid})`);
  if (folder) return { kind: "folder", id: folder };
  const chat = find(`ask/(${uuid})`);
  return chat ? { kind: "chat", id: chat } : null;
}
