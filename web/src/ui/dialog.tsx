import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { IconButton } from "./button.tsx";
import { classes } from "./classes.ts";
import { lastMenuTrigger } from "./menu.tsx";
import { Toasts } from "./toast.tsx";

export type DialogProps = {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** `sheet` rises from the lower edge and fills a phone's width; `drawer` stands beside the rail, on a phone as a sheet. */
  shape?: "box" | "sheet" | "wide" | "drawer";
  hideTitle?: boolean;
  /** False where only a button of its own may close it. */
  closes?: boolean;
};

/**
 * A native modal dialog: the browser keeps the focus inside, closes it on Escape and makes the rest inert.
 * Focus begins at the element with `data-first`, and goes back to what opened it, also when that was an entry of a menu that has gone.
 */
export function Dialog(props: DialogProps) {
  const { title, onClose, children, shape = "box", hideTitle = false, closes = true } = props;
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const close = useRef(onClose);
  close.current = onClose;

  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    const opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const trigger = lastMenuTrigger();
    dialog.showModal();
    dialog.querySelector<HTMLElement>("[data-first]")?.focus();
    const overflow = document.documentElement.style.overflow;
    document.documentElement.style.overflow = "hidden";
    return () => {
      document.documentElement.style.overflow = overflow;
      dialog.close();
      const back = opener?.isConnected && opener !== document.body ? opener : trigger;
      if (back?.isConnected) back.focus();
    };
  }, []);

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the click is on the backdrop; Escape does the same by keyboard.
    <dialog
      ref={ref}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        if (closes) close.current();
      }}
      // A second Escape closes it past what is said above.
      onClose={({ currentTarget }) => {
        if (!closes && !currentTarget.open) currentTarget.showModal();
      }}
      onClick={(event) => closes && event.target === event.currentTarget && close.current()}
      className={classes(
        // A dialog may stand in a table's cell, whose alignment and wrapping are not its own.
        "appear m-auto max-h-[90dvh] overflow-auto border border-line bg-raised p-0 text-left whitespace-normal text-ink shadow-soft",
        shape === "box" && "w-[min(29rem,calc(100vw-2rem))] rounded-lg",
        shape === "wide" && "w-[min(40rem,calc(100vw-2rem))] rounded-lg",
        shape === "drawer" &&
          "mb-0 max-h-[82dvh] w-full max-w-full rounded-t-lg md:my-0 md:ml-[212px] md:h-dvh md:max-h-dvh md:w-[26rem] md:rounded-none md:border-y-0 md:border-l-0",
        shape === "sheet" && "mb-0 max-h-[82dvh] w-full max-w-[44rem] rounded-t-lg",
      )}
    >
      <div className={classes("flex items-start justify-between gap-4 px-6 pt-5", hideTitle && "sr-only")}>
        <h2 id={heading} className="font-serif text-title font-medium">
          {title}
        </h2>
        {!hideTitle && closes && (
          <IconButton label="Close" onClick={onClose} className="-mt-0.5 -mr-2">
            <X size={17} aria-hidden />
          </IconButton>
        )}
      </div>
      <div className={hideTitle ? "" : "px-6 pt-3 pb-6"}>{children}</div>
      <Toasts />
    </dialog>
  );
}

/** The row of buttons at the end of a dialog; the deed comes last. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-6 flex flex-wrap justify-end gap-2.5">{children}</div>;
}
