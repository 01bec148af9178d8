# De servicerapportage in het Nederlands, in de termen van Nederlandse dienstverleningsovereenkomsten.

# Getallen, tijden en opsommingen
none = –
percent = { $figure }%
money = { $currency ->
    [EUR] € { $amount }
    [GBP] £ { $amount }
   *[other] { $currency } { $amount }
}
money-minor = { $amount } (in de kleinste eenheid van { $currency })
hours = { $count } uur
minutes = { $count } min
seconds = { $count } s
working-days = { $count ->
    [one] { $count } werkdag
   *[other] { $count } werkdagen
}
working-days-from-start = de dag van aanvang telt mee
list-and = { $before } en { $last }
quarter = { $quarter ->
    [1] 1e kwartaal van { $year }
    [2] 2e kwartaal van { $year }
    [3] 3e kwartaal van { $year }
   *[other] 4e kwartaal van { $year }
}
quarter-in-text = { $quarter ->
    [1] het 1e kwartaal van { $year }
    [2] het 2e kwartaal van { $year }
    [3] het 3e kwartaal van { $year }
   *[other] het 4e kwartaal van { $year }
}
period-between = { $first } tot en met { $last }
period-so-far = { $period }, tot nu toe
period-to-come = { $period }, nog niet begonnen

# Kop
title = Servicerapportage { $period }
title-so-far = Servicerapportage { $period } (tot nu toe)
parties = Opdrachtgever: { $client }; leverancier: { $provider }
dates = { $first } tot en met { $last }, stand op { $as_of }
lead-all-met = { $met ->
    [one] De servicenorm in deze rapportage is gehaald.
   *[other] Alle { $met } servicenormen zijn gehaald.
}
lead-met = { $met ->
    [0] { $all ->
        [one] De servicenorm is niet gehaald.
       *[other] Geen van de { $all } servicenormen is gehaald.
    }
    [one] { $met } van de { $all } servicenormen is gehaald.
   *[other] { $met } van de { $all } servicenormen zijn gehaald.
}
lead-missed = { $missed ->
    [one] { $missed } van de { $all } servicenormen is niet gehaald.
   *[other] { $missed } van de { $all } servicenormen zijn niet gehaald.
}
lead-so-far-met = { $others ->
    [0] { $all ->
        [one] De servicenorm loopt nog en wordt tot nu toe gehaald.
       *[other] De { $all } servicenormen lopen nog en worden tot nu toe gehaald.
    }
   *[other] { $all ->
        [one] Er loopt nog één norm, die tot nu toe wordt gehaald.
       *[other] Er lopen nog { $all } normen, die tot nu toe worden gehaald.
    }
}
lead-so-far-not-met = { $others ->
    [0] { $all ->
        [one] De servicenorm loopt nog en wordt tot nu toe niet gehaald.
       *[other] De { $all } servicenormen lopen nog; geen daarvan wordt tot nu toe gehaald.
    }
   *[other] { $all ->
        [one] Er loopt nog één norm, die tot nu toe niet wordt gehaald.
       *[other] Er lopen nog { $all } normen; geen daarvan wordt tot nu toe gehaald.
    }
}
lead-so-far-some-met = { $others ->
    [0] De { $all } servicenormen lopen nog
   *[other] Er lopen nog { $all } normen
}; { $met ->
    [one] { $met } daarvan wordt tot nu toe gehaald.
   *[other] { $met } daarvan worden tot nu toe gehaald.
}
lead-no-objectives = Er zijn geen servicenormen afgesproken.
lead-no-data = Er zijn te weinig gegevens om een norm te toetsen.
lead-not-in-force = Het contract was in deze periode niet van kracht.
lead-some-no-data = { $count ->
    [one] Voor één norm zijn er te weinig gegevens.
   *[other] Voor { $count } normen zijn er te weinig gegevens.
}
lead-some-not-in-force = { $count ->
    [one] In de periode van één norm was het contract niet van kracht.
   *[other] In de periode van { $count } normen was het contract niet van kracht.
}
missed-item = { $promised }: { $found } in { $period }.
missed-item-between = { $promised }: { $found } van { $first } tot en met { $last }.
card-contractual = Volgens het contract
card-counts = { $met } op tijd, { $late } te laat, { $excluded } uitgezonderd, { $open } open
card-experienced = Zoals gebruikers het ervoeren
card-counts-experienced = { $met } op tijd, { $late } te laat, { $open } open; niets gepauzeerd, niets uitgezonderd
card-watermelons = Watermeloenen
card-watermelons-meaning = op tijd of uitgezonderd volgens het contract, te laat voor wie wachtte
card-slx = SLX-cijfer
card-slx-meaning = wat gebruikers meemaakten, gewogen zoals afgesproken

