// Filter: three by three weights on a picture, what they multiply, and the map of all their sums.
window.interactiveFigures.filter = (box, data) => {
  const { fixed, make, slider, status, picture } = window.interactiveFigures.tools;
  const [rows, columns] = data.size;
  const names = Object.keys(data.filters);
  const width = Math.sqrt(data.filters[names[0]].length);
  const [mapRows, mapColumns] = [rows - width + 1, columns - width + 1];
  const pixel = (row, column) => data.picture[row * columns + column] / 255;
  const under = (row, column) => Array.from({ length: width ** 2 }, (_, place) =>
    pixel(row + Math.floor(place / width), column + (place % width)));
  const sums = (weights) => Array.from({ length: mapRows * mapColumns }, (_, place) =>
    under(Math.floor(place / mapColumns), place % mapColumns).reduce((sum, each, at) => sum + each * weights[at], 0));
  // From blue by white to red, as in the figure above.
  const signed = (share) => {
    const [near, far] = share < 0 ? [[146, 197, 222], [5, 48, 97]] : [[244, 165, 130], [103, 0, 31]];
    const size = Math.min(1, Math.abs(share));
    return size < 0.5
      ? near.map((each) => 247 + (each - 247) * size * 2)
      : near.map((each, channel) => each + (far[channel] - each) * (size - 0.5) * 2);
  };

  let weights, map, [row, column] = data.start;
  const photograph = picture(rows, columns, (place) => Array(3).fill(data.picture[place]));
  const chart = picture(mapRows, mapColumns, () => [247, 247, 247]);
  const frames = [make("span", { class: "window" }), make("span", { class: "window" })];
  const board = make("div", { class: "board", tabindex: "0", role: "application", "aria-label": "Picture: the arrow keys move the filter" },
    photograph.canvas, frames[0]);
  const mapBoard = make("div", { class: "board" }, chart.canvas, frames[1]);
  const place = (frame, top, left, size, height, wide) => {
    Object.assign(frame.style, {
      top: `${(100 * top) / height}%`, left: `${(100 * left) / wide}%`,
      height: `${(100 * size) / height}%`, width: `${(100 * size) / wide}%`,
    });
  };

  const products = Array.from({ length: width ** 2 }, () => make("td"));
  const table = make("table", { class: "products" }, make("caption", {}, "weight · pixel"), make("tbody", {},
    ...Array.from({ length: width }, (_, at) => make("tr", {}, ...products.slice(at * width, (at + 1) * width)))));
  const said = status();
  // Weights are read over and over: as short as they can be.
  const short = (weight) => fixed(weight, Number.isInteger(weight) ? 0 : 2);
  const update = () => {
    place(frames[0], row, column, width, rows, columns);
    place(frames[1], row, column, 1, mapRows, mapColumns);
    under(row, column).forEach((value, at) => {
      products[at].replaceChildren(
        `${short(weights[at])} · ${fixed(value)}`, make("strong", {}, `= ${fixed(value * weights[at])}`));
    });
    said.textContent = `Row ${row}, column ${column} of the map: the nine products add up to ${fixed(map[row * mapColumns + column])}.`;
  };
  const move = (nextRow, nextColumn) => {
    row = Math.max(0, Math.min(mapRows - 1, nextRow));
    column = Math.max(0, Math.min(mapColumns - 1, nextColumn));
    for (const [control, value] of [[down, row], [across, column]]) {
      control.input.value = value;
      control.tell();
    }
    update();
  };
  const apply = (name) => {
    weights = data.filters[name];
    map = sums(weights);
    const reach = Math.max(...map.map(Math.abs)) || 1;
    chart.paint((at) => signed(map[at] / reach));
    update();
  };

  const down = slider({ label: "Row", min: 0, max: mapRows - 1, value: row, say: String }, (value) => move(value, column));
  const across = slider({ label: "Column", min: 0, max: mapColumns - 1, value: column, say: String }, (value) => move(row, value));
  const choice = make("select", {}, ...names.map((name) => make("option", {}, name)));
  choice.addEventListener("change", () => apply(choice.value));
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  board.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    move(row + step[0], column + step[1]);
  });
  // The window's centre follows the finger; on the map, its cell does.
  const followed = (element, height, wide, middle) => {
    const follow = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const frame = element.getBoundingClientRect();
      const at = (position, start, length, count) => Math.floor(((position - start) / length) * count) - middle;
      move(at(event.clientY, frame.top, frame.height, height), at(event.clientX, frame.left, frame.width, wide));
    };
    for (const kind of ["pointerdown", "pointermove"]) element.addEventListener(kind, follow);
  };
  followed(board, rows, columns, (width - 1) / 2);
  followed(mapBoard, mapRows, mapColumns, 0);

  const titled = (text, element) => make("figure", {}, make("figcaption", {}, text), element);
  box.append(
    make("div", { class: "fields" }, make("label", {}, make("span", {}, "Filter"), choice)),
    make("div", { class: "panels boards" }, titled("Picture", board), titled("Feature map", mapBoard), table),
    make("div", { class: "fields" }, down.element, across.element),
    said,
  );
  apply(names[0]);
};
