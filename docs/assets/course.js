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
