// The tiny Wan in the page: words -> states -> steps of UniPC -> seventeen frames.

const CLIP = { shape: [1, 32, 5, 8, 8], read: 512, width: 96, frames: 17, pixels: 64 };
const CLIP_LATENTS = sizeOf(CLIP.shape);

class ClipModel {
  constructor(parts, facts, lists, schedule) { Object.assign(this, { parts, facts, lists, schedule, lexicon: lexiconOf(lists.clip) }); }

  read(prompt, negative = false) { return clipPhraseOf(prompt, this.lists, this.lexicon, negative); }

  nameable(read) { return nameable(read.spec, this.lists); }

  // The states of a phrase; the places after it are zeros, up to the 512 that Wan reads.
  async encode(phrase) {
    const { room, tokenizer } = this.facts, ids = clipTextTokens(phrase, tokenizer).slice(0, room);
    const whole = [...ids, ...Array(room - ids.length).fill(tokenizer.pad)], mask = whole.map((_, i) => (i < ids.length ? 1 : 0));
    const { states } = await this.parts.run("text", { ids: [longs(whole), [1, room]], mask: [longs(mask), [1, room]] });
    const rows = new Float32Array(CLIP.read * CLIP.width);
    rows.set(states.subarray(0, ids.length * CLIP.width));
    return rows;
  }

  async *steps({ phrase, negative = "", steps, guidance, seed }) {
    const states = await this.encode(phrase), other = guidance > 1 ? await this.encode(negative) : null;
    const { times, sigmas } = scheduleOf(this.schedule, steps), solver = new UniPC(sigmas);
    const predict = async (x, time, rows) =>
      (await this.parts.run("transformer", { x: [x, CLIP.shape], time: [Float32Array.of(time), [1]], states: [rows, [1, CLIP.read, CLIP.width]] })).velocity;
    let x = torchNoise(seed, CLIP_LATENTS);
    for (let index = 0; index < steps; index++) {
      const withPrompt = await predict(x, times[index], states);
      const velocity = other ? guided(await predict(x, times[index], other), withPrompt, guidance) : withPrompt;
      const { after, clean } = solver.step(x, velocity);
      x = after;
      yield { index, steps, after, clean };
    }
  }

  // uint8 RGBA of every frame.
  async decode(latents) {
    const { frames } = await this.parts.run("vae", { latents: [Float32Array.from(latents), CLIP.shape] });
    const count = CLIP.pixels ** 2;
    return Array.from({ length: CLIP.frames }, (_, i) => rgbaOf(frames, count, i * count, CLIP.frames * count));
  }
}
