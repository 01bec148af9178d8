# What the board says beside what the service review says (src/cli/review/locales), in English.

# The frame
view-now = Now
view-incident = Incident
view-objectives = Objectives
view-month = Review
view-settlement = To settle
views = Views
filters = Filters
language = Language
skip = Skip to the content
help = Keys
keys-on = Single keys are on
key-views = go to a view
key-move = the next incident, the one before
key-search = look for an incident
key-help = this list
close = Close
cancel = Cancel
again = Try again
waiting = Loading …
show = Show
show-more = Show more
more-than-shown = There are more than these { $count }: the filters show fewer.
others-not-shown = { $count ->
    [one] and { $count } more
   *[other] and { $count } more
}
tenant = Tenant
times-in = Times are in { $zone }
all-contracts = All contracts
all-targets = All targets
all-priorities = All priorities
no-filters = Remove filters
no-contracts = There is no contract of this tenant yet, or its name is another one.

# Who looks
sign-in = Sign in
sign-out = Sign out
token = Token
token-kept = The token is kept in this tab until it is closed, and sent to this server alone.
token-refused = The server does not know this token, or it has expired.

# What goes wrong
problem-denied = This token may not do that.
problem-not-found = There is no such thing.
problem-unavailable = The server can’t be reached, or is starting.
problem-busy = The server is busy.
problem-other = The server could not answer.

# Now
section-urgent = Open, the most urgent first
section-overdue = Late and still open
overdue-order = Those that went over their limits first
section-today = Breached today
section-withdrawn = Withdrawn today: not late after all
heads = At a glance
head-soon = Due within the hour
head-withdrawn = Withdrawn today
why-of = Why, of { $incident }
section-why = What is expected of { $target } ({ $contract }), and why
section-idle-now = Idle work
idle-of = Of the first { $count } contracts: choose one for another.
idle-for = idle for { $time }
start-before = to begin before
no-open-clocks = Nothing is open within its limit.
no-overdue = Nothing is late and open.
no-breach-today = Nothing has breached today.
no-idle = No work is left idle.
column-due-in = Due in
column-due = Due
column-service-time-left = Service time left
column-risk = Risk
column-contract = Contract
column-priority = Priority
of-limit = of { $limit }
due-now = due now
paused-without-end = while paused, not
days-short = { $count } d
live = live
not-live = connecting …
chance-certain = late
phase-pending = not started
phase-running = running
phase-paused = paused
phase-stopped = stopped
outcome-transferred = moved to another contract

# An incident
no-incident = Type the number of an incident.
no-clocks = No contract measures this incident.
section-timeline = Timeline
section-accounts = Both accounts under { $contract }
section-turns = Whose turn it was
section-segments = Every stretch of { $target } ({ $contract })
segment-exhausted = counts: the pause has reached its maximum
segment-gap = resolved, until it was reopened
segment-adjustment = corrected by { $counted }
cycle = cycle { $number }
present = now
column-status = Status
column-group = Group
column-people = People hit

# Objectives
column-miss = Risk of missing it
column-expected = Expected at the end
expected-between = 80% of the time { $low } to { $high }
column-allowance = Allowed until the end
column-budget = Error budget
budget-left = { $left } left of { $allowed }
most-influential = It hangs most on
choose-contract = { $count ->
    [one] { $count } more contract is not shown: choose one.
   *[other] { $count } more contracts are not shown: choose one.
}
band-promised = promised { $figure }
band-so-far = so far { $figure }
period-before = The period before
period-after = The period after

# The review
signed = signed
unsigned = not signed
section-discussed = To discuss
watermelon = watermelon

# Settling
settled-too = Also what is settled
nothing-to-settle = Nothing is left to settle.
page-before = Page before
page-after = Next page
item-withdrawn = This no longer follows from what is known; its decisions are kept.
state-agreed = agreed
state-waived = waived
decide = Decide
decide-on = Decide on { $facet }: { $item }
decision = Decision
decided-by = Decided by
record-decision = Record the decision
not-an-amount = This is no amount: write 12.50, say.
