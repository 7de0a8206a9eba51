// Build a page from its layout, in two languages, from one catalogue. Text is always set as text, never as HTML.

const CATALOGUE = JSON.parse(document.getElementById("catalogue").textContent);
const speech = { language: "zh", redraw: [] };

function say(key, values = {}) {
  const words = CATALOGUE[key];
  if (!words) throw new Error(`no words for ${key}`);
  return words[speech.language].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function element(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (name === "say") node.dataset.say = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  if (options.say) node.textContent = say(options.say);
  node.append(...children.filter((child) => child !== null));
  return node;
}

function speak(language) {
  speech.language = language;
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = say(document.documentElement.dataset.title);
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
  for (const node of document.querySelectorAll("[data-name]")) node.setAttribute("aria-label", say(node.dataset.name));
  for (const redraw of speech.redraw) redraw();
}

function languageButton() {
  const button = element("button", { type: "button", class: "quiet", say: "otherLanguage" });
  button.addEventListener("click", () => speak(speech.language === "zh" ? "en" : "zh"));
  return button;
}

// One control of a layout: {id, kind, min, max, step, value, choices, rows}. Its words are "id" and, below it, "id.hint".
function control(spec, values, changed) {
  values[spec.id] = spec.value;
  const label = element("label", { for: spec.id }, element("span", { say: spec.id }));
  const shown = element("output", { for: spec.id });
  const ranged = spec.kind === "range";
  const field = fieldOf(spec);
  const tell = () => {
    values[spec.id] = ["range", "number"].includes(spec.kind) ? Number(field.value) : field.value;
    if (ranged) shown.textContent = spec.shown ? spec.shown(values[spec.id]) : field.value;
    changed(spec.id);
  };
  field.addEventListener("input", tell);
  if (ranged) { label.append(shown); shown.textContent = spec.shown ? spec.shown(spec.value) : spec.value; }
  const hint = CATALOGUE[`${spec.id}.hint`] ? element("p", { class: "soft", id: `${spec.id}-hint`, say: `${spec.id}.hint` }) : null;
  if (hint) field.setAttribute("aria-describedby", hint.id);
  return element("div", { class: `control ${spec.wide ? "wide" : ""}` }, label, field, hint);
}

function fieldOf(spec) {
  const { id, kind, min, max, step, value } = spec;
  if (kind === "text") {
    const area = element("textarea", { id, rows: spec.rows || 2, maxlength: 400, spellcheck: "false" });
    area.value = value;
    return area;
  }
  if (kind === "choice") {
    const select = element("select", { id }, ...spec.choices.map((name) => element("option", { value: name, say: `${id}.${name || "none"}` })));
    select.value = value;
    return select;
  }
  const field = element("input", { id, type: kind, min, max, step });
  field.value = value;
  return field;
}

function progressBar() {
  const bar = element("progress", { max: 1, value: 0, "data-name": "loading" }), label = element("p", { role: "status" });
  bar.setAttribute("aria-label", say("loading"));
  const box = element("section", { class: "loading" }, label, bar);
  const report = async (stage, share) => {
    label.textContent = say(`loading.${stage}`);
    bar.value = share;
    await pause();
  };
  return { box, report };
}

function canvasOf(width, height, key, className = "") {
  const canvas = element("canvas", { width, height, role: "img", class: className, "data-name": key });
  canvas.setAttribute("aria-label", say(key));
  return canvas;
}

const figureOf = (node, key) => element("figure", {}, node, element("figcaption", { say: key }));
const seconds = (milliseconds) => (milliseconds / 1000).toFixed(milliseconds < 9950 ? 1 : 0);

// The words of a prompt, kept and dropped, each with what it says or why it does not count.
function phraseView(read) {
  const pieces = [
    ...read.kept.map((hit) => ({ ...hit, kept: true, about: say(`attribute.${hit.attribute.split(":")[0]}`) })),
    ...read.dropped.map((piece) => ({ ...piece, kept: false, about: say(`why.${piece.why}`) })),
  ].sort((a, b) => a.start - b.start);
  const list = element("ul", { class: "words" });
  for (const piece of pieces) {
    const word = element(piece.kept ? "strong" : "s", {});
    word.textContent = piece.text;
    const about = element("small", {});
    about.textContent = piece.about;
    list.append(element("li", { class: piece.kept ? "kept" : "dropped" }, word, about));
  }
  const line = element("p", { class: "phrase" });
  line.textContent = read.phrase ? `${say("phrase")}${read.phrase}` : say("phraseEmpty");
  return [line, list];
}

// Show what went wrong, and what helps; nothing was lost.
function troubleView(error) {
  const box = element("p", { class: "trouble", role: "alert" });
  box.textContent = `${say("trouble")} ${error && error.message ? error.message : error}`;
  return box;
}
