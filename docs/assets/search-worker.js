// Answers searches in the place of the theme's worker, by the same messages, over the same index.
//
// The theme's ranks each section for itself, one word after the other, so that a page that has all words in
// several places falls behind one that repeats one of them. This one ranks pages: for each word the best place
// that the page has for it (its title, a heading, a name in its code, its text), and how much of what was typed
// stands together in one section. It knows one spelling from the other, what a word is also called, and mistyped
// words.

// The theme's kinds of messages.
const [SETUP, READY, QUERY, RESULT] = [0, 1, 2, 3];
// What a word counts for where it stands.
const [PAGE_TITLE, LEAD, TITLE, NAME, NAME_PART, TEXT] = [7, 2, 3, 1.5, 0.5, 1];
// What stands together in one section counts beside what the page has all over.
const TOGETHER = 0.6;
const SIDE_BY_SIDE = 1;
// How much a match counts of several words that do not.
const APART = 0.3;
// What a word counts that nearly every page is about.
const BACKGROUND = 0.25;
const [MOST_PAGES, MOST_SECTIONS, MOST_PREFIXED] = [20, 6, 20];
// How much a match counts that is not the word itself.
const [PHRASE, SYNONYM, IN_PARTS, PREFIX, TYPO] = [1.3, 0.9, 0.7, 0.5, 0.4];
const WORD = /[\p{L}\p{N}_]+/gu;
const UNASKED = new Set(
  ("a about am an and any are as at be by can could did do does for from get has have how i if in into is it its " +
   "me my of on or should so than that the their them then there these they this to use using want was way we " +
   "what when where which why will with without you your").split(" "),
);

// British and American spelling become one: -isation, colour, labelled, centre.
const spelt = (word) =>
  word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()
    .replaceAll("z", "s").replaceAll("our", "or").replaceAll("ll", "l").replace(/tre(?=s?$)/, "ter");

// Endings that change what a word does in a sentence and not what it is about.
const ENDINGS = [
  [/(?<=..)ies$/, "y"],
  [/(?<=sh|ch|x|ss)es$/, ""],
  [/(?<=..[^isu])s$/, ""],
  [/(?<=.{3})(?:ication|ified|ifying|ier|ify)$/, ""],
  [/(?<=.{3})(?:ation|ator|ated|ate|ating|ative)$/, ""],
  [/(?<=.{2}[st])(?:ion|ional)$/, ""],
  [/(?<=.{3})ism$/, ""],
  [/(?<=.{4})al$/, ""],
  [/(?<=.{2})(?:er|ed|ing|ly|e)$/, ""],
];

const stems = new Map();
function stemOf(word) {
  if (!stems.has(word)) {
    let stem = spelt(word);
    if (!/[\d_]/.test(stem) && stem.length > 3)
      for (const [ending, instead] of ENDINGS) stem = stem.replace(ending, instead);
    // "stopped" is of "stop".
    stems.set(word, stem.length > 3 ? stem.replace(/([^aeiouls])\1$/, "$1") : stem);
  }
  return stems.get(word);
}

