import type { Language } from "./languages.ts";

/**
 * Function words: articles, pronouns, auxiliaries, prepositions, conjunctions, question words, without diacritics.
 * They are indexed, so that phrases find them, and ranked only when a query has nothing else.
 */
export const stopWords: Record<Language, ReadonlySet<string>> = {
  en: words(`a an the this that these those such
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
   eg ie etc`),
  de: words(`der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner keines
   ich mich mir mein meine meinen meinem meiner meines du dich dir dein deine deinen er ihn ihm sein seine
   seinen seinem seiner seines sie ihr ihre ihren ihrem ihrer ihres es wir uns unser unsere unseren ihnen man sich
   dieser diese dieses diesen diesem jener jene jenes jenen jeder jede jedes jeden jedem alle allen aller alles
   bin bist ist sind war waren sei seien gewesen habe hast hat haben hatte hatten werde wird werden wurde wurden
   worden kann konnen konnte konnten muss mussen musste soll sollen sollte sollten will wollen darf durfen mag
   und oder aber sondern denn weil wenn falls ob dass als wie auch nur noch nicht sehr so dann doch
   in im an am auf aus bei beim bis durch fur gegen hinter mit nach neben ohne seit uber um unter von vom vor
   wahrend wegen zu zum zur zwischen wer wen wem wessen was welche welcher welches welchen wo wann warum wieso
   hier da dort bzw zb etwa einige einigen mehr`),
  fr: words(`le la les un une des du de d l au aux ce cet cette ces c mon ma mes ton ta tes son sa ses notre nos
   votre vos leur leurs je j me m moi tu te t toi il elle on nous vous ils elles se s lui eux y en
   que qu qui quoi dont ou quel quelle quels quelles lequel laquelle lesquels
   suis es est sommes etes sont etait etaient ete etre sera seront soit ai as a avons avez ont avait avaient eu
   avoir aura peut peuvent doit doivent fait
   et mais donc or ni car si comme quand lorsque parce puisque ainsi
   a dans par pour avec sans sous sur entre vers chez depuis pendant avant apres contre selon
   ne n pas plus aussi tres tout tous toute toutes meme memes autre autres comment pourquoi combien ici la`),
  es: words(`el la los las un una unos unas lo al del de este esta estos estas ese esa esos esas aquel aquella
   mi mis tu tus su sus nuestro nuestra nuestros nuestras yo me te ti se le les nos os ella ellos ellas usted
   ustedes nosotros que quien quienes cual cuales cuyo cuya donde cuando como cuanto
   soy es somos son era eran fue fueron ser sido sea esta estan estaba estar he has ha hemos han habia haber hay
   puede pueden debe deben y e o u pero sino ni si porque pues aunque mientras
   a ante bajo con contra desde en entre hacia hasta para por segun sin sobre tras durante
   no mas muy tambien ya todo toda todos todas otro otra otros otras mismo misma aqui alli`),
  it: words(`il lo la i gli le l un uno una di del dello della dei degli delle dell a al allo alla ai agli alle all
   da dal dallo dalla dai dagli dalle dall in nel nello nella nei negli nelle nell su sul sullo sulla sui sugli
   sulle sull con per tra fra questo questa questi queste quello quella quelli quelle quel quell mio mia miei mie
   tuo tua suo sua suoi sue nostro nostra vostro loro io me mi tu te ti lui lei noi ci voi vi essi si ne
   che chi cui quale quali dove quando come quanto perche sono sei e siamo siete era erano stato stata essere sia
   ho hai ha abbiamo hanno aveva avere puo possono deve devono c d ed o od ma se anche non piu molto tutto tutti
   tutta tutte altro altra altri altre stesso stessa qui`),
  nl: words(`de het een die dat deze dit ik mij me mijn jij je jouw hij hem zijn zij ze haar wij we ons onze jullie u uw
   hun hen zich er men wie wat welke waar wanneer waarom hoe
   ben bent is was waren geweest wordt worden werd werden heb hebt heeft hebben had hadden kan kunnen kon moet
   moeten zal zullen zou zouden mag mogen wil willen
   en of maar want dus omdat als dan toen terwijl hoewel
   aan af bij binnen boven buiten door in met na naar om onder op over sinds te ten ter tegen tot tussen uit van
   vanaf via volgens voor zonder niet geen ook nog al wel zeer meer alle alles ander andere hier daar`),
  pt: words(`o a os as um uma uns umas de do da dos das em no na nos nas ao aos por pelo pela pelos pelas para com
   sem sob sobre entre ate desde contra este esta estes estas esse essa esses essas isto isso aquele aquela
   meu minha teu tua seu sua seus suas nosso nossa eu me mim tu te voce voces ele ela eles elas nos se lhe lhes
   que quem qual quais cujo onde quando como quanto porque sou e somos sao era eram foi foram ser sido seja
   esta estao estava estar tem tinha ter ha havia pode podem deve devem ou mas nem se pois embora enquanto
   nao mais muito tambem ja todo toda todos todas outro outra outros outras mesmo mesma aqui`),
};

function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/));
}
