// Path: which pages are done, and where the reader was. Kept in this browser alone, shown where the course is laid
// out; what else the course keeps here, under names that begin alike, is saved, loaded and erased with it.
(() => {
  const PREFIX = "course.";
  const KEY = `${PREFIX}path`;
  const QUIZ = `${PREFIX}quiz`;
  const LARGEST_FILE = 1e6;

  // A page's name is its address inside the site, the same whether the address ends in a folder or in a file.
  const site = new URL(JSON.parse(document.getElementById("__config").textContent).base.replace(/\/?$/, "/"), location).pathname;
  const nameOf = (address) => new URL(address, location).pathname.slice(site.length).replace(/\/?(index)?(\.html)?$/, "");

  // The navigation numbers the tutorials, and nothing else.
  const tutorials = new Map();
  for (const link of document.querySelectorAll(".md-nav--primary .md-nav__link[href]")) {
    const title = link.textContent.trim().replace(/\s+/g, " ");
    if (/^\d+\. /.test(title) && !link.closest(".md-nav--secondary")) tutorials.set(nameOf(link.href), { link, title });
  }
  const here = nameOf(location.href);
  const part = (name) => document.querySelector(`[data-path=${name}]`);

  // What is kept may be missing, cut short, of another version or typed by somebody: only what fits is taken.
  const isName = (name) => typeof name === "string" && /^[\w./-]{1,200}$/.test(name);
  const isText = (text) => typeof text === "string" && text.length < 500;
  const fitting = (kept) => {
    const { done, last } = Object(kept);
    const isLast = isName(last?.page) && Number.isFinite(last.at) && isText(last.id) && isText(last.heading);
    return { done: Array.isArray(done) ? [...new Set(done.filter(isName))] : [], last: isLast ? last : null };
  };
  let unkept = null; // where the browser keeps nothing, as long as the page is open
  const read = () => {
    try {
      return fitting(unkept ?? JSON.parse(localStorage.getItem(KEY)));
    } catch {
      return fitting(null);
    }
  };
  const change = (edit) => {
    const state = read();
    edit(state);
    try {
      localStorage.setItem(KEY, JSON.stringify(state));
      unkept = null;
    } catch {
      unkept = state;
    }
    show();
  };

  const countOf = ({ done }) => done.filter((name) => tutorials.has(name)).length;
  // Of each page: how many of its questions were answered, and how many at the first try.
  const quizzes = () => {
    try {
      const pages = Object.entries(Object(JSON.parse(localStorage.getItem(QUIZ))));
      return new Map(
        pages
          .filter(([name]) => tutorials.has(name))
          .map(([name, answers]) => [name, Object.values(Object(answers)).filter((first) => typeof first === "boolean")]),
      );
    } catch {
      return new Map();
    }
  };
  const answered = () => {
    const first = [...quizzes().values()].flat();
    const right = first.filter(Boolean).length;
    return first.length ? ` Of ${first.length} question${first.length > 1 ? "s" : ""} answered, ${right} right at the first try.` : "";
  };
  const counted = (state) => {
    const where = unkept ? ", until you close this page: this browser keeps nothing for it" : "";
    return `${countOf(state)} of ${tutorials.size} pages done${where}.${answered()}`;
  };
  const untouched = part("status")?.textContent;
  const isCounted = (text) => /^\d+ of \d+ pages done/.test(text ?? "");
  const tell = (text) => {
    const status = part("status");
    if (status && status.textContent !== text) status.textContent = text;
  };

  // On from where the reader was; from a page that is done, to the next one that is not.
  const following = ({ done, last }) => {
    const names = [...tutorials.keys()];
    if (last && tutorials.has(last.page) && !done.includes(last.page)) return last;
    const from = names.indexOf(last?.page) + 1;
    const page = [...names.slice(from), ...names.slice(0, from)].find((name) => !done.includes(name));
    return page && { page, id: "", heading: "" };
  };
  const offer = (state) => {
    const place = part("continue");
    if (!place || !(state.last || countOf(state))) return place?.classList.remove("offered");
    const next = following(state);
    place.classList.add("offered");
    const line = place.querySelector("span");
    if (!next) return line.replaceChildren(`All ${tutorials.size} pages are done.`);
    const link = document.createElement("a");
    const { link: entry, title } = tutorials.get(next.page);
    link.href = new URL(next.id && `#${encodeURIComponent(next.id)}`, entry.href);
    link.textContent = title + (next.heading && `, at “${next.heading}”`);
    line.replaceChildren("Continue: ", link);
  };

  const show = () => {
    const state = read();
    const isDone = (name) => state.done.includes(name);
    const quiz = quizzes();
    for (const [name, { link }] of tutorials) link.classList.toggle("done", isDone(name));
    for (const link of document.querySelectorAll(":is(.course-map, .course-list) a")) {
      const name = nameOf(link.getAttribute("href"));
      link.classList.toggle("done", isDone(name));
      const label = link.getAttribute("aria-label")?.replace(/, done$/, "");
      if (label) link.setAttribute("aria-label", label + (isDone(name) ? ", done" : ""));
      const first = quiz.get(name) ?? [];
      if (!link.closest(".course-list")) continue;
      if (first.length) link.dataset.quiz = `${first.filter(Boolean).length} right of ${first.length} answered`;
      else delete link.dataset.quiz;
    }
    part("done")?.setAttribute("aria-pressed", isDone(here));
    if (countOf(state) || answered()) tell(counted(state));
    else if (isCounted(part("status")?.textContent)) tell(untouched);
    offer(state);
  };

  part("done")?.addEventListener("click", () => {
    change((state) => {
      if (state.done.includes(here)) state.done = state.done.filter((name) => name !== here);
      else {
        state.done.push(here);
        state.last = { page: here, id: "", heading: "", at: Date.now() };
      }
    });
    tell(counted(read()));
  });

  // Where the reader was: in a page that has been scrolled by a screen, below the last heading that was passed.
  // A glance at a page leaves the place where it was.
  if (tutorials.has(here)) {
    const headings = [...document.querySelectorAll("article :is(h2, h3)[id]")];
    const remember = () => {
      if (scrollY < innerHeight) return;
      const heading = headings.findLast((each) => each.getBoundingClientRect().top < innerHeight / 2);
      const text = heading?.cloneNode(true);
      text?.querySelector(".headerlink")?.remove();
      const last = { page: here, id: heading?.id ?? "", heading: text?.textContent.trim() ?? "", at: Date.now() };
      change((state) => void (state.last = last));
    };
    addEventListener("pagehide", remember);
    document.addEventListener("visibilitychange", () => document.hidden && remember());
  }

  // Save, load, erase.
  const kept = () => {
    try {
      return Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    } catch {
      return [];
    }
  };
  part("save")?.addEventListener("click", () => {
    const saved = Object.fromEntries(kept().map((name) => [name, localStorage.getItem(name)]));
    saved[KEY] = JSON.stringify(read());
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(saved, null, 1)], { type: "application/json" }));
    link.download = "course-progress.json";
    link.click();
    URL.revokeObjectURL(link.href);
    tell(`Saved as ${link.download}: ${counted(read())}`);
  });
  const file = part("file");
  part("load")?.addEventListener("click", () => file.click());
  file?.addEventListener("change", async () => {
    try {
      const [chosen] = file.files;
      if (chosen.size > LARGEST_FILE) throw new Error("too large");
      const saved = JSON.parse(await chosen.text());
      const { done, last } = JSON.parse(saved[KEY]);
      if (!Array.isArray(done)) throw new Error("not ours");
      const loaded = fitting({ done, last });
      change((state) => {
        state.done = [...new Set([...state.done, ...loaded.done])];
        // A clock that was wrong must not win for ever.
        if (loaded.last) loaded.last.at = Math.min(loaded.last.at, Date.now());
        if (loaded.last && !(state.last?.at > loaded.last.at)) state.last = loaded.last;
      });
      // Of the questions each page's answers are joined: what was answered first, here, stays.
      const others = Object.keys(saved).filter((name) => name.startsWith(PREFIX) && name !== KEY);
      try {
        const pages = Object(JSON.parse(saved[QUIZ] ?? "{}"));
        const own = Object(JSON.parse(localStorage.getItem(QUIZ)));
        for (const [name, answers] of Object.entries(pages)) own[name] = { ...Object(answers), ...Object(own[name]) };
        saved[QUIZ] = JSON.stringify(own);
      } catch {
        delete saved[QUIZ]; // not ours, or nothing can be kept
      }
      let left = 0;
      for (const name of others.filter((name) => typeof saved[name] === "string")) {
        try {
          localStorage.setItem(name, saved[name]);
        } catch {
          left += 1;
        }
      }
      tell(`Loaded: ${counted(read())}${left ? " For the rest of the file this browser has no room." : ""}`);
    } catch {
      tell("This file holds no progress of this course; nothing has changed.");
    }
    file.value = "";
  });
  part("erase")?.addEventListener("click", () => {
    if (!confirm("Erase what this browser keeps of your progress?")) return;
    unkept = null;
    for (const name of kept()) localStorage.removeItem(name);
    show();
    tell("Erased: nothing is kept.");
  });

  show();
  addEventListener("storage", show);
  addEventListener("pageshow", show);
})();
