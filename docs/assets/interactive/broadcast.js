// Broadcast: two shapes that the reader writes, laid one over the other at their ends.
window.interactiveFigures.broadcast = (box, data) => {
  const { make, button, status } = window.interactiveFigures.tools;
  const deepest = 6;
  const written = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  // A shape as Python writes it, or without its brackets; null for what is none.
  const read = (text) => {
    const bare = text.trim().replace(/^[([]\s*(.*?)\s*[)\]]$/, "$1").replace(/,\s*$/, "").trim();
    if (!bare) return [];
    const sizes = bare.split(/\s*,\s*|\s+/);
    return sizes.length <= deepest && sizes.every((each) => /^\d{1,6}$/.test(each)) ? sizes.map(Number) : null;
  };

  const field = (label, shape) => {
    const input = make("input", { type: "text", value: written(shape), autocomplete: "off", spellcheck: "false", maxlength: 80 });
    input.addEventListener("input", () => update());
    return { input, element: make("label", {}, make("span", {}, label), input) };
  };
  const left = field("Left shape", [2, 3]);
  const right = field("Right shape", [2]);
  const table = make("table", { class: "axes" });
  const frame = make("div", { class: "scroller" }, table);
  const said = status();
  const verdict = (one, other) => {
    if (one === undefined) return "missing left: counts as 1";
    if (other === undefined) return "missing right: counts as 1";
    if (one === other) return "equal";
    if (one === 1) return "left repeats";
    return other === 1 ? "right repeats" : "does not fit";
  };
  const update = () => {
    const shapes = [left, right].map(({ input }) => {
      const shape = read(input.value);
      input.setAttribute("aria-invalid", String(!shape));
      return shape;
    });
    if (shapes.includes(null)) {
      table.replaceChildren();
      said.textContent = `Write a shape as whole numbers with commas between, at most ${deepest}: (2, 3).`;
      return;
    }
    const depth = Math.max(...shapes.map((shape) => shape.length));
    const [one, other] = shapes.map((shape) => [...Array(depth - shape.length).fill(undefined), ...shape]);
    const verdicts = one.map((size, axis) => verdict(size, other[axis]));
    const sizes = one.map((size = 1, axis) => (size === 1 ? other[axis] ?? 1 : size));
    const fits = !verdicts.includes("does not fit");
    const cells = (name, values, kind = "") => make(
      "tr", kind ? { class: kind } : {}, make("th", { scope: "row" }, name),
      ...values.map((value, axis) => make("td", { class: verdicts[axis] === "does not fit" ? "misfit" : "" }, value)),
    );
    const sized = (shape) => shape.map((size) => (size === undefined ? "(1)" : String(size)));
    table.replaceChildren(make(
      "tbody", {}, cells("Left", sized(one)), cells("Right", sized(other)), cells("Axis", verdicts, "verdicts"),
      cells("Result", sizes.map((size, axis) => (verdicts[axis] === "does not fit" ? "✗" : String(size))), "result"),
    ));
    // What is wider than its frame can be scrolled with the arrow keys.
    frame.tabIndex = frame.scrollWidth > frame.clientWidth ? 0 : -1;
    const square = (shape) => `[${shape.join(",")}]`;
    said.textContent = fits
      ? `The result has the shape ${written(sizes)}.`
      : `InvalidArgumentError: Incompatible shapes: ${square(shapes[0])} vs. ${square(shapes[1])} [Op:AddV2]`;
    said.classList.toggle("bad", !fits);
  };
  const examples = data.expected.map((pair) => button(`${written(pair.left)} and ${written(pair.right)}`, () => {
    left.input.value = written(pair.left);
    right.input.value = written(pair.right);
    update();
  }));
  box.append(
    make("div", { class: "fields" }, left.element, right.element),
    make("details", {}, make("summary", {}, "Pairs to try"), make("div", { class: "buttons" }, ...examples)),
    frame, said,
  );
  update();
};
