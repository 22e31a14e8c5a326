import { browserOf } from "../devices/browser.ts";
import type { FactorKind } from "../notices/kinds.ts";
import type { Texts } from "./texts.ts";

const factors: Record<FactorKind | "all", string> = {
  totp: "Die Authenticator-App",
  passkey: "Ein Passkey",
  "recovery-codes": "Die Liste der Wiederherstellungscodes",
  all: "Jeder zweite Faktor",
};

const roles: Record<string, string> = {
  viewer: "Leserecht",
  manager: "Manager",
  admin: "Admin",
  owner: "Eigentümer",
};

const things = { document: "ein Dokument", folder: "einen Ordner", chat: "einen Chat" };

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

export const de: Texts = {
  links: {
    verify: (link) => ({
      subject: "Adresse bestätigen",
      text: `Öffnen Sie diesen Link, um zu bestätigen, dass diese Adresse Ihnen gehört. Er gilt einmal und einen Tag lang.\n\n${link}\n\nWenn Sie ihn nicht angefordert haben, beachten Sie diese Mail nicht.`,
    }),
    unlock: (link) => ({
      subject: "Die Anmeldung wurde angehalten",
      text: `Jemand hat fünfmal ein falsches Passwort für Ihr Konto angegeben. Die Anmeldung ist deshalb eine Zeit lang angehalten.\n\nWenn Sie es waren: Mit diesem Link können Sie es sofort wieder versuchen. Er gilt einmal und einen Tag lang.\n\n${link}\n\nWenn Sie es nicht waren, brauchen Sie nichts zu tun.`,
    }),
    reset: (link) => ({
      subject: "Neues Passwort wählen",
      text: `Jemand hat ein neues Passwort für Ihr Konto angefordert. Wenn Sie es waren, wählen Sie es hier. Der Link gilt einmal und eine Stunde lang, und nur der neueste gilt.\n\n${link}\n\nEin neues Passwort beendet alle Ihre Sitzungen und API-Schlüssel. Ihr zweiter Faktor bleibt, wie er ist.\n\nWenn Sie es nicht waren, beachten Sie diese Mail nicht: Es hat sich nichts geändert.`,
    }),
    "confirm-address": (link) => ({
      subject: "Neue Adresse bestätigen",
      text: `Öffnen Sie diesen Link, um diese Adresse von jetzt an für Ihr Konto zu verwenden. Er gilt einmal und einen Tag lang.\n\n${link}\n\nWenn Sie ihn nicht angefordert haben, beachten Sie diese Mail nicht.`,
    }),
  },
  invitation: ({ inviter, workspace, link }) => ({
    subject: "Einladung in einen Arbeitsbereich",
    text: `${inviter} lädt Sie in den Arbeitsbereich „${workspace}“ ein.\n\nÖffnen Sie diesen Link, um ein Passwort zu wählen und beizutreten. Er gilt einmal, sieben Tage lang und nur für diese Adresse.\n\n${link}\n`,
  }),
  addressAsked: ({ to, undo }) => ({
    subject: "Eine Änderung Ihrer Adresse wurde angefordert",
    text: `Jemand, der in Ihrem Konto angemeldet ist, möchte dessen Adresse in ${to} ändern. Sie ändert sich, sobald die neue Adresse bestätigt ist.\n\nWenn Sie es nicht waren: Dieser Link verhindert die Änderung und beendet alle Sitzungen.\n\n${undo}\n\nWenn Sie es waren, brauchen Sie nichts zu tun.`,
  }),
  addressChanged: ({ to, undo, until }) => ({
    subject: "Die Adresse Ihres Kontos wurde geändert",
    text: `Ihr Konto hat jetzt die Adresse ${to}. Mit dieser hier können Sie sich nicht mehr anmelden.\n\nWenn Sie es nicht waren: Dieser Link stellt diese Adresse wieder her, beendet alle Sitzungen und schickt Ihnen einen Link für ein neues Passwort. Er gilt bis ${until}.\n\n${undo}`,
  }),
  addressTaken: () => ({
    subject: "Diese Adresse wird schon verwendet",
    text: "Jemand möchte diese Adresse für ein anderes Konto des Arbeitsbereichs verwenden, in dem Sie mit ihr Mitglied sind. Es hat sich nichts geändert, und Sie brauchen nichts zu tun.\n\nWenn Sie es waren: Melden Sie sich mit dieser Adresse an, oder fragen Sie einen Admin Ihres Arbeitsbereichs.",
  }),
  notices: {
    "new-device": {
      words: "Eine Anmeldung mit einem Browser, der noch nicht verwendet wurde",
      subject: "Neue Anmeldung in Ihrem Konto",
      text: ({ ip, userAgent }) =>
        `Jemand hat sich mit einem Browser in Ihrem Konto angemeldet, der noch nicht verwendet wurde: ${browserOf(userAgent) ?? "ein unbekannter"}, von der Netzadresse ${ip}.`,
    },
    "new-factor": {
      words: "Ein zweiter Faktor kam hinzu",
      subject: "Ihr Konto hat einen weiteren zweiten Faktor",
      text: ({ factor, name }) => `Ihrem Konto hinzugefügt: ${factors[factor]}${name ? ` „${name}“` : ""}.`,
    },
    "factor-removed": {
      words: "Ein zweiter Faktor wurde entfernt",
      subject: "Ein zweiter Faktor Ihres Kontos wurde entfernt",
      text: ({ factor, by }) => `Aus Ihrem Konto entfernt${by ? ` durch ${by}` : ""}: ${factors[factor]}.`,
    },
    "recovery-code-used": {
      words: "Ein Wiederherstellungscode wurde verwendet",
      subject: "Ein Wiederherstellungscode wurde verwendet",
      text: ({ left }) =>
        `Mit einem Wiederherstellungscode wurde in Ihrem Konto angemeldet. ${left === 0 ? "Es ist keiner mehr übrig: Erzeugen Sie neue." : `Übrig: ${left}.`}`,
    },
    "password-known": {
      words: "Jemand gab das richtige Passwort und einen falschen zweiten Faktor an",
      subject: "Jemand kennt Ihr Passwort",
      text: ({ ip }) =>
        `Jemand hat das richtige Passwort Ihres Kontos und danach mehrmals einen falschen zweiten Faktor angegeben, zuletzt von der Netzadresse ${ip}. Angemeldet ist damit niemand.`,
    },
    "password-changed": {
      words: "Das Passwort wurde geändert",
      subject: "Ihr Passwort wurde geändert",
      text: ({ how }) =>
        how === "reset"
          ? "Über einen zugesandten Link wurde ein neues Passwort für Ihr Konto gewählt. Alle Sitzungen und API-Schlüssel sind beendet."
          : "Das Passwort Ihres Kontos wurde geändert. Alle anderen Sitzungen sind beendet.",
    },
    "address-changed": {
      words: "Die Adresse wurde geändert",
      subject: "Die Adresse Ihres Kontos wurde geändert",
      text: ({ how }) =>
        how === "undone"
          ? "Eine Änderung der Adresse Ihres Kontos wurde zurückgenommen. Alle Sitzungen sind beendet."
          : "Die Adresse Ihres Kontos wurde geändert und bestätigt.",
    },
    "role-changed": {
      words: "Jemand hat Ihnen eine andere Rolle gegeben",
      subject: "Ihre Rolle wurde geändert",
      text: ({ role, by }) => `${by} hat Ihnen die Rolle „${roles[role] ?? role}“ gegeben.`,
    },
    "shared-with-you": {
      words: "Jemand hat etwas mit Ihnen geteilt",
      subject: "Etwas wurde mit Ihnen geteilt",
      text: ({ by, what, access }) =>
        `${by} hat ${things[what]} mit Ihnen geteilt${access === "write" ? ", zum Lesen und Ändern" : ""}.`,
    },
    "access-opened": {
      words: "Ein Admin hat sich Zugang zu Ihren Inhalten geöffnet",
      subject: "Ein Admin hat sich Zugang zu Ihren Inhalten geöffnet",
      text: ({ by, reason, until }, moment) =>
        `${by} hat Zugang zu Inhalten von Ihnen bis ${moment(until)}. Der angegebene Grund: „${reason}“.`,
    },
    "support-granted": {
      words: "Die Unterstützung des Betreibers wurde eingelassen",
      subject: "Die Unterstützung des Betreibers wurde eingelassen",
      text: ({ by, reason, until }, moment) =>
        `${by} lässt die Unterstützung des Betreibers bis ${moment(until)} in den Arbeitsbereich. Der angegebene Grund: „${reason}“.`,
    },
    "key-created": {
      words: "Ein API-Schlüssel wurde erzeugt",
      subject: "Ein API-Schlüssel wurde erzeugt",
      text: ({ name }) => `Für Ihr Konto wurde der API-Schlüssel „${name}“ erzeugt.`,
    },
    "key-expiring": {
      words: "Ein API-Schlüssel läuft bald ab",
      subject: "Ein API-Schlüssel läuft bald ab",
      text: ({ name, expiresAt }, moment) =>
        `Ihr API-Schlüssel „${name}“ läuft ab. Er gilt bis ${moment(expiresAt)}.`,
    },
    "handed-over": {
      words: "Inhalte eines Ausgeschiedenen gingen an Sie über",
      subject: "Inhalte sind an Sie übergegangen",
      text: ({ from, documents, folders, chats }) =>
        `Was ${from} gehörte, gehört jetzt Ihnen: ${count(documents, "Dokument", "Dokumente")}, ${count(folders, "Ordner", "Ordner")}, ${count(chats, "Chat", "Chats")}.`,
    },
    "owner-changed": {
      words: "Ordner oder Chats mit etwas von Ihnen haben einen anderen Eigentümer",
      subject: "Etwas von Ihnen liegt jetzt bei jemand anderem",
      text: ({ from, to }) =>
        `Ordner oder Chats von ${from}, in denen etwas von Ihnen ist, gehören jetzt ${to}. Wem sie gehören, kann lesen, ändern und teilen, was darin liegt.`,
    },
    "deleted-with-folder": {
      words: "Jemand hat einen Ordner mit etwas von Ihnen gelöscht",
      subject: "Etwas von Ihnen wurde mit einem Ordner gelöscht",
      text: ({ by, count: n }) =>
        `${by} hat einen Ordner gelöscht, in dem etwas von Ihnen lag: ${count(n, "Objekt", "Objekte")}. 30 Tage lang können Sie es aus Ihrem Papierkorb zurückholen.`,
    },
    "invitation-accepted": {
      words: "Jemand, den Sie eingeladen haben, ist beigetreten",
      subject: "Ihre Einladung wurde angenommen",
      text: ({ name }) => `${name} ist auf Ihre Einladung beigetreten.`,
    },
    "people-imported": {
      words: "Der Betreiber dieser Installation hat dem Arbeitsbereich Personen hinzugefügt",
      subject: "Ihrem Arbeitsbereich wurden Personen hinzugefügt",
      text: ({ count: n }) =>
        `Der Betreiber dieser Installation hat Ihrem Arbeitsbereich ${count(n, "Person", "Personen")} aus einer Liste hinzugefügt.`,
    },
    "workspace-closing": {
      words: "Der Arbeitsbereich wird geschlossen",
      subject: "Ihr Arbeitsbereich wird geschlossen",
      text: ({ by, reason, until }, moment) =>
        `${by || "Der Betreiber dieser Installation"} hat den Arbeitsbereich geschlossen.${reason ? ` Der angegebene Grund: „${reason}“.` : ""} Von jetzt an kann er gelesen und exportiert werden, und nichts darin lässt sich ändern. Bis ${moment(until)} kann ein Eigentümer ihn behalten. Danach wird er endgültig gelöscht.`,
    },
    "workspace-kept": {
      words: "Die Schließung des Arbeitsbereichs wurde zurückgenommen",
      subject: "Ihr Arbeitsbereich bleibt bestehen",
      text: ({ by }) =>
        `${by} hat die Schließung des Arbeitsbereichs zurückgenommen. Alles geht weiter wie zuvor.`,
    },
    "workspace-exported": {
      words: "Ein Eigentümer hat den ganzen Arbeitsbereich exportiert, auch Ihre Inhalte",
      subject: "Ein Eigentümer hat den ganzen Arbeitsbereich exportiert",
      text: ({ by }) =>
        `${by} hat einen Export des ganzen Arbeitsbereichs angefordert. Er enthält auch Ihre Dokumente und Chats, darunter die, die sonst niemand sehen kann.`,
    },
  },
  notYou:
    "Wenn Sie es nicht waren: Ändern Sie sofort Ihr Passwort, beenden Sie die anderen Sitzungen, und sagen Sie es einem Admin Ihres Arbeitsbereichs.",
  when: (moment) => `Wann: ${moment}`,
  lookHere: (link) => `Hier ansehen: ${link}`,
  operator: "Der Betreiber",
};
