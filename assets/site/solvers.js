// The models' schedulers, step by step. Their tables (times, sigmas) are the library's own, packed for every number of steps.

function scheduleOf(tables, steps) { // rows of n times and n + 1 sigmas, for n = 1, 2, ...
  let at = 0;
  for (let n = 1; n < steps; n++) at += 2 * n + 1;
  return { times: tables.subarray(at, at + steps), sigmas: tables.subarray(at + steps, at + 2 * steps + 1) };
}

// Euler for v-prediction: `EulerDiscreteScheduler.step` of diffusers. Gives the next latents and the picture it aims at.
function eulerStep(x, velocity, sigma, next) {
  const after = new Float32Array(x.length), clean = new Float32Array(x.length);
  const slope = -sigma / Math.sqrt(sigma * sigma + 1), share = 1 / (sigma * sigma + 1);
  for (let i = 0; i < x.length; i++) {
    clean[i] = velocity[i] * slope + x[i] * share;
    after[i] = x[i] + ((x[i] - clean[i]) / sigma) * (next - sigma);
  }
  return { after, clean };
}

// UniPC of order 2 (bh2, predicting x0) for flow matching: `UniPCMultistepScheduler.step` of diffusers.
class UniPC {
  constructor(sigmas) { Object.assign(this, { sigmas, outputs: [], last: null, index: 0, order: 1, lower: 0 }); }

  logSnr(i) { return Math.log(1 - this.sigmas[i]) - Math.log(this.sigmas[i]); }

  step(x, velocity) {
    const { sigmas, index } = this, steps = sigmas.length - 1;
    const clean = Float32Array.from(x, (value, i) => value - sigmas[index] * velocity[i]);
    const sample = index > 0 && this.last ? this.corrected(clean, x) : x;
    this.outputs = [...this.outputs.slice(-1), clean];
    this.order = Math.min(2, steps - index, this.lower + 1);
    this.last = sample;
    const after = this.predicted(sample);
    this.lower = Math.min(2, this.lower + 1);
    this.index += 1;
    return { after, clean };
  }

  predicted(x) {
    const { sigmas, index, outputs } = this, next = sigmas[index + 1], sigma = sigmas[index];
    const now = outputs[outputs.length - 1], scale = next / sigma;
    if (next === 0) return now.slice(); // log SNR is infinite: what is predicted is what comes out
    const h = this.logSnr(index + 1) - this.logSnr(index), shrink = Math.expm1(-h), alpha = 1 - next;
    let share = 0, before = now;
    if (this.order === 2) {
      before = outputs[outputs.length - 2];
      share = 0.5 / ((this.logSnr(index - 1) - this.logSnr(index)) / h);
    }
    return Float32Array.from(x, (value, i) => scale * value - alpha * shrink * (now[i] + share * (before[i] - now[i])));
  }

  corrected(clean, x) {
    const { sigmas, index, outputs, last, order } = this, sigma = sigmas[index], past = sigmas[index - 1];
    const from = outputs[outputs.length - 1], alpha = 1 - sigma;
    const h = this.logSnr(index) - this.logSnr(index - 1), shrink = Math.expm1(-h);
    const b = [shrink / -h - 1];
    b.push(b[0] / -h - 0.5);
    const right = [b[0] / shrink, (2 * b[1]) / shrink]; // factorials 1 and 2
    let early = 0, late = 0.5, other = from, ratio = 1;
    if (order === 2) {
      ratio = (this.logSnr(index - 2) - this.logSnr(index - 1)) / h;
      other = outputs[outputs.length - 2];
      late = (right[1] - right[0] * ratio) / (1 - ratio); // two equations: early + late, early * ratio + late
      early = right[0] - late;
    }
    return Float32Array.from(last, (value, i) => {
      const sum = early * ((other[i] - from[i]) / ratio) + late * (clean[i] - from[i]);
      return (sigma / past) * value - alpha * shrink * (from[i] + sum);
    });
  }
}

function guided(without, withPrompt, guidance) {
  return Float32Array.from(without, (value, i) => value + guidance * (withPrompt[i] - value));
}
