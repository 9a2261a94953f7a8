/** The letters that stand for an account, which has an e-mail address and no name: `LM` of `lea.martin@…`. */
export function initials(email: string): string {
  const words = email.replace(/@.*/, '').split(/[^\p{L}\p{N}]+/u);
  return words
    .map((word) => [...word][0] ?? '')
    .join('')
    .slice(0, 2)
    .toUpperCase();
}
