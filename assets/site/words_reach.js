// Find how far a no reaches: `aigc_kit.worlds.tinyworld.negation`, rule by rule. Gives the hits that must not show.

function negatedHits(prompt, hits, lists) {
  const gone = new Set();
  hits.forEach((hit, k) => {
    if (hit.attribute !== "negation" || gone.has(k)) return;
    const first = reachOf(prompt, hits, k, lists);
    const reach = first.length ? first : reachBefore(hits, k, lists);
    for (const j of reach) gone.add(j);
    if (reach.length) gone.add(k);
  });
  return gone;
}

function reachOf(prompt, hits, k, lists) {
  if (!asciiOnly(hits[k].text)) return reachInChinese(prompt, hits, k, lists);
  if (hits[k].text.toLowerCase() === "not" && k && lists.articles.includes(hits[k - 1].text.toLowerCase())) return [k + 1];
  return reachInEnglish(prompt, hits, k, lists);
}

function reachInChinese(prompt, hits, k, lists) {
  const reach = [];
  for (let j = k + 1; j < hits.length; j++) {
    const hit = hits[j], before = hits[j - 1];
    if (hits[k].text === "不是" && hit.text === "是") break;
    const between = prompt.slice(before.end, hit.start);
    const goesOn = before.clause === hit.clause || !between.replaceAll("、", "").trim();
    const stops = lists.stopsZh.some((word) => hit.text.startsWith(word)) && lists.empty.includes(hit.attribute);
    if (!goesOn || stops) break;
    const ends = lists.without.includes(hits[k].text) && ["的", "地"].includes(hit.text) && lists.nouns.includes(before.attribute);
    if (ends && hits.slice(j + 1).some((later) => later.clause === hit.clause)) break;
    reach.push(j);
  }
  return reach.some((j) => hits[j].attribute !== "grammar") ? reach : [];
}

function reachInEnglish(prompt, hits, k, lists) {
  const end = listEnd(prompt, hits, k, lists), reach = [];
  let named = false;
  for (let j = k + 1; j < hits.length; j++) {
    const word = hits[j].text.toLowerCase();
    const leaves = hits[j].clause !== hits[k].clause && j >= end;
    const place = lists.prepositions.includes(word) && word !== "of" && named;
    if (leaves || lists.stopsEn.includes(word) || place) break;
    const follower = j + 1 < hits.length ? hits[j + 1].text.toLowerCase() : "";
    if (word === "and" && named && hits[k].text.toLowerCase() !== "without" && lists.articles.includes(follower)) break;
    reach.push(j);
    named = named || !["grammar", "negation"].includes(hits[j].attribute);
  }
  return reach;
}

function listEnd(prompt, hits, k, lists) {
  const clauses = new Map();
  for (let j = k + 1; j < hits.length; j++) {
    if (!clauses.has(hits[j].clause)) clauses.set(hits[j].clause, []);
    clauses.get(hits[j].clause).push(j);
  }
  let number = 0;
  for (const members of clauses.values()) {
    const words = members.map((j) => hits[j].text.toLowerCase());
    const parts = number === 0 || prompt.slice(hits[members[0] - 1].end, hits[members[0]].start).trim() === ",";
    if (!parts || members.length > lists.listWords + 1) break;
    if (number && (words.includes("or") || words.includes("nor") || lists.last.includes(words[0]))) return members[members.length - 1] + 1;
    number += 1;
  }
  return k + 1;
}

function reachBefore(hits, k, lists) {
  const later = hits.slice(k + 1).filter((hit) => hit.attribute !== "grammar");
  if (asciiOnly(hits[k].text) || later.some((hit) => hit.clause === hits[k].clause)) return [];
  const reach = [], stopWords = lists.stopsZh.slice(0, -3);
  for (let j = k - 1; j >= 0; j--) {
    const stops = lists.empty.includes(hits[j].attribute) && stopWords.some((word) => hits[j].text.startsWith(word));
    if (stops || hits[j].clause !== hits[k].clause) break;
    reach.unshift(j);
  }
  return reach;
}
