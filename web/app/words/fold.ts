/** Texts compared as the server's search does: without case, accents and strokes. */

/** Letters that no decomposition takes apart. */
const PLAIN: Record<string, string> = { œ: 'oe', æ: 'ae', ø: 'o', ß: 'ss', ł: 'l', đ: 'd', ı: 'i' };

export function fold(text: string): string {
  const bare = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return bare.replace(/[œæøßłđı]/gu, (letter) => PLAIN[letter] ?? letter).trim();
}

/** Whether a text has each word of a question, in any order. */
export function hasWords(question: string, text: string): boolean {
  // Mostly nothing is asked, and folding a thousand texts takes longer than a frame.
  if (question === '') return true;
  const folded = fold(text);
  return fold(question)
    .split(/\s+/)
    .every((word) => folded.includes(word));
}
