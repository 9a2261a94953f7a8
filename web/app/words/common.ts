/** Words that more than one screen uses. */

import { dictionary } from './language.svelte';

export const common = dictionary({
  fr: {
    product: 'Coulisses',
    retry: 'Réessayer',
    close: 'Fermer',
    cancel: 'Annuler',
    loading: 'Chargement…',
    unreachable: 'Le serveur ne répond pas. Rien n’a été perdu\u00a0: vérifiez la connexion, puis réessayez.',
    reference: 'Référence',
    signOut: 'Se déconnecter',
    language: 'Langue',
    invited: 'Demandé',
    accepted: 'Accepté',
    declined: 'Refusé',
    cancelled: 'Annulé',
    toConfirm: 'À confirmer',
    conflict: 'Conflit',
    inZone: (zone: string) => `Heure locale\u00a0: ${zone.replaceAll('_', ' ')}`,
  },
  en: {
    product: 'Coulisses',
    retry: 'Try again',
    close: 'Close',
    cancel: 'Cancel',
    loading: 'Loading…',
    unreachable: 'The server does not answer. Nothing is lost: check the connection, then try again.',
    reference: 'Reference',
    signOut: 'Sign out',
    language: 'Language',
    invited: 'Asked',
    accepted: 'Accepted',
    declined: 'Declined',
    cancelled: 'Called off',
    toConfirm: 'To confirm',
    conflict: 'Conflict',
    inZone: (zone: string) => `Local time: ${zone.replaceAll('_', ' ')}`,
  },
});
