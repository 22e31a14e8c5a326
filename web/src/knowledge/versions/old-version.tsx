import { useState } from "react";
import type { Document, Version } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Empty } from "../../ui/states.tsx";
import { Moment } from "../../ui/time.tsx";
import { Reader } from "../document-page/reader.tsx";
import type { Marks } from "../passages.tsx";
import { Restore, type VersionActions } from "./version-list.tsx";

const nothing: Marks = new Map();

/** The text of one version as it was. */
export function OldVersion(props: { version: Version; all: Version[]; document: Document } & VersionActions) {
  const { version, all } = props;
  const session = useSession();
  const [restoring, setRestoring] = useState(false);
  const current = all.find((other) => other.current);
  const mayRestore =
    !version.current &&
    version.state === "ready" &&
    props.document.access !== "read" &&
    session.can("document.restore-version");
  return (
    <section aria-labelledby="old-version">
      <div className="mb-6 flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line pb-3">
        <div>
          <h2 id="old-version" className="font-serif text-title font-medium">
            Version {version.no}
          </h2>
          <p className="text-small text-muted">
            <Moment at={version.at} how="full" /> by {version.by.name}
            {!version.current && ". It is not the current one: search and answers do not use it."}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Button small onClick={props.onClose}>
            All versions
          </Button>
          {current && !version.current && (
            <Button small onClick={() => props.onCompare(version, current)}>
              Compare with the current one
            </Button>
          )}
          {mayRestore && (
            <Button small onClick={() => setRestoring(true)}>
              Restore
            </Button>
          )}
        </div>
      </div>
      <Reader
        text={{ path: `versions/${version.id}`, version: version.state }}
        kind={version.kind}
        marks={nothing}
        target={null}
        empty={<Empty title="There is no text in it" />}
      />
      {restoring && <Restore version={version} onClose={() => setRestoring(false)} />}
    </section>
  );
}
