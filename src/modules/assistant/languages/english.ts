import { type Grammar, numberMap, showsOf, wordSet, words } from "./grammar.ts";

const numbers = numberMap(
  `one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 eleven=11 twelve=12 thirteen=13
   fourteen=14 fifteen=15 sixteen=16 eighteen=18 twenty=20 thirty=30 forty=40 fifty=50 sixty=60 ninety=90
   hundred=100 thousand=1000`,
);

export const english: Grammar = {
  code: "en",
  small: wordSet(
    `a an the this that these those such i me my mine we us our ours you your yours he him his she her hers it its
     they them their theirs am is are was were be been being do does did doing done have has had having
     can could may might must shall should will would ought and or but nor so if then than because while
     though although unless until whether as of at by for with about against between into through during before
     after above below to from in on over under again further out off up down upon within without per via
     what which who whom whose when where why how here there all any both each either neither few more most other
     some own same only very too also just one's someone's not no`,
  ),
  asking: wordSet(
    `tell me please know want need needed find show give list explain describe mean say says said state stated
     according much many long often far old quickly soon document documents file files anything
     something anything anyone someone question answer information detail details get got happen happens clause
     section article paragraph chapter page there valid`,
  ),
  light: wordSet(
    `cost costs price prices phone telephone number mail email address date day days time name
     place person reason pay paid called`,
  ),
  pronouns: words("it|its|they|them|their|theirs|this|that|these|those|he|she|his|her|him"),
  leans:
    /(?<!\p{L})(?:it|its|they|them|their|theirs|he|she|his|her|hers|him|there|the same|(?:this|that|these|those)(?=\s*(?:[?.!]|$|one|ones|cost|costs|mean|apply|include|last|begin|end|is|are|was|were|be)))(?!\p{L})/iu,
  idle: /\b(?:(?:is|was|would|will|can) (?:it|there)(?: be)? (?:allowed|permitted|possible|ok|okay|legal|forbidden|necessary|required|true|a|an|any|more|room|enough)|(?:does|did|will|would) it take|(?:is|are|was|were) there|it is)\b/giu,
  articles: wordSet("the a an this that these those my our your"),
  silent: false,
  subject:
    /^(?:(?:it|they|he|she|this|these|those|after that|then|afterwards)(?!\p{L})|(?:[\p{L}\d]+ ){1,2}(?:it|they|he|she) )/iu,
  and: /[,;]?\s+and\s+(?=(?:what|how|when|who|whom|whose|where|why|which|with what|by when)\b)/iu,
  opener: /^\s*(?:and|or|also|but|then|so)\b[\s,]*|^\s*(?:what|how) about\b\s*/iu,
  abbreviations: wordSet(
    `mr mrs ms dr prof st sr jr rev hon capt col gen sgt messrs no nos vs v cf al approx ca dept est ext fig figs
     inc ltd co corp plc ch cl art arts sec secs sect para paras p pp vol ed eds tel max min incl excl
     jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun`,
  ),
  beforeNumber: wordSet("no nos p pp ch cl art arts sec secs sect para paras vol fig figs ed max min"),
  ordinals: false,
  asks: [
    ["contact", words("phone|telephone|number to call|call|reach|e-?mail|address of")],
    [
      "length",
      words("how (?:long|soon|quickly|often|old)|(?:what|which) (?:is the )?(?:period|duration|term)"),
    ],
    ["length", words("how much (?:notice|time|warning|holiday|leave)|notice period|with what notice")],
    [
      "money",
      words(
        "how (?:much|expensive)|what .*(?:price|cost|fee|charge|rent|deposit|salary|rate|fine|penalty|budget|amount)s?",
      ),
    ],
    ["count", words("how (?:many|far|big|large|tall|heavy)|(?:what|which) number")],
    ["date", words("when|(?:what|which) (?:date|day|time|year|month)|by what|deadline")],
    ["person", words("who(?:m|se)?")],
    ["place", words("where")],
    ["reason", words("why|for what reason")],
  ],
  shows: showsOf({
    numbers,
    months:
      "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?",
    days: "(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:first|last) (?:working )?day|\\d+(?:st|nd|rd|th)|working days?",
    units: "seconds?|minutes?|hours?|days?|nights?|weeks?|fortnights?|months?|quarters?|years?",
    times: "noon|midnight|annually|monthly|weekly|daily|quarterly|indefinitely|permanently|once|twice",
    before: "before|after|later|earlier",
    sums: "(?:months?|weeks?|days?)[’']? (?:rent|wages?|salary|pay)|a (?:half|third|quarter|tenth)|half",
    currencies: "p|percent|per cent|gbp|eur|usd|chf|pounds?|euros?|dollars?|pence|cents?|million",
    titles: "(?:Mrs?|Ms|Miss|Dr|Prof)\\.?",
    offices:
      "(?:manager|director|officer|landlord|tenant|owner|employee|employer|team|department|head|chair|secretary|treasurer|company|supplier|customer|administrator|partner|agent|caretaker)s?",
    places:
      "floor|room|office|building|entrance|desk|drawer|cupboard|store|cellar|hall|yard|shelf|street|road|lane|with",
    inPlaces: "at|in|on|to|from|near|with",
    reasons:
      "because|since|due to|so that|in order to|owing to|reasons?|as a result|therefore|to (?:ensure|protect|avoid|prevent)",
  }),
  numbers,
};
