// Batch gradient: the gradients of batches of one size, around the gradient of all pictures.
window.interactiveFigures["batch-gradient"] = (box, data) => {
  const { fixed, set, make, draw, drawing, slider, status } = window.interactiveFigures.tools;
  const { sizes } = data;
  const clouds = data.tips.map((flat) => Array.from({ length: flat.length / 2 }, (_, place) => [flat[2 * place], flat[2 * place + 1]]));
  const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const [width, height] = [480, 260];

  const whole = draw("g", { class: "whole" }, draw("path"), draw("path", { class: "head" }));
  const arrows = draw("path", { class: "arrows" });
  const ends = draw("g", { class: "stops" }, ...clouds[0].map(() => draw("circle", { r: 3 })));
  const said = status();
  const update = (place) => {
    const cloud = clouds[place];
    // As large as it fits: the thick arrow, which stays what it is, is the measure.
    const [aheads, asides] = [[0, 1, ...cloud.map(([ahead]) => ahead)], cloud.map(([, aside]) => Math.abs(aside))];
    const [left, right] = [Math.min(...aheads), Math.max(...aheads)];
    const unit = Math.min((width - 40) / (right - left), (height - 30) / (2 * Math.max(...asides)));
    const start = [width / 2 - ((left + right) / 2) * unit, height / 2];
    const at = ([ahead, aside]) => [start[0] + ahead * unit, start[1] - aside * unit].map((each) => each.toFixed(1));
    const [x, y] = at([1, 0]);
    const head = Math.min(11, unit / 2);
    set(whole.children[0], { d: `M${start.join(",")}L${x - head},${y}` });
    set(whole.children[1], { d: `M${x},${y}l${-head},-6v12z` });
    set(arrows, { d: cloud.map((tip) => `M${start.join(",")}L${at(tip).join(",")}`).join("") });
    cloud.forEach((tip, number) => {
      const [cx, cy] = at(tip);
      set(ends.children[number], { cx, cy });
    });
    const distance = Math.sqrt(mean(cloud.map(([ahead, aside]) => (ahead - 1) ** 2 + aside ** 2)));
    const cosine = mean(cloud.map((tip) => tip[0] / Math.hypot(...tip)));
    said.textContent = `${cloud.length} batches of ${fixed(sizes[place], 0)}: their tips lie ${fixed(distance)} times the thick ` +
      `arrow's length away from its tip (root mean square); the mean cosine is ${fixed(cosine)}.`;
  };
  const say = (place) => `${fixed(sizes[place], 0)} picture${sizes[place] === 1 ? "" : "s"}`;
  const control = slider({ label: "Batch size", min: 0, max: sizes.length - 1, value: 0, say }, update);
  box.append(
    control.element,
    drawing(width, height, draw("rect", { width, height, class: "frame" }), arrows, ends, whole),
    make("p", { class: "key" }, "Thick arrow: the gradient of all pictures. Thin ones: those of the batches, each with its own length and its own angle to the thick one. The drawing zooms until they fit."),
    said,
  );
  update(0);
};