# Servicenormen
section-objectives = Afgesproken servicenormen en resultaat
column-promised = Servicenorm
column-found = Resultaat
column-verdict = Oordeel
column-left = Speelruimte
column-trend = Verloop
trend-key = Verloop: het resultaat per periode tot en met deze, de laatste rechts; hoger is beter.
hours-service = servicetijd
hours-named = servicetijd { $name }
round-the-clock = 7×24 uur
hours-are = { $name }: { $windows } ({ $zone }).
hours-are-closed = { $name }: { $windows } ({ $zone }), gesloten op { $dates }.
limits-of = { $limits } ({ $hours })
all-incidents = alle incidenten
other-priorities = overige
incidents-of = de incidenten met prioriteit { $priorities }
promise-in-time = { $percent } van { $what } binnen de norm { $target }{ $limits }
promise-response = { $percent } van { $what } beantwoord binnen { $limits }
promise-resolution = { $percent } van { $what } opgelost binnen { $limits }
promise-restoration = { $percent } van { $what } hersteld binnen { $limits }
promise-update = { $percent } van { $what } minstens eens per { $limits } voorzien van een voortgangsbericht
promise-next-reply = { $percent } van de reacties op { $what } beantwoord binnen { $limits }
promise-custom = { $percent } van { $what } binnen { $limits } voor { $target }
promise-availability = { $service } { $percent } beschikbaar ({ $hours })
promise-outages = { $count ->
    [0] Geen storing van { $service }
    [one] Hoogstens { $count } storing van { $service }
   *[other] Hoogstens { $count } storingen van { $service }
}
promise-long-outages = { $count ->
    [0] Geen storing van { $service } langer dan { $longer }
    [one] Hoogstens { $count } storing van { $service } langer dan { $longer }
   *[other] Hoogstens { $count } storingen van { $service } langer dan { $longer }
}
promise-performance = { $percent } van de metingen van { $indicator } bij { $service } hoogstens { $most }
promise-score = Gemiddeld enquêtecijfer van minstens { $figure }
promise-happiness = Tevredenheid (cijfers 9 en 10 min cijfers 0 tot en met 6) van minstens { $figure }
promise-lost-time = Hoogstens { $figure } verloren per honderd gebruikers
no-incidents = geen incidenten
room-late = { $count ->
    [0] geen enkele mag nog te laat zijn
    [one] nog { $count } mag te laat zijn
   *[other] nog { $count } mogen te laat zijn
}
over-late = { $count } te veel te laat
room-outages = { $count ->
    [0] geen storing meer toegestaan
    [one] nog { $count } storing toegestaan
   *[other] nog { $count } storingen toegestaan
}
over-outages = { $count ->
    [one] { $count } storing te veel
   *[other] { $count } storingen te veel
}
room-time = nog { $time }
over-time = { $time } te veel
verdict-met = gehaald
verdict-met-so-far = tot nu toe gehaald
verdict-missed = niet gehaald
verdict-at-risk = tot nu toe niet gehaald
verdict-no-data = geen gegevens
verdict-not-in-force = niet van kracht
promised-part = ↳ { $period }: { $promised }

