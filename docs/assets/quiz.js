// Quiz: the choices of a question become buttons, each of which shows its reason. What was answered at the first try
// is kept in this browser alone, with the reader's path. Without this script the answers are folded below.
(() => {
  const questions = [...document.querySelectorAll(".quiz-question")];
  if (!questions.length) return;
  const KEY = "course.quiz";
  const site = new URL(JSON.parse(document.getElementById("__config").textContent).base.replace(/\/?$/, "/"), location).pathname;
  const page = location.pathname.slice(site.length).replace(/\/?(index)?(\.html)?$/, "");

  // What is kept may be of another version or typed by somebody: only what fits is taken.
  let unkept = null;
  const read = () => {
    try {
      const kept = unkept ?? JSON.parse(localStorage.getItem(KEY));
      return kept && typeof kept === "object" && !Array.isArray(kept) ? kept : {};
    } catch {
      return {};
    }
  };
  const ofPage = () => {
    const kept = Object(read()[page]);
    // An answer counts for the question that was asked: an edited one is asked anew.
    return Object.fromEntries(questions.map(({ dataset: { key } }) => [key, kept[key]]).filter(([, first]) => typeof first === "boolean"));
  };
  const write = (answers) => {
    const all = { ...read(), [page]: answers };
    if (!Object.keys(answers).length) delete all[page];
    try {
      localStorage.setItem(KEY, JSON.stringify(all));
      unkept = null;
    } catch {
      unkept = all;
    }
    tell();
  };

  // The page has a place for it: to put one in would have the browser style the whole page anew.
  const result = document.querySelector(".quiz-result");
  const count = document.createElement("span");
  count.setAttribute("role", "status");
  const again = document.createElement("button");
  again.type = "button";
  again.className = "md-button";
  again.textContent = "Ask me again";
  const path = document.createElement("a");
  path.href = `${document.querySelector("a.md-logo").href}#the-course`; // which knows what a folder’s page is called
  path.textContent = "Your way through the course";
  result.append(count, " ", again, " ", path);
  const tell = () => {
    const first = Object.values(ofPage());
    const right = first.filter(Boolean).length;
    result.hidden = !first.length;
    const where = unkept ? " This browser keeps it until you leave the page." : "";
    const text = `${right} of ${questions.length} right at the first try${first.length < questions.length ? `, ${first.length} answered` : ""}.${where}`;
    if (first.length && count.textContent !== text) count.textContent = text;
  };

  const clear = [];
  const earlier = ofPage();
  // What was kept of questions that have changed since counts no longer.
  if (Object.keys(Object(read()[page])).length > Object.keys(earlier).length) write(earlier);
  for (const question of questions) {
    const { key, answer } = question.dataset;
    const list = question.querySelector(":scope > ol");
    const reasons = [...question.querySelectorAll(":scope > details > ol > li")];
    const asked = question.querySelector(":scope > p");
    asked.id = `${question.id}-text`;
    question.setAttribute("role", "group");
    question.setAttribute("aria-labelledby", asked.id);
    const verdict = document.createElement("div");
    verdict.className = "quiz-verdict";
    verdict.setAttribute("role", "status");
    if (key in earlier) verdict.textContent = `Answered before: ${earlier[key] ? "right" : "not right"} at the first try.`;
    list.after(verdict);
    const choices = [...list.children].map((item, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiz-choice";
      const text = item.querySelector(".quiz-choice");
      button.append(...text.childNodes);
      text.replaceWith(button);
      button.addEventListener("click", () => {
        const isAnswer = at + 1 === Number(answer);
        const mark = document.createElement("strong");
        mark.textContent = isAnswer ? "Right. " : "Not this one. ";
        const reason = reasons[at].cloneNode(true);
        if (isAnswer) reason.querySelector("strong")?.remove();
        verdict.replaceChildren(mark, ...reason.childNodes);
        for (const each of choices) each.setAttribute("aria-pressed", each === button);
        button.classList.add(isAnswer ? "right" : "wrong");
        const answers = ofPage();
        if (!(key in answers)) write({ ...answers, [key]: isAnswer });
      });
      return button;
    });
    clear.push(() => {
      verdict.replaceChildren();
      for (const each of choices) {
        each.removeAttribute("aria-pressed");
        each.classList.remove("right", "wrong");
      }
    });
  }
  again.addEventListener("click", () => {
    for (const each of clear) each();
    write({});
    questions[0].querySelector(".quiz-choice").focus();
  });
  tell();
  addEventListener("storage", () => {
    if (!Object.keys(ofPage()).length) for (const each of clear) each(); // erased in another tab
    tell();
  });
})();
