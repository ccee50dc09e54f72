// Interactive: what draws a figure that answers its reader, loaded when one comes near. The page holds its data; without
// this script a line of text stands in its place.
(() => {
  const figures = document.querySelectorAll("article .interactive[data-figure]");
  if (!figures.length) return;
  const folder = new URL("interactive/", document.currentScript.src);
  const files = new Map();
  const load = (name) => {
    if (!files.has(name)) {
      files.set(name, new Promise((done, failed) => {
        const isStyle = name.endsWith(".css");
        const file = document.createElement(isStyle ? "link" : "script");
        if (isStyle) file.rel = "stylesheet";
        file[isStyle ? "href" : "src"] = new URL(name, folder).href;
        file.onload = done;
        file.onerror = () => failed(new Error(`${name} did not load`));
        document.head.append(file);
      }));
    }
    return files.get(name);
  };

  // A kind's script adds to this object, under its name, a function of a figure's box and data.
  window.interactiveFigures = {};
  const show = async (box) => {
    try {
      const kind = box.dataset.figure;
      await Promise.all([load("figures.css"), load("tools.js").then(() => load(`${kind}.js`))]);
      const data = JSON.parse(box.querySelector("script").textContent);
      window.interactiveFigures[kind](box, data);
      box.classList.add("drawn");
    } catch (error) {
      box.classList.add("failed");
      console.warn(error);
    }
  };
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      show(target);
    }
  }, { rootMargin: "800px" });
  for (const box of figures) near.observe(box);
})();
