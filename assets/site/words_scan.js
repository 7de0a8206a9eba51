// Find the world's words in a prompt: `aigc_kit.worlds.tinyworld.scan`, rule by rule, over the lists compiled from it.
// A hit is {start, end, text, clause, attribute, value, hint}; places count UTF-16 units.

const HANZI = /^[\u3400-\u9fff]/;
const IS_TEXT = /^[\p{L}\p{N}\p{So}]$/u;
const OTHER = /[a-z0-9]+(?:'[a-z]+)?/y;
const asciiOnly = (text) => /^[\x00-\x7f]*$/.test(text);
const keyOf = (text) => text.replace(/[\s_-]+/gu, "-");
const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
const countOf = (text) => [...text].length;

function pieceOf(word) {
  if (!asciiOnly(word)) return escaped(word);
  return `(?<![a-z0-9])${word.split("-").map(escaped).join("[\\s_-]+")}(?![a-z0-9])`;
}

function lexiconOf(lists) {
  return {
    pattern: new RegExp(lists.words.map(([word]) => pieceOf(word)).join("|"), "uy"),
    meanings: new Map(lists.words.map(([word, attribute, value]) => [word, [attribute, value]])),
    rules: lists.rules.map(([pattern, attribute, value, hint]) => ({ pattern: new RegExp(pattern, "uy"), attribute, value, hint })),
  };
}

// Lower case, with the place in the prompt at which each unit's character begins and ends.
function plainOf(prompt) {
  const starts = [], ends = [];
  let text = "", place = 0;
  for (const character of prompt) {
    for (const letter of character.normalize("NFKC").toLowerCase()) {
      const sign = letter === "\u2019" ? "'" : letter;
      text += sign;
      for (let i = 0; i < sign.length; i++) { starts.push(place); ends.push(place + character.length); }
    }
    place += character.length;
  }
  return { text, starts, ends };
}

const matchAt = (pattern, text, at) => { pattern.lastIndex = at; return pattern.exec(text); };

function longestAt(text, at, lexicon) {
  const match = matchAt(lexicon.pattern, text, at) || matchAt(OTHER, text, at);
  const end = match ? at + match[0].length : at + String.fromCodePoint(text.codePointAt(at)).length;
  const [attribute, value] = lexicon.meanings.get(keyOf(text.slice(at, end))) || ["unknown", ""];
  let best = { end, attribute: attribute.replace(/\?+$/, ""), value, hint: attribute.endsWith("?") }, ruled = false;
  for (const rule of lexicon.rules) {
    const found = matchAt(rule.pattern, text, at);
    if (!found) continue;
    const stop = at + found[0].length;
    if (stop > best.end || (stop === best.end && !ruled)) {
      ruled = true;
      best = { end: stop, attribute: rule.attribute, value: rule.value, hint: rule.hint };
    }
  }
  return best;
}

function scanWords(prompt, lexicon, lists) {
  const { text, starts, ends } = plainOf(prompt);
  const hits = [];
  let at = 0, clause = 0;
  while (at < text.length) {
    const sign = String.fromCodePoint(text.codePointAt(at));
    if (!IS_TEXT.test(sign)) {
      if (!/\s/u.test(sign) && !"-_'".includes(sign)) clause += 1;
      at += sign.length;
      continue;
    }
    const { end, attribute, value, hint } = longestAt(text, at, lexicon);
    const last = hits[hits.length - 1];
    const start = last && last.end > starts[at] ? last.end : starts[at], stop = ends[end - 1];
    if (start < stop) {
      const ending = lists.endings.includes(text.slice(at, end)) && last && last.end === start && last.attribute === "unknown";
      hits.push({ start, end: stop, text: prompt.slice(start, stop), clause, attribute: ending ? "unknown" : attribute, value, hint });
    }
    at = end;
  }
  return hits.map((hit, k) => (inAWord(hits, k, lists) ? { ...hit, attribute: "unknown", value: "" } : hit));
}

function neighbourOf(hits, k, step) {
  const other = hits[k + step];
  if (!other) return null;
  const beside = step > 0 ? other.start === hits[k].end : other.end === hits[k].start;
  return beside && HANZI.test(other.text) ? other : null;
}

function inAWord(hits, k, lists) {
  const hit = hits[k];
  const unknown = (other) => other !== null && other.attribute === "unknown";
  if (["中心", "中间", "中央"].includes(hit.text)) {
    const after = neighbourOf(hits, k, 1);
    return unknown(after) && !lists.leads.includes(after.text);
  }
  const single = countOf(hit.text) === 1;
  if (!single || !(["colour", "scene", "light", "position"].includes(hit.attribute) || "圆转".includes(hit.text))) return false;
  const before = neighbourOf(hits, k, -1), after = neighbourOf(hits, k, 1);
  if (unknown(after) && !lists.beside.includes(after.text)) return true;
  if (!unknown(before) || lists.leads.includes(before.text)) return false;
  const goesOn = after !== null && (("的色" + lists.beside).includes(after.text) || lists.nounPhrase.includes(after.attribute));
  return !(hit.attribute === "colour" && goesOn);
}