# Malus
section-excluded-outages = Uitgezonderde storingen
column-from = Van
column-until = Tot
without-exclusions = Met deze storingen zou het zijn: { $verdict }, { $down } niet beschikbaar.
without-exclusions-outages = Met deze storingen zou het zijn: { $verdict }, { $count ->
    [one] { $count } storing
   *[other] { $count } storingen
}.
without-exclusions-mean = Met deze storingen zou het zijn: { $verdict }, gemiddeld { $mean }.
section-credits = Malus (servicekorting)
section-credits-so-far = Malus (servicekorting), tot nu toe
fee-of-period = De vergoeding over { $period } is { $fee }.
fee-of-month = De vergoeding is { $fee } per maand.
cap = De malus bedraagt hoogstens { $percent } van de vergoeding over de periode: { $cap }.
credits-none = Over dit soort periode wordt geen norm met malus getoetst; elke malus staat in de rapportage van de eigen periode.
credits-of-period = Malus over { $period }
credits-together = Malus samen: { $sum }.
all-objectives = Alle normen samen
total = Totaal
column-period = Periode
column-why = Toelichting
column-credit = Malus
credit-cap-amount = wat boven het maximum van { $cap } uitkomt
credit-cap-percent = wat boven het maximum van { $percent } van de vergoeding uitkomt
credit-earn-back = terugverdiend: deze periode is goed genoeg om de vorige malus terug te krijgen
credit-withheld = niet terug: het maximum had dit al ingehouden
credit-met = gehaald: geen malus
credit-met-so-far = tot nu toe gehaald: nog geen malus
credit-no-data = te weinig gegevens: geen malus
credit-at-risk = tot nu toe niet gehaald: nog geen malus
credit-no-tier = niet gehaald, maar geen staffel kent hiervoor een malus
credit-not-measured = niet gehaald, maar waarvoor de malus geldt, is niet gemeten
credit-bedding-in = geen malus over perioden vóór { $date }
credit-of-amount = niet gehaald: { $amount }
credit-of-amount-so-far = tot nu toe niet gehaald: { $amount }
credit-tier = niet gehaald: { $percent } van de vergoeding
credit-tier-so-far = tot nu toe niet gehaald: { $percent } van de vergoeding
credit-weight = weegt { $percent }
credit-repeats = { $count ->
    [one] verhoogd met { $percent } omdat ook de periode ervoor niet gehaald is
   *[other] verhoogd met { $percent } voor elk van de { $count } perioden ervoor die ook niet gehaald zijn
}
credit-rule-cap = maar hoogstens { $percent } van de vergoeding

# Metingen
section-clocks = Per norm en prioriteit
metric-response = Reactietijd
metric-resolution = Oplostijd
metric-restoration = Hersteltijd
metric-update = Voortgangsbericht
metric-next-reply = Antwoord op reactie
column-target = Norm
column-attained = Op tijd
column-bar = Verdeling
column-met = Gehaald
column-watermelons = Waarvan te laat voor gebruikers
column-late = Te laat
column-excluded = Uitgezonderd
column-open = Open
column-cancelled = Geannuleerd
column-median = Helft binnen
column-p90 = 90% binnen
key-met = op tijd
key-watermelon = op tijd volgens het contract, te laat voor gebruikers
key-late = te laat
key-excluded = uitgezonderd
bar-shows = { $met } op tijd voor iedereen, { $watermelons } op tijd maar te laat voor gebruikers, { $late } te laat, { $excluded } uitgezonderd
clocks-note = Op tijd: gehaald ÷ (gehaald + te laat). Open: aan het einde van de periode nog binnen de norm. Wat open of uitgezonderd is, of binnen de norm is geannuleerd, telt niet mee. Helft binnen, 90% binnen: de servicetijd waar de helft, of negen van de tien, binnen bleef.
section-trend = Verloop
column-contractual = Volgens het contract
column-experienced = Zoals ervaren
column-lost = Verloren werktijd
column-slx = SLX-cijfer
key-contractual = op tijd volgens het contract
key-experienced = op tijd zoals gebruikers het ervoeren; het verschil is gepauzeerd of uitgezonderd
trend-point = { $period }: { $contractual } volgens het contract, { $experienced } zoals ervaren

