// Ten steps from a prompt to a picture. Each asks first, then shows; what it shows and the right answer come from the run.
// `ask` gives the right number (its words: "ask.ID"); `show` gives what is laid out below the words "tell.ID".

const TALE = { prompt: "一张可爱小狗在花丛中玩耍的照片", steps: 10, guidance: 3, seed: 42 };

const apart = (one, other) => {
  let sum = 0;
  for (let i = 0; i < one.length; i++) if (i % 4 !== 3) sum += Math.abs(one[i] - other[i]);
  return sum / ((one.length / 4) * 3);
};

function latentsFigure(latents, key, scale = 0) {
  const canvas = canvasOf(67, 67, key, "pixels");
  drawLatents(canvas, latents, PICTURE.side, scale);
  return figureOf(canvas, key);
}

function pictureFigure(rgba, key) {
  const canvas = canvasOf(128, 128, key, "pixels");
  drawPixels(canvas, rgba, PICTURE.pixels, PICTURE.pixels);
  return figureOf(canvas, key);
}

function statesFigure({ states, pieces }) {
  const rows = pieces.length + 2, canvas = canvasOf(192, rows, "steps.states", "matrix");
  const shown = states.subarray(0, rows * PICTURE.width), usual = Math.sqrt(meanOf(shown.map((value) => value * value)));
  drawMatrix(canvas, rows, PICTURE.width, (row, column) => shown[row * PICTURE.width + column] / (2.5 * usual));
  return figureOf(canvas, "steps.states");
}

function idsTable({ ids, pieces }) {
  const list = element("ol", { class: "tokens", start: 0 });
  ["▶", ...pieces, "■"].forEach((piece, i) => list.append(element("li", {}, `${piece} ${ids[i]}`)));
  return list;
}

function looksFigures({ run, rgba }) {
  const looks = looksOf(run[0]), most = Math.max(...looks.filter((look) => look.word).map((look) => largestOf(look.places)));
  return looks.map((look) => {
    const canvas = canvasOf(128, 128, "look.caption", "pixels"), figure = figureOf(canvas, "look.caption");
    drawLook(canvas, rgba, PICTURE.pixels, look.places, PICTURE.grid, most);
    return captioned(figure, `${look.text} ${percent(meanOf(look.places))}`);
  });
}

function captioned(figure, text) { // a caption that is no sentence of the catalogue
  figure.lastChild.removeAttribute("data-say");
  figure.lastChild.textContent = text;
  return figure;
}

function sigmasShown({ run }) {
  const canvas = element("canvas", { role: "img", class: "line", "data-name": "steps.sigmas", "aria-label": say("steps.sigmas") });
  drawLine(canvas, [...run.map((step) => Math.log10(step.sigma + 0.01)), -2], 0);
  const list = element("ol", { class: "tokens" });
  for (const sigma of [...run.map((step) => step.sigma), 0]) list.append(element("li", {}, sigmaText(sigma)));
  return [figureOf(canvas, "steps.sigmas"), list];
}

const STEPS = [
  { id: "words", ask: (tale) => tale.read.dropped.length, show: (tale) => phraseView(tale.read) },
  { id: "tokens", most: 77, ask: (tale) => tale.positive.pieces.length, show: (tale) => [idsTable(tale.positive)] },
  { id: "states", ask: () => PICTURE.width, show: (tale) => [statesFigure(tale.positive)] },
  { id: "noise", ask: () => LATENTS, show: (tale) => [latentsFigure(tale.noise, "steps.noise")] },
  {
    id: "guess",
    most: 255,
    ask: (tale) => Math.round(apart(tale.cleans[0], tale.rgba)),
    show: (tale) => [latentsFigure(tale.model.aims(tale.run[0], "velocity").noise, "steps.predicted"), pictureFigure(tale.cleans[0], "steps.first"), pictureFigure(tale.rgba, "picture.caption")],
  },
  {
    id: "look",
    most: 100,
    ask: (tale) => Math.round(100 * looksOf(tale.run[0]).filter((look) => look.word).reduce((sum, look) => sum + meanOf(look.places), 0)),
    show: looksFigures,
  },
  {
    id: "guidance",
    ask: (tale) => tale.request.guidance,
    show: (tale) => [pictureFigure(tale.sides.without, "view.without"), pictureFigure(tale.sides.withPrompt, "view.withPrompt"), pictureFigure(tale.cleans[1], "view.clean")],
  },
  { id: "sigma", ask: (tale) => Math.round(tale.run[0].sigma / tale.run[0].next), show: sigmasShown },
  {
    id: "film",
    most: TALE.steps,
    ask: (tale) => 1 + tale.cleans.findIndex((rgba) => apart(rgba, tale.rgba) < 8),
    show: (tale) => tale.cleans.map((rgba, i) => captioned(pictureFigure(rgba, "view.clean"), `${i + 1}`)),
  },
  { id: "decoder", ask: () => (PICTURE.pixels ** 2 * 3) / LATENTS, show: (tale) => [latentsFigure(tale.run[tale.run.length - 1].after, "steps.latents"), pictureFigure(tale.rgba, "picture.caption")] },
];

// Three numbers, none above `most`; the right one stands at a place that the number itself decides.
function guessesAround(right, most = Infinity) {
  const grow = (value) => value * 2 + 1, shrink = (value) => Math.floor(value / 2);
  const ways = [
    [right, grow(right), grow(grow(right))],
    [shrink(right), right, grow(right)],
    [shrink(shrink(right)), shrink(right), right],
  ];
  const place = right < 4 ? right % 2 : Math.round(right) % 3;
  return ways.slice(place).find((way) => way[2] <= most) || ways[2];
}
