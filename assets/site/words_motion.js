// Say a prompt in the words of clips: `aigc_kit.worlds.tinyworld.clip_vocab`, rule by rule.

const QUALITY = "quality:";

function goTogether(subject, motion, lists) {
  if (!subject || !motion) return true;
  return !(motion === "morph" && !lists.morphing.includes(subject)) && !(motion === "turn" && lists.round.includes(subject));
}

const nameable = (spec, lists) => !spec.subject || !spec.motion || (lists.named[spec.subject] || []).includes(spec.motion);

function joinedHits(prompt, hits, lists) {
  const out = [];
  for (const hit of hits) {
    let back = out.length - 1;
    while (back >= 0 && ["grammar", "colour"].includes(out[back].attribute) && out[back].clause === hit.clause) back -= 1;
    const into = hit.attribute === "subject" && lists.morphing.includes(hit.value);
    if (into && back >= 0 && out[back].value === "morph" && out[back].clause === hit.clause) {
      const start = out[back].start;
      out.splice(back, out.length, { ...out[back], end: hit.end, text: prompt.slice(start, hit.end) });
    } else out.push(hit);
  }
  return out;
}

function takeNextMotion(hits, why, subject, motions, lists) {
  for (let k = 0; k < hits.length; k++) {
    const fits = hits[k].attribute === "motion" && why[k] === "second" && motions.includes(hits[k].value);
    if (fits && (subject === null || goTogether(hits[subject].value, hits[k].value, lists))) {
      why[k] = "";
      return true;
    }
  }
  return false;
}

function dropUnfit(hits, why, lists) {
  let subject = null, motion = null;
  hits.forEach((hit, k) => {
    if (why[k]) return;
    if (hit.attribute === "subject") subject = k;
    if (hit.attribute === "motion") motion = k;
  });
  if (motion === null) return;
  const after = hits.slice(motion + 1).find((hit) => hit.attribute !== "grammar");
  const into = hits[motion].value === "morph" && after !== undefined && after.attribute === "subject";
  const somethingElse = into && (subject === null || subject < motion);
  if (somethingElse || (subject !== null && !goTogether(hits[subject].value, hits[motion].value, lists))) {
    why[motion] = "unfit";
    takeNextMotion(hits, why, subject, lists.motions, lists);
  } else if (lists.onTheWay.some((word) => hits[motion].text.toLowerCase().startsWith(word))) {
    why[motion] = takeNextMotion(hits, why, subject, ["left", "right", "up", "down"], lists) ? "second" : "";
  }
}

function clipPhraseOf(prompt, lists, lexicon, negative = false) {
  let hits = joinedHits(prompt, scanWords(prompt, lexicon, lists), lists);
  const ofQuality = (hit) => hit.attribute.startsWith(QUALITY);
  if (!negative) hits = hits.map((hit) => (ofQuality(hit) ? { ...hit, attribute: "unknown", value: "" } : hit));
  const why = settleHits(prompt, hits, lists, negative);
  dropUnfit(hits, why, lists);
  const faults = hits.filter((hit, k) => negative && ofQuality(hit) && !why[k]).map((hit) => hit.value);
  const say = (spec, language) => {
    const words = lists.quality.filter(([en]) => faults.includes(en)).map(([en, zh]) => (language === "en" ? en : zh));
    return [canonicalOf(spec, language, lists), ...words].filter(Boolean).join(language === "zh" ? "，" : ", ");
  };
  const read = gatherPhrase(prompt, hits, why, say);
  return { ...read, spec: Object.fromEntries(Object.entries(read.spec).filter(([name]) => !name.startsWith(QUALITY))) };
}
