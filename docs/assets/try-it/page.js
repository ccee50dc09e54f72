// Page: what a reader chooses a picture with, and what shows the network's answer about it, why, and from which pixels.
(() => {
  const tryIt = (window.tryIt ??= {});
  const PER_CLASS = 2; // the page says so in words
  // As on the course's page about explanations: a square this large, laid on every third pixel.
  const SQUARE = 6;
  const STRIDE = 3;
  const DRAWING = 224;
  const PEN = 20;
  const LONGEST_TASK = 12; // milliseconds, after which the page may react to its reader

  const make = (name, properties, ...children) => {
    const { label, hidden, ...others } = properties;
    const element = Object.assign(document.createElement(name), others);
    if (label) element.setAttribute("aria-label", label);
    if (hidden) element.setAttribute("aria-hidden", "true");
    element.append(...children);
    return element;
  };
  const button = (text, onclick) => make("button", { type: "button", className: "md-button", onclick }, text);
  const percent = (share) => {
    if (share >= 0.9995) return ">99.9%";
    return share < 0.0005 ? "<0.1%" : `${(100 * share).toFixed(1)}%`;
  };
  const largestPlace = (values) => values.indexOf(Math.max(...values));
  const pause = () => new Promise((resolve) => setTimeout(resolve));

  // A grey image on a canvas; `tint` returns a colour and how much of it lies over a pixel.
  const paint = (canvas, { width, height, values }, tint = () => [0, 0, 0, 0]) => {
    const pixels = new ImageData(width, height);
    for (let at = 0; at < values.length; at++) {
      const [red, green, blue, share] = tint(at);
      const colours = [red, green, blue].map((colour) => (1 - share) * values[at] + share * colour);
      pixels.data.set([...colours, 255], 4 * at);
    }
    Object.assign(canvas, { width, height });
    canvas.classList.toggle("coarse", Math.max(width, height) < 100);
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    return canvas;
  };

  // The file of questions: test photographs, their labels, and Keras's answers.
  const questionsIn = (bytes, [, height, width]) => {
    const wrong = () => new Error("The file of test photographs is damaged, or of another kind than this page reads");
    let file;
    try {
      file = JSON.parse(new TextDecoder().decode(bytes));
      const pixels = Uint8Array.from(atob(file.images), (each) => each.charCodeAt(0));
      const count = file.labels.length;
      const isWhole = pixels.length === count * height * width && file.probabilities.length === count;
      if (!isWhole || !file.labels.every((label) => typeof file.class_names[label] === "string")) throw wrong();
      const size = height * width;
      const all = file.labels.map((label, number) => {
        const values = Float32Array.from(pixels.subarray(number * size, (number + 1) * size));
        return { label, keras: file.probabilities[number], picture: { width, height, values } };
      });
      return { names: file.class_names, all };
    } catch {
      throw wrong();
    }
  };

  const largestDifference = (ours, theirs) => Math.max(...theirs.map((each, place) => Math.abs(each - ours[place])));

  // How far the probability of the answer falls where a square of background covers the picture, at each pixel the mean
  // of the squares that cover it; and the square that matters most.
  const occlusion = async ({ width, height, values }, network, answer, isWanted) => {
    const before = network.ask(values)[answer];
    const [falls, covers] = [new Float32Array(values.length), new Float32Array(values.length)];
    const places = (length) => {
      const regular = Array.from({ length: Math.floor((length - SQUARE) / STRIDE) + 1 }, (_, index) => index * STRIDE);
      return [...new Set([...regular, length - SQUARE])];
    };
    const worst = { fall: -Infinity };
    let since = performance.now();
    for (const top of places(height)) {
      for (const left of places(width)) {
        const covered = values.slice();
        const square = [];
        for (let y = top; y < top + SQUARE; y++) for (let x = left; x < left + SQUARE; x++) square.push(y * width + x);
        for (const at of square) covered[at] = 0;
        const after = network.ask(covered);
        const fall = before - after[answer];
        for (const at of square) {
          falls[at] += fall;
          covers[at] += 1;
        }
        if (fall > worst.fall) Object.assign(worst, { fall, top, left, after });
        if (performance.now() - since > LONGEST_TASK) {
          await pause();
          if (!isWanted()) return null;
          since = performance.now();
        }
      }
    }
    return { before, worst, falls: falls.map((fall, at) => fall / covers[at]) };
  };

  const whereIs = ({ top, left }, { width, height }) => {
    const third = (start, length, words) => words[Math.min(2, Math.floor((3 * (start + SQUARE / 2)) / length))];
    const [row, column] = [third(top, height, ["top", "", "bottom"]), third(left, width, ["left", "", "right"])];
    return row || column ? `at the ${[row, column].filter(Boolean).join(" ")}` : "in the middle";
  };

  const ORANGE = [255, 122, 0];
  const BLUE = [64, 140, 255];

  const open = (place, networkFile, questionsFile) => {
    const network = tryIt.readNetwork(networkFile);
    const [, side] = network.shape;
    if (network.shape.length !== 3 || network.shape[2] !== side || side < SQUARE) {
      throw new Error("The network's file takes something else than one grey, square picture");
    }
    const { names, all } = questionsIn(questionsFile, network.shape);
    if (network.ask(all[0].picture.values).length !== names.length) {
      throw new Error("The network's file has not one answer for each class");
    }
    const seen = new Map();
    const tests = all.filter(({ label }) => {
      seen.set(label, (seen.get(label) ?? 0) + 1);
      return seen.get(label) <= PER_CLASS;
    });

    const status = place.querySelector("[data-try=status]");
    const answer = make("div", { className: "try-answer" });
    const origin = make("div", { className: "try-origin" });
    const showResult = (isShown) => [answer, origin].forEach((each) => void (each.hidden = !isShown));
    showResult(false);
    const caption = make("caption", {});
    const bars = make("tbody", {});
    const map = make("canvas", {});
    map.setAttribute("role", "img");
    const reason = make("figcaption", {});
    const steps = make("ol", { className: "try-steps" });
    const agreement = make("p", { className: "try-small" });
    let current = 0;

    const star = () => {
      const mark = make("span", { label: "its label" }, "★");
      mark.setAttribute("role", "img");
      return mark;
    };
    const showAnswer = (probabilities, label) => {
      const most = largestPlace(probabilities);
      caption.textContent = `The probability of each class${label === undefined ? "" : "; ★ its label"}`;
      bars.replaceChildren(...names.map((name, number) => {
        const bar = make("span", { className: "try-bar", hidden: true });
        bar.style.width = `${100 * probabilities[number]}%`;
        const said = number === label ? star() : "";
        const value = make("div", {}, make("span", {}, percent(probabilities[number])), make("span", {}, bar));
        return make("tr", { className: number === most ? "most" : "" },
          make("th", { scope: "row" }, name, " ", said), make("td", {}, value));
      }));
      return most;
    };

    const showReason = (picture, most, found) => {
      const { before, worst, falls } = found;
      const reach = Math.max(...falls.map(Math.abs), 0.01);
      paint(map, picture, (at) => [...(falls[at] > 0 ? ORANGE : BLUE), (0.8 * Math.abs(falls[at])) / reach]);
      const size = `${SQUARE} by ${SQUARE} pixels`;
      const other = largestPlace(worst.after);
      const becomes = other === most ? "" : `, and the answer becomes ${names[other]}`;
      const summary = worst.fall < 0.01
        ? `No square of ${size} matters much by itself: covering any one takes less than a point from ${names[most]}.`
        : `Covering ${size} ${whereIs(worst, picture)} matters most: ${names[most]} falls from ${percent(before)} to `
          + `${percent(worst.after[most])}${becomes}.`;
      map.setAttribute("aria-label", `Which parts matter: ${summary}`);
      const legend = [["orange", "covering it lowers the probability of the answer"], ["blue", "raises it"]];
      const key = legend.flatMap(([colour, meaning], position) => [
        position ? ", " : "", make("span", { className: `try-key ${colour}`, hidden: true }), `${colour}: ${meaning}`,
      ]);
      reason.replaceChildren(make("strong", {}, "Which parts matter? "), summary, " ", make("small", {}, ...key, "."));
    };

    const showSteps = (list) => {
      steps.replaceChildren(...list.map(({ title, text, picture }) => make(
        "li", {}, paint(make("canvas", { hidden: true }), picture), make("span", {}, title), make("small", {}, text),
      )));
    };

    // Each new picture makes what is still computed about an earlier one unwanted.
    const ask = async (name, list, test) => {
      const turn = ++current;
      const { picture } = list.at(-1);
      const probabilities = Array.from(network.ask(picture.values));
      const most = showAnswer(probabilities, test?.label);
      showSteps(list);
      paint(map, picture);
      map.setAttribute("aria-label", "The picture");
      reason.textContent = "Which parts matter? The page is finding out …";
      showResult(true);
      for (const each of testButtons) each.setAttribute("aria-pressed", each.dataset.name === name);
      status.textContent = `${name}: ${names[most]}, ${percent(probabilities[most])}.`;
      agreement.textContent = "";
      if (test) {
        const isRight = test.label === most;
        status.textContent += isRight ? " Its label says so, too." : ` Its label says ${names[test.label]}.`;
        const difference = largestDifference(probabilities, test.keras).toPrecision(1);
        agreement.textContent = "Keras was asked about this image when the page was built. The largest difference of a "
          + `probability is ${difference}.`;
      }
      const found = await occlusion(picture, network, most, () => turn === current);
      if (found) showReason(picture, most, found);
    };
    const refuse = (problem) => {
      current += 1;
      showResult(false);
      for (const each of testButtons) each.setAttribute("aria-pressed", false);
      status.textContent = `${problem.message}.`;
    };
    const askPrepared = (name, luma, size) => {
      try {
        return ask(name, tryIt.prepared(luma, size, side));
      } catch (problem) {
        if (!problem.isAboutThePicture) throw problem;
        return refuse(problem);
      }
    };

    const testButtons = tests.map((test, number) => {
      const name = `Test image ${number + 1}`;
      const step = { title: "A test image", text: "what the network gets, as it is", picture: test.picture };
      const canvas = paint(make("canvas", { hidden: true }), test.picture);
      const choice = make("button", { type: "button", label: name, onclick: () => ask(name, [step], test) }, canvas);
      choice.dataset.name = name;
      return choice;
    });

    const askAbout = async (file) => {
      const turn = ++current;
      status.textContent = "Reading your picture …";
      try {
        const { luma, size } = await tryIt.photograph(file);
        if (turn === current) askPrepared("Your picture", luma, size);
      } catch (problem) {
        if (!problem.isAboutThePicture) throw problem;
        if (turn === current) refuse(problem);
      }
    };
    const chooser = make("input", { type: "file", accept: "image/*", id: "try-it-photograph" });
    chooser.addEventListener("change", () => {
      if (chooser.files.length) askAbout(chooser.files[0]);
    });
    chooser.addEventListener("click", () => void (chooser.value = "")); // so that the same file can be chosen again
    place.addEventListener("dragover", (event) => event.preventDefault());
    place.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) askAbout(event.dataTransfer.files[0]);
    });
    document.addEventListener("paste", (event) => {
      if (event.target.closest?.("input, textarea")) return;
      const [file] = event.clipboardData.files;
      if (file?.type.startsWith("image/")) askAbout(file);
    });

    const sheet = make("canvas", { width: DRAWING, height: DRAWING, className: "try-sheet" });
    sheet.setAttribute("aria-label", "Sheet to draw on");
    sheet.setAttribute("role", "img");
    const pen = sheet.getContext("2d", { willReadFrequently: true });
    const clear = () => {
      pen.fillStyle = "black";
      pen.fillRect(0, 0, DRAWING, DRAWING);
    };
    clear();
    // On a phone what the place says stands above what one draws on: it is shown once more below.
    const below = make("p", {});
    below.setAttribute("aria-hidden", true);
    const repeat = () => void (below.textContent = status.textContent);
    const askDrawing = () => {
      askPrepared("Your drawing", tryIt.brightness(sheet), `${DRAWING} by ${DRAWING} pixels`);
      repeat();
    };
    const placeOf = (event) => {
      const frame = sheet.getBoundingClientRect();
      const scale = DRAWING / frame.width;
      return { x: (event.clientX - frame.left) * scale, y: (event.clientY - frame.top) * scale };
    };
    const draw = (event) => {
      const { x, y } = placeOf(event);
      pen.lineTo(x, y);
      pen.stroke();
    };
    sheet.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      sheet.setPointerCapture(event.pointerId);
      Object.assign(pen, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: "white" });
      pen.beginPath();
      draw(event);
      pen.lineTo(...Object.values(placeOf(event)).map((each) => each + 0.1)); // a line to where it begins is none
      pen.stroke();
    });
    sheet.addEventListener("pointermove", (event) => sheet.hasPointerCapture(event.pointerId) && draw(event));
    sheet.addEventListener("lostpointercapture", askDrawing);
    const fill = () => {
      const before = tryIt.brightness(sheet);
      const filled = tryIt.enclosed(before);
      const gained = filled.values.reduce((sum, value, at) => sum + (value > 127 && before.values[at] <= 127), 0);
      paint(sheet, filled);
      askDrawing();
      if (!gained) below.textContent += " Nothing was filled: the outline has a gap, or nothing is inside.";
    };
    const erase = () => {
      clear();
      refuse(new Error("The sheet is empty"));
      repeat();
    };

    const compared = make("span", {});
    compared.setAttribute("role", "status");
    const compareAll = () => {
      const answers = all.map(({ picture }) => Array.from(network.ask(picture.values)));
      const same = answers.filter((each, number) => largestPlace(each) === largestPlace(all[number].keras)).length;
      const differences = answers.map((each, number) => largestDifference(each, all[number].keras));
      compared.textContent = ` ${same} of ${all.length} answers are the same. The largest difference of a probability `
        + `is ${Math.max(...differences).toPrecision(1)}.`;
    };

    // One way is unfolded at a time, so that on a phone the answer is near.
    const way = (title, ...children) => make("details", { name: "try-it" }, make("summary", {}, title), ...children);
    const small = (...children) => make("p", { className: "try-small" }, ...children);
    const ways = [
      way("A photograph of the test set", make("div", { className: "try-tests" }, ...testButtons),
        small("The first two of each class, in the order of the test set: nobody picked them.")),
      way("A photograph of yours", make("label", { htmlFor: chooser.id }, "Choose a picture"), chooser,
        small("Or drop one here, or paste one. One piece of clothing that nobody wears, alone on a plain background.")),
      way("A drawing", sheet, below, make("div", {}, button("Fill the outline", fill), button("Clear the sheet", erase)),
        small("The clothes of the data set are light shapes, not lines, and fill the picture: draw an outline and fill "
          + "it. Drawing takes a mouse, a pen or a finger; the other two ways do not.")),
    ];
    ways[0].open = true;
    answer.append(
      make("table", { className: "try-bars" }, caption, bars),
      make("figure", { className: "try-map" }, map, reason),
    );
    origin.append(
      make("strong", {}, "What the network gets"),
      steps,
      agreement,
      small(button(`Compare all ${all.length} with Keras`, compareAll), compared),
    );
    place.append(make("div", { className: "try-parts" }, make("div", {}, ...ways), answer, origin));
    testButtons[0].focus({ preventScroll: true });
    testButtons[0].click();
  };

  Object.assign(tryIt, { open, occlusion });
})();
