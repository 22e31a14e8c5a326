import { useNavigate } from "@tanstack/react-router";
import { LogOut, ShieldCheck, UserRound } from "lucide-react";
import { useSession } from "../identity/session.tsx";
import { useSignOut } from "../identity/sign-out.ts";
import { roleWord } from "../tenancy/roles.ts";
import { Initials } from "../ui/initials.tsx";
import { Menu, MenuChoice, MenuItem, MenuLine } from "../ui/menu.tsx";
import { say } from "../ui/toast.tsx";
import { useTheme } from "./theme.ts";

/** The person at the foot of the rail: account, theme, sign out. */
export function AccountMenu() {
  const session = useSession();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const [theme, setTheme] = useTheme();
  return (
    <Menu
      align="start"
      side="top"
      button={
        <button
          type="button"
          className="flex w-full items-center gap-2.5 rounded-md px-2 py-2 text-left transition-colors hover:bg-accent-soft"
        >
          <Initials name={session.me.name} />
          <span className="min-w-0 leading-tight">
            <span className="block truncate">{session.me.name}</span>
            <span className="block text-[0.75rem] text-muted">
              {roleWord(session.me.role)}
              <span className="sr-only">, account menu</span>
            </span>
          </span>
        </button>
      }
    >
      <MenuItem
        onSelect={() => void navigate({ to: "/t/$slug/settings/account", params: { slug: session.slug } })}
      >
        <UserRound size={15} aria-hidden />
        Your account
      </MenuItem>
      <MenuItem
        onSelect={() => void navigate({ to: "/t/$slug/settings/security", params: { slug: session.slug } })}
      >
        <ShieldCheck size={15} aria-hidden />
        Your security
      </MenuItem>
      <MenuLine />
      <MenuChoice
        label="Theme"
        value={theme}
        onChange={setTheme}
        choices={[
          { value: "system", words: "As the system" },
          { value: "light", words: "Light" },
          { value: "dark", words: "Dark" },
        ]}
      />
      <MenuLine />
      <MenuItem
        onSelect={() =>
          signOut.mutate(undefined, {
            onError: () => say("You are still signed in: the server could not be reached."),
          })
        }
      >
        <LogOut size={15} aria-hidden />
        Sign out
      </MenuItem>
    </Menu>
  );
}
