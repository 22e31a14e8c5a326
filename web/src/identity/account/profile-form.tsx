import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import { isApiError } from "../../api/errors.ts";
import type { Account, SessionView } from "../../api/types.ts";
import { Button } from "../../ui/button.tsx";
import { Field, SelectField } from "../../ui/field.tsx";
import { Notice, wordsOf } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";
import { useSession } from "../session.tsx";

const languages: Record<Account["language"], string> = { en: "English", de: "Deutsch", fr: "Français" };

/** Name, the language of mails and notices, the time zone in which they give times. */
export function ProfileForm() {
  const { slug, me, call } = useSession();
  const queries = useQueryClient();
  const [form, setForm] = useState<Account>({ name: me.name, language: me.language, timeZone: me.timeZone });
  const zones = useMemo(() => zonesWith(me.timeZone), [me.timeZone]);
  const save = useMutation({
    mutationFn: () => call<Account>("PATCH", "account", { body: { ...form, name: form.name.trim() } }),
    onSuccess: (saved) => {
      queries.setQueryData<SessionView>([slug, "session"], (view) =>
        view ? { ...view, me: { ...view.me, ...saved } } : view,
      );
      setForm(saved);
      say("Your account is saved.");
    },
  });
  const fields = isApiError(save.error) ? save.error.fields : {};
  const changed =
    form.name.trim() !== me.name || form.language !== me.language || form.timeZone !== me.timeZone;
  const set = (part: Partial<Account>) => setForm((old) => ({ ...old, ...part }));
  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate();
  }
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-4">
      {save.error && !fields.name && !fields.timeZone && <Notice>{wordsOf(save.error)}</Notice>}
      <Field
        label="Name"
        autoComplete="name"
        required
        maxLength={120}
        value={form.name}
        onChange={(event) => set({ name: event.target.value })}
        error={fields.name}
      />
      <SelectField
        label="Language of mails and notices"
        value={form.language}
        onChange={(event) => set({ language: event.target.value as Account["language"] })}
        hint="The pages themselves are in English."
      >
        {Object.entries(languages).map(([code, words]) => (
          <option key={code} value={code} lang={code}>
            {words}
          </option>
        ))}
      </SelectField>
      <SelectField
        label="Time zone"
        value={form.timeZone}
        onChange={(event) => set({ timeZone: event.target.value })}
        hint="For times in mails and notices. Pages show the time of the device."
        error={fields.timeZone}
      >
        {zones.map((zone) => (
          <option key={zone} value={zone}>
            {zone.replaceAll("_", " ")}
          </option>
        ))}
      </SelectField>
      <div>
        <Button type="submit" busy={save.isPending} disabled={!form.name.trim() || !changed}>
          Save
        </Button>
      </div>
    </form>
  );
}

/** All that this browser knows, with UTC and the present one, which may be known to the server alone. */
function zonesWith(present: string): string[] {
  return [...new Set(["UTC", present, ...Intl.supportedValuesOf("timeZone")])].sort();
}
