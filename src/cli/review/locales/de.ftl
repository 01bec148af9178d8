# Der Servicebericht auf Deutsch, in den Begriffen deutscher Service-Level-Vereinbarungen.

# Zahlen, Zeiten und Aufzählungen
none = –
percent = { $figure } %
money = { $currency ->
    [EUR] { $amount } €
    [GBP] { $amount } £
   *[other] { $amount } { $currency }
}
money-minor = { $amount } (in der kleinsten Einheit von { $currency })
hours = { $count } h
minutes = { $count } min
seconds = { $count } s
working-days = { $count ->
    [one] { $count } Arbeitstag
   *[other] { $count } Arbeitstagen
}
working-days-from-start = der Tag des Beginns zählt mit
list-and = { $before } und { $last }
quarter = { $quarter ->
    [1] 1. Quartal { $year }
    [2] 2. Quartal { $year }
    [3] 3. Quartal { $year }
   *[other] 4. Quartal { $year }
}
quarter-in-text = { $quarter ->
    [1] das 1. Quartal { $year }
    [2] das 2. Quartal { $year }
    [3] das 3. Quartal { $year }
   *[other] das 4. Quartal { $year }
}
period-between = { $first } bis { $last }
period-so-far = { $period }, bisher
period-to-come = { $period }, noch nicht begonnen

# Kopf
title = Servicebericht { $period }
title-so-far = Servicebericht { $period } (bisher)
parties = Auftraggeber: { $client }; Dienstleister: { $provider }
dates = { $first } bis { $last }, Stand { $as_of }
lead-all-met = { $met ->
    [one] Das Service-Level-Ziel dieses Berichts ist erfüllt.
   *[other] Alle { $met } Service-Level-Ziele sind erfüllt.
}
lead-met = { $met ->
    [0] { $all ->
        [one] Das Service-Level-Ziel ist verfehlt.
       *[other] Alle { $all } Service-Level-Ziele sind verfehlt.
    }
    [one] { $met } von { $all } Service-Level-Zielen ist erfüllt.
   *[other] { $met } von { $all } Service-Level-Zielen sind erfüllt.
}
lead-missed = { $missed ->
    [one] { $missed } von { $all } Service-Level-Zielen ist verfehlt.
   *[other] { $missed } von { $all } Service-Level-Zielen sind verfehlt.
}
lead-so-far-met = { $others ->
    [0] { $all ->
        [one] Das Service-Level-Ziel läuft noch und ist bisher erfüllt.
       *[other] { $all } Service-Level-Ziele laufen noch und sind bisher erfüllt.
    }
   *[other] { $all ->
        [one] Ein weiteres läuft noch und ist bisher erfüllt.
       *[other] { $all } weitere laufen noch und sind bisher erfüllt.
    }
}
lead-so-far-not-met = { $others ->
    [0] { $all ->
        [one] Das Service-Level-Ziel läuft noch und ist bisher nicht erfüllt.
       *[other] { $all } Service-Level-Ziele laufen noch; keines davon ist bisher erfüllt.
    }
   *[other] { $all ->
        [one] Ein weiteres läuft noch und ist bisher nicht erfüllt.
       *[other] { $all } weitere laufen noch; keines davon ist bisher erfüllt.
    }
}
lead-so-far-some-met = { $others ->
    [0] { $all } Service-Level-Ziele laufen noch
   *[other] { $all } weitere laufen noch
}; davon { $met ->
    [one] ist { $met } bisher erfüllt.
   *[other] sind { $met } bisher erfüllt.
}
lead-no-objectives = Es sind keine Service-Level-Ziele vereinbart.
lead-no-data = Für kein Service-Level-Ziel liegen genügend Daten vor.
lead-not-in-force = Der Vertrag war in diesem Zeitraum nicht in Kraft.
lead-some-no-data = { $count ->
    [one] Für ein Ziel liegen zu wenige Daten vor.
   *[other] Für { $count } Ziele liegen zu wenige Daten vor.
}
lead-some-not-in-force = { $count ->
    [one] Im Zeitraum eines Ziels war der Vertrag nicht in Kraft.
   *[other] Im Zeitraum von { $count } Zielen war der Vertrag nicht in Kraft.
}
missed-item = { $promised }: { $found } für { $period }.
missed-item-between = { $promised }: { $found }, { $first } bis { $last }.
card-contractual = Nach Vertrag
card-counts = { $met } rechtzeitig, { $late } verspätet, { $excluded } ausgenommen, { $open } offen
card-experienced = Wie die Anwender es erlebten
card-counts-experienced = { $met } rechtzeitig, { $late } verspätet, { $open } offen; nichts angehalten, nichts ausgenommen
card-watermelons = Wassermelonen
card-watermelons-meaning = nach Vertrag rechtzeitig oder ausgenommen, zu spät für die Wartenden
card-slx = SLX-Wert
card-slx-meaning = was die Anwender erlebten, wie vereinbart gewichtet

