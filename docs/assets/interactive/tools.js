// Tools of the interactive figures: elements, numbers as the pages write them, sliders and buttons.
(() => {
  const formats = new Map();
  const format = (digits) => {
    if (!formats.has(digits)) {
      const options = { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" };
      formats.set(digits, new Intl.NumberFormat("en", options));
    }
    return formats.get(digits);
  };
  // A number with so many decimals; never a zero with a sign, and a dash for what is no number.
  const fixed = (number, digits = 2) => Number.isFinite(number) ? format(digits).format(number).replace("-", "−") : "–";
  const percent = (fraction, digits = 1) => Number.isFinite(fraction) ? `${fixed(100 * fraction, digits)}%` : "–";

  const set = (element, attributes) => {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const make = (name, attributes = {}, ...children) => {
    const element = set(document.createElement(name), attributes);
    element.append(...children);
    return element;
  };
  const draw = (name, attributes = {}, ...children) => {
    const element = set(document.createElementNS("http://www.w3.org/2000/svg", name), attributes);
    element.append(...children);
    return element;
  };
  // A drawing is for the eye; what it says, the text below it says aloud.
  const drawing = (width, height, ...children) =>
    draw("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...children);

  const button = (text, act) => {
    const element = make("button", { type: "button" }, text);
    element.addEventListener("click", act);
    return element;
  };
  // `say` turns its number into what stands beside it and is read aloud.
  const slider = ({ label, min, max, step = 1, value, say }, act) => {
    const input = make("input", { type: "range", min, max, step, value });
    const shown = make("span", { class: "value", "aria-hidden": "true" });
    const tell = () => {
      shown.textContent = say(Number(input.value));
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    input.addEventListener("input", () => {
      tell();
      act(Number(input.value));
    });
    tell();
    const element = make("label", { class: "slider" }, make("span", {}, label), shown, input);
    return { element, input, tell };
  };
  const status = () => make("p", { class: "said", "aria-live": "polite" });

  // A picture of grey bytes, or of any colours, one canvas pixel for each of its own.
  const picture = (rows, columns, colour) => {
    const canvas = make("canvas", { width: columns, height: rows, "aria-hidden": "true" });
    const paint = (colourOf) => {
      const context = canvas.getContext("2d");
      const image = context.createImageData(columns, rows);
      for (let place = 0; place < rows * columns; place += 1) image.data.set([...colourOf(place), 255], 4 * place);
      context.putImageData(image, 0, 0);
    };
    paint(colour);
    return { canvas, paint };
  };

  window.interactiveFigures.tools = { fixed, percent, set, make, draw, drawing, button, slider, status, picture };
})();
