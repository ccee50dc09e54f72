// The theme asks for the index of the search as soon as a page opens: most of what a first visit would weigh.
// It waits here until someone turns to the search.
(() => {
  const form = document.forms.namedItem("search");
  if (!form) return;
  const isWanted = new Promise((resolve) => {
    form.addEventListener("focusin", resolve, { once: true });
    form.addEventListener("pointerover", resolve, { once: true });
    document.getElementById("__search").addEventListener("change", resolve, { once: true });
  });
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, address, ...rest) {
    if (String(address).endsWith("/search_index.json")) {
      const { send } = this;
      this.send = async (...body) => {
        await isWanted;
        send.apply(this, body);
      };
    }
    return open.call(this, method, address, ...rest);
  };
})();
