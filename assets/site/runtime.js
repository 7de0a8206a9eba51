// Unpack what the page holds, and open its models. Nothing is requested: the page's policy forbids it.

const SEVEN_BITS = Uint8Array.from({ length: 256 }, (_, code) => ({ 0xc0: 0, 0xc1: 13, 0xc2: 60 })[code] ?? code);
const pause = () => new Promise((done) => setTimeout(done, 0)); // lets the browser draw between two pieces of work

function bytesOfText(text) { // eight characters of seven bits are seven bytes: `packing.as_text`
  const bytes = new Uint8Array((text.length >> 3) * 7);
  const bits = (at) => SEVEN_BITS[text.charCodeAt(at)];
  for (let at = 0, to = 0; at < text.length; at += 8, to += 7) {
    const high = (bits(at) << 21) | (bits(at + 1) << 14) | (bits(at + 2) << 7) | bits(at + 3);
    const low = (bits(at + 4) << 21) | (bits(at + 5) << 14) | (bits(at + 6) << 7) | bits(at + 7);
    bytes[to] = high >> 20; bytes[to + 1] = high >> 12; bytes[to + 2] = high >> 4;
    bytes[to + 3] = ((high & 15) << 4) | (low >> 24);
    bytes[to + 4] = low >> 16; bytes[to + 5] = low >> 8; bytes[to + 6] = low;
  }
  return bytes;
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function halfTable() { // float16 -> float32, for all 65,536
  const table = new Float32Array(65536);
  for (let half = 0; half < 65536; half++) {
    const sign = half & 0x8000 ? -1 : 1, power = (half >> 10) & 31, part = half & 1023;
    if (power === 0) table[half] = sign * part * 2 ** -24;
    else if (power === 31) table[half] = part ? NaN : sign * Infinity;
    else table[half] = sign * (1 + part / 1024) * 2 ** (power - 15);
  }
  return table;
}

const sizeOf = (shape) => shape.reduce((product, side) => product * side, 1);

class Store {
  constructor(index, bytes) {
    this.arrays = index.arrays;
    this.places = new Map();
    let at = 0;
    for (const [name, length] of index.entries) { this.places.set(name, [at, at += length]); }
    this.bytes = bytes;
    this.halves = halfTable();
  }

  async entry(name) {
    const [from, to] = this.places.get(name);
    return inflated(this.bytes.subarray(from, to));
  }

  async json(name) { return JSON.parse(new TextDecoder().decode(await this.entry(name))); }

  // All arrays of a bundle in one Float32Array, and a view of each by its name.
  async floats(name) {
    const [low, high, single] = await Promise.all(["low", "high", "single"].map((plane) => this.entry(`${name}.${plane}`)));
    const singles = new Float32Array(single.buffer, 0, single.length >> 2);
    const whole = new Float32Array(low.length + singles.length);
    const views = new Map(), { halves } = this;
    let half = 0, full = 0, at = 0;
    for (const [key, kind, shape] of this.arrays[name]) {
      const count = sizeOf(shape), view = whole.subarray(at, at + count);
      if (kind === "half") for (let i = 0; i < count; i++, half++) view[i] = halves[low[half] | (high[half] << 8)];
      else { view.set(singles.subarray(full, full + count)); full += count; }
      views.set(key, { data: view, shape });
      at += count;
    }
    return { whole, views };
  }
}

class Parts {
  constructor(store, ort) { this.store = store; this.ort = ort; this.sessions = new Map(); }

  // `change(views)` may add to the weights before the graph takes them.
  async open(name, change = null) {
    const graph = await this.store.entry(`${name}.graph`), { whole, views } = await this.store.floats(name);
    if (change) await change(views);
    const data = new Uint8Array(whole.buffer);
    // The exporter has folded what can be folded: looking for more takes longer than a picture wins by it.
    const options = { executionProviders: ["wasm"], graphOptimizationLevel: "disabled", externalData: [{ path: "weights", data }] };
    const session = await this.ort.InferenceSession.create(graph, options);
    const before = this.sessions.get(name);
    this.sessions.set(name, session);
    if (before) await before.release();
  }

  async run(name, inputs) {
    const feeds = {};
    for (const [key, [data, shape]] of Object.entries(inputs)) {
      const whole = data instanceof BigInt64Array;
      feeds[key] = new this.ort.Tensor(whole ? "int64" : "float32", data, shape);
    }
    const answers = await this.sessions.get(name).run(feeds);
    return Object.fromEntries(Object.entries(answers).map(([key, tensor]) => [key, tensor.data]));
  }
}

const longs = (numbers) => BigInt64Array.from(numbers, BigInt);

async function openStore(report) {
  await report("unpack", 0.02);
  const holder = document.getElementById("payload");
  const index = JSON.parse(document.getElementById("index").textContent);
  const store = new Store(index, bytesOfText(holder.textContent));
  holder.remove(); // its text is as large as all models together
  await report("runtime", 0.15);
  const ort = window.ortOfPage;
  ort.env.wasm.numThreads = 1; // a page opened from disk is not isolated, so it cannot share memory with threads
  ort.env.wasm.wasmBinary = (await store.entry("wasm")).buffer;
  ort.env.logLevel = "error";
  return { store, parts: new Parts(store, ort) };
}

function simdMissing() { // one function that splats a vector: valid only where SIMD is known
  const code = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
  return typeof WebAssembly !== "object" || !WebAssembly.validate(Uint8Array.from(code));
}
