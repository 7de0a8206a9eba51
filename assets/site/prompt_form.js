// What the picture and the clip page ask alike: a prompt and its words, settings, examples, one button, how far it is.

class PromptForm {
  // notes(read): what is said below the words of the prompt; work(request): what the button does; show(): what follows it.
  constructor(model, { controls, examples, button, work, show, notes = () => [] }) {
    Object.assign(this, { model, work, show, notes, values: {}, busy: false, retell: () => {} });
    const fields = controls.map((spec) => control(spec, this.values, (id) => { if (["prompt", "negative"].includes(id)) this.read(); }));
    const tries = element("p", { class: "examples" }, element("span", { say: "examples", class: "soft" }));
    for (const text of examples) {
      const example = element("button", { type: "button", class: "quiet", onclick: () => this.take(text) });
      example.textContent = text;
      tries.append(example);
    }
    this.words = element("div", { "aria-live": "polite" });
    this.button = element("button", { type: "button", class: "main", say: button, onclick: () => this.make() });
    this.status = element("p", { role: "status", class: "soft" });
    this.box = element("section", { class: "controls" }, ...fields, tries, this.words, this.button, this.status);
    speech.redraw.push(() => { this.read(); this.retell(); });
    this.read();
  }

  take(text) {
    const field = document.getElementById("prompt");
    field.value = text;
    field.dispatchEvent(new Event("input"));
  }

  read() {
    const { prompt, negative } = this.values, read = this.model.read(prompt), views = [...phraseView(read), ...this.notes(read)];
    if (negative.trim()) views.push(element("h3", { say: "negative" }), ...phraseView(this.model.read(negative, true)));
    this.words.replaceChildren(...views);
  }

  request() {
    const { prompt, negative, steps, guidance, seed } = this.values;
    const other = negative.trim() ? this.model.read(negative, true).phrase : "";
    return { phrase: this.model.read(prompt).phrase, negative: other, steps, guidance, seed: Math.min(4294967295, Math.max(0, Math.trunc(seed) || 0)) };
  }

  async tell(key, values) { // and let the browser draw
    this.retell = () => { this.status.textContent = say(key, values); };
    this.retell();
    await pause();
  }

  async make() {
    if (this.busy) return;
    this.busy = this.button.disabled = true;
    const began = performance.now();
    try {
      await this.work(this.request());
      await this.tell("status.done", { seconds: seconds(performance.now() - began) });
      await this.show();
    } catch (error) {
      this.retell = () => this.status.replaceChildren(troubleView(error));
      this.retell();
    }
    this.busy = this.button.disabled = false;
  }
}
