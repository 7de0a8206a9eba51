// The picture playground: what was asked, what came of it step by step, and what one step can be asked.

class PicturePage {
  constructor(model) {
    Object.assign(this, { model, run: [], seen: new Map(), at: 0, token: 2 });
    this.root = element("div", { class: "playground" });
  }

  build() {
    const work = (request) => this.work(request), show = () => this.show(this.run.length - 1);
    this.form = new PromptForm(this.model, { controls: PICTURE_CONTROLS, examples: EXAMPLES, button: "draw", work, show });
    this.picture = canvasOf(128, 128, "picture", "pixels large");
    this.slider = element("input", { type: "range", min: 1, max: 1, step: 1, value: 1, id: "moment", "data-name": "moment", "aria-label": say("moment") });
    this.slider.addEventListener("input", () => this.show(Number(this.slider.value) - 1));
    this.moment = element("output", { for: "moment" });
    this.views = Object.fromEntries(PICTURE_VIEWS.map((view) => [view.id, canvasOf(128, 128, view.say, "pixels")]));
    this.look = canvasOf(128, 128, "look", "pixels large");
    this.tokens = element("div", { class: "tokens", role: "group", "data-name": "tokens", "aria-label": say("tokens") });
    this.root.append(
      this.form.box,
      element("section", {}, element("h2", { say: "picture" }), figureOf(this.picture, "picture.caption")),
      element("section", {}, element("h2", { say: "each" }), element("p", { say: "each.about" }),
        element("div", { class: "moment" }, element("label", { for: "moment", say: "moment" }), this.slider, this.moment),
        element("div", { class: "grid" }, ...PICTURE_VIEWS.map((view) => figureOf(this.views[view.id], view.say)))),
      element("section", {}, element("h2", { say: "look" }), element("p", { say: "look.about" }), this.tokens, figureOf(this.look, "look.caption")),
    );
    speech.redraw.push(() => this.redraw());
    return this.root;
  }

  draw() { return this.form.make(); }

  async work(request) {
    const run = [], { lora, strength } = this.form.values;
    await this.form.tell("status.lora");
    await this.model.wear(lora, strength);
    for await (const step of this.model.steps(request)) {
      run.push(step);
      await this.form.tell("status.step", { index: step.index + 1, steps: step.steps });
    }
    const last = run.length - 1, rgba = await this.model.decode(run[last].after);
    // After the last step, what is left and what it aims at are one.
    Object.assign(this, { run, rgba, seen: new Map([[`${last} after`, rgba], [`${last} clean`, rgba]]) });
    drawPixels(this.picture, rgba, PICTURE.pixels, PICTURE.pixels);
    this.slider.max = run.length; // before the value, which it bounds
    this.slider.value = run.length;
  }

  async show(index) {
    const step = this.run[index];
    if (!step) return;
    this.at = index;
    this.tellMoment(step);
    const without = this.model.aims(step, "without"), withPrompt = this.model.aims(step, "withPrompt");
    drawLatents(this.views.noiseWithout, without.noise, PICTURE.side, 3);
    drawLatents(this.views.noiseWith, withPrompt.noise, PICTURE.side, 3);
    const shown = { after: step.after, clean: this.model.aims(step, "velocity").clean, without: without.clean, withPrompt: withPrompt.clean };
    for (const [name, latents] of Object.entries(shown)) {
      if (this.at !== index) return; // the slider went on
      drawPixels(this.views[name], await this.decoded(`${index} ${name}`, latents), PICTURE.pixels, PICTURE.pixels);
      await pause();
    }
    this.redraw();
  }

  tellMoment({ index, steps, sigma, next }) {
    this.moment.textContent = say("moment.words", { index: index + 1, steps, sigma: sigmaText(sigma), next: sigmaText(next) });
    this.slider.setAttribute("aria-valuetext", this.moment.textContent);
  }

  async decoded(key, latents) {
    if (!this.seen.has(key)) this.seen.set(key, await this.model.decode(latents));
    return this.seen.get(key);
  }

  redraw() {
    const step = this.run[this.at];
    if (!step) return;
    this.tellMoment(step);
    const looks = looksOf(step), words = looks.filter((look) => look.word);
    this.token = Math.min(this.token, looks.length - 1);
    this.tokens.replaceChildren(...looks.map((look, i) => {
      const button = element("button", { type: "button", class: "quiet", "aria-pressed": String(i === this.token), onclick: () => { this.token = i; this.redraw(); } });
      button.textContent = `${look.text} ${percent(meanOf(look.places))}`;
      return button;
    }));
    const most = Math.max(...(words.length ? words : looks).map((look) => largestOf(look.places))); // a word nobody looks at stays pale
    drawLook(this.look, this.rgba, PICTURE.pixels, looks[this.token].places, PICTURE.grid, most);
  }
}

async function openPicture(main) {
  const bar = progressBar();
  main.append(bar.box);
  const { store, parts } = await openStore(bar.report);
  const facts = await store.json("facts"), lists = await store.json("lists");
  const schedule = (await store.floats("tables")).views.get("schedule").data;
  for (const [i, name] of ["text", "vae", "unet"].entries()) {
    await bar.report(name, 0.3 + 0.2 * i);
    await parts.open(name);
  }
  const model = new PictureModel(parts, facts, lists, schedule, { layers: facts.layers });
  const page = new PicturePage(model), steps = new StepsPage(model), root = page.build();
  root.append(steps.build());
  main.replaceChildren(root);
  return { ...page, page, steps, model };
}
