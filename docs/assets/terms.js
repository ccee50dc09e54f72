// Terms: what a word of the glossary means, shown where it is used. Without this script its link leads to the glossary.
(() => {
  const article = document.querySelector("article");
  const terms = document.querySelectorAll("article a.term");
  if (!terms.length || !HTMLElement.prototype.showPopover) return;
  const source = new URL("glossary.json", document.currentScript.src);
  let definitions;
  const fetchDefinitions = async () => {
    const answer = await fetch(source);
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  };

  const tip = document.createElement("div");
  tip.id = "term-tip";
  tip.className = "term-tip";
  tip.popover = "manual";
  tip.setAttribute("role", "tooltip");
  // The term itself is the same link: the tab key need not come here as well.
  tip.innerHTML = '<p></p><a tabindex="-1">Glossary</a>';
  const [text, more] = tip.children;

  // Of the term whose meaning shows, or is about to.
  let wanted, timer;
  const hide = () => {
    clearTimeout(timer);
    wanted?.removeAttribute("aria-describedby");
    wanted = undefined;
    if (tip.matches(":popover-open")) tip.hidePopover();
  };
  const place = (term) => {
    const gap = 4;
    const { left, top, bottom } = term.getClientRects()[0];
    const header = document.querySelector(".md-header")?.offsetHeight ?? 0;
    const below = bottom + gap;
    const above = top - gap - tip.offsetHeight;
    const isBelow = below + tip.offsetHeight <= innerHeight || above < header;
    const rightmost = document.documentElement.clientWidth - tip.offsetWidth - 2 * gap;
    tip.style.left = `${scrollX + Math.max(2 * gap, Math.min(left, rightmost))}px`;
    tip.style.top = `${scrollY + (isBelow ? below : above)}px`;
  };
  const show = async (term, isTapped = false) => {
    clearTimeout(timer);
    if (wanted === term) return;
    hide();
    wanted = term;
    definitions ??= fetchDefinitions();
    try {
      const [name, definition] = (await definitions)[decodeURIComponent(term.hash.slice(1))];
      if (wanted !== term) return;
      text.innerHTML = `<strong></strong> ${definition}`;
      text.firstChild.textContent = `${name}:`;
      more.href = term.href;
      term.setAttribute("aria-describedby", tip.id);
      if (!tip.isConnected) article.append(tip);
      tip.showPopover();
      place(term);
    } catch {
      definitions = undefined;
      hide();
      if (isTapped) location.href = term.href;
    }
  };
  // Long enough for the pointer to cross a term on its way, and to come from the term to what it means.
  const showSoon = (term) => {
    clearTimeout(timer);
    timer = setTimeout(show, 150, term);
  };
  const hideSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(hide, 250);
  };

  let pointer;
  for (const term of terms) {
    term.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && showSoon(term));
    term.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && hideSoon());
    term.addEventListener("focus", () => term.matches(":focus-visible") && show(term));
    term.addEventListener("blur", hideSoon);
    // A finger cannot point without a tap: the first one shows, the second one follows the link.
    term.addEventListener("click", (event) => {
      if (pointer !== "touch" || wanted === term) return;
      event.preventDefault();
      show(term, true);
    });
  }
  tip.addEventListener("pointerenter", () => clearTimeout(timer));
  tip.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && hideSoon());
  addEventListener("pointerdown", (event) => {
    pointer = event.pointerType;
    if (wanted && !wanted.contains(event.target) && !tip.contains(event.target)) hide();
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  addEventListener("resize", hide);
})();
