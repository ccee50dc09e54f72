// Descent: a walk down a bowl, whose learning rate the reader moves.
window.interactiveFigures.descent = (box, data) => {
  const { fixed, set, make, draw, drawing, button, slider, status } = window.interactiveFigures.tools;
  const most = 60;
  const [width, height, unit] = [500, 300, 50];
  const at = ([x, y]) => [width / 2 + x * unit, height / 2 - y * unit].map((each) => Math.max(-1e5, Math.min(1e5, each)));
  const heightOf = (place) => data.bends.reduce((sum, bend, axis) => sum + (bend * place[axis] ** 2) / 2, 0);

  const rings = Array.from({ length: 9 }, (_, ring) => {
    const [rx, ry] = data.bends.map((bend) => (Math.sqrt(1 / bend) * (ring + 1) * unit * 2) / 3);
    return draw("ellipse", { cx: width / 2, cy: height / 2, rx, ry, class: "ring" });
  });
  const way = draw("polyline", { class: "curve" });
  const stops = draw("g", { class: "stops" });
  const end = draw("circle", { r: 7, class: "dot" });
  const [startX, startY] = at(data.start);
  const bottom = draw("path", { class: "guide", d: `M${width / 2 - 6},${height / 2}h12m-6,-6v12` });
  const first = draw("circle", { r: 6, cx: startX, cy: startY, class: "start" });

  let [rate, steps] = [data.rate, data.steps];
  const said = status();
  const update = () => {
    const path = [data.start];
    for (let step = 0; step < steps; step += 1) path.push(path[step].map((each, axis) => each - rate * data.bends[axis] * each));
    const place = path[steps];
    const [cx, cy] = at(place);
    set(way, { points: path.map((each) => at(each).join(",")).join(" ") });
    stops.replaceChildren(...path.slice(1, -1).map((each) => {
      const [x, y] = at(each);
      return draw("circle", { r: 3, cx: x, cy: y });
    }));
    set(end, { cx, cy });
    const isOutside = cx < 0 || cx > width || cy < 0 || cy > height;
    const before = heightOf(data.start);
    const now = heightOf(place);
    said.textContent = `After ${steps} step${steps === 1 ? "" : "s"}: place (${fixed(place[0])}, ${fixed(place[1])})` +
      `${isOutside ? ", outside the picture" : ""}; height ${fixed(now, 4)}, ` +
      `${now > before ? "above" : now < before ? "below" : "as at"} the start (${fixed(before, 0)}).`;
    more.disabled = many.disabled = steps >= most;
  };
  const walk = (further) => {
    steps = Math.min(most, steps + further);
    update();
    if (steps === most) back.focus(); // what was pressed takes no more, and would let go of the keyboard
  };
  const more = button("One step", () => walk(1));
  const many = button("20 steps", () => walk(20));
  const back = button("Back to the start", () => {
    steps = 0;
    update();
  });
  const options = { label: "Learning rate", min: 0.01, max: 0.55, step: 0.01, value: rate, say: (value) => fixed(value) };
  const control = slider(options, (value) => {
    rate = value;
    update();
  });
  box.append(
    control.element,
    make("div", { class: "buttons" }, more, many, back),
    drawing(width, height, draw("rect", { width, height, class: "frame" }), ...rings, bottom, way, stops, first, end),
    said,
  );
  update();
};
