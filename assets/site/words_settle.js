// Say a prompt in the model's own words: `aigc_kit.worlds.tinyworld.vocab` and `captions.canonical`, rule by rule.
// phraseOf(prompt) = {phrase, kept, dropped, spec, language}; dropped pieces say why.

const ATTRIBUTES = ["subject", "colour", "scene", "style", "light", "size", "position"];

function nextHit(hits, k, skip) {
  for (let j = k + 1; j < hits.length; j++) {
    if (hits[j].clause !== hits[k].clause) return null;
    if (hits[j].text !== "的" && !skip.includes(hits[j].attribute)) return j;
  }
  return null;
}

const behind = (hit, lists) => lists.behind.includes(hit.text);

function ownerOf(hits, k, lists) {
  const after = nextHit(hits, k, hits[k].attribute === "size" ? ["size", "colour"] : ["size"]);
  if (after === null) return null;
  const ours = ["scene", "light", "subject", "thing"].includes(hits[after].attribute) || lists.behind.includes(hits[after].text.toLowerCase());
  return ours ? after : null;
}

const sameSubject = (hits, owner, subject) =>
  subject !== null && (owner === subject || (hits[owner].attribute === hits[subject].attribute && hits[owner].value === hits[subject].value));

function settleHits(prompt, hits, lists, negative) {
  const gone = negative ? new Set() : negatedHits(prompt, hits, lists);
  const why = hits.map((hit, k) => (gone.has(k) ? "negated" : lists.silent[hit.attribute] || ""));
  hits.forEach((hit, k) => {
    if (why[k]) return;
    if (hit.attribute === "adjective") {
      const follower = hits[k + 1] && hits[k + 1].start === hit.end ? hits[k + 1] : null;
      if (follower && ["subject", "colour"].includes(follower.attribute)) hits[k] = { ...hit, attribute: "size" };
      else why[k] = "unknown";
    } else if (hit.attribute === "position" && ofScene(hits, k)) why[k] = "unknown";
  });
  const subject = headOf(hits, why, lists);
  const first = new Map([["subject", subject], ["colour", colourOf(hits, why, subject, lists)]]);
  const order = hits.map((_, k) => k).filter((k) => !why[k]).sort((a, b) => hits[a].hint - hits[b].hint);
  for (const k of order) {
    const attribute = hits[k].attribute;
    const owner = attribute === "size" ? ownerOf(hits, k, lists) : null;
    if ((owner !== null && !sameSubject(hits, owner, subject)) || ofUnknown(hits, k)) { why[k] = "elsewhere"; continue; }
    if (!first.has(attribute)) first.set(attribute, k);
    if (first.get(attribute) === k) continue;
    why[k] = attribute === "colour" && ownerOf(hits, k, lists) !== null ? "elsewhere" : "second";
  }
  return why;
}

function ofUnknown(hits, k) {
  const led = k && ["a", "an", "the"].includes(hits[k - 1].text.toLowerCase());
  if (!["size", "motion"].includes(hits[k].attribute) || !led) return false;
  let noun = false;
  for (const hit of hits.slice(k + 1)) {
    if (hit.clause !== hits[k].clause || hit.attribute === "grammar") break;
    if (hit.attribute !== "unknown") return false;
    noun = true;
  }
  return noun;
}

const ofScene = (hits, k) =>
  k > 0 && hits[k - 1].end === hits[k].start && hits[k - 1].attribute === "scene" && hits[k].value === "centre";

function headOf(hits, why, lists) {
  let named = hits.map((_, k) => k).filter((k) => hits[k].attribute === "subject" && !why[k]);
  const plain = named.filter((k) => !hits[k].hint);
  named = plain.length ? plain : named;
  if (!named.length) return null;
  let head = named[0];
  for (const later of named.slice(1)) {
    if (hits[later].clause !== hits[head].clause || !describes(hits, head, later, lists)) break;
    head = later;
  }
  return head;
}

function describes(hits, first, later, lists) {
  const between = hits.slice(first + 1, later).map((hit) => hit.text.toLowerCase());
  if (asciiOnly(hits[later].text)) {
    return between.length === 1 && ["shaped", "themed", "patterned", "flavored", "flavoured", "print"].includes(between[0]);
  }
  if (!between.includes("的") || ["和", "与", "跟", "、"].some((word) => between.includes(word))) return false;
  const link = between.slice(0, between.indexOf("的")).join("");
  let before = first - 1;
  while (before >= 0 && (["colour", "size"].includes(hits[before].attribute) || lists.measures.includes(hits[before].text))) before -= 1;
  return !link || lists.shapes.includes(link) || (before >= 0 && lists.acts.some((act) => hits[before].text.endsWith(act)));
}