# Service-Level-Ziele
section-objectives = Vereinbarte Service-Level und Ergebnis
column-promised = Vereinbart
column-found = Erreicht
column-verdict = Bewertung
column-left = Spielraum
column-trend = Verlauf
trend-key = Verlauf: der erreichte Wert je Zeitraum bis zu diesem, der letzte rechts; höher ist besser.
hours-service = Servicezeit
hours-named = Servicezeit { $name }
round-the-clock = rund um die Uhr
hours-are = { $name }: { $windows } ({ $zone }).
hours-are-closed = { $name }: { $windows } ({ $zone }), geschlossen am { $dates }.
limits-of = { $limits } ({ $hours })
all-incidents = aller Störungen
other-priorities = übrige
incidents-of = der Störungen mit Priorität { $priorities }
promise-in-time = { $percent } { $what } innerhalb der Fristen von { $target }{ $limits }
promise-response = { $percent } { $what }: Reaktion innerhalb von { $limits }
promise-resolution = { $percent } { $what }: Lösung innerhalb von { $limits }
promise-restoration = { $percent } { $what }: Wiederherstellung innerhalb von { $limits }
promise-update = { $percent } { $what }: Zwischenstand in Abständen von höchstens { $limits }
promise-next-reply = { $percent } { $what }: Antwort auf Rückfragen innerhalb von { $limits }
promise-custom = { $percent } { $what }: { $target } innerhalb von { $limits }
promise-availability = { $service }: Verfügbarkeit { $percent } ({ $hours })
promise-outages = { $count ->
    [0] Kein Ausfall von { $service }
    [one] Höchstens { $count } Ausfall von { $service }
   *[other] Höchstens { $count } Ausfälle von { $service }
}
promise-long-outages = { $count ->
    [0] Kein Ausfall von { $service } über { $longer }
    [one] Höchstens { $count } Ausfall von { $service } über { $longer }
   *[other] Höchstens { $count } Ausfälle von { $service } über { $longer }
}
promise-performance = { $percent } der Messwerte von { $indicator } bei { $service } höchstens { $most }
promise-score = Durchschnittliche Umfragenote von mindestens { $figure }
promise-happiness = Zufriedenheit (Noten 9 und 10 abzüglich 0 bis 6) von mindestens { $figure }
promise-lost-time = Höchstens { $figure } verlorene Arbeitszeit je hundert Anwender
no-incidents = keine Störungen
room-late = { $count ->
    [0] keine Verspätung mehr zulässig
    [one] noch { $count } Verspätung zulässig
   *[other] noch { $count } Verspätungen zulässig
}
over-late = { $count ->
    [one] { $count } Verspätung zu viel
   *[other] { $count } Verspätungen zu viel
}
room-outages = { $count ->
    [0] kein Ausfall mehr zulässig
    [one] noch { $count } Ausfall zulässig
   *[other] noch { $count } Ausfälle zulässig
}
over-outages = { $count ->
    [one] { $count } Ausfall zu viel
   *[other] { $count } Ausfälle zu viel
}
room-time = noch { $time }
over-time = { $time } zu viel
verdict-met = erfüllt
verdict-met-so-far = bisher erfüllt
verdict-missed = verfehlt
verdict-at-risk = bisher nicht erfüllt
verdict-no-data = keine Daten
verdict-not-in-force = nicht in Kraft
promised-part = ↳ { $period }: { $promised }

