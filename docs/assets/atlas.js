// Atlas: a pasted message, looked up among those that the runs really raised. The list below it needs no script.
(() => {
  const form = document.querySelector(".paste");
  if (!form) return;
  const field = form.querySelector("textarea");
  const status = form.querySelector("[role=status]");
  const list = form.querySelector("ol");
  const root = new URL("../", document.currentScript.src);
  const MOST = 5;
  // Below the first score an entry has next to nothing in common with what was pasted, from the second on it fits: each
  // of the messages of tests/bench/pasted.py is above, and what no entry is about is mostly below.
  const [LEAST, FITS] = [0.12, 0.85];
  // Words that say nothing of what went wrong.
  const LITTLE = new Set("an and are as at be by for from is it its me my of on or so that the this to was with".split(" "));
  // Characters that are looked up of a long text: what a traceback is about stands at its end.
  const READ = 100_000;

  // Of a traceback, what was raised; the places in files say where, not what, and so does what Keras and TensorFlow
  // wrap around a message: the layer's call with its arguments, the function with its device.
  const withoutFrames = (text) =>
    text
      .replace(/\x1b\[[0-9;]*m/g, "")
      .replace(/Exception encountered when calling (?:(?:Sequential|Functional)\.call\(\)\.)?/g, "")
      .replace(/^Arguments received by .*\n?(?:[ \t]+•.*\n?)*/gm, "")
      .replace(/\{\{(?:function_)?node [^{}]*\}\}/g, "")
      .replace(/^[ \t]*File "[^"\n]*", line \d+.*\n(?:[ \t]+.*\n)*/gm, "")
      .replace(/^Traceback \(most recent call last\):?/gm, "")
      .replace(/^(?:-+>[ \t]*|[ \t]+)\d+ .*$/gm, "")
      .replace(/0x[0-9a-f]+|(?:[A-Za-z]:)?(?:[\\/][\w.+-]+){2,}/g, " ");
  // Numbers, shapes and the counters behind names differ from program to program.
  const wordsOf = (text) =>
    (withoutFrames(text).match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? [])
      .flatMap((word) => {
        const name = word.replace(/_\d+$/, "").toLowerCase();
        // CamelCase and snake_case are looked up whole and in parts.
        const parts = word.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase().split("_");
        return parts.length > 1 ? [name, ...parts] : [name];
      })
      .filter((word) => word.length > 1 && !LITTLE.has(word));
  const pairsOf = (words) => words.slice(1).map((word, at) => `${words[at]} ${word}`);

  const read = (records) => {
    const entries = records.map(([title, address, kind, also, message]) => {
      const said = wordsOf(message);
      const titled = [title, ...also.split(";")].map(wordsOf).flatMap((words) => [...words, ...pairsOf(words)]);
      return { title, address, kind, said: new Set([...said, ...pairsOf(said)]), titled: new Set(titled) };
    });
    const counts = new Map();
    for (const { said, titled } of entries)
      for (const word of new Set([...said, ...titled])) counts.set(word, (counts.get(word) ?? 0) + 1);
    // A word of few entries says more than one of many.
    const weight = (word) => Math.log(1 + entries.length / (counts.get(word) ?? entries.length * 2));
    const total = (words) => [...words].reduce((sum, word) => sum + weight(word), 0);
    for (const entry of entries) entry.length = total(entry.said);
    return (text) => {
      const words = wordsOf(text.slice(-READ));
      const asked = new Set([...words, ...pairsOf(words)]);
      const whole = total(asked) || 1;
      const known = [...asked].filter((word) => counts.has(word));
      return entries
        .map((entry) => {
          const shared = total(known.filter((word) => entry.said.has(word)));
          const named = total(known.filter((word) => entry.titled.has(word) && !entry.said.has(word)));
          // How much of what was asked the entry says, and how much of what it says was asked; a title that quotes
          // its message counts once.
          const fit = (2 * shared) / (whole + entry.length) + shared / whole;
          return { ...entry, score: fit + named / whole };
        })
        .filter(({ score }) => score > LEAST)
        .sort((one, other) => other.score - one.score)
        .slice(0, MOST);
    };
  };

  let lookUp;
  const fetched = async () => {
    const answer = await fetch(new URL("assets/messages.json", root));
    if (!answer.ok) throw new Error(answer.statusText);
    return read(await answer.json());
  };
  const itemOf = ({ title, address, kind }) => {
    const link = document.createElement("a");
    link.href = new URL(address, root);
    link.textContent = title;
    const item = document.createElement("li");
    item.append(link, ` ${kind}`);
    return item;
  };
  const show = async () => {
    const text = field.value;
    if (!text.trim()) {
      list.replaceChildren();
      status.textContent = "";
      return;
    }
    lookUp ??= fetched();
    let entries;
    try {
      entries = (await lookUp)(text);
    } catch {
      lookUp = undefined;
      if (field.value !== text) return;
      list.replaceChildren();
      status.textContent = "The messages could not be fetched: look through the list below, or try again.";
      return;
    }
    if (field.value !== text) return;
    list.replaceChildren(...entries.map(itemOf));
    const nearest = entries[0]?.score ?? 0;
    const said = nearest < FITS ? "No entry fits well; these are the nearest." : "The entry that fits best comes first.";
    status.textContent = entries.length ? said : "No entry fits: look through the list below.";
  };
  field.addEventListener("focus", () => (lookUp ??= fetched()).catch(() => (lookUp = undefined)), { once: true });
  field.addEventListener("input", show);
  // A browser that comes back to the page puts the text back, and says nothing of it.
  addEventListener("pageshow", () => field.value && show());
  form.addEventListener("submit", (event) => event.preventDefault());
})();
