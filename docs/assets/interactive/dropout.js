// Dropout: the outputs of a layer with some of them set to 0, drawn again and again, and the mean of the draws.
window.interactiveFigures.dropout = (box, data) => {
  const { fixed, set, make, draw, drawing, button, slider, status } = window.interactiveFigures.tools;
  const { outputs } = data;
  const whole = outputs.reduce((sum, each) => sum + each, 0);
  const largest = Math.max(...outputs);
  const [width, height, base] = [480, 190, 170];
  const step = width / outputs.length;
  // At the largest rate a bar is 1 / (1 - 0.6) times as tall as the output in use.
  const highest = 0.6;
  const tall = (value) => value * ((1 - highest) / largest) * (base - 8);
  const place = (unit) => unit * step;
  const bars = outputs.map((output, unit) => draw("rect", { class: "drawn-bar", x: place(unit) + 1, width: step - 2 }));
  const crosses = outputs.map((_, unit) => {
    const [x, y, half] = [place(unit) + step / 2, base + 9, 3.5];
    return draw("path", { class: "cross", d: `M${x - half},${y - half}l${2 * half},${2 * half}m0,${-2 * half}l${-2 * half},${2 * half}` });
  });
  const used = outputs.map((output, unit) => draw("path", {
    class: "used", d: `M${place(unit)},${base - tall(output)}h${step}`,
  }));

  let rate = data.rate, isTraining = true, chances, sums;
  const said = status();
  const scaled = (unit) => (chances[unit] < rate ? 0 : outputs[unit] / (1 - rate));
  const sum = () => outputs.reduce((total, _, unit) => total + scaled(unit), 0);
  const throwDice = () => void (chances = outputs.map(Math.random));
  const update = () => {
    let dropped = 0;
    outputs.forEach((output, unit) => {
      const value = isTraining ? scaled(unit) : output;
      const isDropped = isTraining && chances[unit] < rate;
      dropped += isDropped;
      set(bars[unit], { y: base - tall(value), height: tall(value) });
      crosses[unit].toggleAttribute("hidden", !isDropped);
    });
    const mean = sums.reduce((total, each) => total + each, 0) / sums.length;
    said.textContent = isTraining
      ? `Training at rate ${fixed(rate)}: ${dropped} of ${outputs.length} outputs are dropped, the others times ${fixed(1 / (1 - rate))}. ` +
        `Sum ${fixed(sum())}; mean of ${fixed(sums.length, 0)} draw${sums.length === 1 ? "" : "s"} ${fixed(mean)}; in use ${fixed(whole)}.`
      : `In use: no output is dropped, none is scaled. Sum ${fixed(whole)}.`;
    again.disabled = many.disabled = control.input.disabled = !isTraining;
  };
  const drawTimes = (times) => {
    for (let time = 0; time < times; time += 1) {
      throwDice();
      sums.push(sum());
    }
    update();
  };
  const start = () => {
    sums = [];
    drawTimes(1);
  };
  const again = button("Draw again", () => drawTimes(1));
  const many = button("Draw 500 times", () => drawTimes(500));
  const mode = make("input", { type: "checkbox", checked: "" });
  mode.addEventListener("change", () => {
    isTraining = mode.checked;
    update();
  });
  // A new rate keeps this draw's dice, and forgets the sums of another rate.
  const control = slider({ label: "Rate", min: 0, max: highest, step: 0.05, value: rate, say: (value) => fixed(value) }, (value) => {
    rate = value;
    sums = [sum()];
    update();
  });
  box.append(
    control.element,
    make("div", { class: "buttons" }, again, many, make("label", { class: "switch" }, mode, "training")),
    drawing(width, height, draw("path", { class: "axis", d: `M0,${base}H${width}` }), ...bars, ...used, ...crosses),
    make("p", { class: "key" }, "Bars: what the next layer gets. Short lines: the outputs in use. Crosses: dropped."),
    said,
  );
  start();
};