# Gutschriften
section-excluded-outages = Ausgenommene Ausfälle
column-from = Von
column-until = Bis
without-exclusions = Mit ihnen wäre es: { $verdict }, { $down } nicht verfügbar.
without-exclusions-outages = Mit ihnen wäre es: { $verdict }, { $count ->
    [one] { $count } Ausfall
   *[other] { $count } Ausfälle
}.
without-exclusions-mean = Mit ihnen wäre es: { $verdict }, im Durchschnitt { $mean }.
section-credits = Gutschriften (Pönale)
section-credits-so-far = Gutschriften (Pönale), bisher
fee-of-period = Die Vergütung für { $period } beträgt { $fee }.
fee-of-month = Die Vergütung beträgt { $fee } im Monat.
cap = Gutschriften sind auf { $percent } der Vergütung des Zeitraums begrenzt: { $cap }.
credits-none = Über einen solchen Zeitraum wird kein Ziel mit Gutschrift bewertet; jede Gutschrift steht im Bericht ihres eigenen Zeitraums.
credits-of-period = Gutschriften für { $period }
credits-together = Gutschriften zusammen: { $sum }.
all-objectives = Alle Ziele zusammen
total = Summe
column-period = Zeitraum
column-why = Begründung
column-credit = Gutschrift
credit-cap-amount = was die Obergrenze von { $cap } übersteigt
credit-cap-percent = was die Obergrenze von { $percent } der Vergütung übersteigt
credit-earn-back = zurückverdient: dieser Zeitraum ist gut genug, um die vorige Gutschrift zurückzuholen
credit-withheld = nicht zurück: die Obergrenze hatte es einbehalten
credit-met = erfüllt: keine Gutschrift
credit-met-so-far = bisher erfüllt: noch keine Gutschrift
credit-no-data = zu wenige Daten: keine Gutschrift
credit-at-risk = bisher nicht erfüllt: noch keine Gutschrift
credit-no-tier = verfehlt, aber keine Stufe sieht dafür eine Gutschrift vor
credit-not-measured = verfehlt, aber wofür gutgeschrieben wird, ist nicht gemessen
credit-bedding-in = keine Gutschrift für Zeiträume vor dem { $date }
credit-of-amount = verfehlt: { $amount }
credit-of-amount-so-far = bisher nicht erfüllt: { $amount }
credit-tier = verfehlt: { $percent } der Vergütung
credit-tier-so-far = bisher nicht erfüllt: { $percent } der Vergütung
credit-weight = Gewicht { $percent }
credit-repeats = { $count ->
    [one] erhöht um { $percent }, weil auch der Zeitraum davor verfehlt wurde
   *[other] erhöht um { $percent } für jeden der { $count } Zeiträume davor, die auch verfehlt wurden
}
credit-rule-cap = aber höchstens { $percent } der Vergütung

# Messungen
section-clocks = Nach Ziel und Priorität
metric-response = Reaktionszeit
metric-resolution = Lösungszeit
metric-restoration = Wiederherstellungszeit
metric-update = Zwischenstand
metric-next-reply = Antwort auf Rückfrage
column-target = Ziel
column-attained = Rechtzeitig
column-bar = Anteile
column-met = Erfüllt
column-watermelons = Davon zu spät für Anwender
column-late = Verspätet
column-excluded = Ausgenommen
column-open = Offen
column-cancelled = Storniert
column-median = Hälfte binnen
column-p90 = 90 % binnen
key-met = rechtzeitig
key-watermelon = rechtzeitig nach Vertrag, zu spät für die Anwender
key-late = verspätet
key-excluded = ausgenommen
bar-shows = { $met } rechtzeitig für alle, { $watermelons } rechtzeitig, aber zu spät für die Anwender, { $late } verspätet, { $excluded } ausgenommen
clocks-note = Rechtzeitig: erfüllt ÷ (erfüllt + verspätet). Offen: am Ende des Zeitraums noch innerhalb der Frist. Was offen oder ausgenommen ist oder innerhalb der Frist storniert wurde, zählt nicht mit. Hälfte binnen, 90 % binnen: die Servicezeit, die die Hälfte beziehungsweise neun von zehn nicht überschritten.
section-trend = Verlauf
column-contractual = Nach Vertrag
column-experienced = Wie erlebt
column-lost = Verlorene Arbeitszeit
column-slx = SLX-Wert
key-contractual = rechtzeitig nach Vertrag
key-experienced = rechtzeitig, wie die Anwender es erlebten; dazwischen liegt, was angehalten oder ausgenommen war
trend-point = { $period }: { $contractual } nach Vertrag, { $experienced } wie erlebt

