/**
 * English function words: articles, pronouns, auxiliaries, prepositions, conjunctions, question words.
 * They are indexed, so that phrases find them, and ranked only when a query has nothing else.
 */
export const stopWords: ReadonlySet<string> = new Set(
  `a an the this that these those such
   i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
   myself ourselves yourself yourselves himself herself itself themselves
   am is are was were be been being do does did doing done have has had having
   can could may might must shall should will would ought
   and or but nor so if then than because while though although unless until whether as
   of at by for with about against between into through during before after above below to from in on
   over under again further out off up down upon within without per via
   what which who whom whose when where why how
   here there all any both each either neither few more most other some own same only very too also just
   i'm you're he's she's it's we're they're i've you've we've they've i'd you'd he'd she'd we'd they'd
   i'll you'll he'll she'll we'll they'll isn't aren't wasn't weren't don't doesn't didn't haven't hasn't
   hadn't can't couldn't won't wouldn't shouldn't mustn't that's there's what's who's let's
   eg ie etc`.split(/\s+/),
);
