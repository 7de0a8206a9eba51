// From scores to the next token, as `aigc_kit.make.text.sampling`: temperature, top-k, top-p, one draw.

const GONE = -Infinity;
const highest = (scores) => scores.reduce((high, value) => Math.max(high, value), GONE);

function probabilities(scores) { // float32, as numpy computes them
  const top = highest(scores), weights = Float32Array.from(scores, (value) => Math.exp(Math.fround(value - top)));
  const sum = Math.fround(weights.reduce((total, value) => total + value, 0));
  return weights.map((value) => value / sum);
}

function withTemperature(scores, temperature) {
  if (temperature === 1) return scores;
  if (temperature === 0) { // its limit: all on the highest, the first of equal ones
    const first = scores.indexOf(highest(scores));
    return scores.map((_, i) => (i === first ? 0 : GONE));
  }
  const divisor = Math.fround(temperature);
  return scores.map((value) => value / divisor);
}

function topK(scores, k) {
  if (!k || k >= scores.length) return scores;
  const kth = Float32Array.from(scores).sort()[scores.length - k];
  return scores.map((value) => (value < kth ? GONE : value));
}

function topP(scores, p) {
  if (p >= 1) return scores;
  const upwards = scores.filter((value) => value > GONE).sort(), weights = probabilities(upwards), most = Math.fround(1 - p);
  let sum = 0, count = 0;
  while (count < upwards.length - 1 && Math.fround(sum += weights[count]) <= most) count += 1;
  const border = upwards[count];
  let equal = count - upwards.indexOf(border); // of equal ones the first of the vocabulary go
  return scores.map((value) => {
    if (value < border) return GONE;
    return value === border && equal-- > 0 ? GONE : value;
  });
}

// Each filter's scores, in order; the last are drawn from.
function stagesOf(scores, { temperature, topK: k, topP: p }) {
  const warm = withTemperature(scores, temperature), some = topK(warm, k);
  return { scores, warm, some, nucleus: topP(some, p) };
}

function drawn(chances, uniform) {
  const sums = new Float64Array(chances.length);
  let sum = 0;
  chances.forEach((value, i) => { sums[i] = sum += value; });
  const aim = uniform * sum;
  let low = 0, high = sums.length;
  while (low < high) { const middle = (low + high) >> 1; if (sums[middle] <= aim) low = middle + 1; else high = middle; }
  return low < sums.length ? low : chances.findLastIndex((value) => value > 0);
}

const bitsOf = (chances) => chances.reduce((sum, value) => (value > 0 ? sum - value * Math.log2(value) : sum), 0);
