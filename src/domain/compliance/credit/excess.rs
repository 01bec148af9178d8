//! How much of what an objective does not allow there was: outages, late incidents, downtime and
//! points, counted as a rule agrees.

use crate::domain::compliance::availability::Availability;
use crate::domain::compliance::{Tally, span_in_words};
use crate::domain::contract::{CreditRule, OutagesPromise, Per, Steps};
use crate::domain::exact_spread::ExactSpread;
use crate::domain::share::Share;
use crate::domain::time::Span;

/// What a credit may be counted by, of one objective over one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Of an objective on attainment.
    Clocks {
        /// The share that is promised.
        promised: Share,
        /// How many were met.
        met: u64,
        /// How many were breached.
        breached: u64,
        /// How much longer than its limit each of those took.
        lateness: ExactSpread,
    },
    /// Of an objective on availability.
    Uptime {
        /// The share that is promised.
        promised: Share,
        /// The agreed service time, so far while the period goes on.
        agreed: Span,
        /// The downtime, in millionths of a nanosecond.
        down: u128,
    },
    /// Of an objective on outages: those that are long enough to count.
    Outages {
        /// How many are allowed.
        most: u64,
        /// Only those longer than this count.
        longer_than: Span,
        /// The downtime of each that counts.
        long: Vec<Span>,
    },
    /// Of an objective on the mean time to restore.
    MeanTime {
        /// The most that the mean may be.
        at_most: Span,
        /// The downtime of each outage.
        outages: Vec<Span>,
    },
    /// Of an objective on requests.
    Requests {
        /// The share that is promised.
        promised: Share,
        /// How many were served.
        served: u128,
        /// How many there were.
        requests: u128,
    },
}

/// How often a credit is given, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How often.
    pub times: u64,
    /// What was counted.
    pub found: Countable,
}

/// What was counted. `allowed` is `None` where everything counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Countable {
    /// Outages that were long enough.
    Outages {
        /// How many there were.
        found: u64,
        /// How many were allowed.
        allowed: Option<u64>,
    },
    /// Late incidents.
    Late {
        /// How many were late.
        late: u64,
        /// How many were decided.
        decided: u64,
        /// How many of those might have been late.
        allowed: Option<u64>,
    },
    /// The lateness of late incidents, in steps.
    Lateness {
        /// How many were late.
        late: u64,
        /// How many were decided.
        decided: u64,
        /// How many of those might have been late: the least late.
        allowed: Option<u64>,
        /// How long the others were over their limits, added up.
        time: Span,
        /// The length of a step.
        step: Span,
        /// Which steps count.
        steps: Steps,
    },
    /// Downtime, in steps.
    Downtime {
        /// The time that counts.
        time: Span,
        /// Whether it is all of it, not only what is over the allowance.
        is_all: bool,
        /// The length of a step.
        step: Span,
        /// Which steps count.
        steps: Steps,
    },
    /// A mean downtime of outages, in steps.
    MeanTime {
        /// The mean, rounded down to the nanosecond.
        mean: Span,
        /// The most that it might have been.
        allowed: Option<Span>,
        /// The length of a step.
        step: Span,
        /// Which steps count.
        steps: Steps,
    },
    /// Points below a share, in steps.
    Points {
        /// The share reached, rounded down to the millionth.
        reached: Share,
        /// The share they are below.
        below: Share,
        /// The size of a step.
        step: Share,
        /// Which steps count.
        steps: Steps,
    },
}

impl Measured {
    /// Of clocks of which `promised` was to be met.
    pub fn clocks(promised: Share, tally: &Tally) -> Measured {
        let (met, breached) = (tally.contractual.met, tally.contractual.breached);
        Measured::Clocks { promised, met, breached, lateness: tally.lateness.clone() }
    }

    /// Of a service that was to be up for `promised`.
    pub fn uptime(promised: Share, found: &Availability) -> Measured {
        Measured::Uptime { promised, agreed: found.agreed, down: found.exact_downtime() }
    }

    /// Of the outages of a service.
    pub fn outages(promise: &OutagesPromise, found: &Availability) -> Measured {
        let longer_than = promise.longer_than;
        let long = found.outages.iter().copied().filter(|outage| *outage > longer_than);
        Measured::Outages { most: promise.most.into(), longer_than, long: long.collect() }
    }

    /// Of the outages of a service whose mean downtime was to be at most so long.
    pub fn mean_time(at_most: Span, found: &Availability) -> Measured {
        Measured::MeanTime { at_most, outages: found.outages.clone() }
    }
}

