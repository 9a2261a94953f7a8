/** `updated_at`, which `if_unchanged` sends back word for word. */

/** The later of two instants as the API writes them. Their fractions have as many digits as they need. */
export function later(one: string, other: string): string {
  const plain = (text: string): string => text.replace(/Z$/, '');
  return plain(one) > plain(other) ? one : other;
}
