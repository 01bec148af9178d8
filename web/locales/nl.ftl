# Wat het bord zegt naast wat de servicereview zegt (src/cli/review/locales), in het Nederlands.

# Het raam
view-now = Nu
view-incident = Incident
view-objectives = Servicenormen
view-month = Review
view-settlement = Af te handelen
views = Weergaven
filters = Filters
language = Taal
skip = Naar de inhoud
help = Toetsen
keys-on = Losse toetsen staan aan
key-views = naar een weergave
key-move = het volgende incident, het vorige
key-search = een incident zoeken
key-help = deze lijst
close = Sluiten
cancel = Annuleren
again = Opnieuw proberen
waiting = Laden …
show = Tonen
show-more = Meer tonen
more-than-shown = Er zijn er meer dan deze { $count }: met filters zijn het er minder.
others-not-shown = { $count ->
    [one] en nog { $count }
   *[other] en nog { $count }
}
tenant = Tenant
times-in = Tijden zijn in { $zone }
all-contracts = Alle contracten
all-targets = Alle normen
all-priorities = Alle prioriteiten
no-filters = Filters wissen
no-contracts = Van deze tenant is er nog geen contract, of de naam is een andere.

# Wie kijkt
sign-in = Aanmelden
sign-out = Afmelden
token = Token
token-kept = Het token blijft in dit tabblad tot het gesloten wordt, en gaat alleen naar deze server.
token-refused = De server kent dit token niet, of het is verlopen.

# Wat misgaat
problem-denied = Dit token mag dat niet.
problem-not-found = Dat is er niet.
problem-unavailable = De server is niet bereikbaar, of start nog.
problem-busy = De server heeft het druk.
problem-other = De server kon niet antwoorden.

# Nu
section-urgent = Open, het dringendste eerst
section-overdue = Te laat en nog open
overdue-order = Wat het eerst over de limiet ging, eerst
section-today = Vandaag overschreden
section-withdrawn = Vandaag ingetrokken: toch niet te laat
heads = In één oogopslag
head-soon = Binnen een uur
head-withdrawn = Vandaag ingetrokken
why-of = Toelichting bij { $incident }
section-why = Wat van { $target } ({ $contract }) te verwachten is, en waarom
section-idle-now = Werk dat blijft liggen
idle-of = Van de eerste { $count } contracten: kies er een voor een ander.
idle-for = ligt al { $time }
start-before = te beginnen voor
no-open-clocks = Er is niets open binnen de afspraak.
no-overdue = Niets is te laat en open.
no-breach-today = Vandaag is niets overschreden.
no-idle = Er blijft geen werk liggen.
column-due-in = Nog
column-due = Uiterlijk
column-service-time-left = Servicetijd over
column-risk = Risico
column-contract = Contract
column-priority = Prioriteit
of-limit = van { $limit }
due-now = nu
paused-without-end = niet zolang gepauzeerd
days-short = { $count } d
live = live
not-live = verbinden …
chance-certain = te laat
phase-pending = niet begonnen
phase-running = loopt
phase-paused = gepauzeerd
phase-stopped = gestopt
outcome-transferred = naar een ander contract

# Een incident
no-incident = Typ het nummer van een incident.
no-clocks = Geen contract meet dit incident.
section-timeline = Tijdlijn
section-accounts = Beide rekeningen onder { $contract }
section-turns = Wie aan zet was
section-segments = Elk stuk van { $target } ({ $contract })
segment-exhausted = telt: de pauze heeft haar maximum bereikt
segment-gap = opgelost, tot de heropening
segment-adjustment = gecorrigeerd met { $counted }
cycle = ronde { $number }
present = nu
column-status = Status
column-group = Groep
column-people = Getroffen mensen

# Doelen
column-miss = Risico het te missen
column-expected = Verwacht aan het eind
expected-between = in 80% van de gevallen { $low } tot { $high }
column-allowance = Ruimte tot het eind
column-budget = Foutbudget
budget-left = { $left } over van { $allowed }
most-influential = Het hangt het meest af van
choose-contract = { $count ->
    [one] Nog { $count } contract is niet te zien: kies er een.
   *[other] Nog { $count } contracten zijn niet te zien: kies er een.
}
band-promised = beloofd { $figure }
band-so-far = tot nu toe { $figure }
period-before = De periode ervoor
period-after = De periode erna

# De review
signed = getekend
unsigned = niet getekend
section-discussed = Te bespreken
watermelon = watermeloen

# Afhandelen
settled-too = Ook wat afgehandeld is
nothing-to-settle = Er is niets af te handelen.
page-before = Vorige pagina
page-after = Volgende pagina
item-withdrawn = Dit volgt niet meer uit wat bekend is; de besluiten blijven.
state-agreed = afgesproken
state-waived = kwijtgescholden
decide = Besluiten
decide-on = Besluit over { $facet }: { $item }
decision = Besluit
decided-by = Besloten door
record-decision = Besluit vastleggen
not-an-amount = Dit is geen bedrag: schrijf bijvoorbeeld 12,50.
