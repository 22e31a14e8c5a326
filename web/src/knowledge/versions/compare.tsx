import { ChevronDown, ChevronUp } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import type { Comparison, Version } from "../../api/types.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { classes } from "../../ui/classes.ts";
import { Empty, ErrorPanel, Notice, Skeleton } from "../../ui/states.tsx";
import { count, plural } from "../../ui/time.tsx";
import { partsOf } from "../kinds.ts";
import { differing, type Line, otherOf, type Run, runsOf } from "./changes.ts";
import type { VersionActions } from "./version-list.tsx";
import { useComparison } from "./versions.ts";

/** What changed from one version to another: removed and added text in its surroundings, each with its sign and its word. */
export function Compare(props: { older: Version; newer: Version; all: Version[] } & VersionActions) {
  const { older, newer } = props;
  const compared = useComparison(older.id, newer.id);
  const readable = props.all.filter(({ state }) => state === "ready");
  return (
    <section aria-labelledby="compared">
      <div className="mb-4 flex flex-wrap items-end justify-between gap-x-4 gap-y-3">
        <h2 id="compared" className="flex flex-wrap items-center gap-2 font-serif text-title font-medium">
          What changed from{" "}
          <Choice
            label="Older version"
            value={older.id}
            from={readable.filter(({ no }) => no < newer.no)}
            onChoose={(version) => props.onCompare(version, newer)}
          />{" "}
          to{" "}
          <Choice
            label="Newer version"
            value={newer.id}
            from={readable.filter(({ no }) => no > older.no)}
            onChoose={(version) => props.onCompare(older, version)}
          />
        </h2>
        <Button small onClick={props.onClose}>
          All versions
        </Button>
      </div>
      {compared.isPending && <Skeleton label="Comparing" lines={8} tall />}
      {compared.isError && (
        <ErrorPanel
          error={compared.error}
          onRetry={() => void compared.refetch()}
          title="The versions could not be compared"
        />
      )}
      {compared.data && <Changes comparison={compared.data} part={partsOf(newer.kind).one} />}
    </section>
  );
}

function Choice(props: {
  label: string;
  value: string;
  from: Version[];
  onChoose: (version: Version) => void;
}) {
  return (
    <select
      aria-label={props.label}
      value={props.value}
      onChange={(event) => {
        const version = props.from.find(({ id }) => id === event.target.value);
        if (version) props.onChoose(version);
      }}
      className="min-h-9 rounded-md border border-line bg-surface px-2 font-sans text-base font-normal hover:border-edge"
    >
      {props.from.map((version) => (
        <option key={version.id} value={version.id}>
          version {version.no}
        </option>
      ))}
    </select>
  );
}

function Changes({ comparison, part }: { comparison: Comparison; part: string }) {
  const runs = useMemo(() => runsOf(comparison.items), [comparison]);
  const changes = runs.reduce((most, { change }) => Math.max(most, (change ?? -1) + 1), 0);
  const tally = (kind: Line["kind"]) => comparison.items.filter((line) => line.kind === kind).length;
  const [at, setAt] = useState(-1);
  const list = useRef<HTMLDivElement>(null);
  function go(to: number) {
    const next = (to + changes) % changes;
    setAt(next);
    const place = list.current?.querySelector<HTMLElement>(`[data-change="${next}"]`);
    place?.focus({ preventScroll: true });
    place?.scrollIntoView({ block: "center" });
  }
  if (changes === 0)
    return (
      <Empty title="The text is the same">
        <p>The files may still differ in pictures, layout or format.</p>
      </Empty>
    );
  return (
    <>
      <div
        role="toolbar"
        aria-label="Changes"
        className="sticky top-0 z-10 -mx-3 mb-4 flex flex-wrap items-center gap-x-4 gap-y-1 border-y border-line bg-paper px-3 py-2 text-small"
      >
        <p role="status" className="flex flex-wrap gap-x-4">
          <span className="text-held">+ {plural(tally("added"), "paragraph")} added</span>
          <span className="text-broken">− {plural(tally("removed"), "paragraph")} removed</span>
        </p>
        <span className="ml-auto flex items-center gap-1 text-muted">
          {at < 0 ? plural(changes, "change") : `Change ${count(at + 1)} of ${count(changes)}`}
          <IconButton label="Change before" onClick={() => go(at < 0 ? changes - 1 : at - 1)}>
            <ChevronUp size={16} aria-hidden />
          </IconButton>
          <IconButton label="Change after" onClick={() => go(at + 1)}>
            <ChevronDown size={16} aria-hidden />
          </IconButton>
        </span>
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: n and p lead from change to change; the buttons do the same. */}
      <div
        ref={list}
        className="max-w-[72ch] font-serif text-reading"
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          if (event.key === "n" || event.key === "ArrowDown") go(at + 1);
          else if (event.key === "p" || event.key === "ArrowUp") go(at < 0 ? changes - 1 : at - 1);
          else return;
          event.preventDefault();
        }}
      >
        {runs.map((run, index) =>
          run.kind === "same" ? (
            <Same key={run.at} lines={run.lines} />
          ) : (
            <Changed
              key={run.at}
              run={run}
              other={otherOf(runs, index)}
              part={part}
              first={runs[index - 1]?.change !== run.change}
              here={run.change === at}
            />
          ),
        )}
      </div>
      {comparison.truncated && (
        <div className="mt-4">
          <Notice kind="stale">
            The versions differ too much to show all of it. What is above is complete; the rest is in the
            versions themselves.
          </Notice>
        </div>
      )}
    </>
  );
}

function Changed(props: { run: Run; other: Line[]; part: string; first: boolean; here: boolean }) {
  const { kind, lines, change } = props.run;
  const added = kind === "added";
  const page = lines[0]?.page ?? null;
  const Mark = added ? "ins" : "del";
  return (
    <div
      {...(props.first ? { "data-change": change, tabIndex: -1 } : {})}
      className={classes(
        "mb-3 border-l-4 py-1.5 pr-3 pl-4 outline-offset-2",
        added ? "border-held bg-accent-soft" : "border-broken bg-broken-soft",
        props.here && "outline-2 outline-accent",
      )}
    >
      <p className="mb-1 font-sans text-small font-semibold">
        <span aria-hidden="true">{added ? "+ " : "− "}</span>
        {added ? "Added" : "Removed"}
        {page !== null && (
          <span className="font-normal text-muted">
            {" "}
            · {props.part} {page}
          </span>
        )}
      </p>
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text that does not change.
        <p key={index} className="mb-2 whitespace-pre-line wrap-anywhere last:mb-0">
          {differing(line.text, props.other[index]?.text).map(([text, differs], place) =>
            differs ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: the same.
              <Mark key={place} className={added ? "font-semibold no-underline" : "decoration-broken/70"}>
                {text}
              </Mark>
            ) : (
              text
            ),
          )}
        </p>
      ))}
    </div>
  );
}

/** What stayed the same near a change. An empty line stands for what is left out. */
function Same({ lines }: { lines: Line[] }) {
  return lines.map((line, index) =>
    line.text === "" ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text that does not change.
      <p key={index} className="my-4 border-t border-dashed border-line">
        <span className="sr-only">Here is more that stayed the same.</span>
      </p>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the same.
      <p key={index} className="mb-3 pl-5 whitespace-pre-line wrap-anywhere">
        {line.text}
      </p>
    ),
  );
}
