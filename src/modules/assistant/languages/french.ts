import { type Grammar, numberMap, showsOf, wordSet, words } from "./grammar.ts";

const numbers = numberMap(
  `deux=2 trois=3 quatre=4 cinq=5 six=6 sept=7 huit=8 neuf=9 dix=10 onze=11 douze=12 quatorze=14 quinze=15 vingt=20
   trente=30 quarante=40 cinquante=50 soixante=60 cent=100 mille=1000`,
);

export const french: Grammar = {
  code: "fr",
  small: wordSet(
    `le la les l un une des du de d au aux et ou mais donc or ni car que qu qui quoi dont où ce cet cette ces c
     je j tu il elle on nous vous ils elles me m te t se s lui leur leurs y en mon ma mes ton ta tes son sa ses notre
     nos votre vos est sont était étaient être été sera seront ai as a ont avait avoir avez avons suis es fait
     faire peut peuvent pouvez doit doivent dois faut à dans par pour sur sous avec sans entre chez vers depuis
     pendant avant après jusque jusqu si ne n pas plus moins très aussi même tout toute tous toutes quel quelle quels
     quelles comment quand pourquoi lorsque comme lequel laquelle ci là`,
  ),
  asking: wordSet(
    `dis dites montre montrez donne donnez explique expliquer signifie veut combien document documents fichier
     question réponse information longtemps souvent fréquence vite grand haut loin lieu quelque besoin`,
  ),
  light: wordSet(
    `coûte coûtent coût prix tarif montant téléphone numéro adresse date jour jours heure temps nom endroit raison
     délai payer paie`,
  ),
  pronouns: words(
    "il|elle|ils|elles|lui|leur|leurs|celui-ci|celle-ci|cela|ça|ceci|ce|cet|cette|ces|y|en|son|sa|ses",
  ),
  leans:
    /(?<![\p{L}-])(?:il|elle|ils|elles|lui|leurs?|celui-ci|celle-ci|ceux-ci|cela|ça)(?!\p{L})|-(?:t-)?(?:il|elle|ils|elles)(?!\p{L})|(?<!\p{L})(?:son|sa|ses) \p{L}|(?<!\p{L})l['’](?:a|as|ont|avait|avez)(?!\p{L})/iu,
  idle: /(?<!\p{L})(?:y a-t-il|il y a|est-il (?:permis|possible|interdit|nécessaire)|faut-il|il faut)(?!\p{L})|(?<!\p{L})(?:le|la|les|un|une|ce|cet|cette|mon|ma|l['’]).*-(?:t-)?(?:il|elle|ils|elles)(?!\p{L})/giu,
  articles: wordSet("le la les l un une des du de au aux ce cet cette ces"),
  silent: false,
  subject:
    /^(?:il|elle|ils|elles|cela|celui-ci|celle-ci|ceux-ci|ensuite|puis|ce dernier|cette dernière)(?!\p{L})/iu,
  and: /[,;]?\s+et\s+(?=(?:quel(?:le)?s?|combien|quand|qui|où|pourquoi|comment|à quel|dans quel|avec quel)(?!\p{L}))/iu,
  opener:
    /^\s*(?:et|ou|aussi|mais|alors|puis)(?!\p{L})[\s,]*(?:pour(?!\p{L}))?|^\s*qu['’]en est-il (?:de|du|des|pour)(?!\p{L})\s*/iu,
  abbreviations: wordSet(
    `m mm mme mmes mlle me dr pr st ste art al env max min p pp vol éd cf etc tél av bd boul ex chap fig n no nos
     janv févr avr juil sept oct nov déc resp soc ets cie`,
  ),
  beforeNumber: wordSet("art p pp vol chap fig n no nos max min"),
  ordinals: false,
  asks: [
    ["contact", words("téléphone|numéro|joindre|appeler|courriel|e-?mail")],
    [
      "length",
      words(
        "combien de temps|quel(?:le)? (?:est )?(?:la |le )?(?:durée|délai|préavis|période)|dans quel délai|à quelle fréquence|tous les combien|depuis combien",
      ),
    ],
    [
      "money",
      words(
        "combien coûten?t?|quel(?:le)? (?:est )?(?:la |le )?(?:prix|coût|tarif|montant|loyer|caution|salaire|taux)|combien (?:paie|payer|vaut)",
      ),
    ],
    ["count", words("combien")],
    [
      "date",
      words(
        "quand|quel(?:le)? (?:est )?(?:la |le )?(?:date|jour|heure|année|mois)|à quelle heure|jusqu['’]à quand",
      ),
    ],
    ["person", words("qui|à qui|par qui|pour qui")],
    ["place", words("où")],
    ["reason", words("pourquoi|pour quelle raison")],
  ],
  shows: showsOf({
    numbers,
    months:
      "janv(?:ier)?|févr(?:ier)?|mars|avr(?:il)?|mai|juin|juil(?:let)?|août|sept(?:embre)?|oct(?:obre)?|nov(?:embre)?|déc(?:embre)?",
    days: "lundis?|mardis?|mercredis?|jeudis?|vendredis?|samedis?|dimanches?|heures|premier jour",
    units: "secondes?|minutes?|heures?|jours?|nuits?|semaines?|mois|trimestres?|ans?|années?",
    times: "midi|minuit|annuellement|mensuel(?:lement)?|chaque (?:jour|semaine|mois|année)|jour et nuit",
    before: "avant|après|plus tard|plus tôt",
    sums: "mois de (?:loyer|salaire)|la moitié|un (?:tiers|quart|dixième)",
    currencies: "euros?|eur|centimes?|pour cent|francs?|chf",
    titles: "(?:M|Mme|Mlle|Mmes|MM|Dr|Me)\\.?",
    offices:
      "directeur|directrice|gérante?|syndic|propriétaire|locataire|prestataire|responsable|président|présidente|gardien|gardienne|société",
    places: "rue|avenue|place|étage|bureau|bâtiment|entrée|salle|cave|cour|armoire|tiroir|local",
    inPlaces: "à|au|dans|en|sur|chez|près de",
    reasons: "parce qu['’e]?|car|puisqu['’e]?|en raison|afin|pour que|à cause|grâce",
  }),
  numbers,
};
