// The clip playground: seventeen frames as a strip and as a film.

class ClipPage {
  constructor(model) { Object.assign(this, { model, frames: [], at: 0, timer: 0 }); }

  build() {
    const work = (request) => this.work(request), show = () => this.begin();
    const notes = (read) => (this.model.nameable(read) ? [] : [element("p", { class: "soft", say: "clip.blurred" })]);
    this.form = new PromptForm(this.model, { controls: CLIP_CONTROLS, examples: CLIP_EXAMPLES, button: "clip.make", work, show, notes });
    this.screen = canvasOf(CLIP.pixels, CLIP.pixels, "clip", "pixels large");
    this.slider = element("input", { type: "range", id: "frame", min: 1, max: CLIP.frames, step: 1, value: 1 });
    this.slider.addEventListener("input", () => { this.stop(); this.show(Number(this.slider.value) - 1); });
    this.number = element("output", { for: "frame" });
    this.playing = element("button", { type: "button", class: "quiet", onclick: () => (this.timer ? this.stop() : this.play()) });
    this.strip = element("div", { class: "strip", role: "group", "data-name": "clip.strip", "aria-label": say("clip.strip") });
    speech.redraw.push(() => this.redraw());
    this.redraw();
    return element("div", { class: "playground" },
      this.form.box,
      element("section", {}, element("h2", { say: "clip" }), figureOf(this.screen, "clip.caption"),
        element("div", { class: "moment" }, element("label", { for: "frame", say: "clip.frame" }), this.slider, this.number), this.playing),
      element("section", { class: "across" }, element("h2", { say: "clip.strip" }), this.strip));
  }

  make() { return this.form.make(); }

  async work(request) {
    this.stop();
    let last = null;
    for await (const step of this.model.steps(request)) {
      last = step;
      await this.form.tell("status.step", { index: step.index + 1, steps: step.steps });
    }
    this.frames = await this.model.decode(last.after);
  }

  begin() {
    this.strip.replaceChildren(...this.frames.map((rgba, i) => {
      const canvas = canvasOf(CLIP.pixels, CLIP.pixels, "clip.frame", "pixels");
      drawPixels(canvas, rgba, CLIP.pixels, CLIP.pixels);
      canvas.setAttribute("aria-label", `${say("clip.frame")} ${i + 1}`);
      canvas.removeAttribute("data-name");
      return canvas;
    }));
    this.show(0);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.play();
  }

  show(index) {
    if (!this.frames.length) return;
    this.at = index;
    drawPixels(this.screen, this.frames[index], CLIP.pixels, CLIP.pixels);
    this.slider.value = index + 1;
    this.redraw();
  }

  play() {
    if (!this.frames.length) return;
    this.timer = setInterval(() => this.show((this.at + 1) % CLIP.frames), 1000 / this.model.facts.defaults.fps);
    this.redraw();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.redraw();
  }

  redraw() {
    this.playing.textContent = say(this.timer ? "clip.pause" : "clip.play");
    this.number.textContent = `${this.at + 1} / ${CLIP.frames}`;
  }
}

async function openClip(main) {
  const bar = progressBar();
  main.append(bar.box);
  const { store, parts } = await openStore(bar.report);
  const facts = await store.json("facts"), lists = await store.json("lists");
  const schedule = (await store.floats("tables")).views.get("schedule").data;
  for (const [i, name] of ["text", "vae", "transformer"].entries()) {
    await bar.report(name, 0.3 + 0.2 * i);
    await parts.open(name);
  }
  const page = new ClipPage(new ClipModel(parts, facts, lists, schedule));
  main.replaceChildren(page.build());
  return page;
}
