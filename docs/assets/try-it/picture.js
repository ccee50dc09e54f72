// Picture: makes of a photograph or a drawing what the network was trained on: few grey pixels from 0 to 255, light
// clothes that fill the picture, on black. Each step is an image by itself: { width, height, values }.
(() => {
  const LONGEST = 512;
  const LEAST_DIFFERENCE = 16;

  const image = (width, height, valueAt) => {
    const values = new Float32Array(width * height);
    for (let y = 0, to = 0; y < height; y++) for (let x = 0; x < width; x++, to++) values[to] = valueAt(x, y, to);
    return { width, height, values };
  };
  const map = ({ width, height, values }, change) => image(width, height, (x, y, at) => change(values[at]));
  const largest = ({ values }) => values.reduce((a, b) => Math.max(a, b), 0);

  // What is wrong with a picture is for its reader to know.
  const unusable = (what) => Object.assign(new Error(what), { isAboutThePicture: true });

  // A file as brightness. The browser turns a photograph upright, as its EXIF note says, and a large one is made small
  // before anything looks at its pixels.
  const photograph = async (file) => {
    let bitmap;
    try {
      bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch {
      throw unusable(`${file.name || "This"} is not a picture that this browser can open, or too large for it`);
    }
    const { width, height } = bitmap;
    const scale = Math.min(1, LONGEST / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    // Where a picture is transparent it gets the paper on which what it shows stands out.
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let [light, opaque] = [0, 0];
    for (let at = 0; at < data.length; at += 4) {
      light += ((data[at] + data[at + 1] + data[at + 2]) / 3) * data[at + 3];
      opaque += data[at + 3];
    }
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = light > 127.5 * opaque ? "black" : "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    bitmap.close();
    const size = `${width} by ${height} pixels`;
    const made = scale < 1 ? `${size}, made ${canvas.width} by ${canvas.height}` : size;
    return { luma: brightness(canvas), size: made };
  };

  // What the eye takes for brightness, by the weights of ITU-R BT.601.
  const brightness = (canvas) => {
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, width, height);
    const weighted = (at) => 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
    return image(width, height, (x, y, at) => weighted(4 * at));
  };

  const borderMedian = ({ width, height, values }) => {
    const border = values.filter((_, at) => {
      const [x, y] = [at % width, Math.floor(at / width)];
      return x === 0 || y === 0 || x === width - 1 || y === height - 1;
    });
    return border.sort()[Math.floor(border.length / 2)];
  };

  // From the first to the last line of which a hundredth is clothes: a speck of dust is no sleeve.
  const box = ({ width, height, values }) => {
    const [columns, rows] = [new Uint32Array(width), new Uint32Array(height)];
    values.forEach((value, at) => {
      if (!value) return;
      columns[at % width] += 1;
      rows[Math.floor(at / width)] += 1;
    });
    const ends = (counts, length) => {
      const isPart = (count) => count >= Math.max(1, length / 100);
      return [counts.findIndex(isPart), counts.findLastIndex(isPart) + 1];
    };
    return [...ends(columns, height), ...ends(rows, width)];
  };

  const cut = (picture, [left, right, top, bottom]) =>
    image(right - left, bottom - top, (x, y) => picture.values[(top + y) * picture.width + left + x]);

  // Each new pixel is the mean of what it covers; at the rims of what it covers, of a part of a pixel.
  const shrunk = (picture, width, height) => {
    const along = (length, count) => Array.from({ length: count }, (_, index) => {
      const [start, end] = [(index * length) / count, ((index + 1) * length) / count];
      const parts = [];
      for (let at = Math.floor(start); at < Math.min(Math.ceil(end - 1e-9), length); at++) {
        parts.push([at, (Math.min(at + 1, end) - Math.max(at, start)) / (end - start)]);
      }
      return parts;
    });
    const [columns, rows] = [along(picture.width, width), along(picture.height, height)];
    return image(width, height, (x, y) => {
      let sum = 0;
      for (const [row, share] of rows[y]) {
        for (const [column, part] of columns[x]) sum += share * part * picture.values[row * picture.width + column];
      }
      return sum;
    });
  };

  const centred = (picture, side) => {
    const [left, top] = [Math.floor((side - picture.width) / 2), Math.floor((side - picture.height) / 2)];
    return image(side, side, (x, y) => {
      const [fromX, fromY] = [x - left, y - top];
      const isInside = fromX >= 0 && fromY >= 0 && fromX < picture.width && fromY < picture.height;
      return isInside ? picture.values[fromY * picture.width + fromX] : 0;
    });
  };

  // Returns the steps, of which the last one is what the network gets.
  const prepared = (luma, size, side) => {
    const paper = borderMedian(luma);
    const difference = map(luma, (value) => Math.abs(value - paper));
    const most = largest(difference);
    if (most < LEAST_DIFFERENCE) throw unusable("There is nothing to see: the picture is the same all over");
    const least = Math.max(LEAST_DIFFERENCE, most / 3);
    const mask = map(difference, (value) => (value > least ? 255 : 0));
    const frame = box(mask);
    if (frame.includes(-1) || frame[0] >= frame[1] || frame[2] >= frame[3]) {
      throw unusable("There is too little to see: nothing in the picture is large enough to be a garment");
    }
    const lit = image(luma.width, luma.height, (x, y, at) => (mask.values[at] ? difference.values[at] : 0));
    const garment = cut(lit, frame);
    const scale = side / Math.max(garment.width, garment.height);
    const fitted = (length) => Math.max(1, Math.round(length * scale));
    const small = shrunk(garment, fitted(garment.width), fitted(garment.height));
    const brightest = largest(small);
    const last = centred(map(small, (value) => Math.round((255 * value) / brightest)), side);
    return [
      { title: "Brightness", text: size, picture: luma },
      { title: "Distance from the border’s median", text: `which is ${Math.round(paper)}`, picture: difference },
      { title: "More than a third of the largest distance", text: `above ${Math.round(least)}`, picture: mask },
      { title: "Cut out", text: `${garment.width} by ${garment.height} pixels`, picture: garment },
      { title: "Shrunk, each pixel a mean", text: `${small.width} by ${small.height} pixels`, picture: small },
      { title: "Stretched to 255, centred on black", text: "what the network gets", picture: last },
    ];
  };

  // Fills what a drawing's lines enclose: whatever the background does not reach from the border.
  const enclosed = ({ width, height, values }) => {
    const outside = new Uint8Array(width * height);
    const open = [];
    const reach = (x, y) => {
      const at = y * width + x;
      if (x < 0 || y < 0 || x >= width || y >= height || outside[at] || values[at] > 127) return;
      outside[at] = 1;
      open.push(at);
    };
    for (let x = 0; x < width; x++) [0, height - 1].forEach((y) => reach(x, y));
    for (let y = 0; y < height; y++) [0, width - 1].forEach((x) => reach(x, y));
    while (open.length) {
      const at = open.pop();
      const [x, y] = [at % width, Math.floor(at / width)];
      reach(x - 1, y);
      reach(x + 1, y);
      reach(x, y - 1);
      reach(x, y + 1);
    }
    return image(width, height, (x, y, at) => (outside[at] ? values[at] : 255));
  };

  Object.assign((window.tryIt ??= {}), { photograph, brightness, prepared, enclosed });
})();