// A name is a word, and so are its parts: from_logits, Conv2D, EarlyStopping.
function partsOf(word) {
  const parts = word.split(/_+|(?<=\p{Ll})(?=\p{Lu}|\d+\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u).filter(Boolean);
  return parts.length > 1 ? parts : [];
}

const wordsOf = (text) => (text.replace(/<[^>]*>|&\w+;/g, " ").match(WORD) ?? []);
const stemsOf = (text) => wordsOf(text).flatMap((word) => [word, ...partsOf(word)]).map(stemOf);

let pages = []; // {entry, boost, title, lead, sections: [{entry, title, names, text}]}
let frequency = new Map(); // stem -> in how many sections
let vocabulary = new Map(); // word as it is spelt here -> stem
let sectionCount = 0;
let background = new Set(); // stems of words that say little of what is wanted
let synonyms = []; // [stems of what is typed, [stems of what that means, …]]

const pairsOf = (all) => all.slice(1).map((stem, position) => `${all[position]} ${stem}`);
const counted = (all) => all.reduce((counts, each) => counts.set(each, (counts.get(each) ?? 0) + 1), new Map());

function readIndex({ config, docs }) {
  const byAddress = new Map();
  [frequency, vocabulary, sectionCount] = [new Map(), new Map(), docs.length];
  for (const entry of docs) {
    const [address] = entry.location.split("#");
    if (!byAddress.has(address))
      byAddress.set(address, {
        entry,
        boost: entry.boost ?? 1,
        title: new Set(stemsOf(entry.title)),
        lead: new Set(stemsOf(entry.text.split("</p>", 1)[0])),
        sections: [],
      });
    const [title, text] = [stemsOf(entry.title), stemsOf(entry.text)];
    const section = {
      entry,
      title: new Set(title),
      names: new Set(wordsOf(entry.names ?? "").map(stemOf)),
      nameParts: new Set(stemsOf(entry.names ?? "")),
      text: counted(text),
      titlePairs: new Set(pairsOf(title)),
      textPairs: new Set(pairsOf(text)),
    };
    byAddress.get(address).sections.push(section);
    for (const stem of new Set([...section.title, ...section.nameParts, ...section.text.keys()]))
      frequency.set(stem, (frequency.get(stem) ?? 0) + 1);
  }
  pages = [...byAddress.values()];
  for (const [word, stem] of stems) if (frequency.has(stem)) vocabulary.set(spelt(word), stem);
  background = new Set((config.background ?? []).map(stemOf));
  synonyms = Object.entries(config.synonyms ?? {}).flatMap(([meaning, typed]) =>
    typed.map((each) => [askedFor(each).map(stemOf), askedFor(meaning).map(stemOf)]));
}

function askedFor(query) {
  const words = wordsOf(query);
  const asked = words.filter((word) => !UNASKED.has(word.toLowerCase()));
  return asked.length ? asked : words;
}

const rarity = (stem) => Math.log(1 + sectionCount / (frequency.get(stem) ?? sectionCount));

// Edits that lead from one word to the other, two letters that changed places being one; beyond `most`, any number.
function distance(a, b, most) {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let [before, row] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}

// The ways to find a word: each {stems that must all be there, how much it counts}.
function waysTo(word, isLast) {
  const stem = stemOf(word);
  const ways = [];
  if (frequency.has(stem)) ways.push({ stems: [stem], weight: 1 });
  const parts = partsOf(word).filter((part) => !UNASKED.has(part.toLowerCase())).map(stemOf);
  if (parts.length && parts.every((part) => frequency.has(part))) ways.push({ stems: parts, weight: IN_PARTS });
  // Who has not typed it to its end, and who typed "classif" for all that begins so.
  const start = spelt(word);
  if (start.length > 1 && (isLast || !ways.length)) {
    const power = frequency.has(stem) ? 1 : 0.5;
    ways.push(...[...vocabulary]
      .filter(([each, longer]) => longer !== stem && each.startsWith(start))
      .sort(([a], [b]) => a.length - b.length)
      .slice(0, MOST_PREFIXED)
      .map(([each, longer]) => ({ stems: [longer], weight: PREFIX * (start.length / each.length) ** power })));
  }
  if (ways.length) return ways;
  // Two words in one: "gradcam".
  for (let end = 3; end <= word.length - 3; end++) {
    const halves = [word.slice(0, end), word.slice(end)].map(stemOf);
    if (halves.every((half) => frequency.has(half))) ways.push({ stems: halves, weight: IN_PARTS });
  }
  if (ways.length || start.length < 4) return ways;
  const most = start.length < 8 ? 1 : 2;
  for (let allowed = 1; allowed <= most && !ways.length; allowed++)
    for (const [each, meant] of vocabulary)
      if (distance(start, each, allowed) === allowed) ways.push({ stems: [meant], weight: TYPO });
  return ways;
}

// What is asked for: for each word that was typed, the ways to find it; and which words stand side by side.
function concepts(query) {
  const words = askedFor(query);
  const asked = words.map((word, position) => ({ word, ways: waysTo(word, position === words.length - 1) }));
  // One word in two: "data set", "batch norm".
  for (let i = 0; i + 1 < words.length; i++) {
    const joined = stemOf(words[i] + words[i + 1]);
    if (frequency.has(joined))
      for (const concept of asked.slice(i, i + 2)) concept.ways.push({ stems: [joined], weight: 1 });
  }
  const typed = words.map(stemOf);
  for (const [phrase, meaning] of synonyms)
    if (phrase.every((stem) => typed.includes(stem)))
      asked.forEach((concept, position) => {
        if (phrase.includes(typed[position])) concept.ways.push({ stems: meaning, weight: phrase.length > 1 ? PHRASE : SYNONYM });
      });
  for (const concept of asked)
    concept.rarity = (background.has(stemOf(concept.word)) ? BACKGROUND : 1) * Math.max(0.5, ...concept.ways.map(({ stems, weight }) =>
      weight * stems.reduce((sum, stem) => sum + rarity(stem), 0) / stems.length));
  asked.slice(1).forEach((concept, position) => {
    concept.pair = `${typed[position]} ${typed[position + 1]}`;
  });
  return asked;
}

const most = (numbers) => numbers.reduce((a, b) => Math.max(a, b), 0);

function inSection(stem, section) {
  const times = section.text.get(stem) ?? 0;
  return TEXT * (times / (times + 1.5))
    + (section.names.has(stem) ? NAME : section.nameParts.has(stem) ? NAME_PART : 0)
    + (section.title.has(stem) ? TITLE * (0.5 + 0.5 / section.title.size) : 0);
}

function onPage(stem, page) {
  const found = page.sections.map((section) => inSection(stem, section));
  const sections = found.filter(Boolean).length;
  if (!sections) return 0;
  return most(found) + 0.4 * Math.log(sections)
    + (page.title.has(stem) ? PAGE_TITLE * (0.4 + 0.6 / page.title.size) : 0)
    + (page.lead.has(stem) ? LEAD : 0);
}

// What it adds that two words stand side by side as they were typed.
inSection.ofPair = (pair, section) => SIDE_BY_SIDE * (3 * section.titlePairs.has(pair) + section.textPairs.has(pair));
onPage.ofPair = (pair, page) => most(page.sections.map((section) => inSection.ofPair(pair, section)));

// How well a place answers one word: the best of the ways to find it, all of whose stems are there.
const answered = (concept, place, measure) =>
  most(concept.ways.map(({ stems, weight }) => {
    const found = stems.map((stem) => measure(stem, place));
    if (!found.every(Boolean)) return 0;
    const isApart = !pairsOf(stems).every((pair) => measure.ofPair(pair, place));
    return weight * (isApart ? APART : 1) * found.reduce((a, b) => a + b) / found.length;
  }));

// Of all that is asked for, weighed by how rare it is: how much is there, and how well.
function weigh(asked, place, measure) {
  let [score, there, all] = [0, 0, 0];
  for (const concept of asked) {
    const value = answered(concept, place, measure);
    score += concept.rarity * (value + (concept.pair ? measure.ofPair(concept.pair, place) : 0));
    there += value ? concept.rarity : 0;
    all += concept.rarity;
  }
  return score * (there / all) ** 2;
}

function search(query) {
  const asked = concepts(query);
  if (!asked.length) return [];
  const found = [];
  for (const page of pages) {
    const whole = weigh(asked, page, onPage);
    if (!whole) continue;
    const sections = page.sections
      .map((section) => ({ section, score: weigh(asked, section, inSection) }))
      .filter(({ score }) => score)
      .sort((a, b) => b.score - a.score);
    found.push({ page, sections, score: page.boost * (whole + TOGETHER * (sections[0]?.score ?? 0)) });
  }
  return found.sort((a, b) => b.score - a.score).slice(0, MOST_PAGES).map((result) => shown(result, asked));
}

// What the theme shows of a page: itself, the section that answers best, and the others folded.
function shown({ page, sections, score }, asked) {
  const wanted = new Set(asked.flatMap(({ ways }) => ways.flatMap(({ stems }) => stems)));
  const terms = Object.fromEntries(asked.map((concept) => [concept.word, answered(concept, page, onPage) > 0]));
  const best = sections[0]?.score ?? 1;
  const items = sections.slice(0, MOST_SECTIONS).map(({ section, score: own }) => item(section.entry, (score * own) / best, wanted, terms));
  if (!items.some(({ location }) => location === page.entry.location))
    items.push(item(page.entry, 0, wanted, terms));
  return items;
}

function item(entry, score, wanted, terms) {
  const { tags, ...shownEntry } = entry;
  return { ...shownEntry, title: marked(entry.title, wanted), text: teaser(entry, wanted), score, terms };
}

const isWanted = (word, wanted) => [word, ...partsOf(word)].some((each) => wanted.has(stemOf(each)));
const marked = (html, wanted) =>
  html.replace(/<[^>]*>|&\w+;|[\p{L}\p{N}_]+/gu, (piece) =>
    !/^[<&]/.test(piece) && isWanted(piece, wanted) ? `<mark>${piece}</mark>` : piece);

const LONGEST_TEASER = 200;
function teaser({ text, names }, wanted) {
  const passages = text.split(/<\/?(?:p|li|ol|ul|pre)>/)
    .map((passage) => passage.replace(/<[^>]*>/g, "").trim())
    .map((passage) => ({ passage, words: new Set(wordsOf(passage).filter((word) => isWanted(word, wanted)).map(stemOf)) }))
    .filter(({ words }) => words.size)
    .sort((a, b) => b.words.size - a.words.size);
  const used = (names ?? "").split(" ").filter((name) => isWanted(name, wanted));
  return passages.slice(0, 1).map(({ passage }) => `<p>${marked(around(passage, wanted), wanted)}</p>`).join("")
    + (used.length ? `<p>In its code: ${used.slice(0, 5).map((name) => `<code><mark>${name}</mark></code>`).join(", ")}</p>` : "");
}

// A passage, cut to what stands around the first wanted word; no entity is cut in two.
function around(passage, wanted) {
  if (passage.length <= LONGEST_TEASER) return passage;
  const pieces = passage.split(/(?<=\s)/);
  const first = Math.max(0, pieces.findIndex((piece) => wordsOf(piece).some((word) => isWanted(word, wanted))) - 8);
  let [end, length] = [first, 0];
  while (end < pieces.length && length < LONGEST_TEASER) length += pieces[end++].length;
  return (first ? "… " : "") + pieces.slice(first, end).join("").trim() + (end < pieces.length ? " …" : "");
}

addEventListener("message", ({ data: { type, data } }) => {
  if (type === SETUP) {
    readIndex(data);
    postMessage({ type: READY });
  } else if (type === QUERY) {
    postMessage({ type: RESULT, data: { items: search(data) } });
  }
});
