// The small language models in the page: one token in, scores of all tokens and every head's attention out.

class TextModel {
  constructor(parts, name, facts) {
    const { tokenizer } = facts, words = Array.isArray(tokenizer.vocab) ? tokenizer.vocab.map(([piece]) => piece) : [];
    Object.assign(this, { parts, name, facts, tokenizer, words });
    if (!words.length) for (const [piece, id] of Object.entries(tokenizer.vocab)) this.words[id] = piece;
    const [layers, heads, room, width] = facts.shape;
    Object.assign(this, { layers, heads, room, width });
    this.reset();
  }

  reset() {
    this.ids = [];
    this.looks = []; // for each token: layers x heads x the tokens up to it
    this.keys = new Float32Array(this.layers * this.heads * this.room * this.width);
    this.values = new Float32Array(this.keys.length);
  }

  encode(text) { return textTokens(text, this.tokenizer); }

  piece(id) { return this.words[id] ?? "�"; }

  isSpecial(id) { return this.piece(id) in this.tokenizer.special; }

  // The text of ids, without special tokens, as the kit's decode.
  decode(ids) { return ids.filter((id) => !this.isSpecial(id)).map((id) => this.piece(id)).join(""); }

  async feed(token) { // -> scores of what follows
    const { layers, heads, room, width } = this, place = this.ids.length, shape = [layers, heads, room, width];
    const answer = await this.parts.run(this.name, {
      token: [longs([token]), [1, 1]],
      place: [longs([place]), [1, 1]],
      keys: [this.keys, shape],
      values: [this.values, shape],
    });
    for (let row = 0; row < layers * heads; row++) {
      const from = row * width, to = (row * room + place) * width;
      this.keys.set(answer.key.subarray(from, from + width), to);
      this.values.set(answer.value.subarray(from, from + width), to);
    }
    this.looks.push(Float32Array.from({ length: layers * heads * (place + 1) }, (_, i) =>
      answer.looks[Math.floor(i / (place + 1)) * room + (i % (place + 1))]));
    this.ids.push(token);
    for (const id of this.facts.never) answer.scores[id] = GONE;
    return answer.scores;
  }

  async read(ids) {
    let scores = null;
    for (const [i, id] of ids.entries()) {
      scores = await this.feed(id);
      if (i % 8 === 7) await pause();
    }
    return scores;
  }

  look(token, layer, head) { // over the tokens up to it; head -1 is the mean of all heads
    const length = token + 1, row = (index) => this.looks[token].subarray((layer * this.heads + index) * length, (layer * this.heads + index + 1) * length);
    if (head >= 0) return row(head);
    const mean = new Float32Array(length);
    for (let index = 0; index < this.heads; index++) row(index).forEach((value, i) => { mean[i] += value / this.heads; });
    return mean;
  }
}

// One text in the making: scores, filters, a draw from numpy's generator of the seed, again.
class Writing {
  constructor(model, prompt, seed) { Object.assign(this, { model, prompt: model.encode(prompt), seed, made: [], scores: null, ended: "" }); }

  async begin() {
    this.model.reset();
    this.uniform = numpyUniform(this.seed);
    if (this.prompt.length >= this.model.room) { this.ended = "room"; return; }
    this.scores = await this.model.read(this.prompt);
  }

  // What stands before the draw: the likeliest tokens, with their chances after each filter.
  view(settings, count = 16) {
    const stages = stagesOf(this.scores, settings), raw = probabilities(stages.scores);
    const chances = Object.fromEntries(["warm", "some", "nucleus"].map((name) => [name, probabilities(stages[name])]));
    const order = [...raw.keys()].sort((a, b) => raw[b] - raw[a]).slice(0, count);
    const left = (scores) => scores.reduce((sum, value) => sum + (value > GONE), 0);
    return {
      rows: order.map((id) => ({ id, text: this.model.piece(id), raw: raw[id], warm: chances.warm[id], some: chances.some[id], last: chances.nucleus[id] })),
      kept: { warm: left(stages.warm), some: left(stages.some), last: left(stages.nucleus) },
      bits: bitsOf(chances.nucleus),
      chances: chances.nucleus,
    };
  }

  async step(settings) {
    if (this.ended) return;
    const id = drawn(this.view(settings).chances, this.uniform());
    this.made.push(id);
    if (id === this.model.tokenizer.end) this.ended = "end";
    else if (this.made.length >= this.model.facts.defaults.max_new_tokens) this.ended = "length";
    else if (this.prompt.length + this.made.length >= this.model.room) this.ended = "room";
    else this.scores = await this.model.feed(id);
  }

  get text() { return this.model.decode(this.made); }
}
