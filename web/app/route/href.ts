/** Writes addresses of screens. */

/** Filters: a text, several of them, or none. */
export type Params = Record<string, string | string[] | null>;

/** The address of a screen, with what its query becomes. */
export function withParams(path: string, before: URLSearchParams, params: Params): string {
  const query = new URLSearchParams(before);
  for (const [name, value] of Object.entries(params)) {
    query.delete(name);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== '') query.append(name, one);
    }
  }
  const text = query.toString();
  return `#${path}${text === '' ? '' : `?${text}`}`;
}

/** The parts of a path. What is not encoded as it should be, such as a lone `%`, is taken as it is. */
export function parts(path: string): string[] {
  return path.split('/').filter(Boolean).map(decoded);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a screen. */
export function href(path: string, params: Params = {}): string {
  return withParams(path, new URLSearchParams(), params);
}
