// What pages ask a server for, where there is none: for each such file a script lies in offline/, which brings it.
(() => {
  if (location.protocol !== "file:") return;
  const root = new URL("..", document.currentScript.src);
  const waiting = {};
  // What the scripts call; bytes that are no text come as base64.
  window.offlineFile = (name, text, isBase64) => {
    const content = isBase64 ? Uint8Array.from(atob(text), (each) => each.charCodeAt(0)) : text;
    waiting[name].resolve(content);
  };
  const bring = (address) => {
    const name = decodeURIComponent(new URL(address, document.baseURI).pathname.slice(root.pathname.length));
    return (waiting[name] ??= (() => {
      const script = document.createElement("script");
      script.src = new URL(`assets/offline/${name}.js`, root);
      const file = {};
      file.content = new Promise((resolve, reject) => {
        file.resolve = resolve;
        script.onerror = () => reject(new TypeError(`${name} is not in this copy: it needs the site`));
      });
      document.head.append(script);
      return file;
    })()).content;
  };

  const fetchAnywhere = window.fetch;
  window.fetch = async (resource, options) => {
    const address = new URL(resource.url ?? resource, document.baseURI);
    return address.protocol === "file:" ? new Response(await bring(address)) : fetchAnywhere(resource, options);
  };

  // A browser starts no worker from a file, but from a text. This one waits for its text.
  const OwnWorker = window.Worker;
  window.Worker = class extends EventTarget {
    #worker;
    constructor(address, options) {
      super();
      this.#worker = bring(address).then((text) => {
        const script = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
        const worker = new OwnWorker(script, options);
        for (const type of ["message", "error"])
          worker.addEventListener(type, (event) => {
            const again = new event.constructor(type, event);
            this[`on${type}`]?.(again);
            this.dispatchEvent(again);
          });
        return worker;
      });
    }
    postMessage(...message) {
      this.#worker.then((worker) => worker.postMessage(...message));
    }
    terminate() {
      this.#worker.then((worker) => worker.terminate());
    }
  };

  // The links of a page say it in full; those that a script makes may name a folder.
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (link?.protocol === "file:" && link.pathname.endsWith("/")) link.pathname += "index.html";
  }, true);
})();
