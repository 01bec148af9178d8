# Was die Tafel neben dem sagt, was der Service-Review sagt (src/cli/review/locales), auf Deutsch.

# Der Rahmen
view-now = Jetzt
view-incident = Störung
view-objectives = Service-Level
view-month = Review
view-settlement = Zu klären
views = Ansichten
filters = Filter
language = Sprache
skip = Zum Inhalt
help = Tasten
keys-on = Einzelne Tasten sind an
key-views = zu einer Ansicht
key-move = die nächste Störung, die vorige
key-search = eine Störung suchen
key-help = diese Liste
close = Schließen
cancel = Abbrechen
again = Erneut versuchen
waiting = Lädt …
show = Zeigen
show-more = Mehr zeigen
more-than-shown = Es gibt mehr als diese { $count }: mit Filtern sind es weniger.
others-not-shown = { $count ->
    [one] und { $count } weitere
   *[other] und { $count } weitere
}
tenant = Mandant
times-in = Zeiten in { $zone }
all-contracts = Alle Verträge
all-targets = Alle Ziele
all-priorities = Alle Prioritäten
no-filters = Filter entfernen
no-contracts = Zu diesem Mandanten gibt es noch keinen Vertrag, oder er heißt anders.

# Wer schaut
sign-in = Anmelden
sign-out = Abmelden
token = Token
token-kept = Das Token bleibt in diesem Tab, bis er geschlossen wird, und geht nur an diesen Server.
token-refused = Der Server kennt dieses Token nicht, oder es ist abgelaufen.

# Was schiefgeht
problem-denied = Dieses Token darf das nicht.
problem-not-found = Das gibt es nicht.
problem-unavailable = Der Server ist nicht erreichbar oder startet noch.
problem-busy = Der Server ist ausgelastet.
problem-other = Der Server konnte nicht antworten.

# Jetzt
section-urgent = Offen, das Dringendste zuerst
section-overdue = Verspätet und noch offen
overdue-order = Was zuerst über die Frist ging, zuerst
section-today = Heute überschritten
section-withdrawn = Heute zurückgenommen: doch nicht verspätet
heads = Auf einen Blick
head-soon = Binnen einer Stunde fällig
head-withdrawn = Heute zurückgenommen
why-of = Begründung zu { $incident }
section-why = Was von { $target } ({ $contract }) zu erwarten ist, und warum
section-idle-now = Liegen gebliebene Arbeit
idle-of = Der ersten { $count } Verträge: für andere einen wählen.
idle-for = liegt seit { $time }
start-before = zu beginnen vor
no-open-clocks = Nichts ist offen innerhalb der Vereinbarung.
no-overdue = Nichts ist verspätet und offen.
no-breach-today = Heute wurde nichts überschritten.
no-idle = Keine Arbeit bleibt liegen.
column-due-in = Fällig in
column-due = Fällig
column-service-time-left = Servicezeit übrig
column-risk = Risiko
column-contract = Vertrag
column-priority = Priorität
of-limit = von { $limit }
due-now = jetzt fällig
paused-without-end = nicht, solange pausiert
days-short = { $count } T
live = live
not-live = verbindet …
chance-certain = verspätet
phase-pending = nicht begonnen
phase-running = läuft
phase-paused = pausiert
phase-stopped = gestoppt
outcome-transferred = in einen anderen Vertrag gewechselt

# Eine Störung
no-incident = Geben Sie die Nummer einer Störung ein.
no-clocks = Kein Vertrag misst diese Störung.
section-timeline = Zeitverlauf
section-accounts = Beide Rechnungen unter { $contract }
section-turns = Wer am Zug war
section-segments = Jeder Abschnitt von { $target } ({ $contract })
segment-exhausted = zählt: die Pause hat ihr Höchstmaß erreicht
segment-gap = gelöst, bis zur Wiederöffnung
segment-adjustment = berichtigt um { $counted }
cycle = Durchgang { $number }
present = jetzt
column-status = Status
column-group = Gruppe
column-people = Betroffene

# Ziele
column-miss = Risiko, es zu verfehlen
column-expected = Am Ende erwartet
expected-between = in 80 % der Fälle { $low } bis { $high }
column-allowance = Spielraum bis zum Ende
column-budget = Fehlerbudget
budget-left = { $left } übrig von { $allowed }
most-influential = Am meisten hängt ab von
choose-contract = { $count ->
    [one] { $count } weiterer Vertrag wird nicht gezeigt: wählen Sie einen.
   *[other] { $count } weitere Verträge werden nicht gezeigt: wählen Sie einen.
}
band-promised = zugesagt { $figure }
band-so-far = bisher { $figure }
period-before = Der Zeitraum davor
period-after = Der Zeitraum danach

# Der Review
signed = unterschrieben
unsigned = nicht unterschrieben
section-discussed = Zu besprechen
watermelon = Wassermelone

# Klären
settled-too = Auch Geklärtes
nothing-to-settle = Es ist nichts zu klären.
page-before = Vorige Seite
page-after = Nächste Seite
item-withdrawn = Dies folgt nicht mehr aus dem, was bekannt ist; die Entscheidungen bleiben.
state-agreed = vereinbart
state-waived = erlassen
decide = Entscheiden
decide-on = Entscheidung ({ $facet }): { $item }
decision = Entscheidung
decided-by = Entschieden von
record-decision = Entscheidung festhalten
not-an-amount = Das ist kein Betrag: schreiben Sie etwa 12,50.
