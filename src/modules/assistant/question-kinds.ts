/** How a sentence looks that holds the kind of thing a question asks for; null when it asks for no kind. */
export type Wanted = RegExp | null;

/** Reads what an English question asks for: an amount, a number, a time, a date, a person, a place, a reason. */
export function asksFor(question: string): Wanted {
  return kinds.find(({ asked }) => asked.test(question))?.wanted ?? null;
}

const numberWord =
  "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety|hundred|thousand)";
const amount = `(?:\\d[\\d.,]*|${numberWord})`;
const month =
  "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const unitOfTime = "(?:seconds?|minutes?|hours?|days?|nights?|weeks?|fortnights?|months?|quarters?|years?)";

const money =
  /[£$€¥₹]\s?\d|\d\s?(?:%|p\b|percent|per cent|gbp|eur|usd|chf|pounds?|euros?|dollars?|pence|cents?)/i;
const length = new RegExp(
  `\\b${amount}(?:[’']s?)?[\\s-]+(?:\\(\\d+\\)\\s+)?(?:\\w+\\s+)?${unitOfTime}\\b|\\bindefinitely\\b|\\bpermanent`,
  "i",
);
const date = new RegExp(
  `\\b\\d{1,2}(?:st|nd|rd|th)?(?:\\s+of)?\\s+${month}\\b|\\b${month}\\.?\\s+\\d|\\b(?:19|20)\\d\\d\\b|\\d{1,2}[/.]\\d{1,2}[/.]\\d{2}|\\b\\d{1,2}(?::\\d\\d|\\s?[ap]\\.?m\\b)|\\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\\b(?:noon|midnight|annually|monthly|weekly|daily|quarterly)\\b|\\b(?:first|last|\\d+(?:st|nd|rd|th)) (?:working )?day\\b`,
  "i",
);
const count = new RegExp(`\\b${amount}\\b`, "i");
const person =
  /\b(?:Mrs?|Ms|Miss|Dr|Prof)\.?\s+\p{Lu}|\p{Lu}\p{Ll}+\s+(?:\p{Lu}\.?\s+)?\p{Lu}\p{Ll}+|\b(?:manager|director|officer|landlord|tenant|owner|employee|employer|team|department|head|chair|secretary|treasurer|company|supplier|customer|administrator)s?\b/u;
const place =
  /\b(?:at|in|on|to|from|near)\s+(?:the\s+)?\p{Lu}|\b\d+\s+\p{Lu}\p{Ll}+\s+(?:Street|Road|Lane|Avenue|Square|Way|House)|\b(?:floor|room|office|building|entrance|desk|drawer|cupboard|store)\b/u;
const reason =
  /\b(?:because|since|due to|so that|in order to|owing to|reasons?|as a result|therefore|to (?:ensure|protect|avoid|prevent))\b/i;

const kinds: ReadonlyArray<{ asked: RegExp; wanted: RegExp }> = [
  {
    asked: /\bhow (?:long|soon|quickly|often|old)\b|\b(?:what|which) (?:is the )?(?:period|duration|term)\b/i,
    wanted: length,
  },
  { asked: /\bhow much (?:notice|time|warning|holiday|leave)\b|\bnotice period\b/i, wanted: length },
  {
    asked:
      /\bhow (?:much|expensive)\b|\b(?:price|cost|fee|charge|rent|deposit|salary|rate|fine|penalty|budget)s?\b.*\?|^(?:what|which)\b.*\b(?:price|cost|fee|amount)\b/i,
    wanted: money,
  },
  { asked: /\bhow (?:many|far|big|large|tall|heavy)\b|\b(?:what|which) number\b/i, wanted: count },
  {
    asked: /\bwhen\b|\b(?:what|which) (?:date|day|time|year|month)\b|\bby what\b|\bdeadline\b/i,
    wanted: date,
  },
  { asked: /\bwho(?:m|se)?\b/i, wanted: person },
  { asked: /\bwhere\b/i, wanted: place },
  { asked: /\bwhy\b|\bfor what reason\b/i, wanted: reason },
];
