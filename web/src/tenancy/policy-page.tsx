import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Policy } from "../api/types.ts";
import { useTitle } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { Confirm } from "../ui/confirm.tsx";
import { SelectField } from "../ui/field.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { Section } from "../ui/section.tsx";
import { ErrorPanel, Forbidden, Notice, Skeleton, wordsOf } from "../ui/states.tsx";
import { fullTime, plural, useNow } from "../ui/time.tsx";
import { say } from "../ui/toast.tsx";

/** What the workspace asks of everybody who signs in. Owners change it. */
export function PolicyPage() {
  useTitle("Sign-in rules", "Settings");
  const session = useSession();
  const policy = useQuery({
    queryKey: [session.slug, "policy"],
    queryFn: () => session.call<Policy>("GET", "policy"),
    enabled: session.can("policy.read"),
  });
  if (!session.can("policy.read")) return <Forbidden whole={false} />;
  if (policy.isPending) return <Skeleton label="Loading the rules" lines={6} tall />;
  if (policy.isError)
    return (
      <ErrorPanel
        error={policy.error}
        onRetry={() => void policy.refetch()}
        title="The rules could not be loaded"
      />
    );
  const mayChange = session.can("policy.change");
  return (
    <div className="max-w-[46rem]">
      {!mayChange && <p className="mb-7 text-muted">Owners can change these rules.</p>}
      <SecondFactor requiredFrom={policy.data.secondFactor.requiredFrom} mayChange={mayChange} />
      <Passwords key={policy.data.passwords} value={policy.data.passwords} mayChange={mayChange} />
    </div>
  );
}

type Change = { secondFactor?: { required: boolean; graceDays: number }; passwords?: Policy["passwords"] };

function useChangePolicy(done: string, onDone?: () => void) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: Change) => session.call<Policy>("PATCH", "policy", { body: change }),
    onSuccess: () => {
      onDone?.();
      say(done);
    },
    onSettled: () =>
      Promise.all(
        ["policy", "session"].map((what) => queries.invalidateQueries({ queryKey: [session.slug, what] })),
      ),
  });
}

const graces = [0, 3, 7, 14, 30];

function SecondFactor({ requiredFrom, mayChange }: { requiredFrom: string | null; mayChange: boolean }) {
  const now = useNow();
  const [days, setDays] = useState(14);
  const [asking, setAsking] = useState(false);
  const begin = useChangePolicy("The second factor is required of everybody.", () => setAsking(false));
  const end = useChangePolicy("The second factor is no longer required of everybody.");
  const due = requiredFrom !== null && Date.parse(requiredFrom) <= now;
  return (
    <Section
      title="Second factor"
      words="Beside the password: an app that shows codes, or a passkey. Owners, admins, and whoever may do more than a manager always need one."
    >
      <p className="mb-4 flex gap-2">
        <span className="pt-1">
          <Glyph state={due ? "held" : requiredFrom ? "stale" : "not-done"} size={15} />
        </span>
        <span>
          {requiredFrom === null
            ? "Everybody else chooses for themselves."
            : due
              ? `Required of everybody since ${fullTime(requiredFrom)}. Whoever has none sets one up before anything else.`
              : `Required of everybody from ${fullTime(requiredFrom)} on. Until then it is announced on every page; after that nobody without one gets further than setting it up.`}
        </span>
      </p>
      {mayChange &&
        (requiredFrom === null ? (
          <div className="flex flex-wrap items-end gap-3">
            <SelectField
              label="Require it of everybody"
              className="min-w-48"
              value={days}
              onChange={(event) => setDays(Number(event.target.value))}
            >
              {graces.map((grace) => (
                <option key={grace} value={grace}>
                  {grace === 0 ? "from now on" : `in ${plural(grace, "day")}`}
                </option>
              ))}
            </SelectField>
            <Button kind="primary" className="mb-1.5 min-h-10" onClick={() => setAsking(true)}>
              Require it
            </Button>
          </div>
        ) : (
          <Button
            busy={end.isPending}
            onClick={() => end.mutate({ secondFactor: { required: false, graceDays: 0 } })}
          >
            No longer require it
          </Button>
        ))}
      {end.error && (
        <div className="mt-3">
          <Notice>{wordsOf(end.error)}</Notice>
        </div>
      )}
      {asking && (
        <Confirm
          title="Require a second factor of everybody?"
          deed="Require it"
          danger={false}
          busy={begin.isPending}
          error={begin.error}
          onClose={() => setAsking(false)}
          onConfirm={() => begin.mutate({ secondFactor: { required: true, graceDays: days } })}
        >
          {days === 0
            ? "From this moment on, whoever has none is led to set one up at their next click. Their open sessions wait there too."
            : `From ${fullTime(new Date(now + days * 86_400_000).toISOString())} on, whoever has none gets no further than setting one up. Until then a line on every page says so.`}
        </Confirm>
      )}
    </Section>
  );
}

const rules: { value: Policy["passwords"]; title: string; words: string }[] = [
  {
    value: "composed",
    title: "Mixed characters",
    words: "At least 12 characters with small and capital letters, digits and signs.",
  },
  {
    value: "passphrase",
    title: "Long passphrase",
    words: "At least 15 characters, of any kind: several words are easier to remember and harder to guess.",
  },
];

function Passwords({ value, mayChange }: { value: Policy["passwords"]; mayChange: boolean }) {
  const [chosen, setChosen] = useState(value);
  const change = useChangePolicy("The rule for passwords is changed.");
  return (
    <Section
      title="Passwords"
      words="Whatever the rule, common passwords and those known from leaks are refused. It holds for passwords chosen from now on."
    >
      <fieldset className="flex flex-col gap-2.5" disabled={!mayChange}>
        <legend className="sr-only">Rule for passwords</legend>
        {rules.map((rule) => (
          <label
            key={rule.value}
            className={classes(
              "flex gap-3 rounded-md border px-4 py-3",
              mayChange && "cursor-pointer",
              chosen === rule.value ? "border-accent bg-accent-soft" : "border-line",
            )}
          >
            <input
              type="radio"
              name="passwords"
              className="mt-1 accent-[var(--accent)]"
              checked={chosen === rule.value}
              onChange={() => setChosen(rule.value)}
            />
            <span>
              <span className="block font-semibold">{rule.title}</span>
              <span className="block text-small text-muted">{rule.words}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {change.error && (
        <div className="mt-3">
          <Notice>{wordsOf(change.error)}</Notice>
        </div>
      )}
      {mayChange && (
        <Button
          kind="primary"
          className="mt-4"
          disabled={chosen === value}
          busy={change.isPending}
          onClick={() => change.mutate({ passwords: chosen })}
        >
          Save
        </Button>
      )}
    </Section>
  );
}
