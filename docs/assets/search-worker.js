// Answers searches in the place of the theme's worker, by the same messages, over the same index.
//
// The theme's ranks each section for itself, one word after the other, so that a page that has all words in
// several places falls behind one that repeats one of them. This one ranks pages: for each word the best place
// that the page has for it (its title, a heading, a name in its code, its text), and how much of what was typed
// stands together in one section. It knows one spelling from the other, what a thing is also called
// (docs/search.yml, which comes with the index), and mistyped words.

// The theme's kinds of messages.
const [SETUP, READY, QUERY, RESULT] = [0, 1, 2, 3];
// What a word counts for where it stands.
const [PAGE_TITLE, TAUGHT, LEAD, TITLE, NAME, NAME_PART, TEXT] = [7, 4, 2, 3, 1.5, 0.5, 1];
// What stands together in one section counts beside what the page has all over, and what stands side by side.
const [TOGETHER, SIDE_BY_SIDE] = [1, 1];
// How much a match counts that is another form of the word, a synonym, its parts, longer, or mistyped.
const [INFLECTED, SYNONYM, SYNONYM_OF_PHRASE, IN_PARTS, LONGER, MISTYPED] = [0.85, 0.9, 1.3, 0.7, 0.5, 0.4];
// How much a match counts of several words that stand apart, and a word that nearly every page is about.
const [APART, BACKGROUND] = [0.3, 0.25];
const [MOST_PAGES, MOST_SECTIONS, MOST_LONGER, LONGEST_TEASER] = [20, 6, 20, 200];
const UNASKED = new Set(
  ("a about am an and any are as at be by can could did do does for from get has have how i if in into is it its " +
   "me my of on or should so than that the their them then there these they this to use using want was way we " +
   "versus vs what when where which why will with without you your").split(" "),
);
const isAsked = (word) => !UNASKED.has(word.toLowerCase());

// ---- Words

// British and American spelling become one: -isation, colour, labelled, grey, centre.
const spelt = (word) =>
  word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()
    .replaceAll("z", "s").replaceAll("our", "or").replaceAll("ll", "l").replaceAll("grey", "gray").replace(/tre(?=s?$)/, "ter");

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

function stemOf(spelling) {
  if (/[\d_]/.test(spelling) || spelling.length < 4) return spelling;
  const stem = ENDINGS.reduce((word, [ending, instead]) => word.replace(ending, instead), spelling);
  return stem.length > 3 ? stem.replace(/([^aeiouls])\1$/, "$1") : stem; // "stopped" is of "stop"
}

