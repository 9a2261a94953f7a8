/** Words around the technician's screens. */

import { dictionary } from './language.svelte';

export const technician = dictionary({
  fr: {
    menu: 'Navigation',
    availability: 'Disponibilités',
    me: 'Moi',
    stale: (since: string) => `Sans nouvelles du serveur depuis ${since}\u00a0: ce que vous voyez peut avoir changé.`,
  },
  en: {
    menu: 'Navigation',
    availability: 'Availability',
    me: 'Me',
    stale: (since: string) => `No news from the server since ${since}: what you see may have changed.`,
  },
});
