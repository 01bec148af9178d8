# The service review in English.

# Numbers, times and lists
none = –
percent = { $figure }%
money = { $currency ->
    [EUR] €{ $amount }
    [GBP] £{ $amount }
   *[other] { $currency } { $amount }
}
money-minor = { $amount } minor units of { $currency }
hours = { $count } h
minutes = { $count } min
seconds = { $count } s
working-days = { $count ->
    [one] { $count } working day
   *[other] { $count } working days
}
working-days-from-start = the day of the start counts
list-and = { $before } and { $last }
quarter = { $quarter ->
    [1] 1st quarter of { $year }
    [2] 2nd quarter of { $year }
    [3] 3rd quarter of { $year }
   *[other] 4th quarter of { $year }
}
quarter-in-text = { $quarter ->
    [1] the 1st quarter of { $year }
    [2] the 2nd quarter of { $year }
    [3] the 3rd quarter of { $year }
   *[other] the 4th quarter of { $year }
}
period-between = { $first } to { $last }
period-so-far = { $period }, so far
period-to-come = { $period }, not begun

# Head
title = Service review, { $period }
title-so-far = Service review, { $period } (so far)
parties = Client: { $client }; provider: { $provider }
dates = { $first } to { $last }, as things stood on { $as_of }
lead-all-met = { $met ->
    [one] The objective of this review is met.
   *[other] All { $met } objectives are met.
}
lead-met = { $met ->
    [0] { $all ->
        [one] The objective is missed.
       *[other] All { $all } objectives are missed.
    }
    [one] { $met } of { $all } objectives is met.
   *[other] { $met } of { $all } objectives are met.
}
lead-missed = { $missed ->
    [one] { $missed } of { $all } objectives is missed.
   *[other] { $missed } of { $all } objectives are missed.
}
lead-so-far-met = { $others ->
    [0] { $all ->
        [one] The objective still runs and is met so far.
       *[other] { $all } objectives still run and are met so far.
    }
   *[other] { $all ->
        [one] Another one still runs and is met so far.
       *[other] { $all } more still run and are met so far.
    }
}
lead-so-far-not-met = { $others ->
    [0] { $all ->
        [one] The objective still runs and is not met so far.
       *[other] { $all } objectives still run; none of them is met so far.
    }
   *[other] { $all ->
        [one] Another one still runs and is not met so far.
       *[other] { $all } more still run; none of them is met so far.
    }
}
lead-so-far-some-met = { $others ->
    [0] { $all } objectives still run
   *[other] { $all } more still run
}; { $met ->
    [one] { $met } of them is met so far.
   *[other] { $met } of them are met so far.
}
lead-no-objectives = No objectives are agreed.
lead-no-data = There is too little data for any objective.
lead-not-in-force = The contract was not in force in this period.
lead-some-no-data = { $count ->
    [one] For one objective there is too little data.
   *[other] For { $count } objectives there is too little data.
}
lead-some-not-in-force = { $count ->
    [one] In the period of one objective the contract was not in force.
   *[other] In the period of { $count } objectives the contract was not in force.
}
missed-item = { $promised }: { $found } in { $period }.
missed-item-between = { $promised }: { $found } from { $first } to { $last }.
card-contractual = By the contract
card-counts = { $met } in time, { $late } late, { $excluded } excluded, { $open } open
card-experienced = As people experienced it
card-counts-experienced = { $met } in time, { $late } late; nothing paused, nothing excluded, { $open } open
card-watermelons = Watermelons
card-watermelons-meaning = met or excluded by the contract, late for whoever waited
card-slx = SLX figure
card-slx-meaning = what people went through, weighed as agreed