const readings = new Map();
// What a word is: how it is spelt here, its stem, and what a name is made of: from_logits, Conv2D, EarlyStopping.
function read(word) {
  let reading = readings.get(word);
  if (!reading) {
    const spelling = spelt(word);
    const parts = word.split(/_+|(?<=\p{Ll})(?=\p{Lu}|\d+\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u).filter(Boolean);
    reading = { word, spelling, stem: stemOf(spelling), parts: parts.length > 1 ? parts.map(read) : [] };
    readings.set(word, reading);
  }
  return reading;
}

// In HTML, neither tags nor entities are words.
const PIECES = /<[^>]*>|&\w+;|[\p{L}\p{N}_]+/gu;
const isWord = (piece) => piece[0] !== "<" && piece[0] !== "&";
const wordsOf = (html) => (html.match(PIECES) ?? []).filter(isWord);
const readingsOf = (html) => wordsOf(html).map(read).flatMap((whole) => [whole, ...whole.parts]);
const stemsOf = (html) => readingsOf(html).map(({ stem }) => stem);

// ---- The index

let pages = []; // {entry, boost, title, lead, taught, sections}
let frequency = new Map(); // stem -> in how many sections
let vocabulary = new Map(); // word as it is spelt here -> stem
let sectionCount = 0;
let background = new Set(); // stems
let synonyms = []; // {typed, meaning}, both lists of stems
const neighbours = new Map(); // two stems -> section -> what it counts there that they stand side by side

function readIndex({ config, docs }) {
  const byAddress = new Map();
  [frequency, vocabulary, sectionCount] = [new Map(), new Map(), docs.length];
  neighbours.clear();
  for (const entry of docs) {
    const [address] = entry.location.split("#");
    const section = readSection(entry);
    if (!byAddress.has(address)) {
      const lead = new Set(stemsOf(entry.text.split("</p>", 1)[0]));
      byAddress.set(address, { entry, boost: entry.boost ?? 1, title: section.title, lead, taught: (entry.teaches ?? []).map(stemsOf), sections: [] });
    }
    byAddress.get(address).sections.push(section);
    for (const stem of new Set([...section.title, ...section.nameParts, ...section.counts.keys()]))
      frequency.set(stem, (frequency.get(stem) ?? 0) + 1);
  }
  pages = [...byAddress.values()];
  background = new Set((config.background ?? []).map((word) => read(word).stem));
  synonyms = Object.entries(config.synonyms ?? {}).flatMap(([meaning, all]) =>
    all.map((typed) => ({ typed: stemsOf(typed), meaning: askedFor(meaning).map(({ stem }) => stem) })));
}

function readSection(entry) {
  const [title, text, names] = [entry.title, entry.text, entry.names ?? ""].map(readingsOf);
  const [words, counts] = [new Set(), new Map()];
  for (const { spelling, stem } of [...title, ...names, ...text]) {
    words.add(spelling);
    vocabulary.set(spelling, stem);
  }
  for (const { stem } of text) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  return {
    entry, words, counts,
    title: new Set(title.map(({ stem }) => stem)),
    names: new Set(wordsOf(entry.names ?? "").map((name) => read(name).stem)),
    nameParts: new Set(names.map(({ stem }) => stem)),
    inOrder: [title, text].map((all) => all.filter(({ word }) => isAsked(word)).map(({ stem }) => stem)),
  };
}

const rarity = (stem) => Math.log(1 + sectionCount / (frequency.get(stem) ?? sectionCount));

// ---- What is asked for

function askedFor(query) {
  const words = wordsOf(query.replaceAll("<", " "));
  const asked = words.filter(isAsked);
  return (asked.length ? asked : words).map(read);
}

// For each word that was typed, the ways to find it, and with which word before it is a pair.
function concepts(query) {
  const asked = askedFor(query);
  const stems = asked.map(({ stem }) => stem);
  const all = asked.map((each, position) => ({ ...each, ways: waysTo(each, position === asked.length - 1) }));
  for (let i = 0; i + 1 < all.length; i++) {
    all[i + 1].pair = `${stems[i]} ${stems[i + 1]}`;
    // Two words for one: "data set", "batch norm".
    const joined = read(asked[i].word + asked[i + 1].word).stem;
    if (frequency.has(joined))
      for (const concept of [all[i], all[i + 1]]) concept.ways.push({ stems: [joined], weight: 1 });
  }
  const typedStems = new Set(stemsOf(query.replaceAll("<", " ")));
  for (const { typed, meaning } of synonyms.filter((each) => each.typed.every((stem) => typedStems.has(stem)))) {
    const said = all.filter(({ stem }) => typed.includes(stem));
    // "Why did it": words that say nothing one by one.
    if (!said.length) said.push(all[all.push({ word: typed.join(" "), ways: [] }) - 1]);
    for (const concept of said)
      concept.ways.push({ stems: meaning, weight: typed.length > 1 ? SYNONYM_OF_PHRASE : SYNONYM });
  }
  for (const concept of all) {
    const rarities = concept.ways.map(({ stems: found, weight }) =>
      (weight * found.reduce((sum, stem) => sum + rarity(stem), 0)) / found.length);
    concept.rarity = Math.max(0.5, ...rarities) * (background.has(concept.stem) ? BACKGROUND : 1);
  }
  return all;
}

// The ways to find a word: each the stems that must all be there, and how much that counts.
function waysTo({ word, spelling, stem, parts }, isLast) {
  const ways = frequency.has(stem) ? [{ stems: [stem], weight: 1, spelling }] : [];
  const halves = parts.filter((part) => isAsked(part.word)).map((part) => part.stem);
  if (halves.length && halves.every((half) => frequency.has(half))) ways.push({ stems: halves, weight: IN_PARTS });
  // The last word may not be typed to its end.
  if (spelling.length > 1 && (isLast || !ways.length)) ways.push(...longer(spelling, stem));
  if (!ways.length) ways.push(...inTwo(word));
  if (!ways.length && spelling.length > 3) ways.push(...mistyped(spelling));
  return ways;
}

const longer = (start, stem) =>
  [...vocabulary]
    .filter(([spelling, other]) => other !== stem && spelling.startsWith(start))
    .sort(([a], [b]) => a.length - b.length)
    .slice(0, MOST_LONGER)
    .map(([spelling, other]) => ({ stems: [other], weight: (LONGER * start.length) / spelling.length }));

// Two words in one: "gradcam".
function inTwo(word) {
  const ends = Array.from({ length: Math.max(0, word.length - 5) }, (_, i) => i + 3);
  return ends
    .map((end) => [word.slice(0, end), word.slice(end)].map((half) => read(half).stem))
    .filter((halves) => halves.every((half) => frequency.has(half)))
    .map((stems) => ({ stems, weight: IN_PARTS }));
}

function mistyped(spelling) {
  for (const edits of spelling.length < 8 ? [1] : [1, 2]) {
    const meant = [...vocabulary].filter(([other]) => distance(spelling, other, edits) <= edits);
    if (meant.length) return meant.map(([, stem]) => ({ stems: [stem], weight: MISTYPED }));
  }
  return [];
}

// Edits that lead from one word to the other, two letters that changed places being one; if more than `most`, any more.
function distance(a, b, most) {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let [before, row] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    if (Math.min(...next) > most) return most + 1;
    [before, row] = [row, next];
  }
  return row[b.length];
}

