// Batch gradient: the gradients of batches of one size, around the gradient of all pictures.
window.interactiveFigures["batch-gradient"] = (box, data) => {
  const { fixed, set, make, draw, drawing, slider, status } = window.interactiveFigures.tools;
  const { sizes } = data;
  const clouds = data.arrows.map((flat) => Array.from({ length: flat.length / 2 }, (_, place) => [flat[2 * place], flat[2 * place + 1]]));
  const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const rootMeanSquare = (values) => Math.sqrt(mean(values.map((each) => each ** 2)));
  // One scale for all sizes, so that a cloud is seen to shrink.
  const [width, height] = [480, 300];
  const tips = clouds.flat();
  const right = Math.max(1.2, ...tips.map(([ahead]) => ahead));
  const left = Math.min(-0.2, ...tips.map(([ahead]) => ahead));
  const wide = Math.max(0.5, ...tips.map(([, aside]) => Math.abs(aside)));
  const unit = Math.min((width - 24) / (right - left), (height - 24) / (2 * wide));
  const start = [width / 2 - ((left + right) / 2) * unit, height / 2];
  const at = ([ahead, aside]) => [start[0] + ahead * unit, start[1] - aside * unit].map((each) => each.toFixed(1));

  const [x, y] = at([1, 0]);
  const whole = draw("g", { class: "whole" },
    draw("path", { d: `M${start.join(",")}L${x},${y}` }),
    draw("path", { class: "head", d: `M${x},${y}l-11,-6v12z` }));
  const arrows = draw("path", { class: "arrows" });
  const ends = draw("g", { class: "stops" }, ...clouds[0].map(() => draw("circle", { r: 3 })));
  const said = status();
  const update = (place) => {
    const cloud = clouds[place];
    set(arrows, { d: cloud.map((tip) => `M${start.join(",")}L${at(tip).join(",")}`).join("") });
    cloud.forEach((tip, number) => {
      const [cx, cy] = at(tip);
      set(ends.children[number], { cx, cy });
    });
    const spread = rootMeanSquare(cloud.map(([ahead, aside]) => Math.hypot(ahead - 1, aside)));
    said.textContent = `${cloud.length} batches of ${fixed(sizes[place], 0)}: in this plane, the tips scatter by ${fixed(spread)} ` +
      `of the long arrow's length, over all weights by ${fixed(rootMeanSquare(data.distances[place]))}; ` +
      `mean cosine ${fixed(mean(data.cosines[place]))}.`;
  };
  const say = (place) => `${fixed(sizes[place], 0)} picture${sizes[place] === 1 ? "" : "s"}`;
  const control = slider({ label: "Batch size", min: 0, max: sizes.length - 1, value: 0, say }, update);
  box.append(
    control.element,
    drawing(width, height, draw("rect", { width, height, class: "frame" }), arrows, ends, whole),
    make("p", { class: "key" }, "Thick arrow: the gradient of all pictures. Thin ones: those of the batches. Upwards: where single pictures differ most."),
    said,
  );
  update(0);
};
