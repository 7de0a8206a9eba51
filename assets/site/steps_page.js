// The explainer: it runs one picture, then goes through it; nothing is shown before a guess.

class StepsPage {
  constructor(model) { Object.assign(this, { model, at: 0, guesses: new Map(), tale: null }); }

  build() {
    this.status = element("p", { role: "status", class: "soft" });
    this.begin = element("button", { type: "button", class: "main", say: "steps.begin", onclick: () => this.tell() });
    this.numbers = element("div", { class: "tokens", role: "group", "data-name": "steps.title", "aria-label": say("steps.title") });
    this.stage = element("div", { class: "stage", "aria-live": "polite" });
    this.before = element("button", { type: "button", class: "quiet", say: "steps.before", onclick: () => this.go(this.at - 1) });
    this.after = element("button", { type: "button", class: "quiet", say: "steps.after", onclick: () => this.go(this.at + 1) });
    this.walk = element("div", { class: "walk", hidden: true }, this.numbers, this.stage, element("div", { class: "tokens" }, this.before, this.after));
    speech.redraw.push(() => this.redraw());
    return element("section", { id: "steps-section", class: "across" }, element("h2", { say: "steps.title" }), element("p", { say: "steps.about" }), this.begin, this.status, this.walk);
  }

  async tell() {
    this.begin.disabled = true;
    const { model } = this, read = model.read(TALE.prompt), request = { ...TALE, phrase: read.phrase };
    try {
      await model.wear("", 1);
      const run = [], cleans = [];
      for await (const step of model.steps(request)) {
        run.push(step);
        cleans.push(await model.decode(model.aims(step, "velocity").clean));
        this.status.textContent = say("status.step", { index: step.index + 1, steps: step.steps });
        await pause();
      }
      const second = run[1], sides = {};
      for (const side of ["without", "withPrompt"]) sides[side] = await model.decode(model.aims(second, side).clean);
      const positive = run[0].conditions.positive, rgba = cleans[cleans.length - 1];
      this.tale = { model, read, request, run, cleans, sides, positive, rgba, noise: torchNoise(TALE.seed, LATENTS) };
      this.status.textContent = "";
      this.begin.hidden = true;
      this.walk.hidden = false;
      this.go(0);
    } catch (error) {
      this.status.replaceChildren(troubleView(error));
      this.begin.disabled = false;
    }
  }

  go(index) {
    this.at = Math.min(STEPS.length - 1, Math.max(0, index));
    this.redraw();
    this.stage.querySelector("h3").focus();
  }

  redraw() {
    if (!this.tale) return;
    const step = STEPS[this.at], right = step.ask(this.tale), guess = this.guesses.get(step.id);
    this.numbers.replaceChildren(...STEPS.map((other, i) => {
      const button = element("button", { type: "button", class: "quiet", "aria-pressed": String(i === this.at), onclick: () => this.go(i) });
      button.textContent = i + 1;
      button.setAttribute("aria-label", `${i + 1} ${say(`step.${other.id}`)}`);
      return button;
    }));
    this.before.disabled = this.at === 0;
    this.after.disabled = this.at === STEPS.length - 1;
    const heading = element("h3", { tabindex: -1 });
    heading.textContent = `${this.at + 1}. ${say(`step.${step.id}`)}`;
    const question = element("p", {});
    question.textContent = say(`ask.${step.id}`);
    const options = element("div", { class: "tokens", role: "group" }, ...guessesAround(right, step.most).map((value) => {
      const button = element("button", { type: "button", class: "quiet", "aria-pressed": String(value === guess), onclick: () => this.answer(step.id, value) });
      button.textContent = value;
      return button;
    }));
    options.setAttribute("aria-label", say(`ask.${step.id}`));
    this.stage.replaceChildren(heading, question, options);
    if (guess === undefined) return;
    const verdict = element("p", { class: "phrase" });
    verdict.textContent = say(guess === right ? "steps.right" : "steps.wrong", { right });
    const about = element("p", {});
    about.textContent = say(`tell.${step.id}`);
    this.stage.append(verdict, about, element("div", { class: "grid shown" }, ...step.show(this.tale)));
  }

  answer(id, value) {
    if (!this.guesses.has(id)) this.guesses.set(id, value);
    this.redraw();
    this.stage.querySelector("[aria-pressed=true]").focus();
  }
}
