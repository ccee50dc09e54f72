// Code: what a page's own names lead to, the colours of calls and numbers, and copies of one function or of the page.
(() => {
  // What the theme's dialog says, after its own copy buttons too, is read aloud.
  document.querySelector(".md-dialog__inner")?.setAttribute("role", "status");

  // One function of a snippet with what it needs, into the clipboard; without one, the link downloads it.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a.copy-snippet");
    if (!link || !navigator.clipboard) return;
    event.preventDefault();
    try {
      const answer = await fetch(link.href);
      if (!answer.ok) throw new Error(answer.statusText);
      await navigator.clipboard.writeText(await answer.text());
    } catch {
      link.classList.remove("copy-snippet");
      return link.click();
    }
    alert$.next(`Copied ${link.download}: paste it into a file of your own`);
  });

  // The page as plain Markdown, into the clipboard. The copy that opens without a server has no such file.
  const copyPage = document.querySelector(".copy-page");
  if (location.protocol === "file:" || !navigator.clipboard) copyPage?.remove();
  copyPage?.addEventListener("click", async () => {
    const asked = fetch(copyPage.dataset.twin).then((answer) => {
      if (!answer.ok) throw new Error(answer.statusText);
      return answer.text();
    });
    try {
      // Some browsers let a page copy what is still to come only if they are told at once.
      const text = asked.then((said) => new Blob([said], { type: "text/plain" }));
      if (window.ClipboardItem) await navigator.clipboard.write([new ClipboardItem({ "text/plain": text })]);
      else await navigator.clipboard.writeText(await asked);
      alert$.next("Copied this page as Markdown");
    } catch {
      alert$.next("This page could not be copied: it takes a network and a clipboard that may be used");
    }
  });

  // In code, a name that an import explains leads to what it names: a snippet's to its page, a library's to its
  // documentation. The page carries no address for it, and nothing is fetched.
  const snippetsPage = document
    .querySelector(".md-nav__link:is([href$='snippets/'], [href$='snippets/index.html'])")
    ?.href.replace(/index\.html$/, "");
  const tensorflow = (names) => {
    const type = names.findIndex((name) => /^[A-Z]/.test(name));
    const page = type < 0 ? names : names.slice(0, type + 1);
    const member = page.length < names.length ? `#${names[page.length]}` : "";
    return page.length && `https://www.tensorflow.org/api_docs/python/tf/${page.join("/")}${member}`;
  };
  const numpy = (names) => {
    const reference = "https://numpy.org/doc/stable/reference";
    const path = names.join(".");
    if (path === "abs") return numpy(["absolute"]);
    if (/^random\.(default_rng|Generator)$/.test(path)) return `${reference}/random/generator.html#numpy.${path}`;
    return /^(linalg\.)?\w+$/.test(path) && `${reference}/generated/numpy.${path}.html`;
  };
  // A method stands on the page of its class.
  const sphinx = (folder, root) => (names) => {
    const type = names.findIndex((name) => /^[A-Z]/.test(name));
    const page = type < 0 ? names : names.slice(0, type + 1);
    const member = page.length < names.length ? `#${root}.${names.join(".")}` : "";
    return names.length > 1 && `${folder}/${root}.${page.join(".")}.html${member}`;
  };
  // Where what a package holds is documented: the names after the package's -> an address, if there is one.
  const documentation = {
    snippets: ([module, name]) =>
      // A constant stands in its file and has no place of its own.
      snippetsPage && module && `${snippetsPage}${module}/${/[a-z]/.test(name ?? "") ? `#${name}` : ""}`,
    tensorflow,
    keras: (names) => names.length && tensorflow(["keras", ...names]),
    numpy,
    scipy: sphinx("https://docs.scipy.org/doc/scipy/reference/generated", "scipy"),
    sklearn: sphinx("https://scikit-learn.org/stable/modules/generated", "sklearn"),
    matplotlib: sphinx("https://matplotlib.org/stable/api/_as_gen", "matplotlib"),
  };
  // Kinds of numbers, constants and helpers to index with have no page of their own.
  const withoutPage = /^(_.*|.*_|(b?float|u?int|complex|bool|string|number|integer|floating)\d*|inf|nan|pi|e|newaxis)$/;
  const addressOf = (path) => {
    const [root, ...names] = path.split(".");
    return !names.some((name) => withoutPage.test(name)) && documentation[root]?.(names);
  };

  const readImports = (text, imports) => {
    for (const [, module, list] of text.matchAll(/^[ \t]*(?:from ([\w.]+) )?import (\([^)]*\)|.*)/gm))
      for (const item of list.replace(/[()]/g, "").split(",")) {
        const [name, alias] = item.trim().split(/\s+as\s+/);
        if (module) imports.set(alias ?? name, `${module}.${name}`);
        else if (alias) imports.set(alias, name);
        else imports.set(name.split(".")[0], name.split(".")[0]);
      }
  };

  // A code's text, strings and comments blank, and the nodes that it stands in, each with its first place.
  const textOf = (code) => {
    const parts = [];
    let text = "";
    const nodes = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    for (let node; (node = nodes.nextNode()); ) {
      parts.push([node, text.length]);
      text += /^[sc]/.test(node.parentNode.className) ? node.data.replace(/[^\n]/g, " ") : node.data;
    }
    return [text, parts];
  };
  const placeIn = (parts, offset) => {
    const [node, start] = parts.findLast(([, start]) => start <= offset);
    return [node, offset - start];
  };

  // A mark around each of these would be half a page's weight; a highlight is none.
  const tokens = {
    "code-keyword": /\b(?:and|as|from|import|in|is|not|or|False|None|True)\b/g,
    "code-call": /\b[A-Za-z_]\w*(?=\()/g,
    "code-number": /(?<![\w.])\d[\d_]*(?:\.\d*)?(?:e[+-]?\d+)?/g,
  };
  // Where a system forces its own colours, a highlight looks like a selection: there is none.
  const isForced = matchMedia("(forced-colors: active)");
  const colours = window.CSS?.highlights && Object.entries(tokens).map(([name, pattern]) => [name, new Highlight(), pattern]);
  const showColours = () => {
    for (const [name, highlight] of colours ?? []) {
      if (isForced.matches) CSS.highlights.delete(name);
      else CSS.highlights.set(name, highlight);
    }
  };
  showColours();
  isForced.addEventListener("change", showColours);
  const colour = (code) => {
    const [text, parts] = textOf(code);
    for (const [, highlight, pattern] of colours)
      for (const { 0: token, index } of text.matchAll(pattern)) {
        const [startContainer, startOffset] = placeIn(parts, index);
        const [endContainer, last] = placeIn(parts, index + token.length - 1);
        highlight.add(new StaticRange({ startContainer, startOffset, endContainer, endOffset: last + 1 }));
      }
  };

  const linkNames = () => {
    const imports = new Map([["snippets", "snippets"]]);
    const addresses = new Set();
    for (const code of document.querySelectorAll("article .highlight:not(.output) > pre > code")) {
      const [text, parts] = textOf(code);
      readImports(text, imports);
      const links = [];
      for (const { 0: name, index } of text.matchAll(/[\w.]+/g)) {
        const root = name.split(".")[0];
        // A variable of that name, or an argument.
        const isOther = name === root && /^\s*=(?!=)/.test(text.slice(index + name.length));
        const address = !isOther && imports.has(root) && addressOf(imports.get(root) + name.slice(root.length));
        if (!address) continue;
        links.push([index, index + name.length, address, addresses.has(address)]);
        addresses.add(address);
      }
      // From the last to the first: what stands before a link keeps its place.
      for (const [start, end, address, isAgain] of links.reverse()) {
        const range = document.createRange();
        range.setStart(...placeIn(parts, start));
        const [node, last] = placeIn(parts, end - 1);
        range.setEnd(node, last + 1);
        const link = document.createElement("a");
        link.className = "documented";
        link.href = address;
        // The tab key comes to each address once a page.
        if (isAgain) link.tabIndex = -1;
        link.append(range.extractContents());
        range.insertNode(link);
      }
      if (colours) colour(code);
    }
  };
  (window.requestIdleCallback ?? setTimeout)(linkNames);

})();
