import { browserOf } from "../devices/browser.ts";
import type { FactorKind } from "../notices/kinds.ts";
import type { Texts } from "./texts.ts";

const factors: Record<FactorKind | "all", string> = {
  totp: "l’application d’authentification",
  passkey: "une clé d’accès",
  "recovery-codes": "la liste des codes de secours",
  all: "tous les seconds facteurs",
};

const roles: Record<string, string> = {
  viewer: "Lecture",
  manager: "Gestion",
  admin: "Administration",
  owner: "Propriétaire",
};

const things = { document: "un document", folder: "un dossier", chat: "une conversation" };

// In French, nothing is singular.
const count = (n: number, one: string, many: string) => `${n} ${n < 2 ? one : many}`;

export const fr: Texts = {
  links: {
    verify: (link) => ({
      subject: "Confirmez votre adresse",
      text: `Ouvrez ce lien pour confirmer que cette adresse est la vôtre. Il fonctionne une seule fois, pendant un jour.\n\n${link}\n\nSi vous ne l’avez pas demandé, ignorez ce message.`,
    }),
    unlock: (link) => ({
      subject: "La connexion est suspendue",
      text: `Quelqu’un a donné cinq fois un mauvais mot de passe pour votre compte. La connexion est donc suspendue pour un moment.\n\nSi c’était vous, ce lien vous permet de réessayer tout de suite. Il fonctionne une seule fois, pendant un jour.\n\n${link}\n\nSi ce n’était pas vous, vous n’avez rien à faire.`,
    }),
    reset: (link) => ({
      subject: "Choisissez un nouveau mot de passe",
      text: `Quelqu’un a demandé un nouveau mot de passe pour votre compte. Si c’était vous, choisissez-le ici. Le lien fonctionne une seule fois, pendant une heure, et seul le plus récent fonctionne.\n\n${link}\n\nUn nouveau mot de passe met fin à toutes vos sessions et clés d’API. Votre second facteur reste tel quel.\n\nSi ce n’était pas vous, ignorez ce message : rien n’a changé.`,
    }),
    "confirm-address": (link) => ({
      subject: "Confirmez votre nouvelle adresse",
      text: `Ouvrez ce lien pour utiliser désormais cette adresse pour votre compte. Il fonctionne une seule fois, pendant un jour.\n\n${link}\n\nSi vous ne l’avez pas demandé, ignorez ce message.`,
    }),
  },
  invitation: ({ inviter, workspace, link }) => ({
    subject: "Vous êtes invité dans un espace de travail",
    text: `${inviter} vous invite dans l’espace de travail « ${workspace} ».\n\nOuvrez ce lien pour choisir un mot de passe et rejoindre l’espace. Il fonctionne une seule fois, pendant sept jours, et seulement pour cette adresse.\n\n${link}\n`,
  }),
  addressAsked: ({ to, undo }) => ({
    subject: "Un changement de votre adresse a été demandé",
    text: `Quelqu’un qui est connecté à votre compte veut en changer l’adresse pour ${to}. Elle changera dès que la nouvelle adresse sera confirmée.\n\nSi ce n’était pas vous, ce lien empêche le changement et met fin à toutes les sessions :\n\n${undo}\n\nSi c’était vous, vous n’avez rien à faire.`,
  }),
  addressChanged: ({ to, undo, until }) => ({
    subject: "L’adresse de votre compte a changé",
    text: `Votre compte a désormais l’adresse ${to}. Vous ne pouvez plus vous connecter avec celle-ci.\n\nSi ce n’était pas vous, ce lien rétablit cette adresse, met fin à toutes les sessions et vous envoie un lien pour un nouveau mot de passe. Il fonctionne jusqu’au ${until}.\n\n${undo}`,
  }),
  addressTaken: () => ({
    subject: "Cette adresse est déjà utilisée",
    text: "Quelqu’un a demandé d’utiliser cette adresse pour un autre compte de l’espace de travail dont vous êtes membre avec elle. Rien n’a changé, et vous n’avez rien à faire.\n\nSi c’était vous : connectez-vous avec cette adresse, ou demandez à un admin de votre espace de travail.",
  }),
  notices: {
    "new-device": {
      words: "Une connexion avec un navigateur jamais utilisé auparavant",
      subject: "Nouvelle connexion à votre compte",
      text: ({ ip, userAgent }) =>
        `Quelqu’un s’est connecté à votre compte avec un navigateur jamais utilisé auparavant : ${browserOf(userAgent) ?? "inconnu"}, depuis l’adresse réseau ${ip}.`,
    },
    "new-factor": {
      words: "Un second facteur a été ajouté",
      subject: "Un second facteur a été ajouté à votre compte",
      text: ({ factor, name }) => `Ajouté à votre compte : ${factors[factor]}${name ? ` « ${name} »` : ""}.`,
    },
    "factor-removed": {
      words: "Un second facteur a été retiré",
      subject: "Un second facteur a été retiré de votre compte",
      text: ({ factor, by }) => `Retiré de votre compte${by ? ` par ${by}` : ""} : ${factors[factor]}.`,
    },
    "recovery-code-used": {
      words: "Un code de secours a été utilisé",
      subject: "Un code de secours a été utilisé",
      text: ({ left }) =>
        `Un code de secours a servi à se connecter à votre compte. ${left === 0 ? "Il n’en reste aucun : créez-en de nouveaux." : `Il en reste ${left}.`}`,
    },
    "password-known": {
      words: "Quelqu’un a donné le bon mot de passe et un second facteur erroné",
      subject: "Quelqu’un connaît votre mot de passe",
      text: ({ ip }) =>
        `Quelqu’un a donné le bon mot de passe de votre compte, puis plusieurs fois un second facteur erroné, la dernière fois depuis l’adresse réseau ${ip}. Personne n’est entré ainsi.`,
    },
    "password-changed": {
      words: "Le mot de passe a changé",
      subject: "Votre mot de passe a changé",
      text: ({ how }) =>
        how === "reset"
          ? "Un nouveau mot de passe a été choisi pour votre compte par un lien envoyé. Toutes les sessions et clés d’API ont pris fin."
          : "Le mot de passe de votre compte a changé. Toutes les autres sessions ont pris fin.",
    },
    "address-changed": {
      words: "L’adresse a changé",
      subject: "L’adresse de votre compte a changé",
      text: ({ how }) =>
        how === "undone"
          ? "Un changement de l’adresse de votre compte a été annulé. Toutes les sessions ont pris fin."
          : "L’adresse de votre compte a été changée et confirmée.",
    },
    "role-changed": {
      words: "Quelqu’un vous a donné un autre rôle",
      subject: "Votre rôle a changé",
      text: ({ role, by }) => `${by} vous a donné le rôle « ${roles[role] ?? role} ».`,
    },
    "shared-with-you": {
      words: "Quelqu’un a partagé quelque chose avec vous",
      subject: "Quelque chose a été partagé avec vous",
      text: ({ by, what, access }) =>
        `${by} a partagé ${things[what]} avec vous${access === "write" ? ", en lecture et en écriture" : ""}.`,
    },
    "access-opened": {
      words: "Un admin s’est ouvert un accès à vos contenus",
      subject: "Un admin s’est ouvert un accès à vos contenus",
      text: ({ by, reason, until }, moment) =>
        `${by} a accès à des contenus de vous jusqu’au ${moment(until)}. La raison donnée : « ${reason} ».`,
    },
    "support-granted": {
      words: "L’assistance de l’exploitant a reçu un accès",
      subject: "L’assistance de l’exploitant a reçu un accès",
      text: ({ by, reason, until }, moment) =>
        `${by} donne à l’assistance de l’exploitant accès à l’espace de travail jusqu’au ${moment(until)}. La raison donnée : « ${reason} ».`,
    },
    "key-created": {
      words: "Une clé d’API a été créée",
      subject: "Une clé d’API a été créée",
      text: ({ name }) => `Une clé d’API appelée « ${name} » a été créée pour votre compte.`,
    },
    "key-expiring": {
      words: "Une clé d’API expire bientôt",
      subject: "Une clé d’API expire bientôt",
      text: ({ name, expiresAt }, moment) => `Votre clé d’API « ${name} » expire le ${moment(expiresAt)}.`,
    },
    "handed-over": {
      words: "Les contenus d’une personne partie vous ont été remis",
      subject: "Des contenus vous ont été remis",
      text: ({ from, documents, folders, chats }) =>
        `Ce qui appartenait à ${from} vous appartient désormais : ${count(documents, "document", "documents")}, ${count(folders, "dossier", "dossiers")}, ${count(chats, "conversation", "conversations")}.`,
    },
    "owner-changed": {
      words: "Des dossiers ou conversations contenant quelque chose de vous ont changé de propriétaire",
      subject: "Quelque chose de vous se trouve désormais chez quelqu’un d’autre",
      text: ({ from, to }) =>
        `Des dossiers ou conversations de ${from} contenant quelque chose de vous appartiennent désormais à ${to}, qui peut lire, modifier et partager ce qui s’y trouve.`,
    },
    "deleted-with-folder": {
      words: "Quelqu’un a supprimé un dossier contenant quelque chose de vous",
      subject: "Quelque chose de vous a été supprimé avec un dossier",
      text: ({ by, count: n }) =>
        `${by} a supprimé un dossier dans lequel se trouvait quelque chose de vous : ${count(n, "élément", "éléments")}. Pendant 30 jours, vous pouvez le reprendre dans votre corbeille.`,
    },
    "invitation-accepted": {
      words: "Une personne que vous avez invitée a rejoint l’espace",
      subject: "Votre invitation a été acceptée",
      text: ({ name }) => `${name} a rejoint l’espace par votre invitation.`,
    },
    "people-imported": {
      words: "L’exploitant de cette installation a ajouté des personnes à l’espace de travail",
      subject: "Des personnes ont été ajoutées à votre espace de travail",
      text: ({ count: n }) =>
        `L’exploitant de cette installation a ajouté ${count(n, "personne", "personnes")} à votre espace de travail, d’après une liste.`,
    },
    "workspace-closing": {
      words: "L’espace de travail est en cours de fermeture",
      subject: "Votre espace de travail est en cours de fermeture",
      text: ({ by, reason, until }, moment) =>
        `${by || "L’exploitant de cette installation"} a fermé l’espace de travail.${reason ? ` Le motif indiqué : « ${reason} ».` : ""} Désormais, on peut le lire et l’exporter, et rien ne peut y être modifié. Jusqu’au ${moment(until)}, un propriétaire peut le garder. Ensuite, il est supprimé définitivement.`,
    },
    "workspace-kept": {
      words: "La fermeture de l’espace de travail a été annulée",
      subject: "Votre espace de travail est conservé",
      text: ({ by }) => `${by} a annulé la fermeture de l’espace de travail. Tout continue comme avant.`,
    },
    "workspace-exported": {
      words: "Un propriétaire a exporté tout l’espace de travail, vos contenus compris",
      subject: "Un propriétaire a exporté tout l’espace de travail",
      text: ({ by }) =>
        `${by} a demandé un export de tout l’espace de travail. Il contient aussi vos documents et vos conversations, y compris ceux que personne d’autre ne peut voir.`,
    },
  },
  notYou:
    "Si ce n’était pas vous, changez tout de suite votre mot de passe, mettez fin aux autres sessions et prévenez un admin de votre espace de travail.",
  when: (moment) => `Quand : ${moment}`,
  lookHere: (link) => `À voir ici : ${link}`,
  operator: "L’exploitant",
};
