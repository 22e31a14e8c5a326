import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { rememberSession } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import type { List, OpenSession, SessionView } from "../api/types.ts";
import { useTitle } from "../frame/page.tsx";
import { ProofBox } from "../frame/proof.tsx";
import { type Theme, useTheme } from "../frame/theme.ts";
import { roleWord } from "../tenancy/roles.ts";
import { Button } from "../ui/button.tsx";
import { Field, PasswordField, SelectField } from "../ui/field.tsx";
import { Notice, Skeleton, wordsOf } from "../ui/states.tsx";
import { Moment } from "../ui/time.tsx";
import { say } from "../ui/toast.tsx";
import { deviceOf } from "./device.ts";
import { passwordRule } from "./password-rule.ts";
import { useSession } from "./session.tsx";
import { SignInHistory } from "./sign-in-history.tsx";
import { useSignOut } from "./sign-out.ts";

/** A person's own account: name, password, where they are signed in, and every sign-in. */
export function AccountPage() {
  useTitle("Account", "Settings");
  const session = useSession();
  return (
    <div className="flex max-w-[46rem] flex-col gap-11">
      <Part title="You" words={`${session.me.address} · ${roleWord(session.me.role)}`}>
        <Name />
      </Part>
      <Part title="Password" words="Changing it ends every other session of yours.">
        <Password />
      </Part>
      <Part
        title="Where you are signed in"
        words="A session ends after 30 minutes without activity, and after 7 days in any case."
      >
        <Sessions />
      </Part>
      <Part
        title="Sign-in history"
        words="Every attempt with your address in this workspace, refused ones too."
      >
        <SignInHistory />
      </Part>
      <Part title="This device">
        <ThisDevice />
      </Part>
    </div>
  );
}

function Part({ title, words, children }: { title: string; words?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="font-serif text-title font-medium">{title}</h2>
      {words && <p className="mt-0.5 text-small text-muted">{words}</p>}
      <div className="mt-4">{children}</div>
    </section>
  );
}

function Name() {
  const session = useSession();
  const queries = useQueryClient();
  const [name, setName] = useState(session.me.name);
  const save = useMutation({
    mutationFn: () => session.call<{ name: string }>("PATCH", "account", { body: { name: name.trim() } }),
    onSuccess: (saved) => {
      queries.setQueryData<SessionView>([session.slug, "session"], (view) =>
        view ? { ...view, me: { ...view.me, name: saved.name } } : view,
      );
      say("Your name is saved.");
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate();
  }
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-3">
      {save.error && <Notice>{wordsOf(save.error)}</Notice>}
      <Field
        label="Name"
        autoComplete="name"
        required
        maxLength={120}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <div>
        <Button
          type="submit"
          busy={save.isPending}
          disabled={!name.trim() || name.trim() === session.me.name}
        >
          Save the name
        </Button>
      </div>
    </form>
  );
}

function Password() {
  const session = useSession();
  const queries = useQueryClient();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const save = useMutation({
    mutationFn: () => session.call<SessionView>("PUT", "account/password", { body: { current, new: next } }),
    onSuccess: (view) => {
      // This browser goes on in a new session, which has a proof of its own.
      rememberSession(view);
      setCurrent("");
      setNext("");
      void queries.invalidateQueries({ queryKey: [session.slug, "sessions"] });
      say("Your password is changed. Other sessions have ended.");
    },
  });
  const fields = isApiError(save.error) ? save.error.fields : {};
  const wrongNew = fields.new ?? fields.password;
  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate();
  }
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-3">
      {save.error && !wrongNew && !fields.current && <Notice>{wordsOf(save.error)}</Notice>}
      <input type="email" autoComplete="username" value={session.me.address} readOnly hidden />
      <PasswordField
        label="Password now"
        autoComplete="current-password"
        required
        value={current}
        onChange={(event) => setCurrent(event.target.value)}
        error={fields.current}
      />
      <PasswordField
        label="New password"
        autoComplete="new-password"
        required
        value={next}
        onChange={(event) => setNext(event.target.value)}
        hint={passwordRule}
        error={wrongNew}
      />
      <div>
        <Button type="submit" busy={save.isPending} disabled={!current || !next}>
          Change the password
        </Button>
      </div>
    </form>
  );
}

function Sessions() {
  const session = useSession();
  const queries = useQueryClient();
  const everywhere = useSignOut(true);
  const sessions = useQuery({
    queryKey: [session.slug, "sessions"],
    queryFn: () => session.call<List<OpenSession>>("GET", "sessions"),
  });
  const end = useMutation({
    mutationFn: (id: string) => session.call("DELETE", `sessions/${id}`),
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "sessions"] }),
  });
  if (sessions.isPending) return <Skeleton label="Loading your sessions" lines={3} tall />;
  if (sessions.isError) return <Notice>{wordsOf(sessions.error)}</Notice>;
  const failed = end.error ?? everywhere.error;
  return (
    <>
      {failed && <Notice>{wordsOf(failed)}</Notice>}
      <ul className="border-t border-line">
        {sessions.data.items.map((one) => (
          <li
            key={one.id}
            className="flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 border-b border-line py-2"
          >
            <span className="min-w-0 flex-1 basis-56">
              <span className="block">
                {deviceOf(one.userAgent)}
                {one.current && (
                  <span className="ml-2 rounded-sm bg-accent-soft px-1.5 py-0.5 text-small font-semibold text-accent">
                    this one
                  </span>
                )}
              </span>
              <span className="block text-small text-muted">
                {one.ip ?? "unknown address"} · active <Moment at={one.lastActiveAt} how="ago" /> · since{" "}
                <Moment at={one.createdAt} />
              </span>
            </span>
            {!one.current && (
              <Button
                small
                busy={end.isPending && end.variables === one.id}
                onClick={() => end.mutate(one.id)}
              >
                End this one
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Button kind="danger" className="mt-4" busy={everywhere.isPending} onClick={() => everywhere.mutate()}>
        Sign out everywhere
      </Button>
    </>
  );
}

/** Theme, sign-out and the proof are in the rail; a phone has none, so they stand here too. */
function ThisDevice() {
  const [theme, setTheme] = useTheme();
  const signOut = useSignOut();
  return (
    <div className="flex max-w-md flex-col gap-4">
      <SelectField label="Theme" value={theme} onChange={(event) => setTheme(event.target.value as Theme)}>
        <option value="system">As the system</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </SelectField>
      <div className="md:hidden">
        <ProofBox />
      </div>
      {signOut.error && <Notice>{wordsOf(signOut.error)}</Notice>}
      <div>
        <Button busy={signOut.isPending} onClick={() => signOut.mutate()}>
          Sign out here
        </Button>
      </div>
    </div>
  );
}
