import { type Grammar, numberMap, showsOf, wordSet, words } from "./grammar.ts";

const numbers = numberMap(
  `due=2 tre=3 quattro=4 cinque=5 sei=6 sette=7 otto=8 nove=9 dieci=10 undici=11 dodici=12 quattordici=14 quindici=15
   venti=20 trenta=30 quaranta=40 cinquanta=50 sessanta=60 novanta=90 cento=100 mille=1000 mila=1000`,
);

export const italian: Grammar = {
  code: "it",
  small: wordSet(
    `il lo la i gli le l un uno una e ed o od ma però che chi cui quale quali quando dove come quanto quanta quanti
     quante perché se di del dello della dei degli delle dell d a al allo alla ai agli alle all da dal dallo dalla dai
     dagli dalle dall in nel nello nella nei negli nelle nell con su sul sullo sulla sui sugli sulle sull per tra fra
     io tu egli lui lei noi voi essi loro mi ti si ci vi ne mio mia tuo tua suo sua suoi sue nostro nostra questo
     questa questi queste quello quella quelli quelle è sono era erano essere stato stata stati fu ha hanno ho avere
     aveva viene vengono può possono deve devono fa fanno non né più meno molto anche già solo ogni tutto tutta tutti
     tutte qual c`,
  ),
  asking: wordSet(
    `fare dimmi dica mostra mostri dammi spiega spieghi significa dice dire cosa documento documenti file domanda risposta
     informazione tempo lungo alto grande lontano frequenza serve servono bisogna trova trovano ammonta`,
  ),
  light: wordSet(
    `costa costano costo prezzo tariffa importo telefono numero indirizzo data giorno giorni ora nome luogo motivo
     pagare paga`,
  ),
  pronouns: words(
    "esso|essa|essi|esse|egli|lui|lei|loro|questo|questa|questi|queste|quello|quella|ciò|suo|sua|suoi|sue|lì|ne",
  ),
  leans:
    /(?<!\p{L})(?:esso|essa|essi|esse|egli|lui|lei|loro|questo|questa|questi|queste|quello|quella|ciò|suo|sua|suoi|sue)(?!\p{L})/iu,
  idle: /(?<!\p{L})(?:è|sarà) (?:possibile|permesso|necessario|obbligatorio|vietato)(?!\p{L})/giu,
  articles: wordSet(
    "il lo la i gli le l un uno una del dello della dei degli delle dell al allo alla ai agli alle all nel nello nella nei nelle dal dalla sul sulla",
  ),
  silent: true,
  subject: /^(?:esso|essa|essi|esse|questo|questa|questi|queste|ciò|egli|lui|lei|dopo|poi)(?!\p{L})/iu,
  and: /[,;]?\s+ed?\s+(?=(?:che|quant[oaie]|quando|chi|dove|perché|come|quale?i?|con quant[oa]|entro quando)(?!\p{L}))/iu,
  opener:
    /^\s*(?:e|ed|o|anche|ma|allora|poi)(?!\p{L})[\s,]*|^\s*(?:che (?:ne è|dire) (?:di|del|della|dei|delle))(?!\p{L})\s*/iu,
  abbreviations: wordSet(
    `sig sigg sig.ra sig.na dott dott.ssa prof prof.ssa ing avv geom rag art artt n nn nr pag pagg p pp vol ca ecc es
     tel max min gen feb mar apr mag giu lug ago set sett ott nov dic s.p.a s.r.l st cap fig`,
  ),
  beforeNumber: wordSet("art artt n nn nr pag pagg p pp vol max min cap fig set es"),
  ordinals: false,
  asks: [
    ["contact", words("telefono|numero di (?:telefono|emergenza)|chiamare|contattare|e-?mail")],
    [
      "length",
      words(
        "(?:per )?quanto tempo|quanto dura|ogni quanto|con quanto (?:anticipo|preavviso)|qual è (?:il|la) (?:durata|preavviso|periodo|termine)|entro quanto",
      ),
    ],
    [
      "money",
      words(
        "quanto (?:costano?|è|si paga|viene|ammonta)|qual è (?:il|la) (?:prezzo|costo|quota|importo|affitto|caparra|tariffa)|che prezzo|a quanto",
      ),
    ],
    ["count", words("quant[oaie]")],
    ["date", words("quando|(?:che|quale) (?:data|giorno|ora|anno|mese)|a che ora|fino a quando|da quando")],
    ["person", words("chi|a chi|di chi|da chi")],
    ["place", words("dove|dov['’]è")],
    ["reason", words("perché|come mai|per quale motivo")],
  ],
  shows: showsOf({
    numbers,
    months: "gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre",
    days: "lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|primo giorno|giorni prima",
    units: "secondi?|minuti?|or[ae]|giorn[oi]|nott[ei]|settiman[ae]|mes[ei]|trimestr[ei]|ann[oi]",
    times: "mezzogiorno|mezzanotte|annualmente|mensilmente|ogni (?:giorno|settimana|mese|anno)|sempre",
    before: "prima|dopo|più tardi",
    sums: "mesi di (?:affitto|canone|stipendio)|mensilità|la metà|un (?:terzo|quarto|decimo)",
    currencies: "euro|eur|centesimi|per cento|franchi|chf",
    titles: "(?:[Ss]ig|[Ss]ig\\.ra|[Dd]ott|[Dd]ott\\.ssa|[Pp]rof|[Ii]ng|[Aa]vv)\\.?",
    offices:
      "direttore|direttrice|gestore|gestrice|presidente|segretari[oa]|proprietari[oa]|inquilin[oa]|responsabile|custode|ditta|amministrat(?:ore|rice)",
    places:
      "via|viale|piazza|piano|ufficio|edificio|ingresso|sala|cantina|cortile|armadio|cassetto|bancone|stanza|deposito|dietro",
    inPlaces: "a|al|in|nel|nella|su|presso|vicino a",
    reasons: "perché|poiché|siccome|a causa|dato che|affinché|per questo|quindi",
  }),
  numbers,
};
