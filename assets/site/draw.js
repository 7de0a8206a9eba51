// Draw arrays on canvases: pictures, latents, heat, bars. Every number comes from a tensor of the model.

function drawPixels(canvas, rgba, width, height) {
  canvas.width = width; canvas.height = height;
  canvas.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
}

function rgbaOf(floats, count, from = 0, stride = count) { // channel by channel in [0, 1] -> RGBA, as numpy rounds
  const pixels = new Uint8ClampedArray(4 * count).fill(255);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < count; i++) {
      const value = Math.fround(floats[channel * stride + from + i] * 255), low = Math.floor(value);
      const up = value - low > 0.5 || (value - low === 0.5 && low % 2 === 1);
      pixels[4 * i + channel] = low + up;
    }
  }
  return pixels;
}

const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Blue below zero, white at zero, orange above: of values in [-1, 1].
function warmCold(value) {
  const share = Math.max(-1, Math.min(1, value)), strong = Math.abs(share);
  const end = share < 0 ? [33, 102, 172] : [200, 90, 20];
  return end.map((part) => Math.round(247 + (part - 247) * strong));
}

// Sixteen channels of latents in a square of four by four, each cell one pixel, divided by `scale` (else the largest).
function drawLatents(canvas, latents, side = 16, scale = 0) {
  const channels = latents.length / (side * side), across = Math.ceil(Math.sqrt(channels)), gap = 1;
  const size = across * (side + gap) - gap, rgba = new Uint8ClampedArray(4 * size * size);
  const most = scale || latents.reduce((high, value) => Math.max(high, Math.abs(value)), 1e-9);
  for (let channel = 0; channel < channels; channel++) {
    const left = (channel % across) * (side + gap), top = Math.floor(channel / across) * (side + gap);
    for (let i = 0; i < side * side; i++) {
      const at = 4 * ((top + Math.floor(i / side)) * size + left + (i % side));
      rgba.set([...warmCold(latents[channel * side * side + i] / most), 255], at);
    }
  }
  drawPixels(canvas, rgba, size, size);
  return most;
}

// A table of numbers as coloured cells.
function drawMatrix(canvas, rows, columns, valueOf, colourOf = warmCold) {
  const rgba = new Uint8ClampedArray(4 * rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) rgba.set([...colourOf(valueOf(row, column)), 255], 4 * (row * columns + column));
  }
  drawPixels(canvas, rgba, columns, rows);
}

// From the page's dark to orange: of values in [0, 1].
function ember(value) {
  const share = Math.max(0, Math.min(1, value));
  return [20 + 235 * share, 24 + 140 * share ** 1.3, 40 * (1 - share) + 40 * share].map(Math.round);
}

// How strongly one word is looked at, over a grid, laid on a picture; `most` and more is full orange.
function drawLook(canvas, rgba, pixels, look, grid, most) {
  drawPixels(canvas, rgba, pixels, pixels);
  const context = canvas.getContext("2d"), cell = pixels / grid;
  look.forEach((value, i) => {
    context.fillStyle = `rgba(255, 120, 0, ${0.75 * Math.min(1, value / most)})`;
    context.fillRect((i % grid) * cell, Math.floor(i / grid) * cell, cell, cell);
  });
}

const largestOf = (values) => values.reduce((high, value) => Math.max(high, value), 1e-9);
const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
const sigmaText = (sigma) => (sigma >= 100 ? String(Math.round(sigma)) : sigma.toPrecision(3));
const columnOf = (looks, places, tokens, token) => Float32Array.from({ length: places }, (_, i) => looks[i * tokens + token]);

// A line through points, with its last one marked; no axis but the numbers that are said beside it.
function drawLine(canvas, values, marked) {
  const sharp = 2, width = 640, height = 240, edge = 24, context = canvas.getContext("2d");
  canvas.width = width * sharp; canvas.height = height * sharp;
  context.scale(sharp, sharp);
  const high = Math.max(...values), low = Math.min(...values);
  const place = (i) => [edge + ((width - 2 * edge) * i) / Math.max(1, values.length - 1), height - edge - ((height - 2 * edge) * (values[i] - low)) / (high - low || 1)];
  context.strokeStyle = cssColour("--accent");
  context.lineWidth = 3;
  context.beginPath();
  values.forEach((_, i) => context.lineTo(...place(i)));
  context.stroke();
  context.fillStyle = cssColour("--ink");
  values.forEach((_, i) => {
    context.beginPath();
    context.arc(...place(i), i === marked ? 8 : 3, 0, 2 * Math.PI);
    context.fill();
  });
}