# Te bespreken
section-late = { $count ->
    [one] { $count } te laat volgens het contract
   *[other] { $count } te laat volgens het contract
}
section-excluded = { $count ->
    [one] { $count } uitgezonderd
   *[other] { $count } uitgezonderd
}
excluded-watermelons = { $count ->
    [one] { $count } daarvan is ook een watermeloen: te laat voor wie wachtte.
   *[other] { $count } daarvan zijn ook watermeloenen: te laat voor wie wachtte.
}
section-watermelons = { $count ->
    [one] { $count } watermeloen: op tijd volgens het contract, te laat voor gebruikers
   *[other] { $count } watermeloenen: op tijd volgens het contract, te laat voor gebruikers
}
section-idle = { $count ->
    [one] { $count } op tijd voor iedereen, maar met werk dat bleef liggen
   *[other] { $count } op tijd voor iedereen, maar met werk dat bleef liggen
}
order = Op volgorde van hoe ver de wachttijd van gebruikers boven de norm ligt, de verste eerst.
order-more = Op volgorde van hoe ver de wachttijd van gebruikers boven de norm ligt, de verste eerst; nog { $count ->
    [one] { $count } staat
   *[other] { $count } staan
} in de export.
column-incident = Incident
column-agreed = Afgesproken
column-counted = Meegeteld
column-waited = Gewacht
agreed = { $target } { $priority }: { $limit }
agreed-working-days = { $target } { $priority }: { $count ->
    [one] { $count } werkdag
   *[other] { $count } werkdagen
} ({ $limit })
why-over = { $over } boven de norm
why-over-earlier = eerder { $over } boven de norm
why-late-for-people = te laat voor wie wachtte
why-open = nog open
why-counted = meegeteld: { $with }
why-paused = gepauzeerd: { $with }
why-reopened = { $count ->
    [one] eenmaal heropend
   *[other] { $count } keer heropend
}
why-idle = { $effort } werk bleef liggen, { $avoidable } vermijdbaar
why-excluded = uitgezonderd bij besluit: { $reason }
why-excluded-by = uitgezonderd door { $by }: { $reason }
why-excluded-rule = uitgezonderd volgens de regel ‘{ $rule }’
held = { $time } { $with }
held-reason = { $time } { $with } ({ $reason })
with-provider = bij de leverancier
with-client = bij de opdrachtgever
with-third-party = bij een derde partij
with-named = bij { $name }
with-nobody = bij niemand
the-provider = de leverancier
the-client = de opdrachtgever
a-third-party = een derde partij
nobody = niemand
closed-hours = buiten servicetijd

# Ervaring
section-experience = Wat gebruikers meemaakten
column-figure = Cijfer
column-value = Waarde
column-meaning = Betekenis
lost = Verloren werktijd
lost-meaning = { $count ->
    [one] bij { $count } incident waarvan is gemeld hoeveel gebruikers het trof
   *[other] bij { $count } incidenten waarvan is gemeld hoeveel gebruikers ze troffen
}
lost-median = Mediaan per incident
lost-median-meaning = de helft kostte hoogstens dit
idle = Stilgelegen
idle-meaning = { $share } van hun servicetijd: op niemand gewacht en niemand aan het werk
handovers = Overgedragen
handovers-meaning = { $count ->
   *[other] keer van groep naar groep
}
reopenings = Heropend
reopenings-meaning = { $count ->
   *[other] keer na een oplossing
}
promises = Toezeggingen nagekomen
promises-meaning = { $count ->
    [one] van { $count } toegezegde hersteltijd
   *[other] van { $count } toegezegde hersteltijden
}
score = Enquêtecijfer
score-meaning = { $count ->
    [one] op een schaal van 10, uit { $count } antwoord
   *[other] op een schaal van 10, gemiddeld over { $count } antwoorden
}
part-lost-time = niet-verloren tijd
part-promises = nagekomen toezeggingen
part-idle = niet-stilgelegen tijd
part-score = het enquêtecijfer
part = { $name } { $percent } (weegt { $weight })
slx-made-of = Het SLX-cijfer van { $figure } is opgebouwd uit { $parts }.
slx-not-measured = Er is geen SLX-cijfer.
slx-unknown = Over { $parts } is te weinig bekend.

# Tijd en pauzes
section-time = Waar de servicetijd bleef
column-turn = Aan zet
column-time = Tijd
column-share = Aandeel
time-note = Aandelen van de servicetijd van de incidenten in deze periode.
time-note-closed = Aandelen van de servicetijd van de incidenten in deze periode; daarnaast verstreek { $closed } buiten servicetijd.
section-pauses = Pauzes
pauses-text = { $share } van de servicetijd was gepauzeerd. { $count ->
    [one] { $count } meting is daardoor op tijd
   *[other] { $count } metingen zijn daardoor op tijd
}; zonder pauzes was { $without } op tijd geweest.
column-waited-for = Gewacht op
column-reason = Reden
column-paused = Gepauzeerde servicetijd
column-times = Pauzes

