// Threshold: one dot on the ROC curve, on the precision-recall curve and in the confusion matrix.
window.interactiveFigures.threshold = (box, data) => {
  const { fixed, percent, set, make, draw, drawing, slider, status } = window.interactiveFigures.tools;
  const { thresholds, positives, count } = data;
  const points = thresholds.map((threshold, place) => {
    const hits = data.hits[place];
    const alarms = data.alarms[place];
    const misses = positives - hits;
    const falseAlarms = alarms - hits;
    const precision = alarms ? hits / alarms : 0;
    const recall = hits / positives;
    return {
      threshold, hits, misses, falseAlarms, alarms, precision, recall,
      rest: count - positives - falseAlarms,
      falseRate: falseAlarms / (count - positives),
      f1: precision + recall ? (2 * precision * recall) / (precision + recall) : 0,
      accuracy: (count - misses - falseAlarms) / count,
    };
  });

  const [size, edge] = [140, 32];
  const chart = (title, across, up, x, y, curve) => {
    const at = (point) => [edge + x(point) * size, 8 + (1 - y(point)) * size];
    const line = curve.map((point) => at(point).map((each) => each.toFixed(1)).join(",")).join(" ");
    const label = (text, attributes) => draw("text", attributes, text);
    const guides = draw("path", { class: "guide" });
    const dot = draw("circle", { r: 4.5, class: "dot" });
    const ticks = [0, 0.5, 1].flatMap((value) => [
      label(String(value), { x: edge + value * size, y: size + 20, "text-anchor": "middle" }),
      label(String(value), { x: edge - 3, y: 12 + (1 - value) * size, "text-anchor": "end" }),
    ]);
    const figure = drawing(
      size + edge + 8, size + 38,
      draw("rect", { x: edge, y: 8, width: size, height: size, class: "frame" }), ...ticks,
      label(across, { x: edge + size / 2, y: size + 34, "text-anchor": "middle" }),
      label(up, { transform: `translate(9 ${8 + size / 2}) rotate(-90)`, "text-anchor": "middle" }),
      draw("polyline", { points: line, class: "curve" }), guides, dot,
    );
    const move = (point) => {
      const [cx, cy] = at(point);
      set(dot, { cx, cy });
      set(guides, { d: `M${edge},${cy}H${cx}V${8 + size}` });
    };
    // A finger on a chart takes the dot to the nearest point of the curve.
    const follow = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const frame = figure.getBoundingClientRect();
      const scale = (size + edge + 8) / frame.width;
      const [left, top] = [(event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale];
      const distances = points.map((point) => Math.hypot(at(point)[0] - left, at(point)[1] - top));
      choose(distances.indexOf(Math.min(...distances)));
    };
    for (const kind of ["pointerdown", "pointermove"]) figure.addEventListener(kind, follow);
    return { element: make("figure", {}, make("figcaption", {}, title), figure), move };
  };
  const called = points.filter((point) => point.alarms);
  const charts = [
    chart("ROC", "false-positive rate", "true-positive rate", (it) => it.falseRate, (it) => it.recall,
      [{ falseRate: 1, recall: 1 }, ...points, { falseRate: 0, recall: 0 }]),
    chart("Precision-recall", "recall", "precision", (it) => it.recall, (it) => it.precision, called),
  ];

  const cells = ["rest", "falseAlarms", "misses", "hits"].map((name) => {
    const number = make("strong");
    const words = { rest: "true negatives", falseAlarms: "false positives", misses: "false negatives", hits: "true positives" };
    return { name, number, element: make("td", { class: name }, number, make("small", {}, words[name])) };
  });
  const head = (text, scope) => make("th", { scope }, text);
  const matrix = make(
    "table", {},
    make("caption", {}, "Confusion matrix"),
    make("thead", {}, make("tr", {}, make("td"), head(`called no ${data.is}`, "col"), head(`called a ${data.is}`, "col"))),
    make(
      "tbody", {},
      make("tr", {}, head(`no ${data.is}`, "row"), cells[0].element, cells[1].element),
      make("tr", {}, head(`a ${data.is}`, "row"), cells[2].element, cells[3].element),
    ),
  );

  const said = status();
  const say = (place) => String(thresholds[place]);
  const start = thresholds.indexOf(0.5);
  const control = slider({ label: "Threshold", min: 0, max: points.length - 1, value: start, say }, (place) => update(place));
  const update = (place) => {
    const point = points[place];
    for (const each of charts) each.move(point);
    for (const { name, number } of cells) number.textContent = fixed(point[name], 0);
    const precision = point.alarms ? `precision ${percent(point.precision)}` : "no alarms, so no precision";
    said.textContent = `At ${point.threshold}: ${precision}, recall ${percent(point.recall)}, ` +
      `F1 ${percent(point.f1)}, false-positive rate ${percent(point.falseRate)}, accuracy ${percent(point.accuracy)}.`;
  };
  const choose = (place) => {
    control.input.value = place;
    control.tell();
    update(place);
  };
  box.append(control.element, make("div", { class: "panels" }, ...charts.map((each) => each.element), matrix), said);
  update(start);
};
