import { ChevronDown } from "lucide-react";
import { useRef } from "react";
import { Button, IconButton } from "../../ui/button.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";
import { acceptedEndings } from "../kinds.ts";
import { type Dropped, readChosen } from "./dropped.ts";

/** Chooses files, or (`folders`) a whole folder: what dropping does, by keyboard. */
export function AddButton({ onChosen, folders }: { onChosen: (chosen: Dropped) => void; folders: boolean }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement | null>(null);
  const take = (input: HTMLInputElement) => {
    if (input.files?.length) onChosen(readChosen(input.files));
    input.value = "";
  };
  return (
    <span className="inline-flex">
      <Button
        kind="primary"
        className={folders ? "rounded-r-none" : ""}
        onClick={() => files.current?.click()}
      >
        Add documents
      </Button>
      {folders && (
        <Menu
          button={
            <IconButton
              label="Other ways to add"
              className="h-9 w-8 rounded-l-none rounded-r-md border-l border-on-accent/25 bg-accent text-on-accent hover:bg-accent-strong hover:text-on-accent"
            >
              <ChevronDown size={16} aria-hidden />
            </IconButton>
          }
        >
          <MenuItem onSelect={() => files.current?.click()}>Choose files</MenuItem>
          <MenuItem onSelect={() => folder.current?.click()}>Choose a whole folder</MenuItem>
        </Menu>
      )}
      <input
        ref={files}
        type="file"
        multiple
        hidden
        accept={acceptedEndings}
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={(input) => {
          folder.current = input;
          // React's types do not know the attribute.
          if (input) input.webkitdirectory = true;
        }}
        type="file"
        hidden
        onChange={(event) => take(event.currentTarget)}
      />
    </span>
  );
}