/// How often a missed objective's credit is given by a rule; `None` where it is for the period, or
/// where nothing of the kind is measured.
pub(super) fn count(rule: &CreditRule, measured: &Measured) -> Option<Count> {
    let is_all = rule.counts_all;
    match (rule.per, measured) {
        (Per::Outage, Measured::Outages { most, long, .. }) => {
            let (found, allowed) = (long.len() as u64, (!is_all).then_some(*most));
            let times = found.saturating_sub(allowed.unwrap_or_default());
            Some(Count { times, found: Countable::Outages { found, allowed } })
        }
        (Per::LateIncident, Measured::Clocks { promised, met, breached, .. }) => {
            let decided = met.saturating_add(*breached);
            let allowed = (!is_all).then(|| decided - fewest(*promised, decided));
            let times = breached.saturating_sub(allowed.unwrap_or_default());
            Some(Count { times, found: Countable::Late { late: *breached, decided, allowed } })
        }
        (Per::Lateness(step), Measured::Clocks { promised, met, breached, lateness }) => {
            let decided = met.saturating_add(*breached);
            let allowed = (!is_all).then(|| decided - fewest(*promised, decided));
            let over = breached.saturating_sub(allowed.unwrap_or_default());
            let counts = (*breached, decided, allowed);
            Some(late_by(counts, &lateness.longest(over), (step, rule.steps)))
        }
        (Per::Downtime(step), measured) => downtime(rule, step, measured),
        (Per::Point(step), measured) => points(rule, step, measured),
        _ => None,
    }
}

/// The steps of how late incidents were, each counted by itself; `counts` are the late, the decided
/// and the allowed ones.
fn late_by(
    (late, decided, allowed): (u64, u64, Option<u64>),
    over: &ExactSpread,
    (step, steps): (Span, Steps),
) -> Count {
    let exact = |span: Span| u128::from(span.nanos().unsigned_abs());
    let times = over.iter().map(|(time, count)| {
        let each = parts(exact(time), exact(step), steps);
        each.saturating_mul(count)
    });
    let time = i64::try_from(over.total().nanos()).unwrap_or(i64::MAX);
    Count {
        times: times.fold(0, u64::saturating_add),
        found: Countable::Lateness {
            late,
            decided,
            allowed,
            time: Span::from_nanos(time),
            step,
            steps,
        },
    }
}

/// The fewest of so many that are at least a share of them.
fn fewest(share: Share, decided: u64) -> u64 {
    let exact = u128::from(decided) * u128::from(share.millionths());
    u64::try_from(exact.div_ceil(u128::from(Share::ALL.millionths()))).unwrap_or(decided)
}

fn downtime(rule: &CreditRule, step: Span, measured: &Measured) -> Option<Count> {
    let (is_all, steps) = (rule.counts_all, rule.steps);
    let counted = |time: Span, times| {
        Some(Count { times, found: Countable::Downtime { time, is_all, step, steps } })
    };
    match measured {
        Measured::Uptime { promised, agreed, down } => {
            let nanos = |span: Span| u128::from(span.nanos().unsigned_abs());
            let allowed = match is_all {
                true => 0,
                false => nanos(*agreed) * u128::from(promised.rest().millionths()),
            };
            let (over, one) = (down.saturating_sub(allowed), u128::from(Share::ALL.millionths()));
            let time = i64::try_from(over / one).unwrap_or(i64::MAX);
            counted(Span::from_nanos(time), parts(over, nanos(step) * one, steps))
        }
        Measured::Outages { longer_than, long, .. } => {
            let free = if is_all { Span::ZERO } else { *longer_than };
            let over = || long.iter().map(|outage| *outage - free);
            let one = |span: Span| u128::from(span.nanos().unsigned_abs());
            let times = over().map(|time| parts(one(time), one(step), steps));
            counted(over().sum(), times.fold(0, u64::saturating_add))
        }
        Measured::MeanTime { at_most, outages } => mean_time(rule, step, *at_most, outages),
        Measured::Clocks { .. } | Measured::Requests { .. } => None,
    }
}

/// The steps by which a mean is over what is allowed, counted on the sum of the outages, so that
/// nothing is rounded.
fn mean_time(rule: &CreditRule, step: Span, at_most: Span, outages: &[Span]) -> Option<Count> {
    let number = i64::try_from(outages.len()).ok().filter(|number| *number > 0)?;
    let exact = |span: Span| u128::from(span.nanos().unsigned_abs());
    let allowed = (!rule.counts_all).then_some(at_most);
    let total: Span = outages.iter().copied().sum();
    let free = allowed.map_or(0, exact) * u128::from(number.unsigned_abs());
    let over = exact(total).saturating_sub(free);
    let times = parts(over, exact(step) * u128::from(number.unsigned_abs()), rule.steps);
    let mean = Span::from_nanos(total.nanos() / number);
    Some(Count { times, found: Countable::MeanTime { mean, allowed, step, steps: rule.steps } })
}

