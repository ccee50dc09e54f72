// Reading: what scrolls by keyboard, what is folded, the contents on a phone, what the theme leaves without a name.
(() => {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");

  // The theme makes of each code's buttons a landmark, all without a name, whenever it comes to one.
  const unmark = () => {
    for (const each of document.querySelectorAll(".md-code__nav:not([role])")) each.role = "none";
  };
  unmark();
  new MutationObserver(unmark).observe(document.body, { childList: true, subtree: true });

  // What is wider than its frame can be scrolled with the arrow keys.
  const scrollers = "article :is(pre > code, .md-typeset__scrollwrap, math[display=block], .output.rich, .output.rich pre, .highlight, .jp-InputArea-editor, .jp-OutputArea-output, .jp-OutputArea-output pre)";
  const frames = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  const observe = () => {
    for (const each of document.querySelectorAll(scrollers)) frames.observe(each);
  };
  // The theme puts its frames around tables when it starts; a font that comes late makes what is in a frame wider,
  // not the frame itself.
  (window.requestIdleCallback ?? setTimeout)(observe);
  document.fonts.ready.then(() => {
    frames.disconnect();
    observe();
  });

  // An address of what is folded unfolds it.
  const unfold = () => {
    const target = document.querySelector("article details:target");
    if (target) target.open = true;
  };
  unfold();
  addEventListener("hashchange", unfold);

  // The contents of a page lie over its text: they fold when one has chosen, gone on, or pressed Escape.
  const contents = document.querySelector(".contents details");
  const fold = () => void (contents.open = false);
  contents?.addEventListener("click", (event) => event.target.closest("a") && fold());
  contents?.addEventListener("focusout", (event) => event.relatedTarget && !contents.contains(event.relatedTarget) && fold());
  addEventListener("pointerdown", (event) => contents?.open && !contents.contains(event.target) && fold());
  contents?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    fold();
    contents.querySelector("summary").focus();
  });
})();