// ---- How well a place answers

const best = (numbers) => numbers.reduce((a, b) => Math.max(a, b), 0);

const inSection = {
  value(stem, section) {
    const times = section.counts.get(stem) ?? 0;
    return (TEXT * times) / (times + 1.5)
      + (section.names.has(stem) ? NAME : section.nameParts.has(stem) ? NAME_PART : 0)
      + (section.title.has(stem) ? TITLE * (0.5 + 0.5 / section.title.size) : 0);
  },
  ofPair(pair, section) {
    if (!neighbours.has(pair)) neighbours.set(pair, new Map());
    const known = neighbours.get(pair);
    if (!known.has(section)) {
      const [inTitle, inText] = section.inOrder.map((stems) => areNeighbours(stems, pair.split(" ")));
      known.set(section, SIDE_BY_SIDE * (3 * inTitle + inText));
    }
    return known.get(section);
  },
  hasWord: (spelling, section) => section.words.has(spelling),
};

const onPage = {
  value(stem, page) {
    const found = page.sections.map((section) => inSection.value(stem, section)).filter(Boolean);
    if (!found.length) return 0;
    return best(found) + 0.4 * Math.log(found.length)
      + (page.title.has(stem) ? PAGE_TITLE * (0.4 + 0.6 / page.title.size) : 0)
      + (page.lead.has(stem) ? LEAD : 0)
      + TAUGHT * best(page.taught.map((term) => (term.includes(stem) ? 1 / term.length : 0)));
  },
  ofPair: (pair, page) =>
    best(page.sections.map((section) => inSection.ofPair(pair, section)))
      + SIDE_BY_SIDE * best(page.taught.map((term) => areNeighbours(term, pair.split(" ")))),
  hasWord: (spelling, page) => page.sections.some(({ words }) => words.has(spelling)),
};

function areNeighbours(stems, [one, other]) {
  for (let at = stems.indexOf(one); at >= 0; at = stems.indexOf(one, at + 1)) if (stems[at + 1] === other) return true;
  return false;
}

