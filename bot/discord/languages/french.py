"""The commands in French."""

TABLE = {
    "compose": "composer",
    "Compose a tune in a key you choose": "Compose un air dans la tonalité de ton choix",
    "key": "tonalité",
    "Tonic and mode: D, Gm, Edor, Amix": "Tonique et mode : D (ré), Gm (sol mineur), Edor, Amix",
    "rhythm": "rythme",
    "The dance; drawn when left out": "La danse ; tirée au sort par défaut",
    "temperature": "température",
    "How daring: 0.1 (careful) to 2.0 (wild); 1.0 when left out": (
        "L’audace : de 0,1 (prudent) à 2,0 (débridé) ; 1,0 par défaut"
    ),
    "form": "forme",
    "Order of parts, and bars in each: AABB when left out": (
        "Ordre des parties et mesures de chacune ; AABB par défaut"
    ),
    "seed": "graine",
    "The same seed gives the same tune; drawn when left out": (
        "La même graine donne le même air ; tirée au sort par défaut"
    ),
    "opening": "début",
    "The first bars, in ABC notation": "Les premières mesures, en notation ABC",
    "transpose": "transposer",
    "Move an opening with a [K:] of its own to this key": "Transpose dans cette tonalité un début qui a son [K:]",
    "count": "nombre",
    "How many tunes, 1 to 4": "Combien d’airs, de 1 à 4",
    "tune": "air",
    "Show a tune that was composed before": "Montre un air déjà composé",
    "id": "numéro",
    "Its number, as it stands under every tune": "Son numéro, tel qu’il figure sous chaque air",
    "top": "palmarès",
    "The tunes that are liked best here": "Les airs les plus appréciés ici",
    "period": "période",
    "When the votes were cast: all time when left out": "Période des votes ; depuis toujours par défaut",
    "Only this dance": "Seulement cette danse",
    "Today": "Aujourd’hui",
    "This week": "Cette semaine",
    "This month": "Ce mois-ci",
    "All time": "Depuis toujours",
    "mine": "mes-airs",
    "Your own tunes, the newest first": "Tes propres airs, les plus récents d’abord",
    "tunebook": "recueil",
    "Favourites as a book: one PDF to print and one ABC file": (
        "Les favoris en recueil : un PDF à imprimer et un fichier ABC"
    ),
    "whose": "de-qui",
    "Whose favourites: yours when left out, which only you see": (
        "Les favoris de qui ; par défaut les tiens, visibles de toi seul"
    ),
    "Mine: the tunes that I voted up": "Les miens : les airs pour lesquels j’ai voté",
    "This server's: the tunes that are liked best": "Ceux du serveur : les airs les plus appréciés",
    "report": "signaler",
    "Tell this server's admins of a tune or title that should not stand here": (
        "Signale aux admins du serveur un air ou un titre qui n’a pas sa place ici"
    ),
    "subject": "sujet",
    "What is wrong": "Ce qui ne va pas",
    "The tune": "L’air",
    "Its title": "Son titre",
    "reason": "raison",
    "Why, for the admins alone": "Pourquoi, pour les seuls admins",
    "Report this tune": "Signaler cet air",
    "moderate": "modérer",
    "What becomes of a tune, or its title, that should not stand here": (
        "Ce qu’il advient d’un air, ou d’un titre, qui n’a pas sa place ici"
    ),
    "action": "action",
    "What becomes of it": "Ce qu’il en advient",
    "Remove the tune": "Supprimer l’air",
    "Remove it, and none like it again": "Le supprimer, et plus aucun qui lui ressemble",
    "Take its title away, for good": "Lui retirer son titre, pour de bon",
    "Allow its like and its title again": "Permettre de nouveau son titre et ce qui lui ressemble",
    "mydata": "mes-données",
    "What is stored about you: see it, take it, erase it": "Ce qui est enregistré sur toi : voir, emporter, effacer",
    "What is stored about you": "Ce qui est enregistré sur toi",
    "export": "exporter",
    "All that is stored about you, as a ZIP of JSON and ABC": (
        "Tout ce qui est enregistré sur toi, en ZIP de JSON et d’ABC"
    ),
    "forget": "oublier",
    "Erase what is stored about you, for good": "Efface pour de bon ce qui est enregistré sur toi",
    "tunes": "airs",
    "What becomes of your tunes; those with an opening of yours are removed in any case": (
        "Le sort de tes airs ; ceux qui ont un début de toi sont supprimés dans tous les cas"
    ),
    "Keep them, as nobody's": "Les garder, sans ton nom",
    "Remove them": "Les supprimer",
    "help": "aide",
    "What you can ask for, with examples": "Ce que tu peux demander, avec des exemples",
    "settings": "réglages",
    "What this server's admins choose": "Ce que choisissent les admins de ce serveur",
    "show": "voir",
    "All settings of this server": "Tous les réglages de ce serveur",
    "history": "historique",
    "What this server's admins did recently": "Ce que les admins de ce serveur ont fait dernièrement",
    "reset": "rétablir",
    "Set something back to its default": "Rétablit un réglage à sa valeur par défaut",
    "what": "réglage",
    "What to set back": "Ce qu’il faut rétablir",
    "Defaults of /compose": "Valeurs par défaut de /composer",
    "Limits": "Limites",
    "Channels: answer everywhere": "Salons : répondre partout",
    "Admin roles: none": "Rôles d’admin : aucun",
    "Log channel: none": "Salon du journal : aucun",
    "defaults": "par-défaut",
    "What /compose takes where a member leaves it out": "Ce que prend /composer quand un membre n’indique rien",
    "The dance": "La danse",
    "0.1 (careful) to 2.0 (wild)": "de 0,1 (prudent) à 2,0 (débridé)",
    "Order of parts": "L’ordre des parties",
    "limits": "limites",
    "How much may be asked for here": "Combien on peut demander ici",
    "cooldown": "délai",
    "Seconds between two tunes of one member": "Secondes entre deux airs d’un même membre",
    "server_cooldown": "délai-du-serveur",
    "Seconds between two tunes of this server": "Secondes entre deux airs de ce serveur",
    "member_waiting": "en-attente-par-membre",
    "Prompts of one member that may wait at once": "Demandes d’un membre qui peuvent attendre en même temps",
    "waiting": "en-attente",
    "Prompts of this server that may wait at once": "Demandes de ce serveur qui peuvent attendre en même temps",
    "channels": "salons",
    "Channels in which I answer; all of them while none is named": (
        "Salons où je réponds ; tous, tant qu’aucun n’est choisi"
    ),
    "channel": "salon",
    "The channel, with its threads": "Le salon et ses fils",
    "allowed": "autorisé",
    "Allow it, or no longer": "L’autoriser, ou ne plus l’autoriser",
    "admins": "admins",
    "Roles whose members are admins here, beside those who manage the server": (
        "Rôles dont les membres sont admins ici, outre ceux qui gèrent le serveur"
    ),
    "role": "rôle",
    "The role": "Le rôle",
    "admin": "admin",
    "Make it an admin role, or no longer": "En faire un rôle d’admin, ou le retirer",
    "log": "journal",
    "Where I report what admins do": "Où je signale ce que font les admins",
    "A channel in which I may write": "Un salon où je peux écrire",
    "model": "modèle",
    "The model: learn from votes, versions": "Le modèle : apprendre des votes, versions",
    "status": "état",
    "What composes: version and workers; what is being learned": (
        "La version et les machines qui composent, et l’apprentissage en cours"
    ),
    "versions": "versions",
    "All versions: when, who, from how many votes, and how they are liked": (
        "Toutes les versions : date, auteur, nombre de votes et accueil"
    ),
    "retrain": "réentraîner",
    "Learn from the votes; what passes every test composes from then on": (
        "Apprend des votes ; une version qui réussit tous les tests compose ensuite"
    ),
    "minimum_votes": "votes-minimum",
    "With fewer votes nothing is learned": "Avec moins de votes, rien n’est appris",
    "dry_run": "essai-à-blanc",
    "Test what was learned, and change nothing": "Tester ce qui a été appris sans rien changer",
    "cancel": "annuler",
    "Stop what is being learned; nothing changes": "Arrête l’apprentissage en cours ; rien ne change",
    "rollback": "revenir",
    "Use another version from the next tune on": "Utilise une autre version dès le prochain air",
    "version": "version",
    "Its number, as /model versions shows it": "Son numéro, tel que le montre /modèle versions",
}