# Zu besprechen
section-late = { $count ->
    [one] { $count } verspätet nach Vertrag
   *[other] { $count } verspätet nach Vertrag
}
section-excluded = { $count ->
    [one] { $count } ausgenommen
   *[other] { $count } ausgenommen
}
excluded-watermelons = { $count ->
    [one] { $count } davon ist auch eine Wassermelone: zu spät für die Wartenden.
   *[other] { $count } davon sind auch Wassermelonen: zu spät für die Wartenden.
}
section-watermelons = { $count ->
    [one] { $count } Wassermelone: rechtzeitig nach Vertrag, zu spät für die Anwender
   *[other] { $count } Wassermelonen: rechtzeitig nach Vertrag, zu spät für die Anwender
}
section-idle = { $count ->
    [one] { $count } rechtzeitig für alle, aber mit liegen gebliebener Arbeit
   *[other] { $count } rechtzeitig für alle, aber mit liegen gebliebener Arbeit
}
order = Geordnet danach, wie weit die Wartezeit der Anwender die Frist übersteigt, die weiteste zuerst.
order-more = Geordnet danach, wie weit die Wartezeit der Anwender die Frist übersteigt, die weiteste zuerst; { $count ->
    [one] { $count } weitere steht
   *[other] { $count } weitere stehen
} im Export.
column-incident = Störung
column-agreed = Vereinbart
column-counted = Angerechnet
column-waited = Gewartet
agreed = { $target } { $priority }: { $limit }
agreed-working-days = { $target } { $priority }: { $count ->
    [one] { $count } Arbeitstag
   *[other] { $count } Arbeitstage
} ({ $limit })
why-over = { $over } über der Frist
why-over-earlier = zuvor { $over } über der Frist
why-late-for-people = zu spät für die Wartenden
why-open = noch offen
why-counted = angerechnet: { $with }
why-paused = angehalten: { $with }
why-reopened = { $count ->
    [one] einmal wiedereröffnet
   *[other] { $count }-mal wiedereröffnet
}
why-idle = { $effort } Arbeit blieb liegen, { $avoidable } vermeidbar
why-excluded = ausgenommen durch Entscheidung: { $reason }
why-excluded-by = ausgenommen durch { $by }: { $reason }
why-excluded-rule = ausgenommen nach der Regel „{ $rule }“
held = { $time } { $with }
held-reason = { $time } { $with } ({ $reason })
with-provider = beim Dienstleister
with-client = beim Auftraggeber
with-third-party = bei einem Dritten
with-named = bei { $name }
with-nobody = bei niemandem
the-provider = Dienstleister
the-client = Auftraggeber
a-third-party = ein Dritter
nobody = niemand
closed-hours = außerhalb der Servicezeit

# Erleben
section-experience = Was die Anwender erlebten
column-figure = Kennzahl
column-value = Wert
column-meaning = Bedeutung
lost = Verlorene Arbeitszeit
lost-meaning = { $count ->
    [one] bei { $count } Störung, für die gemeldet wurde, wie viele Anwender sie traf
   *[other] bei { $count } Störungen, für die gemeldet wurde, wie viele Anwender sie trafen
}
lost-median = Median je Störung
lost-median-meaning = die Hälfte kostete höchstens so viel
idle = Liegezeit
idle-meaning = { $share } ihrer Servicezeit: auf niemanden gewartet, niemand daran gearbeitet
handovers = Weitergegeben
handovers-meaning = { $count ->
   *[other] Mal von Gruppe zu Gruppe
}
reopenings = Wiedereröffnet
reopenings-meaning = { $count ->
   *[other] Mal nach einer Lösung
}
promises = Zusagen gehalten
promises-meaning = { $count ->
    [one] von { $count } zugesagten Wiederherstellungszeit
   *[other] von { $count } zugesagten Wiederherstellungszeiten
}
score = Umfragenote
score-meaning = { $count ->
    [one] von 10, aus { $count } Antwort
   *[other] von 10, im Schnitt aus { $count } Antworten
}
part-lost-time = nicht verlorene Zeit
part-promises = gehaltene Zusagen
part-idle = Zeit ohne Liegenbleiben
part-score = die Umfragenote
part = { $name } { $percent } (Gewicht { $weight })
slx-made-of = Der SLX-Wert von { $figure } setzt sich zusammen aus: { $parts }.
slx-not-measured = Es gibt keinen SLX-Wert.
slx-unknown = Zu wenig bekannt: { $parts }.

