// A figure follows the scheme that the reader chose, also where that differs from the system's.
(() => {
  const showFigures = (dark) => {
    for (const source of document.querySelectorAll("source[data-dark-figure]")) {
      const media = dark ? "screen" : "not all";
      if (source.media !== media) source.media = media;
    }
  };
  const followScheme = () => showFigures(document.body.getAttribute("data-md-color-scheme") === "slate");
  followScheme();
  new MutationObserver(followScheme).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });

  // One function of a snippet with what it needs, into the clipboard; without one, the link downloads it.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a.copy-snippet");
    if (!link || !navigator.clipboard) return;
    event.preventDefault();
    const answer = await fetch(link.href);
    if (!answer.ok) return location.assign(link.href);
    await navigator.clipboard.writeText(await answer.text());
    const said = link.innerHTML;
    link.setAttribute("role", "status");
    link.textContent = "Copied: paste it into a file of your own";
    setTimeout(() => {
      link.innerHTML = said;
      link.removeAttribute("role");
    }, 3000);
  });

  // Paper is light and does not unfold. A browser waits for the pictures that are asked for now; those
  // that a change of medium alone asks for come too late.
  let folded = [];
  addEventListener("beforeprint", () => {
    showFigures(false);
    folded = [...document.querySelectorAll("article details:not([open])")];
    for (const each of folded) each.open = true;
  });
  addEventListener("afterprint", () => {
    followScheme();
    for (const each of folded) each.open = false;
    folded = [];
  });
})();
