import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { SessionView } from "../api/types.ts";
import { useTitle } from "../frame/page.tsx";
import { Part } from "../frame/part.tsx";
import { useSession } from "../identity/session.tsx";
import { MemberQuota } from "../knowledge/member-quota.tsx";
import { Exports } from "../privacy/exports.tsx";
import { RetentionTable } from "../privacy/retention-table.tsx";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { ErrorPanel, Forbidden, Notice, Skeleton, wordsOf } from "../ui/states.tsx";
import { say } from "../ui/toast.tsx";
import { CloseWorkspace } from "./closing/close-workspace.tsx";

/** The workspace itself: its name and its short name. */
export function WorkspacePage() {
  useTitle("Workspace", "Settings");
  const session = useSession();
  const tenant = useQuery({
    queryKey: [session.slug, "tenant"],
    queryFn: () => session.call<{ slug: string; name: string }>("GET", "tenant"),
    enabled: session.can("tenant.read"),
  });
  if (!session.can("tenant.read")) return <Forbidden whole={false} />;
  if (tenant.isPending) return <Skeleton label="Loading the workspace" lines={3} tall />;
  if (tenant.isError) return <ErrorPanel error={tenant.error} onRetry={() => void tenant.refetch()} />;
  return (
    <div className="flex flex-col gap-11">
      <div>
        <Form key={tenant.data.name} name={tenant.data.name} />
        <MemberQuota />
      </div>
      {session.can("tenant.export") && (
        <Part
          title="Export"
          words="Everything in the workspace, in open formats: files as they were added, their text, and all else as JSON and CSV."
        >
          <Exports kind="workspace" />
        </Part>
      )}
      {session.can("tenant.close") && (
        <Part
          title="Close"
          words="Thirty days to read, export and change your mind. Then it is deleted for good."
        >
          <CloseWorkspace />
        </Part>
      )}
      {session.can("retention.read") && (
        <Part title="How long what is kept" words="What is older goes by itself, every day.">
          <RetentionTable />
        </Part>
      )}
    </div>
  );
}

function Form({ name }: { name: string }) {
  const session = useSession();
  const queries = useQueryClient();
  const [text, setText] = useState(name);
  const mayChange = session.can("tenant.change");
  const save = useMutation({
    mutationFn: () => session.call<{ name: string }>("PATCH", "tenant", { body: { name: text.trim() } }),
    onSuccess: () => {
      const saved = text.trim();
      queries.setQueryData([session.slug, "tenant"], { slug: session.slug, name: saved });
      queries.setQueryData<SessionView>([session.slug, "session"], (view) =>
        view ? { ...view, tenant: { ...view.tenant, name: saved } } : view,
      );
      say("The name is saved.");
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate();
  }
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-4">
      {save.error && <Notice>{wordsOf(save.error)}</Notice>}
      <Field
        label="Name"
        required
        maxLength={120}
        value={text}
        disabled={!mayChange}
        onChange={(event) => setText(event.target.value)}
        hint={mayChange ? "Stands in the rail and in invitations." : "Owners and admins can change it."}
      />
      <div>
        <p className="mb-1.5 text-small font-semibold">Short name</p>
        <p className="font-mono">{session.slug}</p>
        <p className="mt-1.5 text-small text-muted">
          Part of every address of this workspace; it cannot be changed.
        </p>
      </div>
      {mayChange && (
        <div>
          <Button
            type="submit"
            kind="primary"
            busy={save.isPending}
            disabled={!text.trim() || text.trim() === name}
          >
            Save
          </Button>
        </div>
      )}
    </form>
  );
}