# Zeit und Pausen
section-time = Wo die Servicezeit blieb
column-turn = Zuständig
column-time = Zeit
column-share = Anteil
time-note = Anteile an der Servicezeit der Störungen des Zeitraums.
time-note-closed = Anteile an der Servicezeit der Störungen des Zeitraums; weitere { $closed } vergingen außerhalb der Servicezeit.
section-pauses = Angehaltene Zeit
pauses-text = { $share } der Servicezeit waren angehalten. { $count ->
    [one] { $count } Messung ist dadurch rechtzeitig
   *[other] { $count } Messungen sind dadurch rechtzeitig
}; ohne Anhalten wären { $without } rechtzeitig gewesen.
column-waited-for = Zuständig
column-reason = Grund
column-paused = Angehaltene Servicezeit
column-times = Pausen

# Weiteres
section-causes = Ursachen
column-party = Verursacher
column-service = Service
column-incidents = Störungen
column-of-those-late = Davon verspätet
column-confidence = Sicherheit mindestens
cause-unknown = nicht angegeben
cause-recurring = { $party }, wiederkehrend
section-chain = Zugrunde liegende Vereinbarungen
kind-ola = Operational Level Agreement (OLA)
kind-uc = Underpinning Contract (UC)
agreement = { $kind } „{ $name }“ mit { $provider }: { $attainment } rechtzeitig, { $met } erfüllt, { $late } verspätet.
section-forecasts = Wie die Prognosen ausgingen
forecasts-text = { $forecasts ->
    [one] { $forecasts } Prognose wurde
   *[other] { $forecasts } Prognosen wurden
} zu { $clocks ->
    [one] { $clocks } laufenden Messung
   *[other] { $clocks } laufenden Messungen
} abgegeben. { $forecasts ->
    [one] Sie sah
   *[other] Im Schnitt sahen sie
} ein Verspätungsrisiko von { $predicted }; verspätet waren { $observed }.
forecasts-better = Sie { $forecasts ->
    [one] lag
   *[other] lagen
} näher am Ausgang, als wenn stets dieser Durchschnitt genannt worden wäre.
forecasts-no-better = Sie { $forecasts ->
    [one] lag
   *[other] lagen
} nicht näher am Ausgang, als wenn stets dieser Durchschnitt genannt worden wäre.
forecasts-all-alike = Da alles gleich ausging, lässt sich nicht sagen, wie gut sie rechtzeitig von verspätet unterschieden.
section-settlement = { $count ->
    [one] { $count } Punkt zu klären
   *[other] { $count } Punkte zu klären
}
settlement-order = Die ältesten zuerst.
settlement-order-more = Die ältesten zuerst; { $count ->
    [one] { $count } weiterer steht
   *[other] { $count } weitere stehen
} in der Liste der zu klärenden Punkte.
column-what = Gegenstand
column-since = Seit
column-open-facets = Offen
column-amount = Betrag an den Auftraggeber
since = { $date }, { $days ->
    [one] { $days } Tag
   *[other] { $days } Tage
}
facet-technical = technisch
facet-administrative = administrativ
facet-financial = finanziell
item-scope = Hilfe außerhalb des Vertragsumfangs
item-excluded = von den vertraglichen Zahlen ausgenommen
item-excluded-outage = Ausfall, von den vertraglichen Zahlen ausgenommen
item-credit = Gutschrift für verfehlte Ziele, { $period }
item-earned-back = zurückverdiente Gutschriften, { $period }
item-bonus = Bonus für übertroffene Ziele, { $period }
item-decision = verspätet (Verursacher: { $party }): zu entscheiden, ob es zählt
section-restated = Was sich seit der Unterschrift geändert hat
nothing-moved = Es hat sich nichts geändert.
objective-was = { $promised }: bei der Unterschrift { $found } ({ $verdict }).
moved = { $count ->
    [one] { $count } Bewertung hat sich geändert.
   *[other] { $count } Bewertungen haben sich geändert.
}
column-signed = Unterschrieben als
column-now = Jetzt
column-facts = Seither erfasst
outcome-none = nicht im Zeitraum
outcome-undecided = offen
outcome-met = rechtzeitig
outcome-late = verspätet
outcome-excluded = ausgenommen
outcome-cancelled = storniert

