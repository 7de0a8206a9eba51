// The random numbers of torch and numpy, so that a seed means here what it means in the kit.

// torch.randn on a CPU, for counts that sixteen divides: MT19937, 24 bits a number, Box and Muller in blocks of sixteen.
function torchNoise(seed, count) {
  const next = mersenne(seed), noise = new Float32Array(count);
  for (let i = 0; i < count; i++) noise[i] = (next() & 0xffffff) * 2 ** -24;
  for (let block = 0; block < count; block += 16) {
    for (let i = block; i < block + 8; i++) {
      const radius = Math.fround(Math.sqrt(-2 * Math.log(Math.fround(1 - noise[i]))));
      const angle = Math.fround(2 * Math.PI * noise[i + 8]);
      noise[i] = radius * Math.cos(angle);
      noise[i + 8] = radius * Math.sin(angle);
    }
  }
  return noise;
}

function mersenne(seed) { // Matsumoto and Nishimura 1998
  const state = new Uint32Array(624);
  state[0] = seed >>> 0;
  for (let i = 1; i < 624; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let at = 624;
  const twist = () => {
    for (let i = 0; i < 624; i++) {
      const mixed = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
      state[i] = state[(i + 397) % 624] ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  };
  return () => {
    if (at === 624) twist();
    let value = state[at++];
    value ^= value >>> 11;
    value ^= (value << 7) & 0x9d2c5680;
    value ^= (value << 15) & 0xefc60000;
    return (value ^ (value >>> 18)) >>> 0;
  };
}

// numpy's Generator(PCG64(seed)).random(): O'Neill 2014, seeded by SeedSequence.
const MASK128 = (1n << 128n) - 1n, PCG_STEP = (2549297995355413924n << 64n) + 4865540595714422341n;

function seedWords(seed) { // SeedSequence(seed).generate_state(4, uint64)
  const entropy = [];
  let rest = BigInt(seed);
  do { entropy.push(Number(rest & 0xffffffffn)); rest >>= 32n; } while (rest > 0n);
  let constant = 0x43b0d7e5;
  const hash = (value) => {
    value = (value ^ constant) >>> 0;
    constant = Math.imul(constant, 0x931e8875) >>> 0;
    value = Math.imul(value, constant) >>> 0;
    return (value ^ (value >>> 16)) >>> 0;
  };
  const mix = (x, y) => {
    const value = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) >>> 0;
    return (value ^ (value >>> 16)) >>> 0;
  };
  const pool = [0, 1, 2, 3].map((i) => hash(i < entropy.length ? entropy[i] : 0));
  for (let from = 0; from < 4; from++) for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  for (let from = 4; from < entropy.length; from++) for (let to = 0; to < 4; to++) pool[to] = mix(pool[to], hash(entropy[from]));
  constant = 0x8b51f9dd;
  const words = [];
  for (let i = 0; i < 8; i++) {
    let value = (pool[i % 4] ^ constant) >>> 0;
    constant = Math.imul(constant, 0x58f38ded) >>> 0;
    value = Math.imul(value, constant) >>> 0;
    words.push(BigInt((value ^ (value >>> 16)) >>> 0));
  }
  return [0, 1, 2, 3].map((i) => words[2 * i] | (words[2 * i + 1] << 32n));
}

function numpyUniform(seed) {
  const [high, low, stepHigh, stepLow] = seedWords(seed);
  const increment = ((((stepHigh << 64n) | stepLow) << 1n) | 1n) & MASK128;
  let state = increment;
  const step = () => { state = (state * PCG_STEP + increment) & MASK128; };
  state = (state + ((high << 64n) | low)) & MASK128;
  step();
  return () => {
    step();
    const mixed = (state >> 64n) ^ (state & 0xffffffffffffffffn), turn = state >> 122n;
    const value = ((mixed >> turn) | (mixed << ((64n - turn) & 63n))) & 0xffffffffffffffffn;
    return Number(value >> 11n) / 9007199254740992;
  };
}
