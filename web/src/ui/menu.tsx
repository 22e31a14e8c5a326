import { DropdownMenu } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { classes } from "./classes.ts";

let trigger: HTMLElement | null = null;

/** The button whose menu was opened last: where the focus goes when a dialog from that menu closes. */
export function lastMenuTrigger(): HTMLElement | null {
  return trigger;
}

/**
 * A menu behind `button`. Not modal: the modal kind writes a style element into the page, which the content
 * security policy refuses.
 */
export function Menu({
  button,
  children,
  align = "end",
  side = "bottom",
}: {
  button: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
  side?: "top" | "bottom";
}) {
  const own = useRef<HTMLButtonElement>(null);
  return (
    <DropdownMenu.Root
      modal={false}
      onOpenChange={(open) => {
        if (open) trigger = own.current;
      }}
    >
      <DropdownMenu.Trigger asChild ref={own}>
        {button}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={10}
          className="appear z-40 max-h-(--radix-dropdown-menu-content-available-height) min-w-44 overflow-y-auto rounded-md border border-line bg-raised p-1 shadow-soft"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

const entry =
  "flex min-h-9 w-full items-center gap-2.5 rounded-sm px-2.5 text-base outline-none select-none data-highlighted:bg-accent-soft data-disabled:opacity-50";

export function MenuItem({
  children,
  onSelect,
  danger = false,
  disabled = false,
  asChild = false,
}: {
  children: ReactNode;
  onSelect?: () => void;
  danger?: boolean;
  disabled?: boolean;
  asChild?: boolean;
}) {
  return (
    <DropdownMenu.Item
      asChild={asChild}
      disabled={disabled}
      {...(onSelect ? { onSelect } : {})}
      className={classes(entry, danger && "text-broken")}
    >
      {children}
    </DropdownMenu.Item>
  );
}

export function MenuLine() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}

export function MenuChoice<Value extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  label: string;
  value: Value;
  choices: { value: Value; words: string }[];
  onChange: (value: Value) => void;
}) {
  return (
    <DropdownMenu.RadioGroup value={value} onValueChange={(next) => onChange(next as Value)}>
      <DropdownMenu.Label className="px-2.5 pt-2 pb-1 text-small text-muted">{label}</DropdownMenu.Label>
      {choices.map((choice) => (
        <DropdownMenu.RadioItem
          key={choice.value}
          value={choice.value}
          className={classes(entry, "pl-8 relative")}
        >
          <DropdownMenu.ItemIndicator className="absolute left-3.5 size-1.5 rounded-full bg-accent" />
          {choice.words}
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}
