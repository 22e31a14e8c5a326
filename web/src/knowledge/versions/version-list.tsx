import { Ellipsis } from "lucide-react";
import { useState } from "react";
import type { Document, Version } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";
import { bytesOf, Moment, plural } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { kindWords, partsOf } from "../kinds.ts";
import { downloadVersion } from "./download.ts";
import { useRestoreVersion } from "./versions.ts";

export type VersionActions = {
  onOpen: (version: Version) => void;
  onCompare: (a: Version, b: Version) => void;
  onClose: () => void;
};

/** All versions, newest first: who added each, when, what it is, and what can be done with it. */
export function VersionList(props: { document: Document; items: Version[] } & VersionActions) {
  const { items } = props;
  const current = items.find((version) => version.current);
  return (
    <section aria-labelledby="versions">
      <h2 id="versions" className="sr-only">
        Versions
      </h2>
      {items.length === 1 && (
        <p className="mb-4 max-w-[62ch] text-muted">
          There is one version so far. When a newer file is added, this one is kept: it can be read, compared
          and restored.
        </p>
      )}
      <ol className="border-t border-line">
        {items.map((version) => (
          <Row
            key={version.id}
            version={version}
            current={current ?? null}
            before={items.find(({ no, state }) => no < version.no && state === "ready") ?? null}
            document={props.document}
            onOpen={props.onOpen}
            onCompare={props.onCompare}
          />
        ))}
      </ol>
    </section>
  );
}

function Row(props: {
  version: Version;
  current: Version | null;
  before: Version | null;
  document: Document;
  onOpen: VersionActions["onOpen"];
  onCompare: VersionActions["onCompare"];
}) {
  const { version, current, before } = props;
  const session = useSession();
  const [restoring, setRestoring] = useState(false);
  const readable = version.state === "ready";
  const mayRestore =
    !version.current &&
    readable &&
    props.document.access !== "read" &&
    session.can("document.restore-version");
  const mayDownload = session.can("document.download");
  const comparable = readable && before;
  const { one, many } = partsOf(version.kind);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line py-3 pl-2.5">
      <div className="min-w-0 flex-1 basis-72">
        <h3 className="flex flex-wrap items-center gap-x-3 font-semibold">
          Version {version.no}
          {version.current && (
            <span className="inline-flex items-center gap-1 text-small font-medium text-held">
              <Glyph state="held" size={13} />
              current
            </span>
          )}
          <State version={version} />
        </h3>
        <p className="text-small text-muted">
          <Moment at={version.at} how="full" /> by {version.by.name}
          {version.restoredFrom !== null && ` · restored from version ${version.restoredFrom}`}
        </p>
        <p className="text-small wrap-anywhere text-muted">
          {version.name} · {kindWords(version.kind)}
          {version.pages !== null && `, ${plural(version.pages, one, many)}`} · {bytesOf(version.bytes)}
        </p>
        {version.state === "failed" && (
          <p className="mt-1 text-small text-broken">{version.problem?.message ?? "It could not be read."}</p>
        )}
      </div>
      <div className="flex items-center gap-2">
        {readable && !version.current && (
          <Button small onClick={() => props.onOpen(version)}>
            Read<span className="sr-only"> version {version.no}</span>
          </Button>
        )}
        {comparable && (
          <Button small onClick={() => props.onCompare(comparable, version)}>
            What changed<span className="sr-only"> in version {version.no}</span>
          </Button>
        )}
        {(mayDownload || mayRestore || (current && readable && !version.current)) && (
          <Menu
            button={
              <IconButton label={`More for version ${version.no}`}>
                <Ellipsis size={17} aria-hidden />
              </IconButton>
            }
          >
            {current && readable && !version.current && (
              <MenuItem onSelect={() => props.onCompare(version, current)}>
                Compare with the current one
              </MenuItem>
            )}
            {mayDownload && (
              <MenuItem onSelect={() => void downloadVersion(session, version)}>Download this file</MenuItem>
            )}
            {mayRestore && <MenuItem onSelect={() => setRestoring(true)}>Restore</MenuItem>}
          </Menu>
        )}
      </div>
      {restoring && <Restore version={version} onClose={() => setRestoring(false)} />}
    </li>
  );
}

function State({ version }: { version: Version }) {
  if (version.state === "ready") return null;
  return (
    <span className="inline-flex items-center gap-1 text-small font-medium text-muted">
      <Glyph state={version.state === "failed" ? "broken" : "working"} size={13} />
      {version.state === "failed" ? "could not be read" : "being read"}
    </span>
  );
}

export function Restore({ version, onClose }: { version: Version; onClose: () => void }) {
  const restore = useRestoreVersion();
  return (
    <Confirm
      title={`Restore version ${version.no}?`}
      deed="Restore"
      danger={false}
      busy={restore.isPending}
      error={restore.error}
      onClose={onClose}
      onConfirm={() =>
        restore.mutate(version, {
          onSuccess: () => {
            onClose();
            say(`Version ${version.no} is the newest again. The others are kept.`);
          },
        })
      }
    >
      It is added once more as the newest version, for everyone who can see the document. Nothing is lost: the
      version that is current now stays in this list.
    </Confirm>
  );
}