# Overig
section-causes = Oorzaken
column-party = Oorzaak ligt bij
column-service = Dienst
column-incidents = Incidenten
column-of-those-late = Waarvan te laat
column-confidence = Zekerheid minstens
cause-unknown = niet opgegeven
cause-recurring = { $party }, terugkerend
section-chain = Onderliggende overeenkomsten
kind-ola = OLA (interne overeenkomst)
kind-uc = Onderliggend contract (UC)
agreement = { $kind } ‘{ $name }’ met { $provider }: { $attainment } op tijd, { $met } gehaald, { $late } te laat.
section-forecasts = Hoe de prognoses uitkwamen
forecasts-text = { $forecasts ->
    [one] Er is { $forecasts } prognose gegeven
   *[other] Er zijn { $forecasts } prognoses gegeven
} over { $clocks ->
    [one] { $clocks } meting die nog liep
   *[other] { $clocks } metingen die nog liepen
}. { $forecasts ->
    [one] De
   *[other] Gemiddeld was de
} voorspelde kans op te laat { $forecasts ->
    [one] was { $predicted }
   *[other] { $predicted }
}; { $observed } werd te laat.
forecasts-better = { $forecasts ->
    [one] Die zat
   *[other] Ze zaten
} dichter bij de uitkomst dan wanneer telkens dat gemiddelde was genoemd.
forecasts-no-better = { $forecasts ->
    [one] Die zat
   *[other] Ze zaten
} niet dichter bij de uitkomst dan wanneer telkens dat gemiddelde was genoemd.
forecasts-all-alike = Omdat alles gelijk afliep, is niet te zeggen hoe goed ze op tijd van te laat onderscheidden.
section-settlement = { $count ->
    [one] Nog { $count } punt af te handelen
   *[other] Nog { $count } punten af te handelen
}
settlement-order = De oudste eerst.
settlement-order-more = De oudste eerst; nog { $count ->
    [one] { $count } staat
   *[other] { $count } staan
} in de lijst van af te handelen punten.
column-what = Onderwerp
column-since = Sinds
column-open-facets = Open
column-amount = Bedrag aan opdrachtgever
since = { $date }, { $days ->
    [one] { $days } dag
   *[other] { $days } dagen
}
facet-technical = technisch
facet-administrative = administratief
facet-financial = financieel
item-scope = hulp buiten de reikwijdte van het contract
item-excluded = uitgezonderd van de contractuele cijfers
item-excluded-outage = storing uitgezonderd van de contractuele cijfers
item-credit = malus voor niet-gehaalde normen, { $period }
item-earned-back = terugverdiende malus, { $period }
item-bonus = bonus voor overtroffen normen, { $period }
item-decision = te laat door toedoen van { $party }: besluit of dat meetelt
section-restated = Wat is gewijzigd sinds de ondertekening
nothing-moved = Er is niets gewijzigd.
objective-was = { $promised }: was { $found } bij ondertekening ({ $verdict }).
moved = { $count ->
    [one] { $count } oordeel is gewijzigd.
   *[other] { $count } oordelen zijn gewijzigd.
}
column-signed = Ondertekend als
column-now = Nu
column-facts = Sindsdien vastgelegd
outcome-none = niet in de periode
outcome-undecided = open
outcome-met = op tijd
outcome-late = te laat
outcome-excluded = uitgezonderd
outcome-cancelled = geannuleerd

# Ondertekening
section-signatures = Ondertekening
not-signed = Deze rapportage is niet ondertekend.
signed-by = Ondertekend door { $by } op { $time }, op basis van wat tot { $known } was vastgelegd.
signed-note = { $signed } ‘{ $note }’
for-client = Namens de opdrachtgever: { $name }
for-provider = Namens de leverancier: { $name }
sign-name = Naam
sign-date = Plaats en datum
sign-signature = Handtekening
note-figures = Een meting hoort bij de periode waarin ze is beslist: ze stopte, of ging over de norm. Percentages zijn naar beneden afgerond op de getoonde decimalen; oordelen zijn exact. Tijden zijn exact tot op de seconde; opgetelde tijden zijn vanaf 100 uur naar beneden afgerond op hele uren. Wat is uitgezonderd telt niet als op tijd en niet als te laat, maar altijd voor wat gebruikers ervoeren.
note-source = Stand op { $as_of } ({ $shown_zone }), op basis van wat tot { $known } was vastgelegd (record { $sequence }); revisie { $revision } van het contract; perioden gerekend in { $zone }; tijdzonedatabase { $database }.

