import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { isApiError } from "../api/errors.ts";
import type { PublicPage, PublicPageSettings } from "../api/types.ts";
import { Page } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { OperatorTabs } from "../tenancy/operator-tabs.tsx";
import { Button } from "../ui/button.tsx";
import { AreaField, Field } from "../ui/field.tsx";
import { Section } from "../ui/section.tsx";
import { ErrorPanel, Forbidden, Notice, Skeleton, wordsOf } from "../ui/states.tsx";
import { say } from "../ui/toast.tsx";

/** Where the operator says what stands on the public security page in their own words. */
export function PublicPageForm() {
  const session = useSession();
  return session.can("operator.page.read") ? <Settings /> : <Forbidden />;
}

function Settings() {
  const session = useSession();
  const settings = useQuery({
    queryKey: [session.slug, "public-page"],
    queryFn: () => session.call<PublicPageSettings>("GET", "public-page"),
    staleTime: 0,
  });
  return (
    <Page
      title="Public page"
      below="What stands on the security page in your own words. Nothing here is filled in for you, and nothing of it turns green."
      aside={
        <a
          href="/security"
          target="_blank"
          rel="noreferrer"
          className="text-accent underline underline-offset-3"
        >
          See the page
        </a>
      }
    >
      <OperatorTabs />
      {settings.isPending ? (
        <Skeleton label="Loading the page" lines={8} tall />
      ) : settings.isError ? (
        <ErrorPanel
          error={settings.error}
          onRetry={() => void settings.refetch()}
          title="The page could not be loaded"
        />
      ) : (
        <Form settings={settings.data} mayChange={session.can("operator.page.change")} />
      )}
    </Page>
  );
}

const linesOf = (text: string): string[] =>
  text
    .split(/\n|,\s+/)
    .map((line) => line.trim())
    .filter(Boolean);

function Form({ settings, mayChange }: { settings: PublicPageSettings; mayChange: boolean }) {
  const session = useSession();
  const queries = useQueryClient();
  const { page, attestable } = settings;
  const form = useRef<HTMLFormElement>(null);
  const [company, setCompany] = useState(page.company);
  const [contacts, setContacts] = useState(page.contacts.join("\n"));
  const [policy, setPolicy] = useState(page.policy);
  const [languages, setLanguages] = useState(page.languages.join(", "));
  const [hosting, setHosting] = useState(page.hosting);
  const [statements, setStatements] = useState<Record<string, string>>(
    Object.fromEntries(page.statements.map(({ claim, words }) => [claim, words])),
  );
  const save = useMutation({
    mutationFn: (next: PublicPage) => session.call<PublicPageSettings>("PUT", "public-page", { body: next }),
    onSuccess: (saved) => {
      queries.setQueryData([session.slug, "public-page"], saved);
      say("The security page says so now.");
    },
    onError: () =>
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus()),
  });
  const wrong = (field: string): string | undefined => {
    const fields = isApiError(save.error) ? save.error.fields : null;
    const key = Object.keys(fields ?? {}).find((name) => name === field || name.startsWith(`${field}.`));
    return key ? fields?.[key] : undefined;
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({
      company,
      contacts: linesOf(contacts),
      policy,
      languages: linesOf(languages),
      hosting,
      statements: Object.entries(statements).flatMap(([claim, words]) =>
        words.trim() ? [{ claim, words: words.trim() }] : [],
      ),
    });
  };
  return (
    <form ref={form} onSubmit={submit} className="max-w-[46rem]">
      <fieldset disabled={!mayChange}>
        <legend className="sr-only">What the security page says</legend>
        <Section title="Who runs this">
          <div className="grid gap-5">
            <Field
              label="Company"
              optional
              value={company}
              maxLength={120}
              error={wrong("company")}
              onChange={(event) => setCompany(event.target.value)}
            />
            <AreaField
              label="Where it runs, and who can reach the machines"
              optional
              rows={4}
              maxLength={2000}
              value={hosting}
              error={wrong("hosting")}
              onChange={(event) => setHosting(event.target.value)}
            />
          </div>
        </Section>
        <Section
          title="Where reports of weaknesses go"
          words="With a contact, /.well-known/security.txt is there for whoever found something (RFC 9116). Without one there is no such file."
        >
          <div className="grid gap-5">
            <AreaField
              label="Contacts, one a line, the best first"
              optional
              rows={2}
              hint="mailto:security@example.com, https://example.com/report or tel:+1-201-555-0123"
              value={contacts}
              error={wrong("contacts")}
              onChange={(event) => setContacts(event.target.value)}
            />
            <Field
              label="Address of your policy for reports"
              optional
              value={policy}
              error={wrong("policy")}
              onChange={(event) => setPolicy(event.target.value)}
            />
            <Field
              label="Languages that you read"
              optional
              hint="Such as en, de"
              value={languages}
              error={wrong("languages")}
              onChange={(event) => setLanguages(event.target.value)}
            />
          </div>
        </Section>
        <Section
          title="Your word"
          words="Some promises no check can answer. What you write here stands beside them, marked as your word, with the date. Leave out what is not so."
        >
          <div className="grid gap-7">
            {attestable.map(({ id, words }) => (
              <div key={id}>
                <p className="mb-2 text-muted" id={`claim-${id}`}>
                  {words}
                </p>
                <AreaField
                  label="What is so"
                  aria-labelledby={`claim-${id}`}
                  optional
                  rows={3}
                  maxLength={2000}
                  value={statements[id] ?? ""}
                  onChange={(event) => setStatements({ ...statements, [id]: event.target.value })}
                />
              </div>
            ))}
          </div>
        </Section>
      </fieldset>
      {save.error && !(isApiError(save.error) && save.error.code === "invalid_input") && (
        <div className="mb-4">
          <Notice>{wordsOf(save.error)}</Notice>
        </div>
      )}
      {mayChange && (
        <Button kind="primary" type="submit" busy={save.isPending}>
          Publish
        </Button>
      )}
    </form>
  );
}
