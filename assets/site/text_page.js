// The text playground: the next token's chances, each filter's cut, token by token, and every head's attention.

class TextPage {
  constructor(models) { Object.assign(this, { models, values: {}, writing: null, busy: false, token: 0, layer: 0, head: -1, tell: () => {} }); }

  get model() { return this.models[this.values.model]; }

  build() {
    this.controls = TEXT_CONTROLS.map((spec) => control(spec, this.values, (id) => this.changed(id)));
    this.status = element("p", { role: "status", class: "soft" });
    this.made = element("p", { class: "tokens text", role: "group", "data-name": "text.made", "aria-label": say("text.made") });
    this.bars = element("table", { class: "bars" });
    this.about = element("p", { class: "soft" });
    this.layers = element("div", { class: "tokens", role: "group", "data-name": "text.layer", "aria-label": say("text.layer") });
    this.heads = element("div", { class: "tokens", role: "group", "data-name": "text.head", "aria-label": say("text.head") });
    this.map = canvasOf(8, 8, "text.map", "pixels large");
    const buttons = [["text.begin", () => this.begin()], ["text.step", () => this.step(1)], ["text.all", () => this.step(Infinity)]];
    this.buttons = buttons.map(([key, work], i) => element("button", { type: "button", class: i ? "quiet" : "main", say: key, onclick: work }));
    const root = element("div", { class: "playground" },
      element("section", { class: "controls" }, ...this.controls, element("div", { class: "tokens" }, ...this.buttons), this.status),
      element("section", {}, element("h2", { say: "text.made" }), this.made),
      element("section", {}, element("h2", { say: "text.next" }), this.about, element("div", { class: "scrolled", tabindex: 0, role: "group", "data-name": "text.next", "aria-label": say("text.next") }, this.bars)),
      element("section", {}, element("h2", { say: "text.attention" }), element("p", { say: "text.attention.about" }), this.layers, this.heads, figureOf(this.map, "text.map")));
    speech.redraw.push(() => { this.redraw(); this.tell(); });
    this.fit();
    return root;
  }

  fit() { // the poem model takes a form and a title, the chat model a message
    const poem = this.values.model === "poem", shown = { form: poem, title: poem, message: !poem };
    TEXT_CONTROLS.forEach((spec, i) => { this.controls[i].hidden = shown[spec.id] === false; });
  }

  changed(id) {
    if (!this.made) return;
    if (["model", "form", "title", "message", "seed"].includes(id)) { this.writing = null; this.fit(); }
    this.redraw();
  }

  get prompt() {
    const [before, after] = this.model.facts.wrap, { form, title, message } = this.values;
    return this.values.model === "poem" ? `<${form}>${title.trim()}${after}` : `${before}${message}${after}`;
  }

  get settings() { return { temperature: this.values.temperature, topK: this.values.topK, topP: this.values.topP }; }

  async begin() { await this.work(async () => { await this.start(); }); }

  async start() {
    this.writing = new Writing(this.model, this.prompt, Math.max(0, Math.trunc(this.values.seed) || 0));
    await this.writing.begin();
    this.token = this.model.ids.length - 1;
  }

  async step(count) {
    await this.work(async () => {
      if (!this.writing || this.writing.ended) await this.start();
      for (let i = 0; i < count && !this.writing.ended; i++) {
        await this.writing.step(this.settings);
        this.token = this.model.ids.length - 1;
        this.redraw();
        await pause();
      }
    });
  }

  async work(task) {
    if (this.busy) return;
    this.busy = true;
    const began = performance.now();
    for (const button of this.buttons) button.disabled = true;
    try {
      await task();
      const { ended } = this.writing, took = { seconds: seconds(performance.now() - began) };
      this.tell = () => { this.status.textContent = `${ended ? say(`text.ended.${ended}`) : ""} ${say("text.took", took)}`; };
    } catch (error) { this.tell = () => this.status.replaceChildren(troubleView(error)); }
    this.tell();
    for (const button of this.buttons) button.disabled = false;
    this.busy = false;
    this.redraw();
  }

