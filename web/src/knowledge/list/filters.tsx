import { Link } from "@tanstack/react-router";
import { ChevronDown, SlidersHorizontal, Trash2 } from "lucide-react";
import { useState } from "react";
import { useSession } from "../../identity/session.tsx";
import { Button, buttonLook } from "../../ui/button.tsx";
import { classes } from "../../ui/classes.ts";
import { Menu, MenuChoice } from "../../ui/menu.tsx";
import { type Kind, kinds, kindWords } from "../kinds.ts";
import {
  isFiltered,
  owners,
  type Sort,
  type State,
  sorts,
  states,
  type View,
  withoutFilters,
} from "./view.ts";

const any = "any";

/** What narrows and orders the list. Each choice stands in the address. */
export function Filters(props: {
  view: View;
  onView: (view: View) => void;
  /** "214 documents", as soon as it is known. */
  words: string | null;
  /** True: there is nothing to narrow, only the way to the bin. */
  bare: boolean;
}) {
  const { view, onView, bare } = props;
  const session = useSession();
  const [unfolded, setUnfolded] = useState(false);
  const change = (name: keyof View, value: string) => {
    const { [name]: _old, ...rest } = view;
    onView(value === any ? rest : ({ ...rest, [name]: value } as View));
  };
  const narrowed = [view.kind, view.state, view.owner, view.everywhere].filter(Boolean).length;
  return (
    <div className="mb-1.5 flex flex-wrap items-center gap-x-1 gap-y-1.5 text-small">
      <p role="status" className="mr-auto min-h-8 content-center pl-0.5 text-muted">
        {props.words}
      </p>
      {!bare && (
        <Button
          kind="quiet"
          small
          aria-expanded={unfolded}
          className={classes("px-2 sm:hidden", narrowed > 0 ? "bg-accent-soft" : "font-normal text-muted")}
          onClick={() => setUnfolded(!unfolded)}
        >
          <SlidersHorizontal size={14} aria-hidden />
          {narrowed ? `Filters: ${narrowed}` : "Filter and sort"}
        </Button>
      )}
      {/* On a phone they are folded away; elsewhere they stand in the same line. */}
      <div className={classes(bare ? "hidden" : "contents", !unfolded && "max-sm:hidden")}>
        <Choice
          name="Kind"
          value={view.kind}
          choices={kinds.map((kind: Kind) => ({ value: kind, words: kindWords(kind) }))}
          onChange={(value) => change("kind", value)}
        />
        <Choice
          name="State"
          value={view.state}
          choices={states}
          onChange={(value: State | typeof any) => change("state", value)}
        />
        <Choice
          name="Whose"
          value={view.owner}
          choices={owners}
          onChange={(value) => change("owner", value)}
        />
        <Choice
          name="Where"
          value={view.everywhere ? "everywhere" : undefined}
          anyWords={view.folder ? "This folder" : "The top"}
          choices={[{ value: "everywhere", words: "Every folder" }]}
          onChange={(value) => {
            const { everywhere: _old, ...rest } = view;
            onView(value === any ? rest : { ...rest, everywhere: true });
          }}
        />
        <Choice
          name="Sort"
          value={view.sort ?? "newest"}
          required
          choices={sorts}
          onChange={(value: Sort | typeof any) => change("sort", value === "newest" ? any : value)}
        />
        {(isFiltered(view) || view.everywhere) && (
          <Button
            kind="quiet"
            small
            className="px-2 text-accent"
            onClick={() => onView(withoutFilters(view))}
          >
            Clear
          </Button>
        )}
      </div>
      {session.can("bin.see") && (
        <Link
          to="/t/$slug/library/bin"
          params={{ slug: session.slug }}
          className={classes(buttonLook("quiet", true), "px-2 text-muted")}
        >
          <Trash2 size={14} aria-hidden />
          Bin
        </Link>
      )}
    </div>
  );
}

function Choice<Value extends string>(props: {
  name: string;
  value: Value | undefined;
  choices: { value: Value; words: string }[];
  /** True: one is always chosen, and it is no filter. */
  required?: boolean;
  anyWords?: string;
  onChange: (value: Value | typeof any) => void;
}) {
  const { name, value, choices, required = false, anyWords = "Any" } = props;
  const chosen = choices.find((choice) => choice.value === value);
  return (
    <Menu
      button={
        <Button
          kind="quiet"
          small
          className={classes(
            "px-2",
            chosen && !required ? "bg-accent-soft text-ink" : "font-normal text-muted",
          )}
        >
          <span>
            {name}
            {chosen && (
              <>
                : <span className="font-medium text-ink">{chosen.words}</span>
              </>
            )}
          </span>
          <ChevronDown size={13} aria-hidden className="-ml-1" />
        </Button>
      }
    >
      <MenuChoice
        label={name}
        value={value ?? any}
        choices={required ? choices : [{ value: any, words: anyWords }, ...choices]}
        onChange={props.onChange}
      />
    </Menu>
  );
}