# Objectives
section-objectives = What was agreed, and what came of it
column-promised = Agreed
column-found = Reached
column-verdict = Verdict
column-left = Room
column-trend = Trend
trend-key = Trend: the share reached in each period up to this one, the latest on the right; higher is better.
hours-service = service hours
hours-named = service hours ({ $name })
round-the-clock = service round the clock
hours-are = { $name }: { $windows } ({ $zone }).
hours-are-closed = { $name }: { $windows } ({ $zone }), closed on { $dates }.
limits-of = { $limits } of { $hours }
all-incidents = all incidents
other-priorities = others
incidents-of = { $priorities }
promise-in-time = { $percent } of { $what } within the limits of { $target }{ $limits }
promise-response = { $percent } of { $what } responded to within { $limits }
promise-resolution = { $percent } of { $what } solved within { $limits }
promise-restoration = { $percent } of { $what } restored within { $limits }
promise-update = { $percent } of { $what } updated at least every { $limits }
promise-next-reply = { $percent } of replies on { $what } answered within { $limits }
promise-custom = { $percent } of { $what } within { $limits } for { $target }
promise-availability = { $service } available for { $percent } of { $hours }
promise-outages = { $count ->
    [0] No outage of { $service }
    [one] At most { $count } outage of { $service }
   *[other] At most { $count } outages of { $service }
}
promise-long-outages = { $count ->
    [0] No outage of { $service } of more than { $longer }
    [one] At most { $count } outage of { $service } of more than { $longer }
   *[other] At most { $count } outages of { $service } of more than { $longer }
}
promise-performance = { $percent } of measurements of { $indicator } of { $service } at most { $most }
promise-score = Average survey score of at least { $figure }
promise-happiness = Happiness (scores 9 and 10 less scores 0 to 6) of at least { $figure }
promise-lost-time = At most { $figure } lost for each hundred people
no-incidents = no incidents
room-late = { $count ->
    [0] no more may be late
    [one] { $count } more may be late
   *[other] { $count } more may be late
}
over-late = { $count } too many late
room-outages = { $count ->
    [0] no more outages allowed
    [one] { $count } more outage allowed
   *[other] { $count } more outages allowed
}
over-outages = { $count ->
    [one] { $count } outage too many
   *[other] { $count } outages too many
}
room-time = { $time } left
over-time = { $time } too much
verdict-met = met
verdict-met-so-far = met so far
verdict-missed = missed
verdict-at-risk = not met so far
verdict-no-data = no data
verdict-not-in-force = not in force
promised-part = ↳ { $period }: { $promised }

# Credits
section-excluded-outages = Excluded outages
column-from = From
column-until = Until
without-exclusions = With them it would be: { $verdict }, { $down } down.
without-exclusions-outages = With them it would be: { $verdict }, { $count ->
    [one] { $count } outage
   *[other] { $count } outages
}.
without-exclusions-mean = With them it would be: { $verdict }, { $mean } on average.
section-credits = Service credits
section-credits-so-far = Service credits, so far
fee-of-period = The fee of { $period } is { $fee }.
fee-of-month = The fee is { $fee } a month.
cap = Credits come to at most { $percent } of the fee of the period: { $cap }.
credits-none = No objective with a credit is evaluated over this kind of period; each credit is on the statement of its own period.
credits-of-period = Credits of { $period }
credits-together = All these credits together: { $sum }.
all-objectives = All objectives together
total = Total
column-period = Period
column-why = Why
column-credit = Credit
credit-cap-amount = what exceeds the cap of { $cap }
credit-cap-percent = what exceeds the cap of { $percent } of the fee
credit-earn-back = earned back: this period is good enough to return the credit before
credit-withheld = not returned: the cap had withheld it
credit-met = met: nothing is credited
credit-met-so-far = met so far: nothing is credited yet
credit-no-data = too little data: nothing is credited
credit-at-risk = not met so far: nothing is credited yet
credit-no-tier = missed, but no tier credits that
credit-not-measured = missed, but what it is credited for is not measured
credit-bedding-in = nothing is credited for periods before { $date }
credit-of-amount = missed: { $amount }
credit-of-amount-so-far = not met so far: { $amount }
credit-tier = missed: { $percent } of the fee
credit-tier-so-far = not met so far: { $percent } of the fee
credit-weight = weighed { $percent }
credit-repeats = { $count ->
    [one] raised by { $percent } since the period before was missed too
   *[other] raised by { $percent } for each of { $count } periods before that were missed too
}
credit-rule-cap = but at most { $percent } of the fee

