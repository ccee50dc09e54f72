// Network: reads a LiteRT file, which is a FlatBuffer, and computes what its operators say; what flows between them is
// float32.
// The fields' numbers are those of TensorFlow's schema, tensorflow/lite/schema/schema.fbs, version 3.
(() => {
  const refuse = (what) => {
    throw new Error(`The network's file ${what}`);
  };
  const FLOAT32 = 0;
  const INT32 = 2;
  const LARGEST_TENSOR = 1 << 20;
  const product = (shape) => shape.reduce((all, side) => all * side, 1);
  const isSame = (shape, ...sides) => String(shape) === String(sides);

  // A table finds its fields through a list of offsets; what it leaves out has its default. Numbers are little-endian.
  // To read beyond the end is a RangeError.
  const flatBuffer = (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const follow = (at) => at + view.getUint32(at, true);
    const place = (table, number) => {
      const list = table - view.getInt32(table, true);
      const isListed = 4 + 2 * number < view.getUint16(list, true);
      const offset = isListed ? view.getUint16(list + 4 + 2 * number, true) : 0;
      return offset && table + offset;
    };
    const vector = (table, number, size) => {
      const at = place(table, number);
      if (!at) return { start: 0, length: 0 };
      const start = follow(at) + 4;
      const length = view.getUint32(start - 4, true);
      if (start + length * size > view.byteLength) throw new RangeError("a vector beyond the end");
      return { start, length };
    };
    const each = ({ start, length }, read) => Array.from({ length }, (_, index) => read(start + 4 * index));
    const value = (read) => (table, number, otherwise = 0) => {
      const at = place(table, number);
      return at ? read(at) : otherwise;
    };
    return {
      root: follow(0),
      byte: value((at) => view.getInt8(at)),
      int: value((at) => view.getInt32(at, true)),
      float: value((at) => view.getFloat32(at, true)),
      table: value(follow),
      tables: (table, number) => each(vector(table, number, 4), follow),
      ints: (table, number) => each(vector(table, number, 4), (at) => view.getInt32(at, true)),
      bytes: (table, number) => {
        const { start, length } = vector(table, number, 1);
        return bytes.slice(start, start + length);
      },
    };
  };

  const activation = (file, options, number) => {
    const code = options ? file.byte(options, number) : 0;
    if (code !== 0 && code !== 1) refuse(`uses the activation number ${code}, and this page computes with ReLU alone`);
    return code === 1 ? (x) => Math.max(x, 0) : (x) => x;
  };
  const strides = (file, options) => {
    if (!options) refuse("is damaged: an operator lacks its options");
    if (file.byte(options, 0) !== 1) refuse('pads an image, and this page computes with padding="valid" alone');
    const [across, down] = [file.int(options, 1), file.int(options, 2)];
    if (across < 1 || down < 1) refuse("steps over an image by nothing");
    return [across, down];
  };
  const misfit = (name) => refuse(`has shapes that do not fit one another, at the operator ${name}`);

  // Each takes the tensors that it reads and the one that it writes, checks them, and returns what computes it.
  const elementwise = (name, operation) => (file, options, [a, b], out) => {
    const activate = activation(file, options, 0);
    if (a.size !== out.size || (b.size !== 1 && !isSame(b.shape, ...a.shape))) misfit(name);
    const step = b.size === 1 ? 0 : 1;
    return () => {
      for (let i = 0; i < out.size; i++) out.data[i] = activate(operation(a.data[i], b.data[i * step]));
    };
  };

  const reshape = (file, options, [input], out) => {
    if (input.size !== out.size) misfit("RESHAPE");
    return () => out.data.set(input.data);
  };

  const convolution = (file, options, [input, kernel, bias], out) => {
    const [across, down] = strides(file, options);
    const activate = activation(file, options, 3);
    if (file.int(options, 4, 1) !== 1 || file.int(options, 5, 1) !== 1) refuse("dilates a convolution");
    if (input.shape.length !== 4 || kernel.shape.length !== 4) misfit("CONV_2D");
    const [, rows, columns, channels] = input.shape;
    const [filters, high, wide] = kernel.shape;
    const [outRows, outColumns] = [Math.floor((rows - high) / down) + 1, Math.floor((columns - wide) / across) + 1];
    const fits = isSame(kernel.shape, filters, high, wide, channels) && isSame(bias.shape, filters)
      && isSame(out.shape, 1, outRows, outColumns, filters) && input.shape[0] === 1;
    if (!fits) misfit("CONV_2D");
    const line = wide * channels;
    const [numbers, weights, biases] = [input.data, kernel.data, bias.data];
    return () => {
      for (let row = 0, to = 0; row < outRows; row++) {
        for (let column = 0; column < outColumns; column++) {
          const corner = (row * down * columns + column * across) * channels;
          for (let filter = 0; filter < filters; filter++, to++) {
            let sum = biases[filter];
            for (let y = 0; y < high; y++) {
              let from = corner + y * columns * channels;
              let weight = (filter * high + y) * line;
              for (const end = from + line; from < end; from++, weight++) sum += numbers[from] * weights[weight];
            }
            out.data[to] = activate(sum);
          }
        }
      }
    };
  };

  const maximum = (file, options, [input], out) => {
    const [across, down] = strides(file, options);
    const [wide, high] = [file.int(options, 3), file.int(options, 4)];
    const activate = activation(file, options, 5);
    if (input.shape.length !== 4 || wide < 1 || high < 1) misfit("MAX_POOL_2D");
    const [, rows, columns, channels] = input.shape;
    const [outRows, outColumns] = [Math.floor((rows - high) / down) + 1, Math.floor((columns - wide) / across) + 1];
    if (!isSame(out.shape, 1, outRows, outColumns, channels) || input.shape[0] !== 1) misfit("MAX_POOL_2D");
    return () => {
      for (let to = 0; to < out.size; to++) {
        const channel = to % channels;
        const column = Math.floor(to / channels) % outColumns;
        const row = Math.floor(to / channels / outColumns);
        let largest = -Infinity;
        for (let y = row * down; y < row * down + high; y++) {
          for (let x = column * across; x < column * across + wide; x++) {
            largest = Math.max(largest, input.data[(y * columns + x) * channels + channel]);
          }
        }
        out.data[to] = activate(largest);
      }
    };
  };

  const dense = (file, options, [input, weights, bias], out) => {
    const activate = activation(file, options, 0);
    if (options && file.byte(options, 1) !== 0) refuse("shuffles the weights of a dense layer");
    const units = out.size;
    if (!isSame(weights.shape, units, input.size) || (bias && !isSame(bias.shape, units))) misfit("FULLY_CONNECTED");
    const [numbers, kernel] = [input.data, weights.data];
    return () => {
      for (let unit = 0, weight = 0; unit < units; unit++) {
        let sum = bias ? bias.data[unit] : 0;
        for (let i = 0; i < numbers.length; i++, weight++) sum += numbers[i] * kernel[weight];
        out.data[unit] = activate(sum);
      }
    };
  };

  const softmax = (file, options, [input], out) => {
    const sharpness = options ? file.float(options, 0) : 1;
    if (!isSame(input.shape, 1, out.size) || input.size !== out.size) misfit("SOFTMAX");
    return () => {
      const largest = Math.max(...input.data);
      const powers = Array.from(input.data, (logit) => Math.exp(sharpness * (logit - largest)));
      const sum = powers.reduce((a, b) => a + b);
      for (let i = 0; i < out.size; i++) out.data[i] = powers[i] / sum;
    };
  };

  // The schema's number of an operator -> how many tensors it needs, how many it reads, and what prepares it. (What
  // RESHAPE is told of the shape, the shape of its output says as well.)
  const OPERATORS = new Map([
    [3, { needs: 3, reads: 3, prepare: convolution }],
    [9, { needs: 2, reads: 3, prepare: dense }],
    [17, { needs: 1, reads: 1, prepare: maximum }],
    [18, { needs: 2, reads: 2, prepare: elementwise("MUL", (a, b) => a * b) }],
    [22, { needs: 1, reads: 1, prepare: reshape }],
    [25, { needs: 1, reads: 1, prepare: softmax }],
    [41, { needs: 2, reads: 2, prepare: elementwise("SUB", (a, b) => a - b) }],
  ]);

  const tensorOf = (file, table, buffers) => {
    const shape = file.ints(table, 0);
    const size = product(shape);
    const type = file.byte(table, 1);
    const buffer = buffers[file.int(table, 2)] ?? refuse("is damaged: it names data that it does not have");
    if (type !== FLOAT32 && type !== INT32) refuse("holds numbers of another kind than float32, such as int8");
    if (!shape.every((side) => side > 0)) refuse("has a shape that is not known beforehand");
    if (size > LARGEST_TENSOR) refuse("has a shape that is too large");
    // Data behind the FlatBuffer, as files of more than 2 GB have it.
    if (file.int(buffer, 1) > 1) refuse("keeps its weights in another place");
    const content = file.bytes(buffer, 0);
    const isKnown = content.length > 0;
    if (isKnown && content.length !== 4 * size) refuse("is damaged: a tensor has not the numbers that its shape says");
    const Numbers = type === FLOAT32 ? Float32Array : Int32Array;
    return { shape, size, type, isKnown, data: isKnown ? new Numbers(content.buffer) : new Numbers(size) };
  };

  const read = (bytes) => {
    if (bytes.length < 8 || new TextDecoder().decode(bytes.subarray(4, 8)) !== "TFL3") refuse("is not a LiteRT file");
    const file = flatBuffer(bytes);
    if (file.int(file.root, 0) !== 3) refuse(`is of version ${file.int(file.root, 0)}, and this page reads version 3`);
    const codes = file.tables(file.root, 1).map((code) => Math.max(file.byte(code, 0), file.int(code, 3)));
    const buffers = file.tables(file.root, 4);
    const graphs = file.tables(file.root, 2);
    if (graphs.length !== 1) refuse(`holds ${graphs.length} networks, and this page asks one`);
    const [graph] = graphs;
    const tensors = file.tables(graph, 0).map((table) => tensorOf(file, table, buffers));
    const tensor = (index) => tensors[index] ?? refuse("is damaged: it names a tensor that it does not have");
    const ends = [1, 2].map((number) => file.ints(graph, number).map(tensor));
    const isSimple = ends.every((end) => end.length === 1 && end[0].type === FLOAT32);
    if (!isSimple) refuse("has not one input and one output of float32");
    const [[input], [output]] = ends;
    const known = new Set(tensors.filter((each) => each.isKnown)).add(input);
    const steps = file.tables(graph, 3).map((table) => {
      const code = codes[file.int(table, 0)] ?? refuse("is damaged: it names an operator that it does not list");
      const { needs, reads, prepare } = OPERATORS.get(code)
        ?? refuse(`uses the operator number ${code}, which this page cannot compute`);
      const inputs = file.ints(table, 1).filter((index) => index !== -1).slice(0, reads).map(tensor);
      const outputs = file.ints(table, 2).map(tensor);
      const isWhole = inputs.length >= needs && outputs.length === 1 && !outputs[0].isKnown;
      if (!isWhole) refuse("is damaged: an operator lacks a tensor");
      if (![...inputs, ...outputs].every(({ type }) => type === FLOAT32)) refuse("computes with whole numbers");
      if (!inputs.every((each) => known.has(each))) refuse("is damaged: it uses what it has not computed");
      known.add(outputs[0]);
      return prepare(file, file.table(table, 4), inputs, outputs[0]);
    });
    if (!known.has(output)) refuse("is damaged: nothing computes its answer");
    return {
      shape: input.shape,
      // The same array each time would be overwritten by the next answer.
      ask: (numbers) => {
        if (numbers.length !== input.size) throw new Error(`The network takes ${input.size} numbers`);
        input.data.set(numbers);
        for (const compute of steps) compute();
        return output.data.slice();
      },
    };
  };

  (window.tryIt ??= {}).readNetwork = (bytes) => {
    try {
      return read(bytes);
    } catch (error) {
      if (error instanceof RangeError) refuse("is cut short or damaged");
      throw error;
    }
  };
})();
