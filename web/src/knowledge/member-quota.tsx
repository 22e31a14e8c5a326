import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Storage } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Section } from "../ui/section.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { bytesOf, count } from "../ui/time.tsx";
import { say } from "../ui/toast.tsx";
import { useStorage } from "./storage-line.tsx";

const GB = 1_000_000_000;

/** What the workspace takes of its room, and how much of it one member may. Nothing where there are no documents. */
export function MemberQuota() {
  const session = useSession();
  const { data } = useStorage();
  if (!data) return null;
  const { documents, bytes } = data.workspace;
  return (
    <div className="mt-11">
      <Section
        title="Room"
        words={`${count(documents.used)} of ${count(documents.most)} documents and ${bytesOf(bytes.used)} of ${bytesOf(bytes.most)} are used. Older versions and the bin count too.`}
      >
        {session.can("policy.quotas") && (
          <Form key={`${data.mine.documents.most} ${data.mine.bytes.most}`} mine={data.mine} />
        )}
      </Section>
    </div>
  );
}

function Form({ mine }: { mine: Storage["mine"] }) {
  const session = useSession();
  const queries = useQueryClient();
  const [documents, setDocuments] = useState(mine.documents.most === null ? "" : String(mine.documents.most));
  const [size, setSize] = useState(mine.bytes.most === null ? "" : String(mine.bytes.most / GB));
  const save = useMutation({
    mutationFn: () =>
      session.call("PUT", "policy/quotas", {
        body: {
          memberDocuments: documents === "" ? null : Number(documents),
          memberBytes: size === "" ? null : Math.round(Number(size) * GB),
        },
      }),
    onSuccess: () => {
      say("What one member may own is saved.");
      return queries.invalidateQueries({ queryKey: [session.slug, "storage"] });
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate();
  }
  return (
    <form onSubmit={submit} className="max-w-md">
      <p className="mb-3 text-muted">How much of it each member may own. Leave a field empty for no bound.</p>
      <div className="flex flex-wrap gap-4">
        <Field
          label="Documents"
          type="number"
          inputMode="numeric"
          min={0}
          max={10_000_000}
          step={1}
          className="w-40"
          value={documents}
          onChange={(event) => setDocuments(event.target.value)}
        />
        <Field
          label="Gigabytes"
          type="number"
          inputMode="decimal"
          min={0}
          max={1000}
          step="any"
          className="w-40"
          value={size}
          onChange={(event) => setSize(event.target.value)}
        />
      </div>
      {save.error && (
        <div className="my-3">
          <Notice>{wordsOf(save.error)}</Notice>
        </div>
      )}
      <Button type="submit" className="mt-3" busy={save.isPending}>
        Save
      </Button>
    </form>
  );
}
