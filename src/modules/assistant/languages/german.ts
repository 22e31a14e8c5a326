import { type Grammar, numberMap, showsOf, wordSet, words } from "./grammar.ts";

const numbers = numberMap(
  `zwei=2 drei=3 vier=4 fünf=5 sechs=6 sieben=7 acht=8 neun=9 zehn=10 elf=11 zwölf=12 vierzehn=14 fünfzehn=15
   zwanzig=20 dreißig=30 vierzig=40 fünfzig=50 sechzig=60 neunzig=90 hundert=100 tausend=1000`,
);

export const german: Grammar = {
  code: "de",
  small: wordSet(
    `der die das den dem des ein eine einen einem einer eines und oder aber denn wenn weil dass daß ob als wie
     ist sind war waren sein wird werden wurde wurden hat haben hatte hatten kann können konnte darf dürfen muss
     müssen soll sollen will wollen mag ich du er sie es wir ihr mich mir dich uns euch ihm ihn ihnen sich mein
     dein unser man nicht kein keine keinen auch nur noch schon sehr so zu zum zur von vom für mit bei beim bis
     ab an am auf aus im in ins nach vor über unter um durch gegen ohne zwischen während seit wegen was wer wen
     wem wessen wann wo wohin woher warum wieso weshalb welche welcher welches welchen welchem dieser diese dieses
     diesen diesem jeder jede jedes hier da dort dann damit dabei dafür davon darauf etwa je`,
  ),
  asking: wordSet(
    `tun machen macht bitte sag sage sagen zeig zeige gib nenne nennen erkläre bedeutet heißt steht gibt viel viele vielen lange lang
     oft hoch weit groß alt lautet beträgt dauert brauche braucht brauchen bekommt bekommen dokument dokumente
     unterlagen datei frage antwort information`,
  ),
  light: wordSet(
    `kostet kosten preis preise gebühr betrag telefon telefonnummer nummer rufnummer adresse datum tag tage zeit
     name ort grund zahlen zahlt bezahlen nötig`,
  ),
  pronouns: words(
    "er|sie|es|ihn|ihm|ihnen|ihr|ihre|ihren|sein|seine|dies|diese|dieser|dieses|das|dort|davon|dafür|damit",
  ),
  leans:
    /(?<!\p{L})(?:er|sie|es|ihn|ihm|ihnen|ihr|ihre[nmrs]?|sein|seine[nmrs]?|dies(?:er|e|es|em|en)?|davon|dafür|damit|dazu|dabei|dort|dessen|deren|Er|Es|(?<=^\P{L}*)Sie)(?!\p{L})/u,
  idle: /(?<!\p{L})(?:gibt es|es gibt|ist es (?:erlaubt|möglich|nötig|verboten|gestattet)|(?:dauert|braucht|geht|kostet) es)(?!\p{L})/giu,
  articles: wordSet("der die das den dem des ein eine einen einem einer eines zum zur im beim vom ins"),
  silent: false,
  subject:
    /^(?:(?:er|sie|es|dies|diese[rsmn]?|danach|davor|davon|dafür|dazu|dabei|dann|dort)(?!\p{L})|(?:[\p{L}\d]+ ){1,2}(?:er|sie|es) )/iu,
  and: /[,;]?\s+und\s+(?=(?:was|wie|wann|wer|wem|wen|wo|warum|welche[rsnm]?)(?!\p{L}))/iu,
  opener:
    /^\s*(?:und|oder|auch|aber|dann|also)(?!\p{L})[\s,]*|^\s*wie (?:ist|sieht|steht) es (?:mit|bei|für)(?!\p{L})\s*/iu,
  abbreviations: wordSet(
    `hr hrn fr dr prof dipl ing st str nr nrn abs art bd bzw ca evtl ggf inkl exkl max min mio mrd tel usw vgl
     zzgl zz ziff kap abb tab jan feb mär apr jun jul aug sep sept okt nov dez mo di mi do sa so geb verh einschl
     insb sog u.a s vom etc`,
  ),
  beforeNumber: wordSet("nr nrn abs art kap ziff abb tab s so do mi di mo max min bd"),
  ordinals: true,
  asks: [
    ["contact", words("telefon\\p{L}*|rufnummer|notruf\\p{L}*|e-?mail|anrufen|erreich\\p{L}*")],
    [
      "length",
      words(
        "wie (?:lange?|schnell|oft|alt|bald)|(?:welche|mit welcher|was ist die) \\p{L}*(?:frist|dauer|laufzeit)",
      ),
    ],
    ["count", words("wie ?viele?n? \\p{L}*(?:tage|stunden|wochen|monate|jahre)")],
    [
      "money",
      words(
        "was kostet|was kosten|wie ?viel|wie (?:hoch|teuer)|welche[rns]? (?:preis|gebühr|betrag|miete|kaution|gehalt|strafe)\\p{L}*",
      ),
    ],
    ["count", words("wie ?viele?n?|wie (?:weit|groß|schwer)|welche (?:zahl|anzahl)")],
    ["date", words("wann|welche[rmns]? (?:datum|tag|zeit|jahr|monat|uhrzeit)|um wie ?viel uhr|termin")],
    ["person", words("wer|wen|wem|wessen")],
    ["place", words("wo|wohin|woher")],
    ["reason", words("warum|wieso|weshalb|weswegen|aus welchem grund")],
  ],
  shows: showsOf({
    numbers,
    months:
      "jan(?:uar)?|feb(?:ruar)?|märz|apr(?:il)?|mai|juni?|juli?|aug(?:ust)?|sept?(?:ember)?|okt(?:ober)?|nov(?:ember)?|dez(?:ember)?",
    days: "(?:mon|diens|donners|frei|sams|sonn)tags?|mittwochs?|uhr|ab dem \\p{L}+ tag|(?:ersten|letzten|dritten) \\p{L}*tag",
    units:
      "sekunden?|minuten?|stunden?|\\p{L}*tagen?|\\p{L}*tage|nächten?|nacht|wochen?|monaten?|monate|quartalen?|quartale|jahren?|jahre|jahr",
    times: "mittags?|mitternacht|jährlich|monatlich|wöchentlich|täglich|unbefristet|einmal|zweimal",
    before: "vorher|nachher|davor|danach|später|früher|vor|nach",
    sums: "\\p{L}*mieten?|monatsgehälter|monatsgehalt|die hälfte|ein(?:es)? (?:drittel|viertel|zehntel)s?",
    currencies: "euro|eur|cent|prozent|franken|chf|mio",
    titles: "(?:Herrn?|Frau|Dr|Prof)\\.?",
    offices:
      "\\p{L}*(?:leiter|leitung|leiterin|geschäftsführer|geschäftsführerin|vermieter|mieter|inhaber|vorstand|meister|partner|betreiber|firma|hausmeister)(?:in)?",
    places:
      "straße|\\p{L}*straße|\\p{L}*raum|büro|keller|halle|hof|regal|schublade|schrank|etage|stock|erdgeschoss|neben|hinter",
    inPlaces: "in|im|am|an|auf|bei|beim|nach|neben|hinter|vor",
    reasons: "weil|da|denn|wegen|aufgrund|damit|um|deshalb|daher|grund|gründen",
  }),
  numbers,
};
