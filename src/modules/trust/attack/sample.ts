/** A word that stands nowhere but in what is private to this member. */
export function secretWord(memberId: string): string {
  return `lantern${[...memberId.slice(-10)].map((digit) => "bcdfghjklmnpqrst"[Number.parseInt(digit, 16)]).join("")}`;
}

/** A short document that belongs to one person and answers one question about them; `secret` is in none other. */
export function sampleText(name: string, secret = "none"): string {
  return `Notes of ${name}

${name} keeps a brass key and a folded map in the drawer. The key opens the cellar of the old office. The map shows the way along the river to the boat house, which is closed from November to March. The notice period of the drawer is three months.

Nobody else should read this page. The code word for the week is ${name.split(" ").reverse().join("-").toLowerCase()}-lantern. The word for the vault is ${secret}.`;
}
