// Map: the way to a page, all that one needs for it and what helps at the end, while its box is pointed at or has
// the focus.
(() => {
  const map = document.querySelector(".course-map");
  if (!map) return;
  const edges = [...map.querySelectorAll("[data-edge]")].map((line) => {
    const [start, end] = line.dataset.edge.split(" ");
    return { line, start, end, isNeeded: line.classList.contains("needs") };
  });
  const boxes = new Map([...map.querySelectorAll("a")].map((box, position) => [String(position + 1), box]));
  const follow = (box) => {
    const shown = new Set();
    const stops = new Set([...boxes].filter(([, each]) => each === box).map(([number]) => number));
    const goal = [...stops][0];
    for (const stop of stops) {
      for (const { line, start, end, isNeeded } of edges) {
        if (end !== stop || !(isNeeded || stop === goal)) continue;
        shown.add(line).add(boxes.get(start));
        // A set that grows while it is gone through is gone through to its end.
        if (isNeeded) stops.add(start);
      }
    }
    if (box) shown.add(box);
    map.classList.toggle("followed", Boolean(box));
    for (const each of map.querySelectorAll("[data-edge], a")) each.classList.toggle("way", shown.has(each));
  };
  const boxOf = (event) => event.target.closest("a");
  map.addEventListener("pointerover", (event) => follow(boxOf(event)));
  map.addEventListener("pointerleave", () => follow(map.querySelector("a:focus-visible")));
  map.addEventListener("focusin", (event) => follow(boxOf(event)));
  map.addEventListener("focusout", () => follow(null));
})();
