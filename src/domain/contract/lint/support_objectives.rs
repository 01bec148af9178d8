//! Holds the objectives of an OLA or UC against those of the SLA that rests on it: of any kind, by
//! their figures, their periods and their hours.

use std::mem::discriminant;

use super::bounds::{Bound, Quantity, bounds};
use super::longer::{leaves_out, longer_from};
use super::support::Support;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::contract::{Allowed, ClockPromise, Contract, Objective, PeriodKind, Promise};
use crate::domain::time::Span;

/// Two objectives on the same, of the support and of the SLA.
struct Pair<'p> {
    support: Support<'p>,
    own: &'p Objective,
    needed: &'p Objective,
}

/// What the objectives of the support promise less than those of the SLA on the same: the field of
/// the support, and a sentence.
pub(super) fn hold_objectives<'c>(
    support: Support<'_>,
    hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    found: &mut Vec<(String, String)>,
) {
    for (index, own) in support.support.terms.objectives.iter().enumerate() {
        let path = format!("terms.objectives[{index}]");
        for needed in &support.sla.terms.objectives {
            let pair = Pair { support, own, needed };
            if pair.is_on_the_same() {
                pair.hold(&path, hours, found);
            }
        }
    }
}

impl Pair<'_> {
    /// Whether both promise the same thing, of the same clocks, service or indicator.
    fn is_on_the_same(&self) -> bool {
        let (own, needed) = (&self.own.promise, &self.needed.promise);
        let is_same = match (own, needed) {
            (Promise::Performance(own), Promise::Performance(needed)) => {
                own.indicator == needed.indicator && own.service == needed.service
            }
            (Promise::Experience(own), Promise::Experience(needed)) => {
                discriminant(&own.measure) == discriminant(&needed.measure)
            }
            (Promise::Backlog(own), Promise::Backlog(needed)) => {
                discriminant(&own.bound) == discriminant(&needed.bound) && self.shares_clocks()
            }
            _ => match own.clocks() {
                Some(_) => self.shares_clocks(),
                None => self.own.services().iter().any(|id| self.needed.services().contains(id)),
            },
        };
        discriminant(own) == discriminant(needed) && is_same
    }

    /// Whether both are about clocks of one metric and of a priority in common.
    fn shares_clocks(&self) -> bool {
        let (Some(own), Some(needed)) = (self.own.promise.clocks(), self.needed.promise.clocks())
        else {
            return false;
        };
        let metric = |contract: &Contract, promise: ClockPromise<'_>| {
            contract.terms.target(promise.target_id()).map(|target| target.metric)
        };
        let (one, other) = (own.priorities(), needed.priorities());
        let overlap = one.is_empty()
            || other.is_empty()
            || one.iter().any(|priority| other.contains(priority));
        overlap && metric(self.support.support, own) == metric(self.support.sla, needed)
    }

    /// Notes what the one of the support promises less.
    fn hold<'c>(
        &self,
        path: &str,
        hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
        found: &mut Vec<(String, String)>,
    ) {
        let kind = super::objectives::promise_field(&self.own.promise);
        let needed = bounds(&self.needed.promise);
        for own in bounds(&self.own.promise) {
            let Some(needed) = needed.iter().find(|needed| needed.field == own.field) else {
                continue;
            };
            let text = self.less(&own, needed, hours);
            found.extend(text.map(|text| (format!("{path}.{kind}.{}", own.field), text)));
        }
        let text = self.over_longer_periods();
        found.extend(text.map(|text| (format!("{path}.period"), text)));
        let text = self.leaves_out(hours);
        found.extend(text.map(|text| (format!("{path}.{kind}.calendar_id"), text)));
    }

    /// How a figure promises less than the one needed, if it does.
    fn less<'c>(
        &self,
        own: &Bound,
        needed: &Bound,
        hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    ) -> Option<String> {
        let (word, start) = match (own.quantity, needed.quantity) {
            (Quantity::Least(own), Quantity::Least(needed)) if own < needed => ("less", None),
            (Quantity::Most(own), Quantity::Most(needed)) if own > needed => ("more", None),
            (Quantity::MostEach(own), Quantity::MostEach(needed)) => {
                let times = days(self.needed.period).div_ceil(days(self.own.period)).max(1);
                (own.saturating_mul(times.into()) > needed).then_some(("more", None))?
            }
            (Quantity::Within(own), Quantity::Within(needed)) => {
                ("more", Some(self.longer(own, needed, hours)?))
            }
            _ => return None,
        };
        let (support, sla) = (&self.support.support.id, &self.support.sla.id);
        let start = start.unwrap_or_default();
        Some(format!(
            "{support:?} promises {}, {word} than the {} of {:?} in {sla:?}, which rests on \
             it{start}",
            own.shown, needed.shown, self.needed.id
        ))
    }

    /// Whether service time promised is longer than that needed, by the hours that count for each:
    /// where they differ, from which start on, in words.
    fn longer<'c>(
        &self,
        own: Span,
        needed: Span,
        hours: &impl Fn(&str) -> Option<&'c ServiceHours>,
    ) -> Option<String> {
        let calendars = self.calendars();
        if calendars.iter().all(|(own, needed)| own == needed) {
            return (own > needed).then(String::new);
        }
        // No time is none by any calendar.
        let mut differing = calendars.into_iter().filter(|_| own > Span::ZERO);
        differing.find_map(|(by, than)| {
            let (own_time, needed_time) = (Allowed::ServiceTime(own), Allowed::ServiceTime(needed));
            let start = longer_from((hours(by)?, own_time), (hours(than)?, needed_time))?;
            Some(format!(": by {by:?} and {than:?}, from {start} on for example"))
        })
    }

    /// The calendars that count for both, for each priority that both have a limit for.
    fn calendars(&self) -> Vec<(&str, &str)> {
        if let Some(both) = self.own.calendar_id().zip(self.needed.calendar_id()) {
            return vec![both];
        }
        let (Some(own), Some(needed)) = (self.own.promise.clocks(), self.needed.promise.clocks())
        else {
            return Vec::new();
        };
        let own_target = self.support.support.terms.target(own.target_id());
        let needed_target = self.support.sla.terms.target(needed.target_id());
        let Some((own_target, needed_target)) = own_target.zip(needed_target) else {
            return Vec::new();
        };
        let is_meant = |priority: &str| {
            own.covers(own.target_id(), priority) && needed.covers(needed.target_id(), priority)
        };
        let limits = own_target.limits.iter().chain(&needed_target.limits);
        let meant = limits.filter(|limit| is_meant(&limit.priority));
        let both = meant.filter_map(|limit| {
            let own = own_target.limit(&limit.priority)?;
            Some((
                own.calendar_id.as_str(),
                needed_target.limit(&limit.priority)?.calendar_id.as_str(),
            ))
        });
        both.collect()
    }

    /// What is promised over longer periods than needed promises less: a bad month does not miss a
    /// year. A number that a longer period does not exceed, no part of it does.
    fn over_longer_periods(&self) -> Option<String> {
        let is_longer = days(self.own.period) > days(self.needed.period);
        let is_number_kept = match (&self.own.promise, &self.needed.promise) {
            (Promise::Outages(own), Promise::Outages(needed)) => own.most <= needed.most,
            _ => false,
        };
        let (support, sla) = (&self.support.support.id, &self.support.sla.id);
        (is_longer && !is_number_kept).then(|| {
            format!(
                "{support:?} promises {:?} over {}, and {sla:?}, which rests on it, {:?} over {}",
                self.own.id,
                over(self.own.period),
                self.needed.id,
                over(self.needed.period)
            )
        })
    }

    /// Whether it promises nothing in hours in which it is needed.
    fn leaves_out<'c>(&self, hours: &impl Fn(&str) -> Option<&'c ServiceHours>) -> Option<String> {
        let (own, needed) = self.own.calendar_id().zip(self.needed.calendar_id())?;
        let is_less = leaves_out(hours(own)?, hours(needed)?);
        let (support, sla) = (&self.support.support.id, &self.support.sla.id);
        is_less.then(|| {
            format!(
                "{support:?} promises nothing outside {own:?}, while {sla:?}, which rests on it, \
                 promises {:?} also then",
                self.needed.id
            )
        })
    }
}

/// How many days a period has, at most.
fn days(period: PeriodKind) -> u32 {
    match period {
        PeriodKind::Month => 31,
        PeriodKind::Quarter => 92,
        PeriodKind::Year => 366,
        PeriodKind::RollingDays(days) => days.into(),
    }
}

fn over(period: PeriodKind) -> String {
    match period {
        PeriodKind::Month => "a month".to_owned(),
        PeriodKind::Quarter => "a quarter".to_owned(),
        PeriodKind::Year => "a year".to_owned(),
        PeriodKind::RollingDays(days) => format!("{days} days"),
    }
}