// The best of the ways to find what is asked for, all of whose stems are there: how well, and how much it counts.
function answer({ ways }, place, measure) {
  let found = { value: 0, weight: 0 };
  for (const way of ways) {
    const values = way.stems.map((stem) => measure.value(stem, place));
    if (!values.every(Boolean)) continue;
    const isTogether = way.stems.every((stem, i) => !i || measure.ofPair(`${way.stems[i - 1]} ${stem}`, place));
    const isInflected = way.spelling && !measure.hasWord(way.spelling, place);
    const weight = way.weight * (isTogether ? 1 : APART) * (isInflected ? INFLECTED : 1);
    const value = (weight * values.reduce((a, b) => a + b)) / values.length;
    if (value > found.value) found = { value, weight };
  }
  return found;
}

// Of all that is asked for, weighed by how rare it is: how well it is there, and how much of it.
function weigh(asked, place, measure) {
  let [score, there, all] = [0, 0, 0];
  for (const concept of asked) {
    const { value, weight } = answer(concept, place, measure);
    const pair = value && concept.pair ? measure.ofPair(concept.pair, place) : 0;
    score += concept.rarity * (value + pair);
    there += concept.rarity * Math.min(1, weight);
    all += concept.rarity;
  }
  return score * (there / all) ** 2;
}

function search(query) {
  const asked = concepts(query);
  const found = [];
  for (const page of asked.length ? pages : []) {
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

// ---- What is shown

// Of a page itself, the section that answers best, and others, which the theme folds.
function shown({ page, sections, score }, asked) {
  const wanted = new Set(asked.flatMap(({ ways }) => ways.flatMap(({ stems }) => stems)));
  const terms = Object.fromEntries(asked.map((concept) => [concept.word, answer(concept, page, onPage).value > 0]));
  const item = (entry, its) =>
    ({ location: entry.location, title: marked(entry.title, wanted), text: teaser(entry, wanted), score: its, terms });
  const items = sections.slice(0, MOST_SECTIONS).map((each) => item(each.section.entry, (score * each.score) / sections[0].score));
  return items.some(({ location }) => location === page.entry.location) ? items : [...items, item(page.entry, 0)];
}

function isWanted(word, wanted) {
  const { stem, parts } = read(word);
  return wanted.has(stem) || parts.some((part) => wanted.has(part.stem));
}

const marked = (html, wanted) =>
  html.replace(PIECES, (piece) => (isWord(piece) && isWanted(piece, wanted) ? `<mark>${piece}</mark>` : piece));

// The passage that has most of what is wanted, and the names in code.
function teaser({ text, names = "" }, wanted) {
  const has = (passage) => new Set(wordsOf(passage).filter((word) => isWanted(word, wanted)).map((word) => read(word).stem)).size;
  const [passage] = text.split(/<\/?(?:p|li|ol|ul|pre)>/)
    .map((each) => each.replace(/<[^>]*>/g, "").trim())
    .map((each) => ({ each, count: has(each) }))
    .filter(({ count }) => count)
    .sort((a, b) => b.count - a.count);
  const used = names.split(" ").filter((name) => name && isWanted(name, wanted)).slice(0, 5);
  return (passage ? `<p>${marked(around(passage.each, wanted), wanted)}</p>` : "")
    + (used.length ? `<p>In its code: ${used.map((name) => `<code><mark>${name}</mark></code>`).join(", ")}</p>` : "");
}

// What stands around the first wanted word, cut between words.
function around(passage, wanted) {
  if (passage.length <= LONGEST_TEASER) return passage;
  const pieces = passage.split(/(?<=\s)/);
  const first = Math.max(0, pieces.findIndex((piece) => wordsOf(piece).some((word) => isWanted(word, wanted))) - 8);
  let [end, length] = [first, 0];
  while (end < pieces.length && length < LONGEST_TEASER) length += pieces[end++].length;
  return `${first ? "… " : ""}${pieces.slice(first, end).join("").trim()}${end < pieces.length ? " …" : ""}`;
}

addEventListener("message", ({ data: { type, data } }) => {
  if (type === SETUP) {
    readIndex(data);
    postMessage({ type: READY });
  } else if (type === QUERY) {
    postMessage({ type: RESULT, data: { items: search(data) } });
  }
});
