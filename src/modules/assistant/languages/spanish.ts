import { type Grammar, numberMap, showsOf, wordSet, words } from "./grammar.ts";

const numbers = numberMap(
  `dos=2 tres=3 cuatro=4 cinco=5 seis=6 siete=7 ocho=8 nueve=9 diez=10 once=11 doce=12 catorce=14 quince=15
   veinte=20 treinta=30 cuarenta=40 cincuenta=50 sesenta=60 noventa=90 cien=100 ciento=100 mil=1000`,
);

export const spanish: Grammar = {
  code: "es",
  small: wordSet(
    `el la los las lo un una unos unas y e o u pero sino porque que qué quien quién quienes quiénes cual cuál cuales
     cuáles cuando cuándo donde dónde como cómo cuanto cuánto cuanta cuánta cuantos cuántos cuantas cuántas de del al
     a ante bajo con contra desde en entre hacia hasta para por según sin sobre tras yo tú él ella nosotros vosotros
     ellos ellas usted ustedes me te se nos os le les mi mis tu tus su sus nuestro nuestra este esta estos estas ese
     esa esos esas esto eso aquel es son era eran ser sido está están estar fue fueron ha han haber hay he había
     tiene tienen tener hace hacen puede pueden poder debe deben no ni si sí más menos muy también ya solo sólo todo
     toda todos todas`,
  ),
  asking: wordSet(
    `hacer diga dime muestra muestre da dame explica explique significa dice decir documento documentos archivo pregunta
     respuesta información mucho mucha muchos tiempo largo alto grande lejos frecuencia necesita necesitan necesito
     asciende cuesta valer`,
  ),
  light: wordSet(
    `cuesta cuestan coste costo precio tarifa importe teléfono número dirección fecha día días hora nombre lugar razón
     pagar paga`,
  ),
  pronouns: words("él|ella|ellos|ellas|este|esta|estos|estas|ese|esa|esto|eso|su|sus|lo|le|les|allí|ello"),
  leans: /(?<!\p{L})(?:él|ella|ellos|ellas|ello|eso|esto|este|esta|estos|estas|ese|esa|sus?|allí)(?!\p{L})/iu,
  idle: /(?<!\p{L})(?:es|está) (?:posible|permitido|necesario|obligatorio)(?!\p{L})/giu,
  articles: wordSet("el la los las un una unos unas del al este esta"),
  silent: true,
  subject: /^(?:este|esta|estos|estas|eso|esto|ello|él|ella|ellos|ellas|después|luego)(?!\p{L})/iu,
  and: /[,;]?\s+[ye]\s+(?=¿?(?:qué|cuánt[oa]s?|cuándo|quién(?:es)?|dónde|por qué|cómo|cuál(?:es)?|con cuánt[oa])(?!\p{L}))/iu,
  opener:
    /^[\s¿]*(?:y|e|o|también|pero|entonces)(?!\p{L})[\s,¿]*|^[\s¿]*(?:qué (?:hay|pasa) (?:de|con))(?!\p{L})\s*/iu,
  abbreviations: wordSet(
    `sr sra srta sres d dña dr dra ud uds vd núm num nº art arts pág págs p pp vol ej aprox máx mín tel avda av c
     etc ene feb mar abr may jun jul ago sep sept oct nov dic cía s.a`,
  ),
  beforeNumber: wordSet("núm num art arts pág págs p pp vol máx mín c"),
  ordinals: false,
  asks: [
    ["contact", words("teléfono|número de (?:teléfono|urgencias?)|llamar|correo|e-?mail|contactar")],
    [
      "length",
      words(
        "cuánto tiempo|con cuánta antelación|cuánto dura|cada cuánto|cuál es (?:el|la) (?:plazo|duración|período|periodo)|qué (?:plazo|duración)|con qué frecuencia",
      ),
    ],
    [
      "money",
      words(
        "cuánto (?:cuestan?|es|son|vale|se paga|hay que pagar|asciende)|cuál es (?:el|la) (?:precio|coste|costo|cuota|importe|alquiler|fianza|tarifa)|qué (?:precio|coste|importe|gastos)|a cuánto",
      ),
    ],
    ["count", words("cuánt[oa]s?")],
    ["date", words("cuándo|qué (?:fecha|día|hora|año|mes)|a qué hora|hasta cuándo|desde cuándo")],
    ["person", words("quién(?:es)?|de quién|a quién")],
    ["place", words("dónde|adónde")],
    ["reason", words("por qué|por qué razón|para qué")],
  ],
  shows: showsOf({
    numbers,
    months:
      "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre",
    days: "lunes|martes|miércoles|jueves|viernes|sábados?|domingos?|primer día|horas",
    units: "segundos?|minutos?|horas?|días?|noches?|semanas?|mes|meses|trimestres?|años?",
    times:
      "mediodía|medianoche|anualmente|mensualmente|diariamente|semanalmente|cada (?:día|semana|mes|año)|(?:una|dos) vez|veces",
    before: "antes|después|más tarde",
    sums: "meses de (?:alquiler|renta|sueldo)|la mitad|un (?:tercio|cuarto|décimo)",
    currencies: "euros?|eur|céntimos?|por ciento|pesos?|dólares?",
    titles: "(?:Sr|Sra|Srta|Sres|D|Dña|Dr|Dra|Don|Doña)\\.?",
    offices:
      "director|directora|gerente|presidente|presidenta|secretaria|secretario|tesorero|tesorera|propietario|inquilino|responsable|encargad[oa]|empresa|junta",
    places: "calle|avenida|plaza|planta|oficina|edificio|entrada|sala|sótano|patio|armario|cajón|estación",
    inPlaces: "en|a|al|de|junto a|cerca de",
    reasons: "porque|ya que|puesto que|debido a|para que|a causa|por lo que|así que",
  }),
  numbers,
};
