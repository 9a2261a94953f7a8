//! French. No-break spaces where French typography has them.

use super::{Told, Words};

pub(super) static WORDS: Words = Words {
    asked: "pour",
    project: "Projet",
    role: "Votre poste",
    place: "Lieu",
    note: "À savoir",
    contact: "Contact",
    before: "Avant :",
    planner: "la régie",
    languages: "Langue",

    pending: "Réponse attendue",
    question: "Êtes-vous disponible ?",
    answer_by: "Répondez avant le",
    accept: "Accepter",
    decline: "Refuser",
    this_call: "cette mission",

    accepted: Told {
        word: "Acceptée",
        title: "Merci, nous comptons sur vous.",
        next: "Si vous ne pouvez plus venir, prévenez {who} dès que possible.",
    },
    down_as_coming: Told {
        word: "Acceptée",
        title: "Votre présence est notée.",
        next: "Si vous ne pouvez pas venir, prévenez {who} dès que possible.",
    },
    confirm: Told {
        word: "Acceptée",
        title: "Votre présence est notée.",
        next: "Est-ce exact ? Confirmez-le ici, ou dites que vous ne pouvez pas venir.",
    },
    declined: Told {
        word: "Refusée",
        title: "Merci de votre réponse. C’est noté : vous ne venez pas.",
        next: "Si vous pouvez venir finalement, prévenez {who} : la place est peut-être encore libre.",
    },
    down_as_absent: Told {
        word: "Refusée",
        title: "Votre absence est notée.",
        next: "Si vous pouvez venir finalement, prévenez {who} : la place est peut-être encore libre.",
    },
    asked_again: Told {
        word: "Remplacée",
        title: "Vous avez répondu par ce lien, puis une nouvelle demande a suivi.",
        next: "Ouvrez le lien du dernier message reçu. Si vous ne le trouvez pas, demandez à {who}.",
    },
    expired: Told {
        word: "Close",
        title: "Le délai de réponse est passé.",
        next: "Si vous souhaitez encore venir, demandez à {who} si la place est libre.",
    },
    revoked: Told {
        word: "Retirée",
        title: "Cette demande a été retirée.",
        next: "Vous n’avez rien à faire. Pour toute question, adressez-vous à {who}.",
    },
    superseded: Told {
        word: "Remplacée",
        title: "Un message plus récent a remplacé ce lien.",
        next: "Ouvrez le lien du dernier message reçu. Si vous ne le trouvez pas, demandez à {who}.",
    },
    called_off: Told {
        word: "Annulée",
        title: "Cette mission est annulée.",
        next: "Vous n’avez pas à venir. Pour toute question, adressez-vous à {who}.",
    },
    over: Told {
        word: "Passée",
        title: "Cette mission est passée.",
        next: "Si quelque chose ne va pas, prévenez {who}.",
    },
    quota: Told {
        word: "Complet",
        title: "Ce poste est pourvu.",
        next: "Merci de votre disponibilité. Vous n’avez pas à venir ; pour toute question, adressez-vous à {who}.",
    },
    archived: Told {
        word: "Clos",
        title: "Ce projet est clos.",
        next: "Plus personne ne peut y être ajouté. Pour toute question, adressez-vous à {who}.",
    },
    inactive: Told {
        word: "En pause",
        title: "Vous n’êtes pas au planning en ce moment.",
        next: "Si c’est une erreur, prévenez {who}.",
    },
    conflict: Told {
        word: "Même horaire",
        title: "Vous êtes déjà pris·e à ce moment-là.",
        next: "Vous pouvez refuser ici. Si vous préférez cette mission, prévenez {who}.",
    },
    changed: Told {
        word: "Modifiée",
        title: "Cette mission a changé depuis que vous l’avez vue.",
        next: "Votre réponse n’a pas été enregistrée. Regardez à nouveau, puis répondez.",
    },
    invalid: Told {
        word: "Non valable",
        title: "Ce lien n’est pas valable.",
        next: "Il manque peut-être une partie de l’adresse : rouvrez-le depuis votre message. Si cela ne suffit pas, demandez à la personne qui vous l’a envoyé.",
    },

    absence: "Une période où vous n’êtes pas disponible",
    reason: "Souhaitez-vous dire pourquoi ?",
    reason_hint: "C’est facultatif. La régie le lira ; 500 caractères au plus.",
    send_reason: "Envoyer le motif",
    reason_told: "Votre motif a été transmis.",
    reason_too_long: "Le motif n’a pas été enregistré : il dépasse 500 caractères.",
    answer_stands: "Votre première réponse reste valable. Pour la changer, prévenez {who}.",
    choose: "Votre réponse n’a pas été enregistrée. Choisissez l’un des deux boutons.",

    password: "Choisir votre mot de passe",
    joining: "Vous rejoignez",
    account: "Votre compte",
    current_password: "Mot de passe actuel",
    password_forgotten: "Vous avez déjà un compte. Si vous ne connaissez pas son mot de passe, ou si quelqu’un d’autre l’a choisi, demandez-en un nouveau (« mot de passe oublié ») ou adressez-vous à la personne qui gère ce service.",
    new_password: "Nouveau mot de passe",
    password_rule: "De 8 à 128 caractères. Ni un mot de passe courant, ni votre adresse e-mail, ni celui que vous avez déjà.",
    save: "Enregistrer le mot de passe",
    not_saved: "Pas encore enregistré :",
    wrong: "Ce n’est pas le mot de passe actuel.",
    too_short: "Le nouveau mot de passe est trop court : 8 caractères au moins.",
    too_long: "Le nouveau mot de passe est trop long : 128 caractères au plus.",
    common: "Le nouveau mot de passe est parmi les premiers que l’on devinerait. Trois ou quatre mots à la suite se devinent mal et se retiennent bien.",
    is_email: "Le nouveau mot de passe est votre adresse e-mail.",
    same: "Le nouveau mot de passe est celui que vous avez déjà.",
    slow_down: "Il y a eu trop d’essais. Patientez un instant, puis réessayez.",
    saved: Told {
        word: "Enregistré",
        title: "Votre mot de passe est enregistré.",
        next: "Vous pouvez vous connecter. Les sessions ouvertes auparavant sont fermées.",
    },
    password_invalid: Told {
        word: "Non valable",
        title: "Ce lien n’est pas valable.",
        next: "Il a peut-être déjà servi ou expiré, ou l’adresse n’est pas complète. Demandez-en un nouveau.",
    },
    to_start: "Aller à la page d’accueil",

    mails_of: "Messages de",
    unsubscribe: Told {
        word: "À confirmer",
        title: "Ne plus recevoir ces messages ?",
        next: "Les réponses des équipes et le récapitulatif du matin ne vous seront plus envoyés. Les demandes qui vous sont adressées et les messages au sujet de votre mot de passe continueront d’arriver.",
    },
    unsubscribe_button: "Ne plus les recevoir",
    unsubscribed: Told {
        word: "Arrêté",
        title: "Vous ne recevez plus ces messages.",
        next: "Les réponses des équipes et le récapitulatif du matin ne vous sont pas envoyés. Si vous changez d’avis, adressez-vous à la personne qui gère les membres.",
    },

    start: Told {
        word: "Coulisses",
        title: "Les équipes du spectacle vivant.",
        next: "De qui on a besoin, qui est sollicité, qui vient. Si vous avez reçu un lien, ouvrez-le depuis votre message : répondre ne demande pas de compte.",
    },
    for_programs: "Documentation de l’API",
    not_found: Told {
        word: "Introuvable",
        title: "Il n’y a rien à cette adresse.",
        next: "Si vous avez suivi un lien, rouvrez-le depuis votre message : il manque peut-être une partie de l’adresse.",
    },
    not_allowed: Told {
        word: "Impossible",
        title: "Cette page ne s’utilise pas ainsi.",
        next: "Rouvrez le lien depuis votre message.",
    },
    unreadable: Told {
        word: "Non enregistré",
        title: "Cela n’a pas pu être lu.",
        next: "Rien n’a été enregistré. Revenez en arrière, raccourcissez votre texte s’il est long, et réessayez.",
    },
    try_again: Told {
        word: "Non enregistré",
        title: "Cela n’a pas fonctionné.",
        next: "Rien n’a été enregistré. Réessayez dans un instant.",
    },
    perhaps: Told {
        word: "Incertain",
        title: "Nous ne savons pas si cela a été enregistré.",
        next: "Rouvrez le lien depuis votre message dans un instant, pour vérifier.",
    },
    broken: Told {
        word: "En panne",
        title: "Quelque chose n’a pas fonctionné de notre côté.",
        next: "Vous n’y êtes pour rien. Réessayez dans un instant ; si cela persiste, signalez-le avec le numéro ci-dessous.",
    },
    reference: "Numéro à signaler :",
};