fn points(rule: &CreditRule, step: Share, measured: &Measured) -> Option<Count> {
    let (promised, part, whole) = match measured {
        Measured::Clocks { promised, met, breached, .. } => {
            (*promised, u128::from(*met), u128::from(*met) + u128::from(*breached))
        }
        Measured::Uptime { promised, agreed, down } => {
            let whole = u128::from(agreed.nanos().unsigned_abs());
            let whole = whole * u128::from(Share::ALL.millionths());
            (*promised, whole.saturating_sub(*down), whole)
        }
        Measured::Requests { promised, served, requests } => (*promised, *served, *requests),
        Measured::Outages { .. } | Measured::MeanTime { .. } => return None,
    };
    let below = if rule.counts_all { Share::ALL } else { promised };
    let reached = Share::of(part, whole)?;
    let millionths = |share: Share| u128::from(share.millionths());
    let due = millionths(below).saturating_mul(whole);
    let over = due.saturating_sub(part.saturating_mul(millionths(Share::ALL)));
    let times = parts(over, millionths(step).saturating_mul(whole), rule.steps);
    Some(Count { times, found: Countable::Points { reached, below, step, steps: rule.steps } })
}

/// How many steps there are in something.
fn parts(whole: u128, step: u128, steps: Steps) -> u64 {
    let step = step.max(1);
    let count = match steps {
        Steps::Started => whole.div_ceil(step),
        Steps::Full => whole / step,
    };
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl Countable {
    /// What was counted, in words.
    pub(super) fn in_words(self) -> String {
        match self {
            Countable::Outages { found, allowed } => counted(found, "outage", "", allowed),
            Countable::Late { late, decided, allowed } => {
                counted(late, "late incident", &format!(" of {decided}"), allowed)
            }
            Countable::Lateness { late, decided, allowed, time, .. } => {
                let of = counted(late, "late incident", &format!(" of {decided}"), allowed);
                format!("{of}, {}", hours_late(late, allowed, time))
            }
            Countable::Downtime { time, is_all, .. } => {
                let more = if is_all { "" } else { " more than allowed" };
                format!("{} of downtime{more}", span_in_words(time))
            }
            Countable::MeanTime { mean, allowed, .. } => {
                let allowed =
                    allowed.map(|most| format!(", where {} is allowed", span_in_words(most)));
                format!("a mean of {}{}", span_in_words(mean), allowed.unwrap_or_default())
            }
            Countable::Points { reached, below, .. } => {
                format!("{reached}% is {} points below {below}%", below.above(reached))
            }
        }
    }

    /// What one of them is, in words.
    pub(super) fn each(self) -> String {
        let steps = |steps| match steps {
            Steps::Started => "started",
            Steps::Full => "full",
        };
        match self {
            Countable::Outages { .. } | Countable::Late { .. } => "each".to_owned(),
            Countable::Lateness { step, steps: which, .. } => {
                format!("each {} {} of each incident", steps(which), one_step(step))
            }
            Countable::Downtime { step, steps: which, .. }
            | Countable::MeanTime { step, steps: which, .. } => {
                format!("each {} {}", steps(which), one_step(step))
            }
            Countable::Points { step, steps: which, .. } if step.millionths() == 10_000 => {
                format!("each {} point", steps(which))
            }
            Countable::Points { step, steps: which, .. } => {
                format!("each {} {step} points", steps(which))
            }
        }
    }
}

/// The length of a step, after `each started`: `hour`, `30 min`.
fn one_step(step: Span) -> String {
    match span_in_words(step) {
        hour if hour == "1 h" => "hour".to_owned(),
        minute if minute == "1 min" => "minute".to_owned(),
        other => other,
    }
}

/// Over what time the incidents that count were late, in words.
fn hours_late(late: u64, allowed: Option<u64>, time: Span) -> String {
    let time = span_in_words(time);
    match (late, late.saturating_sub(allowed.unwrap_or_default())) {
        (1, _) => format!("{time} over its limit"),
        (late, over) if late == over => format!("{time} over their limits together"),
        (_, 1) => format!("the latest {time} over its limit"),
        (_, over) => format!("the {over} latest {time} over their limits together"),
    }
}

fn counted(number: u64, what: &str, of: &str, allowed: Option<u64>) -> String {
    let s = if number == 1 { "" } else { "s" };
    let allowed = match allowed {
        None => String::new(),
        Some(1) => ", where 1 is allowed".to_owned(),
        Some(allowed) => format!(", where {allowed} are allowed"),
    };
    format!("{number} {what}{s}{of}{allowed}")
}
