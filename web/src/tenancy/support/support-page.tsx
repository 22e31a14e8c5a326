import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { isApiError } from "../../api/errors.ts";
import type { List, SupportGrant } from "../../api/types.ts";
import { useTitle } from "../../frame/page.tsx";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { ShowMore, useGrowing } from "../../ui/growing.tsx";
import { Section } from "../../ui/section.tsx";
import { ErrorPanel, Forbidden, Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { fullTime, plural, useNow } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";

/** When the operator's staff may look into this workspace: only while an admin allows it. */
export function SupportPage() {
  useTitle("Operator’s access", "Settings");
  const session = useSession();
  if (!session.can("support.see")) return <Forbidden whole={false} />;
  return <Grants />;
}

function Grants() {
  const session = useSession();
  const [granting, setGranting] = useState(false);
  const grants = useQuery({
    queryKey: [session.slug, "support-grants"],
    queryFn: () => session.call<List<SupportGrant>>("GET", "support-grants"),
    staleTime: 0,
  });
  const growing = useGrowing(grants.data?.items ?? []);
  const { shown } = growing;
  return (
    <Section
      title="Operator’s access"
      words="Whoever runs this installation cannot see what is in your workspace. If you need their help, let their support in for some hours: for reading, with every page they open in your activity and a line on every page of yours."
      aside={
        session.can("support.grant") && (
          <Button kind="primary" onClick={() => setGranting(true)}>
            Let support in
          </Button>
        )
      }
    >
      {grants.isPending ? (
        <Skeleton label="Loading the grants" lines={4} />
      ) : grants.isError ? (
        <ErrorPanel
          error={grants.error}
          onRetry={() => void grants.refetch()}
          title="The grants could not be loaded"
        />
      ) : shown.length === 0 ? (
        <p className="border-t border-line py-4 text-muted">Support has never been let in.</p>
      ) : (
        <ul className="border-t border-line">
          {shown.map((grant) => (
            <Row key={grant.id} grant={grant} />
          ))}
        </ul>
      )}
      <ShowMore {...growing} />
      {granting && <Grant onClose={() => setGranting(false)} />}
    </Section>
  );
}

function Row({ grant }: { grant: SupportGrant }) {
  const session = useSession();
  const queries = useQueryClient();
  const now = useNow();
  const live = grant.state === "open" && Date.parse(grant.until) > now;
  const end = useMutation({
    mutationFn: () => session.call("DELETE", `support-grants/${grant.id}`),
    onSuccess: () => say("Support is out, from this moment on."),
    onError: (error) => say(wordsOf(error)),
    onSettled: () =>
      Promise.all(
        ["support-grants", "session"].map((what) =>
          queries.invalidateQueries({ queryKey: [session.slug, what] }),
        ),
      ),
  });
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line py-3">
      <div className="min-w-0 flex-1 basis-64">
        <p className="wrap-anywhere">“{grant.reason}”</p>
        <p className="mt-0.5 text-small text-muted">
          by {grant.by.name}, {fullTime(grant.at)}
          {live
            ? ` to ${fullTime(grant.until)}`
            : grant.ended
              ? `, ended ${fullTime(grant.ended)}`
              : `, over ${fullTime(grant.until)}`}{" "}
          · {grant.uses === 0 ? "not used" : `entered ${plural(grant.uses, "time")}`}
        </p>
      </div>
      <span className="flex items-center gap-1.5 text-small">
        <Glyph state={live ? "working" : "held"} size={14} />
        {live ? "open now" : "closed"}
      </span>
      {live && session.can("support.end") && (
        <Button small busy={end.isPending} onClick={() => end.mutate()}>
          End now<span className="sr-only"> the access for {grant.reason}</span>
        </Button>
      )}
    </li>
  );
}

function Grant({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const [hours, setHours] = useState(4);
  const [reason, setReason] = useState("");
  const grant = useMutation({
    mutationFn: () => session.call("POST", "support-grants", { body: { hours, reason: reason.trim() } }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [session.slug, "support-grants"] });
      void queries.invalidateQueries({ queryKey: [session.slug, "session"] });
      onClose();
      say(`Support may enter for ${plural(hours, "hour")}.`);
    },
  });
  const fields = isApiError(grant.error) ? grant.error.fields : {};
  function submit(event: FormEvent) {
    event.preventDefault();
    grant.mutate();
  }
  return (
    <Dialog title="Let the operator’s support in" onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-3">
        <p className="text-muted">
          They can read documents, conversations, members and rules, as a guest without changing anything.
          They see the reason that you give.
        </p>
        {grant.error && Object.keys(fields).length === 0 && <Notice>{wordsOf(grant.error)}</Notice>}
        <Field
          label="What they are to look at"
          required
          minLength={5}
          maxLength={300}
          data-first
          value={reason}
          error={fields.reason}
          placeholder="The lease is not found although it is there"
          onChange={(event) => setReason(event.target.value)}
        />
        <SelectField
          label="For how long"
          value={hours}
          onChange={(event) => setHours(Number(event.target.value))}
          hint="It ends by itself. You can end it earlier."
        >
          {[1, 4, 8, 24, 72].map((span) => (
            <option key={span} value={span}>
              {plural(span, "hour")}
            </option>
          ))}
        </SelectField>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={grant.isPending} disabled={reason.trim().length < 5}>
            Let them in
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