  redraw() {
    const writing = this.writing;
    this.made.replaceChildren();
    this.bars.replaceChildren();
    this.about.textContent = writing ? "" : say("text.idle");
    for (const box of [this.layers, this.heads]) box.replaceChildren();
    if (!writing || !writing.scores) return;
    this.drawTokens();
    this.drawBars(writing.view(this.settings));
    this.drawLooks();
  }

  drawTokens() {
    const { ids } = this.model, look = this.model.look(this.token, this.layer, this.head);
    const most = Math.max(...look, 1e-9);
    ids.forEach((id, i) => {
      const button = element("button", { type: "button", class: "token", "aria-pressed": String(i === this.token), onclick: () => { this.token = i; this.redraw(); } });
      button.textContent = this.model.piece(id).replace(/\n/g, "↵");
      button.style.setProperty("--look", i <= this.token ? (look[i] / most).toFixed(3) : "0");
      if (i >= this.writing.prompt.length) button.classList.add("new");
      this.made.append(button);
    });
  }

  drawBars({ rows, kept, bits }) {
    this.about.textContent = say("text.kept", { warm: kept.warm, some: kept.some, last: kept.last, bits: bits.toFixed(2) });
    const head = ["text.token", "text.raw", "text.warm", "text.last"].map((key) => element("th", { scope: "col", say: key }));
    this.bars.append(element("thead", {}, element("tr", {}, ...head)));
    const body = element("tbody", {});
    for (const row of rows) {
      const cut = row.last > 0 ? "" : row.some > 0 ? "topP" : row.warm > 0 ? "topK" : "temperature";
      const name = element("th", { scope: "row" });
      name.textContent = row.text.replace(/\n/g, "↵");
      const cells = ["raw", "warm"].map((key) => this.barCell(row[key]));
      const last = cut ? element("td", { class: "cut" }) : this.barCell(row.last);
      if (cut) last.textContent = say(`text.cut.${cut}`);
      body.append(element("tr", {}, name, ...cells, last));
    }
    this.bars.append(body);
  }

  barCell(share) {
    const cell = element("td", {}), text = element("span", {});
    text.textContent = share >= 0.0005 ? `${(100 * share).toFixed(1)} %` : "< 0.1 %";
    cell.style.setProperty("--share", share.toFixed(4));
    cell.append(text);
    return cell;
  }

  drawLooks() {
    const { layers, heads, ids } = this.model;
    this.layer = Math.min(this.layer, layers - 1);
    this.head = Math.min(this.head, heads - 1);
    const choose = (name, value, text) => {
      const button = element("button", { type: "button", class: "quiet", "aria-pressed": String(this[name] === value), onclick: () => { this[name] = value; this.redraw(); } });
      button.textContent = text;
      return button;
    };
    this.layers.append(...Array.from({ length: layers }, (_, i) => choose("layer", i, say("text.layer.one", { number: i + 1 }))));
    this.heads.append(choose("head", -1, say("text.head.all")), ...Array.from({ length: heads }, (_, i) => choose("head", i, say("text.head.one", { number: i + 1 }))));
    const rows = ids.map((_, i) => this.model.look(i, this.layer, this.head));
    drawMatrix(this.map, ids.length, ids.length, (row, column) => rows[row][column] || 0, ember);
  }
}

async function openText(main) {
  const bar = progressBar();
  main.append(bar.box);
  const { store, parts } = await openStore(bar.report);
  const facts = await store.json("facts"), models = {};
  for (const [i, name] of ["poem", "tinychat"].entries()) {
    await bar.report(name, 0.4 + 0.3 * i);
    await parts.open(name);
    models[name] = new TextModel(parts, name, facts[name]);
  }
  const page = new TextPage(models);
  main.replaceChildren(page.build());
  return page;
}
