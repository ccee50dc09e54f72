// Figures: their scheme, their full size, and what paper needs.
(() => {
  // A figure follows the scheme that the reader chose, also where that differs from the system's.
  const showFigures = (dark) => {
    for (const source of document.querySelectorAll("source[data-dark-figure]")) {
      const media = dark ? "screen" : "not all";
      if (source.media !== media) source.media = media;
    }
  };
  const followScheme = () => showFigures(document.body.getAttribute("data-md-color-scheme") === "slate");
  followScheme();
  new MutationObserver(followScheme).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });

  // A figure that is shown smaller than it is opens in full: by its button, or with a tap on it.
  const dialog = document.createElement("dialog");
  dialog.className = "figure-dialog";
  dialog.setAttribute("aria-label", "Figure in full size");
  dialog.innerHTML = '<form method="dialog"><button aria-label="Close">×</button></form><div tabindex="0" role="group" aria-label="Figure, to scroll"></div>';
  const show = (figure) => {
    const whole = new Image();
    whole.src = figure.currentSrc;
    whole.alt = figure.alt;
    whole.width = figure.getAttribute("width");
    whole.height = figure.getAttribute("height");
    dialog.querySelector("div").replaceChildren(whole);
    if (!dialog.isConnected) document.body.append(dialog);
    dialog.showModal();
  };
  dialog.addEventListener("click", (event) => {
    if (!event.target.closest("img, button")) dialog.close();
  });
  // The theme turns pages by key, also those behind a dialog.
  dialog.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
  const isReduced = (figure) => figure.clientWidth < figure.getAttribute("width") * 0.95;
  const offerWhole = (entries) => {
    // All are measured before the first is changed: a browser lays out the page once, and not once for each.
    for (const [figure, isSmall] of entries.map(({ target }) => [target, isReduced(target)])) {
      const frame = figure.closest("picture") ?? figure.parentElement;
      const offer = frame.querySelector(":scope > .enlarge");
      figure.classList.toggle("reduced", isSmall);
      if (!isSmall) offer?.remove();
      else if (!offer) {
        const button = document.createElement("button");
        button.className = "enlarge";
        button.type = "button";
        button.textContent = "⤢";
        button.setAttribute("aria-label", "Show the figure in full size");
        button.addEventListener("click", () => show(figure));
        frame.classList.add("enlargeable");
        figure.after(button);
      }
    }
  };
  const sizes = new ResizeObserver(offerWhole);
  for (const figure of document.querySelectorAll("article img.figure")) {
    if (figure.closest(".snippet-card, a")) continue;
    sizes.observe(figure);
    figure.addEventListener("click", () => isReduced(figure) && show(figure));
  }

  // Paper is light and does not unfold. A browser waits for the pictures that are asked for now; those
  // that a change of medium alone asks for come too late.
  let folded = [];
  addEventListener("beforeprint", () => {
    showFigures(false);
    // Of those with a name in common only one is open at a time: what is chosen there is not for paper.
    folded = [...document.querySelectorAll("article details:not([open], [name])")];
    for (const each of folded) each.open = true;
  });
  addEventListener("afterprint", () => {
    followScheme();
    for (const each of folded) each.open = false;
    folded = [];
  });
})();
