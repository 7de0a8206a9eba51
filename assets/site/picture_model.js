// The tiny SDXL in the page: words -> tokens -> states -> steps -> pixels, with all that a step lets one see.

const PICTURE = { channels: 16, side: 16, width: 192, pooled: 128, room: 77, grid: 8, pixels: 128 };
const LATENTS = PICTURE.channels * PICTURE.side * PICTURE.side;

class PictureModel {
  constructor(parts, facts, lists, schedule, loras) {
    Object.assign(this, { parts, facts, lists, schedule, loras, lexicon: lexiconOf(lists.picture), worn: "" });
  }

  read(prompt, negative = false) { return phraseOf(prompt, this.lists, this.lexicon, negative); }

  // Token ids of both tokenizers, which differ in what fills the empty places, and the states that the encoders give.
  async encode(phrase) {
    const [first, second] = this.facts.tokenizers.map((table) => clipTokens(phrase, table, PICTURE.room));
    const shape = [1, PICTURE.room];
    const answer = await this.parts.run("text", { first: [longs(first.ids), shape], second: [longs(second.ids), shape] });
    return { ...first, states: answer.states, pooled: answer.pooled };
  }

  // Both sides of guidance: without a negative prompt (or one of which the world knows no word) SDXL takes zeros.
  async conditions(phrase, negative) {
    const positive = await this.encode(phrase), other = negative ? await this.encode(negative) : null;
    const both = (name, count) => {
      const rows = new Float32Array(2 * count);
      if (other) rows.set(other[name]);
      rows.set(positive[name], count);
      return rows;
    };
    const states = both("states", PICTURE.room * PICTURE.width), pooled = both("pooled", PICTURE.pooled);
    return { positive, states, pooled };
  }

  async predict(x, sigma, time, conditions) {
    const scale = 1 / Math.sqrt(sigma * sigma + 1), twice = new Float32Array(2 * LATENTS);
    for (let i = 0; i < LATENTS; i++) twice[i] = twice[i + LATENTS] = x[i] * scale;
    const { channels, side, width, pooled, room, pixels } = PICTURE, size = [pixels, pixels, 0, 0, pixels, pixels];
    const answer = await this.parts.run("unet", {
      x: [twice, [2, channels, side, side]],
      time: [Float32Array.of(time), []],
      states: [conditions.states, [2, room, width]],
      pooled: [conditions.pooled, [2, pooled]],
      sizes: [Float32Array.from([...size, ...size]), [2, 6]],
    });
    const places = PICTURE.grid ** 2 * room;
    return {
      without: answer.guess.slice(0, LATENTS),
      withPrompt: answer.guess.slice(LATENTS),
      looks: answer.looks.slice(places, 2 * places),
    };
  }

  // Yields after every step what came of it; the last one's `after` is what is decoded.
  async *steps({ phrase, negative = "", steps, guidance, seed }) {
    const conditions = await this.conditions(phrase, guidance > 1 ? negative : "");
    const { times, sigmas } = scheduleOf(this.schedule, steps);
    const most = Math.max(...sigmas);
    let x = torchNoise(seed, LATENTS).map((value) => value * most);
    for (let index = 0; index < steps; index++) {
      const sigma = sigmas[index], before = x;
      const { without, withPrompt, looks } = await this.predict(x, sigma, times[index], conditions);
      const velocity = guidance > 1 ? guided(without, withPrompt, guidance) : withPrompt;
      const { after, clean } = eulerStep(x, velocity, sigma, sigmas[index + 1]);
      x = after;
      yield { index, steps, sigma, next: sigmas[index + 1], before, after, clean, without, withPrompt, velocity, looks, conditions };
    }
  }

  // What a prediction takes for the finished picture, and for the noise in x.
  aims(step, side) {
    const { after, clean } = eulerStep(step.before, step[side], step.sigma, 0);
    const noise = step.before.map((value, i) => (value - clean[i]) / step.sigma);
    return { clean: step.next === 0 ? after : clean, noise };
  }

  // uint8 RGBA of latents.
  async decode(latents) {
    const { channels, side, pixels } = PICTURE, shape = [1, channels, side, side];
    const { picture } = await this.parts.run("vae", { latents: [Float32Array.from(latents), shape] });
    return rgbaOf(picture, pixels * pixels);
  }

  // W + strength B A of every layer that the LoRA has, before the graph takes the weights.
  async wear(name, strength) {
    const key = name ? `${name} ${strength}` : "";
    if (key === this.worn) return;
    const lora = name ? (await this.parts.store.floats(`lora.${name}`)).views : null;
    await this.parts.open("unet", lora && ((weights) => {
      for (const { layer, weight, turned } of this.loras.layers) {
        addProduct(weights.get(weight), lora.get(`${layer}.lora_A.weight`), lora.get(`${layer}.lora_B.weight`), strength, turned);
      }
    }));
    this.worn = key;
  }
}

// Where each place of the prompt is looked at: begin, words, end, and the fillers together. places: float of the grid.
function looksOf({ looks, conditions }) {
  const { pieces } = conditions.positive, count = PICTURE.grid ** 2;
  const column = (token) => columnOf(looks, count, PICTURE.room, token);
  const fillers = new Float32Array(count);
  for (let token = pieces.length + 2; token < PICTURE.room; token++) column(token).forEach((value, i) => { fillers[i] += value; });
  return [
    { text: "▶", places: column(0) },
    ...pieces.map((text, i) => ({ text, word: true, places: column(i + 1) })),
    { text: "■", places: column(pieces.length + 1) },
    { text: say("look.fillers"), places: fillers },
  ];
}

function addProduct(target, a, b, strength, turned) {
  const rank = a.shape[0], wide = a.data.length / rank, high = b.data.length / rank;
  for (let row = 0; row < high; row++) {
    for (let r = 0; r < rank; r++) {
      const share = strength * b.data[row * rank + r];
      for (let column = 0; column < wide; column++) {
        target.data[turned ? column * high + row : row * wide + column] += share * a.data[r * wide + column];
      }
    }
  }
}
