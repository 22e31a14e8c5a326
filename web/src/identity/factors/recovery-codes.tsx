import { Download, Printer } from "lucide-react";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { fullTime } from "../../ui/time.tsx";
import { useSession } from "../session.tsx";

/** Recovery codes, the only time that they can be seen: to copy, to save, to print. `onKept` when that is done. */
export function RecoveryCodes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  const session = useSession();
  const text = [
    `Recovery codes for ${session.me.address} at ${session.tenant.name} (${window.location.host})`,
    `Made ${fullTime(new Date().toISOString())}. Each works once, in place of the second factor.`,
    "",
    ...codes,
    "",
  ].join("\r\n");
  return (
    <div>
      <p className="text-muted print:hidden">
        With one of these you sign in when your phone or passkey is not at hand. Each works once. They are
        shown now and never again: keep them apart from your password, on paper or in a password manager.
      </p>
      <p className="hidden print:block">
        Recovery codes for {session.me.address} at {session.tenant.name}. Each works once.
      </p>
      <ol
        aria-label="Recovery codes"
        className="mt-4 grid grid-cols-2 gap-x-4 gap-y-1.5 rounded-md border border-line bg-surface px-4 py-3.5 font-mono text-[0.8125rem] whitespace-nowrap max-[20rem]:grid-cols-1 sm:px-5 sm:text-[0.9375rem]"
      >
        {codes.map((code) => (
          <li key={code} className="select-all">
            {code}
          </li>
        ))}
      </ol>
      <div className="mt-3 flex flex-wrap gap-2 print:hidden">
        <CopyButton text={text} words="Copy all" />
        <Button small onClick={() => save(text, `recovery-codes-${session.slug}.txt`)}>
          <Download size={14} aria-hidden />
          Save as a file
        </Button>
        <Button small onClick={() => window.print()}>
          <Printer size={14} aria-hidden />
          Print
        </Button>
      </div>
      <Button kind="primary" className="mt-6 min-h-10 w-full print:hidden" onClick={onKept}>
        I have kept them
      </Button>
    </div>
  );
}

function save(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // Once the browser has had time to read it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