# Unterschriften
section-signatures = Unterschriften
not-signed = Dieser Bericht ist nicht unterschrieben.
signed-by = Unterschrieben von { $by } am { $time }, nach dem bis { $known } Erfassten.
signed-note = { $signed } „{ $note }“
for-client = Für den Auftraggeber: { $name }
for-provider = Für den Dienstleister: { $name }
sign-name = Name
sign-date = Ort und Datum
sign-signature = Unterschrift
note-figures = Eine Messung gehört zu dem Zeitraum, in dem sie entschieden wurde: sie endete oder überschritt ihre Frist. Prozentwerte sind auf die gezeigten Stellen abgerundet; Bewertungen sind exakt. Zeiten sind auf die Sekunde genau; zusammengezählte Zeiten sind ab 100 h auf ganze Stunden abgerundet. Ausgenommenes zählt weder als rechtzeitig noch als verspätet, aber immer für das Erlebte.
note-source = Stand { $as_of } ({ $shown_zone }), nach dem bis { $known } Erfassten (Datensatz { $sequence }); Fassung { $revision } des Vertrags; Zeiträume nach { $zone }; Zeitzonendatenbank { $database }.

# Weitere Ziele, Gutschriften und Abdeckung
services-all = { $names } (gleichzeitig ausgefallen)
promise-mean-time = Mittlere Wiederherstellungszeit von { $service } höchstens { $most } ({ $hours })
promise-requests = { $percent } der Anfragen an { $service } bedient
promise-mean-clock-time = { $target } { $what }: im Durchschnitt höchstens { $most }
promise-first-contact = { $figure } der Störungen beim Erstkontakt gelöst
section-backlog = Am Ende offen
column-backlog = Offene Störungen
column-age-median = Hälfte höchstens
column-age-p90 = 90 % höchstens
column-age-oldest = Älteste
backlog-note = Rechtzeitig oder verspätet, ohne Ausgenommenes. Das Alter zählt rund um die Uhr seit der Meldung.
promise-backlog = Anzahl { $what }, die am Ende länger als { $older } offen sind: { $count ->
    [0] keine
   *[other] höchstens { $count }
 }
promise-backlog-age = { $percent } { $what }, die am Ende offen sind, höchstens { $most } alt
room-old = { $count ->
    [0] keine darf mehr so alt sein
    [one] noch { $count } darf so alt sein
   *[other] noch { $count } dürfen so alt sein
}
over-old = { $count } zu viel
no-cap = Gutschriften sind nicht begrenzt.
cap-amount = Gutschriften sind auf { $cap } begrenzt.
column-bonus = Bonus
bonuses = Boni
bonuses-text = Boni stehen dem Dienstleister zu und werden nicht mit Gutschriften verrechnet: zusammen { $sum }.
fee-unknown = Die Vergütung für { $month } ist noch nicht bekannt.
fee-pro-rata = { $month } zählt { $in_force } von { $days } Tagen: eine Vergütung von { $fee }.
claim-by = Geltend zu machen bis { $date }.
credit-highest-only = nur die höchste Gutschrift gilt
credit-minimum = auf den vereinbarten Mindestbetrag angehoben
credit-not-paid = zu gering, um gezahlt zu werden
credit-count = mal { $count }
credit-count-none = mal 0, da nichts zählt
lost-estimated = bei { $count } ist die Zahl der Anwender geschätzt
not-measured = nicht gemessen
people-not-reported = die Zahl der Betroffenen wird nicht gemeldet
work-not-reported = wann daran gearbeitet wurde, wird nicht gemeldet
section-coverage = Nicht gemessen
coverage-text = { $count ->
    [0] Jede im Zeitraum gemeldete Störung wird von einem Ziel gemessen, aber nicht von jedem.
    [one] { $count } im Zeitraum gemeldete Störung wird von keinem Ziel gemessen.
   *[other] { $count } im Zeitraum gemeldete Störungen werden von keinem Ziel gemessen.
}
every-target = alle Ziele
gap-no-limit = keine Frist für Priorität { $value }
gap-no-priority = keine Priorität
gap-limit-withdrawn = Priorität geändert in { $value }, für die keine Frist gilt
gap-not-in-force = Vertrag war nicht in Kraft, als die Störung unter ihn fiel
gap-does-not-apply = Ziel nicht anwendbar
gap-not-started = die Messung wurde nicht gestartet
gap-target-not-in-force = das Ziel war nicht in Kraft, als die Messung begonnen hätte
gap-condition-failed = die Bedingung des Ziels lässt sich nicht auswerten
gap-calendar-not-found = Kalender { $value } oder seine Zeitzone ist nicht bekannt
gap-target-not-found = das Ziel existiert nicht
gap-no-target = der Vertrag hat kein Ziel
gap-contract-not-found = der Vertrag existiert nicht
gap-no-contract = die Meldung nennt keinen Vertrag
gap-not-opened = die Meldung ist nicht bekannt
