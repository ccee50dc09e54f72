// The theme asks for the index of the search as soon as a page opens: most of what a first visit would weigh.
// It waits here until someone turns to the search, or comes from it to a page whose words are to be marked.
// And it is told who answers: search-worker.js, beside this file.
(() => {
  const form = document.forms.namedItem("search");
  if (!form) return;
  const config = document.getElementById("__config");
  const search = new URL("search-worker.js", document.currentScript.src).href;
  config.textContent = JSON.stringify({ ...JSON.parse(config.textContent), search });
  const toggle = document.getElementById("__search");
  const isWanted = new Promise((resolve) => {
    if (new URLSearchParams(location.search).has("h")) resolve();
    // Someone was faster than the scripts.
    if (toggle.checked) form.query.focus();
    if (form.contains(document.activeElement)) resolve();
    form.addEventListener("focusin", resolve, { once: true });
    form.addEventListener("pointerover", resolve, { once: true });
    toggle.addEventListener("change", resolve, { once: true });
  });
  document.querySelector("[data-search]")?.addEventListener("click", () => {
    toggle.click();
    form.query.focus();
  });
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, address, ...rest) {
    if (String(address).endsWith("/search_index.json")) {
      const { send } = this;
      this.send = async (...body) => {
        await isWanted;
        const failed = () => {
          document.querySelector(".md-search-result__meta").textContent = "The search did not load: try it again later";
        };
        this.addEventListener("error", failed);
        this.addEventListener("load", () => this.status >= 400 && failed());
        send.apply(this, body);
      };
    }
    return open.call(this, method, address, ...rest);
  };
})();
