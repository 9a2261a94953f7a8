/** The language of the application, and dictionaries in it. */

import type { Locale } from '../api/types';

const KEPT = 'coulisses.language';
const LANGUAGES: readonly Locale[] = ['fr', 'en', 'en-US'];

class Language {
  #chosen = $state<Locale>(kept() ?? browsers());

  get current(): Locale {
    return this.#chosen;
  }

  /** What somebody chose on this device goes before what their account says. */
  choose(locale: Locale): void {
    this.#set(locale);
    try {
      localStorage.setItem(KEPT, locale);
    } catch {
      // A browser that keeps nothing asks again next time.
    }
  }

  /** English as this browser writes it. */
  exact(locale: Locale): Locale {
    const own = browsers();
    return own.startsWith(locale) ? own : locale;
  }

  /** What the account says, unless somebody chose on this device. */
  suggest(locale: Locale | null): void {
    if (locale !== null && kept() === null) this.#set(locale);
  }

  #set(locale: Locale): void {
    this.#chosen = locale;
    document.documentElement.lang = locale;
  }
}

function kept(): Locale | null {
  try {
    return LANGUAGES.find((one) => one === localStorage.getItem(KEPT)) ?? null;
  } catch {
    return null;
  }
}

function browsers(): Locale {
  const exact = (tag: string): Locale | undefined => LANGUAGES.find((one) => one === tag);
  for (const tag of navigator.languages) {
    const found = exact(tag) ?? exact(tag.slice(0, 2));
    if (found !== undefined) return found;
  }
  return 'en';
}

export const language = new Language();
document.documentElement.lang = language.current;

/** The same words in both languages; one that is missing does not compile. Reads the language, so it is reactive. */
export function dictionary<T extends object>(both: { fr: T; en: NoInfer<T> }): () => T {
  return () => both[language.current === 'fr' ? 'fr' : 'en'];
}
