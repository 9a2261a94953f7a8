/** Words that the planner's screens share. */

import { dictionary } from './language.svelte';

export const planner = dictionary({
  fr: {
    today: 'Aujourd’hui',
    board: 'Planning',
    menu: 'Navigation',
    account: 'Compte',
    undo: 'Annuler l’action',
    redo: 'Rétablir l’action',
    help: 'Raccourcis clavier',
    singleKeys: 'Raccourcis d’une seule touche',
    goTo: 'Aller à…',
    goToHint: 'Un écran, une mission ou une personne',
    nothing: 'Rien ne correspond.',
    offline: (since: string) => `Les changements des autres n’arrivent plus depuis ${since}.`,
    skip: 'Aller au contenu',
    mission: 'Mission',
    person: 'Personne',
    screen: 'Écran',
  },
  en: {
    today: 'Today',
    board: 'Board',
    menu: 'Navigation',
    account: 'Account',
    undo: 'Undo',
    redo: 'Redo',
    help: 'Keyboard shortcuts',
    singleKeys: 'Shortcuts of a single key',
    goTo: 'Go to…',
    goToHint: 'A screen, a mission or a person',
    nothing: 'Nothing matches.',
    offline: (since: string) => `Changes of others have not arrived since ${since}.`,
    skip: 'Skip to the content',
    mission: 'Mission',
    person: 'Person',
    screen: 'Screen',
  },
});