# Overige normen, malus en dekking
services-all = { $names } (gelijktijdig uit)
promise-mean-time = Gemiddelde hersteltijd van { $service } hoogstens { $most } ({ $hours })
promise-requests = { $percent } van de verzoeken aan { $service } afgehandeld
promise-mean-clock-time = { $target } van { $what }: gemiddeld hoogstens { $most }
promise-first-contact = { $figure } van de incidenten bij het eerste contact opgelost
section-backlog = Open aan het einde
column-backlog = Openstaande incidenten
column-age-median = Helft hoogstens
column-age-p90 = 90% hoogstens
column-age-oldest = Oudste
backlog-note = Op tijd of te laat, zonder wat is uitgezonderd. De ouderdom telt dag en nacht sinds de melding.
promise-backlog = { $count ->
    [0] Van { $what } staat er aan het einde geen langer dan { $older } open
    [one] Van { $what } staat er aan het einde hoogstens { $count } langer dan { $older } open
   *[other] Van { $what } staan er aan het einde hoogstens { $count } langer dan { $older } open
}
promise-backlog-age = Van { $what } die aan het einde openstaan, staat { $percent } hoogstens { $most } open
room-old = { $count ->
    [0] geen enkele mag nog zo oud zijn
    [one] nog { $count } mag zo oud zijn
   *[other] nog { $count } mogen zo oud zijn
}
over-old = { $count } te veel
no-cap = De malus heeft geen maximum.
cap-amount = De malus bedraagt hoogstens { $cap }.
column-bonus = Bonus
bonuses = Bonussen
bonuses-text = Bonussen komen de leverancier toe en worden niet met de malus verrekend: samen { $sum }.
fee-unknown = De vergoeding over { $month } is nog niet bekend.
fee-pro-rata = { $month } telt { $in_force } van { $days } dagen mee: een vergoeding van { $fee }.
claim-by = Te claimen uiterlijk op { $date }.
credit-highest-only = alleen de hoogste malus geldt
credit-minimum = verhoogd tot het afgesproken minimum
credit-not-paid = te weinig om uit te keren
credit-count = maal { $count }
credit-count-none = maal 0 omdat er niets meetelt
lost-estimated = bij { $count } is het aantal gebruikers geschat
not-measured = niet gemeten
people-not-reported = het aantal getroffen gebruikers wordt niet gemeld
work-not-reported = wanneer eraan gewerkt is, wordt niet gemeld
section-coverage = Niet gemeten
coverage-text = { $count ->
    [0] Elk incident dat in de periode is geopend, wordt door een norm gemeten, maar niet door alle normen.
    [one] { $count } incident dat in de periode is geopend, wordt door geen enkele norm gemeten.
   *[other] { $count } incidenten die in de periode zijn geopend, worden door geen enkele norm gemeten.
}
every-target = alle normen
gap-no-limit = geen norm voor prioriteit { $value }
gap-no-priority = geen prioriteit
gap-limit-withdrawn = prioriteit gewijzigd in { $value }, waarvoor geen norm geldt
gap-not-in-force = contract was niet van kracht toen het incident eronder kwam te vallen
gap-does-not-apply = norm niet van toepassing
gap-not-started = de meting is niet gestart
gap-target-not-in-force = de norm was niet van kracht toen de meting zou zijn gestart
gap-condition-failed = de voorwaarde van de norm kan niet worden bepaald
gap-calendar-not-found = kalender { $value } of de tijdzone ervan is niet bekend
gap-target-not-found = de norm bestaat niet
gap-no-target = het contract heeft geen norm
gap-contract-not-found = het contract bestaat niet
gap-no-contract = de melding noemt geen contract
gap-not-opened = de melding is niet bekend
