// Temperature: ten logits divided by one number, and the probabilities that softmax makes of them.
window.interactiveFigures.temperature = (box, data) => {
  const { fixed, percent, make, button, slider, status, picture } = window.interactiveFigures.tools;
  const { logits, names, truth } = data;
  const answer = logits.indexOf(Math.max(...logits));
  const rows = names.map((name, place) => {
    const bar = make("span", { class: "bar" });
    const number = make("span", { class: "value" });
    const mark = place === truth ? " (true class)" : place === answer ? " (answer)" : "";
    const element = make("li", { class: place === truth ? "truth" : "" },
      make("span", { class: "name" }, name, make("small", {}, mark)), make("span", { class: "track" }, bar), number);
    return { bar, number, element };
  });
  const side = Math.sqrt(data.picture.length);
  const { canvas } = picture(side, side, (place) => Array(3).fill(data.picture[place]));
  const said = status();
  // No class is impossible, and none is certain.
  const share = (part) => part < 0.0005 ? "<0.1%" : part > 0.9995 ? ">99.9%" : percent(part);
  const update = (temperature) => {
    // The largest power of e is 1: none is too large for a number.
    const powers = logits.map((logit) => Math.exp((logit - logits[answer]) / temperature));
    const sum = powers.reduce((total, each) => total + each, 0);
    const shares = powers.map((power) => power / sum);
    rows.forEach(({ bar, number }, place) => {
      bar.style.width = `${100 * shares[place]}%`;
      number.textContent = share(shares[place]);
    });
    const cost = Math.log(sum) - (logits[truth] - logits[answer]) / temperature;
    said.textContent = `Temperature ${fixed(temperature)}: ${names[answer]} ${share(shares[answer])}, ` +
      `${names[truth]}, the true class, ${share(shares[truth])}; the cross-entropy is ${fixed(cost)}.`;
  };
  const say = (value) => fixed(value);
  const control = slider({ label: "Temperature", min: 0.1, max: 10, step: 0.1, value: 1, say }, update);
  const choose = (temperature) => {
    control.input.value = temperature;
    control.tell();
    update(temperature);
  };
  box.append(
    control.element,
    make("div", { class: "buttons" },
      button("As trained: 1", () => choose(1)),
      button(`As fitted: ${fixed(data.fitted)}`, () => choose(data.fitted))),
    make("div", { class: "bars-beside" }, canvas, make("ul", { class: "bars" }, ...rows.map((each) => each.element))),
    said,
  );
  update(1);
};
