import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useInstallation } from "../api/installation.ts";
import { Doorstep } from "../frame/doorstep.tsx";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { ErrorPanel, Notice } from "../ui/states.tsx";

const place = "vouchsafe.workspace";

/** The first page: which workspace? Its short name is remembered on this device. */
export function EntryPage() {
  const navigate = useNavigate();
  const installation = useInstallation();
  const [slug, setSlug] = useState(() => kept());
  const [error, setError] = useState("");

  function enter(event: FormEvent) {
    event.preventDefault();
    const name = slug.trim().toLowerCase();
    if (!/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name)) {
      setError("A short name has letters, digits and hyphens, for example harrow-finch.");
      return;
    }
    keep(name);
    void navigate({ to: "/t/$slug", params: { slug: name } });
  }

  if (installation.isError) {
    return (
      <Doorstep title="Vouchsafe">
        <ErrorPanel
          error={installation.error}
          onRetry={() => void installation.refetch()}
          title="No answer yet"
        />
      </Doorstep>
    );
  }
  return (
    <Doorstep
      title="Enter your workspace"
      lead="Its short name is in your invitation, after /t/ in the link."
    >
      {installation.data && !installation.data.setUp && (
        <div className="mb-6">
          <Notice kind="stale">
            Nobody has set up this installation yet. Open the set-up link that the terminal printed when the
            server started.
          </Notice>
        </div>
      )}
      <form onSubmit={enter} noValidate className="flex flex-col gap-4">
        <Field
          label="Short name"
          name="workspace"
          value={slug}
          onChange={(event) => {
            setSlug(event.target.value);
            setError("");
          }}
          error={error || undefined}
          autoCapitalize="none"
          autoComplete="organization"
          spellCheck={false}
          placeholder="harrow-finch"
          autoFocus
        />
        <Button type="submit" kind="primary" className="min-h-10">
          Continue
        </Button>
      </form>
    </Doorstep>
  );
}

function kept(): string {
  try {
    return localStorage.getItem(place) ?? "";
  } catch {
    return "";
  }
}

function keep(name: string): void {
  try {
    localStorage.setItem(place, name);
  } catch {
    // Storage is closed in this browser: the name is typed again next time.
  }
}