function colourOf(hits, why, subject, lists) {
  const colours = hits.map((_, k) => k).filter((k) => hits[k].attribute === "colour" && !why[k]);
  if (subject !== null) {
    const before = colours.filter((k) => k < subject && nextHit(hits, k, ["size"]) === subject);
    const right = nextHit(hits, subject, ["grammar"]);
    if (before.length) return before[before.length - 1];
    if (right !== null && colours.includes(right) && ownerOf(hits, right, lists) === null) return right;
  }
  const free = (k) => {
    const owner = ownerOf(hits, k, lists);
    return owner === null || (subject !== null && hits[owner].attribute === "subject" && sameSubject(hits, owner, subject));
  };
  const found = colours.find((k) => free(k) && !saidOfThing(hits, k, lists));
  return found === undefined ? null : found;
}

function saidOfThing(hits, k, lists) {
  let before = k - 1;
  while (before >= 0 && hits[before].attribute === "grammar" && !behind(hits[before], lists)) before -= 1;
  if (before < 0 || hits[before].clause !== hits[k].clause) return false;
  return hits[before].attribute === "thing" || behind(hits[before], lists);
}

function droppedPieces(prompt, hits, why) {
  const pieces = [];
  let last = null;
  hits.forEach((hit, k) => {
    const reason = why[k];
    const same = last && pieces.length && last[0] === reason && last[1] === hit.clause && ["unknown", "grammar", "negated"].includes(reason);
    if (reason && same) {
      const start = pieces[pieces.length - 1].start;
      pieces[pieces.length - 1] = { start, end: hit.end, text: prompt.slice(start, hit.end), why: reason };
    } else if (reason) pieces.push({ start: hit.start, end: hit.end, text: hit.text, why: reason });
    last = [reason, hit.clause];
  });
  return pieces;
}

function gatherPhrase(prompt, hits, why, say) {
  const kept = hits.filter((_, k) => !why[k]);
  const spec = Object.fromEntries(kept.map((hit) => [hit.attribute, hit.value]));
  const chinese = kept.filter((hit) => /[\u3400-\u9fff]/.test(hit.text)).length;
  const language = kept.filter((hit) => asciiOnly(hit.text)).length > chinese ? "en" : "zh";
  return { phrase: say(spec, language), kept, dropped: droppedPieces(prompt, hits, why), spec, language };
}

function canonicalOf(spec, language, lists) {
  const at = language === "zh" ? 0 : 1;
  const say = {};
  for (const name of [...ATTRIBUTES, "motion"]) if (spec[name]) say[name] = lists.terms[name][spec[name]][at][0];
  const motion = say.motion || "";
  const { subject = "", colour = "", size = "", light = "", style = "", position = "" } = say;
  if (language === "zh") {
    const where = spec.scene ? `在${say.scene}${lists.where.zh[spec.scene]}` : "";
    const ofColour = colour ? colour + (size ? "" : "的") : "";
    const thing = size || colour ? `一个${size}${colour ? colour + "的" : ""}东西` : "";
    const core = subject ? lists.measure[spec.subject] + size + ofColour + subject : thing;
    return [core + motion, where, light, style && `${style}风格`, position && `在${position}`].filter(Boolean).join("，");
  }
  const where = spec.scene ? `${lists.where.en[spec.scene]} ${say.scene}` : "";
  const noun = size || colour || subject ? [size, colour, subject || "thing"].filter(Boolean) : [];
  const core = noun.length ? [`a${"aeiou".includes(noun[0][0]) ? "n" : ""}`, ...noun].join(" ") : "";
  const side = position && (["left", "right"].includes(position) ? `on the ${position}` : `in the ${position}`);
  const acting = [core, motion].filter(Boolean).join(" ");
  return [acting, where, light && `at ${light}`, style && `${style} style`, side].filter(Boolean).join(", ");
}

// The phrase for pictures; of a face too small for the model the size is dropped as "coarse", as `vocab.promised` does.
function phraseOf(prompt, lists, lexicon, negative = false) {
  const hits = scanWords(prompt, lexicon, lists);
  const say = (spec, language) => canonicalOf(spec, language, lists);
  const read = gatherPhrase(prompt, hits, settleHits(prompt, hits, lists, negative), say);
  if (!lists.faces.includes(read.spec.subject) || read.spec.size !== "small") return read;
  const small = read.kept.filter((hit) => hit.attribute === "size").map(({ start, end, text }) => ({ start, end, text, why: "coarse" }));
  const spec = { ...read.spec, size: "medium" };
  const dropped = [...read.dropped, ...small].sort((a, b) => a.start - b.start);
  return { ...read, phrase: say(spec, read.language), kept: read.kept.filter((hit) => hit.attribute !== "size"), dropped, spec };
}