# Clocks
section-clocks = By target and priority
metric-response = Response
metric-resolution = Resolution
metric-restoration = Restoration
metric-update = Updates
metric-next-reply = Next reply
column-target = Target
column-attained = In time
column-bar = Shares
column-met = Met
column-watermelons = Of those late for people
column-late = Late
column-excluded = Excluded
column-open = Open
column-cancelled = Cancelled
column-median = Half within
column-p90 = 90% within
key-met = in time
key-watermelon = in time by the contract, late for people
key-late = late
key-excluded = excluded
bar-shows = { $met } in time for everybody, { $watermelons } in time but late for people, { $late } late, { $excluded } excluded
clocks-note = In time: met ÷ (met + late). Open: within the limit when the period ended. What is open, excluded or was cancelled within its limit counts for neither. Half within, 90% within: the service time that half, or nine in ten, did not exceed.
section-trend = Trend
column-contractual = By the contract
column-experienced = As experienced
column-lost = People’s time lost
column-slx = SLX figure
key-contractual = in time by the contract
key-experienced = in time as people experienced it; what lies between was paused or excluded
trend-point = { $period }: { $contractual } by the contract, { $experienced } as experienced

# Clocks to discuss
section-late = { $count ->
    [one] { $count } late by the contract
   *[other] { $count } late by the contract
}
section-excluded = { $count ->
    [one] { $count } excluded
   *[other] { $count } excluded
}
excluded-watermelons = { $count ->
    [one] { $count } of these is a watermelon too: late for whoever waited.
   *[other] { $count } of these are watermelons too: late for whoever waited.
}
section-watermelons = { $count ->
    [one] { $count } watermelon: in time by the contract, late for people
   *[other] { $count } watermelons: in time by the contract, late for people
}
section-idle = { $count ->
    [one] { $count } in time for everybody, but with work left idle
   *[other] { $count } in time for everybody, but with work left idle
}
order = In order of how far the time that people waited exceeds the limit, the furthest first.
order-more = In order of how far the time that people waited exceeds the limit, the furthest first; { $count ->
    [one] { $count } more is
   *[other] { $count } more are
} in the export.
column-incident = Incident
column-agreed = Agreed
column-counted = Counted
column-waited = People waited
agreed = { $target } { $priority }: { $limit }
agreed-working-days = { $target } { $priority }: { $count ->
    [one] { $count } working day
   *[other] { $count } working days
} ({ $limit })
why-over = { $over } over the limit
why-over-earlier = { $over } over the limit earlier
why-late-for-people = late for whoever waited
why-open = still open
why-counted = counted: { $with }
why-paused = paused: { $with }
why-reopened = { $count ->
    [one] reopened once
   *[other] reopened { $count } times
}
why-idle = { $effort } of work left idle, { $avoidable } avoidable
why-excluded = excluded by decision: { $reason }
why-excluded-by = excluded by { $by }: { $reason }
why-excluded-rule = excluded by the rule “{ $rule }”
held = { $time } { $with }
held-reason = { $time } { $with } ({ $reason })
with-provider = with the provider
with-client = with the client
with-third-party = with a third party
with-named = with { $name }
with-nobody = with nobody
the-provider = the provider
the-client = the client
a-third-party = a third party
nobody = nobody
closed-hours = outside service hours

