import { type FormEvent, type KeyboardEvent, useRef, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { type AskFilters, ScopeChips } from "./scope.tsx";

/** Where a question is written. Enter asks, Shift and Enter begins a line. */
export function Composer(props: {
  onAsk: (text: string) => void;
  filters: AskFilters;
  onFilters: (filters: AskFilters) => void;
  busy: boolean;
  error: unknown;
  autoFocus?: boolean;
}) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);

  function submit(event?: FormEvent) {
    event?.preventDefault();
    const question = text.trim();
    if (!question || props.busy) {
      field.current?.focus();
      return;
    }
    props.onAsk(question);
    setText("");
  }

  function onKeyDown(event: KeyboardEvent) {
    // While an input method composes a word, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  }

  return (
    <div>
      {props.error ? (
        <div className="mb-3">
          <Notice>{wordsOf(props.error)}</Notice>
        </div>
      ) : null}
      <form
        onSubmit={submit}
        className="rounded-lg border border-line bg-raised px-4 pt-3 pb-2.5 shadow-soft focus-within:border-accent"
      >
        <textarea
          ref={field}
          aria-label="Your question"
          placeholder="Ask your documents…"
          rows={1}
          maxLength={4000}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          // biome-ignore lint/a11y/noAutofocus: asking is what this page is for.
          autoFocus={props.autoFocus ?? false}
          className="block max-h-48 min-h-7 w-full resize-none bg-transparent outline-none [field-sizing:content]"
        />
        <div className="mt-2.5 flex items-center gap-x-3 gap-y-1">
          <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2 gap-y-1.5 text-small text-muted">
            <ScopeChips filters={props.filters} onChange={props.onFilters} />
            <span className="px-1">Nothing leaves this server</span>
          </div>
          <Button type="submit" kind="primary" small busy={props.busy}>
            Ask
          </Button>
        </div>
      </form>
    </div>
  );
}
