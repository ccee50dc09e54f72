// Try it: a network that the page offers answers in it. What that takes comes when a reader asks for it.
(() => {
  const place = document.querySelector(".try-it");
  const button = place?.querySelector("[data-try=load]");
  if (!button) return;
  const parts = new URL("try-it/", document.currentScript.src);
  const tell = (text) => void (place.querySelector("[data-try=status]").textContent = text);

  const added = (name, properties) => new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(name), properties);
    element.onload = resolve;
    element.onerror = () => {
      element.remove();
      reject(new Error("A part of this page could not be fetched"));
    };
    document.head.append(element);
  });
  const script = (name) => added("script", { src: new URL(name, parts) });
  const style = (name) => added("link", { rel: "stylesheet", href: new URL(name, parts) });

  // A file that a browser kept from an earlier edition of the page has another checksum, and so is asked for anew.
  const fetched = async (role) => {
    const link = place.querySelector(`a[data-try=${role}]`);
    const name = link.textContent;
    let response;
    try {
      response = await fetch(link.href, { cache: "no-cache" });
    } catch {
      throw new Error(`${name} could not be fetched`);
    }
    if (!response.ok) throw new Error(`${name} could not be fetched: the server answers ${response.status}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    // A browser computes checksums where the connection is safe.
    if (window.crypto?.subtle) {
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      const digits = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
      if (digits !== link.dataset.sha256) throw new Error(`${name} is not the file that this page published`);
    }
    return bytes;
  };

  button.hidden = false;
  let isLoading = false;
  button.addEventListener("click", async () => {
    if (isLoading) return;
    isLoading = true;
    tell("Loading the network …");
    try {
      const [network, questions] = await Promise.all([
        ...["network", "questions"].map(fetched),
        ...["network.js", "picture.js", "page.js"].map(script),
        style("try-it.css"),
      ]);
      if (!window.tryIt?.open || !window.tryIt.readNetwork || !window.tryIt.photograph) {
        throw new Error("A part of this page is damaged");
      }
      window.tryIt.open(place, network, questions);
      button.remove();
    } catch (error) {
      tell(`${error.message}. Nothing else on this page depends on it; you can try again.`);
    }
    isLoading = false;
  });
})();