# Experience
section-experience = What people went through
column-figure = Figure
column-value = Value
column-meaning = What it means
lost = People’s time lost
lost-meaning = { $count ->
    [one] in { $count } incident of which it was reported how many people it hit
   *[other] in { $count } incidents of which it was reported how many people they hit
}
lost-median = Median per incident
lost-median-meaning = half of them cost at most this
idle = Idle
idle-meaning = { $share } of their service time: nobody waited on, nobody working
handovers = Handed over
handovers-meaning = { $count ->
    [one] time from group to group
   *[other] times from group to group
}
reopenings = Reopened
reopenings-meaning = { $count ->
    [one] time after a resolution
   *[other] times after a resolution
}
promises = Promises kept
promises-meaning = { $count ->
    [one] of { $count } time by which it was to work again
   *[other] of { $count } times by which it was to work again
}
score = Survey score
score-meaning = { $count ->
    [one] of 10, from { $count } answer
   *[other] of 10, on average of { $count } answers
}
part-lost-time = time not lost
part-promises = promises kept
part-idle = time not idle
part-score = the survey score
part = { $name } { $percent } (weight { $weight })
slx-made-of = The SLX figure of { $figure } is made of { $parts }.
slx-not-measured = There is no SLX figure.
slx-unknown = Too little is known of { $parts }.

# Time and pauses
section-time = Where the service time went
column-turn = Whose turn
column-time = Time
column-share = Share
time-note = Shares of the service time of the period’s incidents.
time-note-closed = Shares of the service time of the period’s incidents; another { $closed } passed outside service hours.
section-pauses = Pauses
pauses-text = { $share } of the service time was paused. { $count ->
    [one] { $count } clock is in time thanks to that
   *[other] { $count } clocks are in time thanks to that
}; had nothing been paused, { $without } would have been in time.
column-waited-for = Waited for
column-reason = Reason
column-paused = Service time paused
column-times = Pauses

# The rest
section-causes = Causes
column-party = Cause lies with
column-service = Service
column-incidents = Incidents
column-of-those-late = Of those late
column-confidence = Certain for at least
cause-unknown = not stated
cause-recurring = { $party }, recurring
section-chain = Underpinning agreements
kind-ola = Operational level agreement
kind-uc = Underpinning contract
agreement = { $kind } “{ $name }” with { $provider }: { $attainment } in time, { $met } met, { $late } late.
section-forecasts = How the forecasts turned out
forecasts-text = { $forecasts ->
    [one] { $forecasts } forecast was given
   *[other] { $forecasts } forecasts were given
} of { $clocks ->
    [one] { $clocks } clock while it ran
   *[other] { $clocks } clocks while they ran
}. { $forecasts ->
    [one] It
   *[other] On average they
} saw a risk of { $predicted } of being late; { $observed } became late.
forecasts-better = { $forecasts ->
    [one] It was
   *[other] They were
} closer to what happened than always naming that average would have been.
forecasts-no-better = { $forecasts ->
    [one] It was
   *[other] They were
} no closer to what happened than always naming that average would have been.
forecasts-all-alike = Since all turned out alike, how well they distinguished late from timely can’t be said.
section-settlement = { $count ->
    [one] { $count } item left to settle
   *[other] { $count } items left to settle
}
settlement-order = The oldest first.
settlement-order-more = The oldest first; { $count ->
    [one] { $count } more is
   *[other] { $count } more are
} in the list of settlement items.
column-what = What
column-since = Since
column-open-facets = Open
column-amount = Amount to the client
since = { $date }, { $days ->
    [one] { $days } day
   *[other] { $days } days
}
facet-technical = technical
facet-administrative = administrative
facet-financial = financial
item-scope = help outside the contract’s scope
item-excluded = excluded from the contractual figures
item-excluded-outage = outage excluded from the contractual figures
item-credit = credit for missed objectives, { $period }
item-earned-back = credits earned back, { $period }
item-bonus = bonus for exceeded objectives, { $period }
item-decision = late by the doing of { $party }: decide whether that counts
section-restated = What has moved since it was signed
nothing-moved = Nothing has moved.
objective-was = { $promised }: was { $found } when it was signed ({ $verdict }).
moved = { $count ->
    [one] { $count } verdict has moved.
   *[other] { $count } verdicts have moved.
}
column-signed = As signed
column-now = Now
column-facts = Facts recorded since
outcome-none = not in the period
outcome-undecided = open
outcome-met = in time
outcome-late = late
outcome-excluded = excluded
outcome-cancelled = cancelled

