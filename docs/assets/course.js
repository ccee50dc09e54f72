// A figure follows the scheme that the reader chose, also where that differs from the system's.
(() => {
  const apply = () => {
    const scheme = document.body.getAttribute("data-md-color-scheme");
    for (const source of document.querySelectorAll("source[data-dark-figure]")) {
      const media = scheme === "slate" ? "all" : "not all";
      if (source.media !== media) source.media = media;
    }
  };
  apply();
  new MutationObserver(apply).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
})();
