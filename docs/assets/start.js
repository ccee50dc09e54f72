// What is so before anything is painted, and when everything else runs. The page would be styled anew, whole, for each
// of the first if it came later; and whoever reads need not wait for the scripts.
document.documentElement.classList.remove("no-js");
document.documentElement.classList.add("js", "js-focus-visible");

// Where a browser refuses to keep anything, even to look is an error, and the theme's scripts would stop at it. They,
// and ours, know what to do with storage that is empty and full.
try {
  void localStorage;
} catch {
  const refused = {
    getItem: () => null,
    removeItem: () => {},
    setItem: () => {
      throw new DOMException("This browser keeps nothing", "QuotaExceededError");
    },
  };
  for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { value: refused });
}

// Light, dark, or as the system has it: what the reader chose is kept in the theme's own form. The header calls this as
// soon as its button is there.
const startScheme = () => {
  const button = document.querySelector(".scheme");
  if (!button) return;
  const options = [...button.children].map((icon) => icon.dataset);
  const colours = [...document.querySelectorAll("meta[name='theme-color']")].map((meta) => [meta, meta.media]);
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const kept = () => {
    try {
      return Math.max(0, options.findIndex(({ media }) => media === __md_get("__palette").color.media));
    } catch {
      return 0; // nothing, or nothing that this wrote
    }
  };

  let chosen = kept();
  const show = () => {
    const { media, scheme, name } = options[chosen];
    const shown = scheme || (isDark.matches ? "slate" : "default");
    if (document.body.dataset.mdColorScheme !== shown) document.body.dataset.mdColorScheme = shown;
    button.dataset.chosen = chosen;
    button.title = name;
    // What the browser paints around the page.
    for (const [meta, systems] of colours) meta.media = scheme ? (systems === media ? "all" : "not all") : systems;
  };
  button.addEventListener("click", () => {
    chosen = (chosen + 1) % options.length;
    const { media, scheme } = options[chosen];
    __md_set("__palette", { index: chosen, color: { media, scheme } });
    // Colours change at once, all together, where the theme lets some of them fade.
    document.body.dataset.mdColorSwitching = "";
    show();
    getComputedStyle(document.body).color;
    requestAnimationFrame(() => document.body.removeAttribute("data-md-color-switching"));
  });
  isDark.addEventListener("change", show);
  // Chosen elsewhere: on another page before the reader came back to this one, or in another tab.
  const again = () => {
    chosen = kept();
    show();
  };
  addEventListener("pageshow", ({ persisted }) => persisted && again());
  addEventListener("storage", again);
  show();
};

// The other scripts wait in a template until the page has been painted, which on a phone is a second sooner.
const runScripts = () => {
  const scripts = document.importNode(document.getElementById("scripts").content, true);
  const inOrder = [...scripts.querySelectorAll("script")];
  for (const script of inOrder) script.async = false;
  const over = () => {
    // What waits for the document to be there has missed it, and is told again.
    document.dispatchEvent(new Event("DOMContentLoaded"));
    // Whoever drives a browser sees by it that the page answers.
    document.documentElement.setAttribute("data-scripts", "run");
  };
  // One that does not arrive takes its turn as well: the others do without it.
  for (const end of ["load", "error"]) inOrder.at(-1).addEventListener(end, over);
  document.body.append(scripts);
};
addEventListener(
  "DOMContentLoaded",
  () => {
    // The second frame begins when the first is on its way to the screen. A page that nobody sees draws none.
    if (document.hidden) runScripts();
    else requestAnimationFrame(() => requestAnimationFrame(runScripts));
  },
  { once: true },
);