# Signing
section-signatures = Signatures
not-signed = This review has not been signed.
signed-by = Signed by { $by } on { $time }, by what was recorded up to { $known }.
signed-note = { $signed } “{ $note }”
for-client = For the client: { $name }
for-provider = For the provider: { $name }
sign-name = Name
sign-date = Place and date
sign-signature = Signature
note-figures = A clock belongs to the period in which it was decided: it stopped, or went over its limit. Percentages are rounded down to the decimals shown; verdicts are exact. Times are exact to the second; what times add up to is given in whole hours from 100 h on, rounded down. What is excluded counts for neither in time nor late, but always for what people experienced.
note-source = As of { $as_of } ({ $shown_zone }), by what was recorded up to { $known } (record { $sequence }); revision { $revision } of the contract; periods cut in { $zone }; time zone database { $database }.

# Further promises, credits and coverage
services-all = { $names } (down at once)
promise-mean-time = Mean time to restore { $service } at most { $most } of { $hours }
promise-requests = { $percent } of requests to { $service } served
promise-mean-clock-time = { $target } of { $what }: at most { $most } on average
promise-first-contact = { $figure } of incidents resolved at first contact
section-backlog = Open at the end
column-backlog = Incidents open
column-age-median = Half at most
column-age-p90 = 90% at most
column-age-oldest = Oldest
backlog-note = In time or late, without what is excluded. Ages are round the clock since the opening.
promise-backlog = { $count ->
    [0] Of { $what }, none open for more than { $older } at the end
    [one] Of { $what }, at most { $count } open for more than { $older } at the end
   *[other] Of { $what }, at most { $count } open for more than { $older } at the end
}
promise-backlog-age = Of { $what } open at the end, { $percent } for no more than { $most }
room-old = { $count ->
    [0] no more may be so old
    [one] { $count } more may be so old
   *[other] { $count } more may be so old
}
over-old = { $count } too many
no-cap = Credits are not capped.
cap-amount = Credits come to at most { $cap }.
column-bonus = Bonus
bonuses = Bonuses
bonuses-text = Bonuses are owed to the provider and not set off against credits: { $sum } in all.
fee-unknown = The fee of { $month } is not known yet.
fee-pro-rata = { $month } counts { $in_force } of { $days } days in force: a fee of { $fee }.
claim-by = To be claimed by { $date }.
credit-highest-only = only the highest credit is given
credit-minimum = raised to the agreed minimum
credit-not-paid = too little to be paid
credit-count = times { $count }
credit-count-none = times 0 since nothing counts
lost-estimated = the number of people is estimated in { $count }
not-measured = not measured
people-not-reported = how many people were hit is not reported
work-not-reported = when somebody worked is not reported
section-coverage = Not measured
coverage-text = { $count ->
    [0] Every incident opened in the period is measured by a target, but not by every one.
    [one] { $count } incident opened in the period is not measured by any target.
   *[other] { $count } incidents opened in the period are not measured by any target.
}
every-target = every target
gap-no-limit = no limit for priority { $value }
gap-no-priority = no priority
gap-limit-withdrawn = priority changed to { $value }, which has no limit
gap-not-in-force = contract not in force when the incident came under it
gap-does-not-apply = the target does not apply
gap-not-started = nothing started the clock
gap-target-not-in-force = the target was not in force when the clock would have started
gap-condition-failed = the condition of the target can’t be evaluated
gap-calendar-not-found = calendar { $value } or its time zone is not known
gap-target-not-found = the target does not exist
gap-no-target = the contract has no target
gap-contract-not-found = the contract does not exist
gap-no-contract = the opening names no contract
gap-not-opened = the opening is not known
