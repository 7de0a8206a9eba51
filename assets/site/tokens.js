// The models' tokenizers, after the files that they ship with: byte-pair, Unigram, and one token a character.

const BYTE_LETTERS = (() => { // bytes as letters, as GPT-2 writes them
  const shown = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(shown(byte) ? byte : next++));
})();
const CLIP_WORDS = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu;

// CLIP's: ids of all places, and the pieces that stand at those of the text.
function clipTokens(text, table, room = 77) {
  const ranks = table.ranks || (table.ranks = new Map(table.merges.map((pair, rank) => [pair.join(" "), rank])));
  const pieces = [];
  for (const [word] of text.normalize("NFC").replace(/\s+/gu, " ").toLowerCase().matchAll(CLIP_WORDS)) {
    let letters = [...new TextEncoder().encode(word)].map((byte) => BYTE_LETTERS[byte]);
    letters[letters.length - 1] += "</w>";
    for (;;) {
      const rank = (i) => ranks.get(`${letters[i]} ${letters[i + 1]}`) ?? Infinity;
      const best = letters.slice(1).reduce((low, _, i) => (rank(i) < rank(low) ? i : low), 0);
      if (letters.length < 2 || rank(best) === Infinity) break;
      letters = [...letters.slice(0, best), letters[best] + letters[best + 1], ...letters.slice(best + 2)];
    }
    pieces.push(...letters);
  }
  const kept = pieces.slice(0, room - 2);
  const ids = [table.begin, ...kept.map((piece) => table.vocab[piece] ?? table.end), table.end];
  return { ids: [...ids, ...Array(room - ids.length).fill(table.pad)], pieces: kept.map(readable) };
}

function readable(piece) {
  const bytes = [...piece.replace("</w>", "")].map((letter) => BYTE_LETTERS.indexOf(letter));
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

// Unigram: the split of highest likelihood (Viterbi). What no piece covers becomes the unknown one, neighbours joined.
function unigramTokens(text, table) {
  const scores = table.scores || (table.scores = new Map(table.vocab.map(([piece, score], id) => [piece, [id, score]])));
  const longest = Math.max(...table.vocab.map(([piece]) => countOf(piece)));
  const least = Math.min(...table.vocab.map(([, score]) => score)) - 10;
  const signs = [...text], best = [{ score: 0, from: -1, id: -1 }];
  for (let end = 1; end <= signs.length; end++) {
    best[end] = { score: -Infinity };
    for (let start = Math.max(0, end - longest); start < end; start++) {
      const known = scores.get(signs.slice(start, end).join(""));
      const [id, score] = known || (start === end - 1 ? [table.unknown, least] : [null, -Infinity]);
      if (id !== null && best[start].score + score > best[end].score) best[end] = { score: best[start].score + score, from: start, id };
    }
  }
  const ids = [];
  for (let end = signs.length; end > 0; end = best[end].from) {
    if (!(best[end].id === table.unknown && ids[0] === table.unknown)) ids.unshift(best[end].id);
  }
  return ids;
}

// The clip's: split at spaces and punctuation, each piece begun with a mark, then Unigram; one id ends it.
function clipTextTokens(text, table) {
  const words = text.normalize("NFKC").toLowerCase().split(/\s+/u).filter(Boolean);
  const pieces = words.flatMap((word) => word.split(/([\p{P}!-/:-@[-`{-~])/u).filter(Boolean));
  return [...pieces.flatMap((piece) => unigramTokens(`▁${piece}`, table)), table.end];
}

// A language model's: special tokens first, what lies between by `split`.
function splitAtSpecial(text, special, split) {
  const names = Object.keys(special).sort((a, b) => b.length - a.length).map(escaped).join("|");
  const parts = text.split(new RegExp(`(${names})`, "u")).filter(Boolean);
  return parts.flatMap((part) => (part in special ? [special[part]] : split(part)));
}

const characterTokens = (text, table) => [...text].map((sign) => table.vocab[sign] ?? table.unknown);
const textTokens = (text, table) =>
  splitAtSpecial(text, table.special, (part) => (table.kind === "unigram" ? unigramTokens(part, table) : characterTokens(part, table)));
