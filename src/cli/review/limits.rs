//! The limits of targets in words.

use itertools::Itertools;

use super::answer::ReviewAnswer;
use super::language::Language;
use super::wording::hours_of;
use crate::codec::v1;
use crate::domain::contract::is_catch_all;

/// `4 h and 8 h of office hours`: of some priorities in their order, of all with their names. Where
/// one limit is everybody's, it is said once.
pub(super) fn limits(
    target: &v1::Target,
    priorities: &[String],
    answer: &ReviewAnswer,
    language: &Language,
) -> String {
    let names: Vec<_> = match priorities {
        [] => target.limits.iter().map(|limit| limit.priority.clone()).collect(),
        some => some.to_vec(),
    };
    let found = names.iter().filter_map(|name| Some((name, of_priority(target, name)?)));
    let found: Vec<_> = found.collect();
    let unnamed = |limit: &v1::Limit| v1::Limit { priority: String::new(), ..limit.clone() };
    let mut terms = found.iter().map(|(_, limit)| unnamed(limit));
    let is_one = terms.all_equal() && found.len() == names.len();
    let is_named = !is_one && (priorities.is_empty() || found.len() < names.len());
    let shown = found.iter().take(if is_one { 1 } else { found.len() });
    let parts = shown.chunk_by(|(_, limit)| limit.calendar_id.as_str());
    let parts = parts.into_iter().map(|(calendar, limits)| {
        let limits = limits.map(|(name, limit)| one(limit, is_named.then_some(name), language));
        let limits = language.and(&limits.collect_vec());
        let hours = hours_of(calendar, answer, language);
        language.say("limits-of", &[("limits", limits.into()), ("hours", hours.into())])
    });
    language.and(&parts.collect_vec())
}

/// The limit of a priority: its own, or that of all others.
pub(super) fn of_priority<'t>(target: &'t v1::Target, priority: &str) -> Option<&'t v1::Limit> {
    let exact = target.limits.iter().find(|limit| limit.priority == *priority);
    exact.or_else(|| target.limits.iter().find(|limit| is_catch_all(&limit.priority)))
}

/// `4 h`, `4 h (P1)`, or `3 working days (P3, the day of the start counts)`.
fn one(limit: &v1::Limit, priority: Option<&String>, language: &Language) -> String {
    let span = match limit.working_days {
        0 => language.span(limit.limit),
        days => language.say("working-days", &[("count", i64::from(days).into())]),
    };
    let name = priority.map(|name| match is_catch_all(name) {
        true => language.text("other-priorities"),
        false => name.clone(),
    });
    let counts_first =
        limit.working_days > 0 && limit.first_working_day() == v1::FirstWorkingDay::DayOfStart;
    let first = counts_first.then(|| language.text("working-days-from-start"));
    let remarks = name.into_iter().chain(first).join(", ");
    if remarks.is_empty() { span } else { format!("{span} ({remarks})") }
}

#[cfg(test)]
mod tests {
    use prost_types::Duration;

    use super::super::language::testing::all;
    use super::*;

    fn limit(priority: &str, hours: i64, calendar: &str) -> v1::Limit {
        v1::Limit {
            priority: priority.into(),
            limit: Some(Duration { seconds: 3_600 * hours, nanos: 0 }),
            calendar_id: calendar.into(),
            ..Default::default()
        }
    }

    fn days(priority: &str, working_days: i32, first: v1::FirstWorkingDay) -> v1::Limit {
        let first_working_day = first as i32;
        let plain = limit(priority, 0, "office");
        v1::Limit { limit: None, working_days, first_working_day, ..plain }
    }

    fn said(target_limits: &[v1::Limit], priorities: &[&str]) -> [String; 3] {
        let target = v1::Target { limits: target_limits.to_vec(), ..Default::default() };
        let priorities: Vec<_> = priorities.iter().map(|name| (*name).to_owned()).collect();
        let calendar = |id: &str, always_open| {
            (id.to_owned(), v1::Calendar { id: id.into(), always_open, ..Default::default() })
        };
        let calendars = [calendar("office", false), calendar("always", true)].into();
        let answer = ReviewAnswer { calendars, ..Default::default() };
        let said = all().map(|language| limits(&target, &priorities, &answer, &language));
        said.map(|text| text.replace('\u{a0}', " "))
    }

    /// "15 min of service round the clock and 15 min of service hours" did not say whose is which.
    #[test]
    fn limits_of_equal_length_by_different_hours_name_their_priorities() {
        assert_eq!(
            said(&[limit("P1", 4, "always"), limit("*", 4, "office")], &[]),
            [
                "4 h (P1) of service round the clock and 4 h (others) of service hours",
                "4 uur (P1) (7×24 uur) en 4 uur (overige) (servicetijd)",
                "4 h (P1) (rund um die Uhr) und 4 h (übrige) (Servicezeit)",
            ]
        );
        let same = [limit("P1", 4, "office"), limit("P2", 4, "office"), limit("*", 4, "office")];
        assert_eq!(said(&same, &[])[0], "4 h of service hours");
        assert_eq!(said(&same, &["P1", "P2"])[0], "4 h of service hours");
    }

    /// P4 has no limit, which "4 h of service hours" for P1 and P4 did not say.
    #[test]
    fn a_limit_that_is_not_of_all_priorities_is_named() {
        let one = [limit("P1", 4, "office")];
        assert_eq!(said(&one, &["P1", "P4"])[0], "4 h (P1) of service hours");
        let two = [limit("P1", 4, "office"), limit("P2", 8, "office")];
        assert_eq!(said(&two, &["P1", "P2"])[0], "4 h and 8 h of service hours");
    }

    /// A day more or less stood as the same limit.
    #[test]
    fn working_days_say_when_the_day_of_the_start_counts() {
        use v1::FirstWorkingDay::{DayAfterStart, DayOfStart, Unspecified};
        assert_eq!(
            said(&[days("P1", 1, Unspecified), days("*", 2, DayOfStart)], &[]),
            [
                "1 working day (P1) and 2 working days (others, the day of the start counts) of \
                 service hours",
                "1 werkdag (P1) en 2 werkdagen (overige, de dag van aanvang telt mee) (servicetijd)",
                "1 Arbeitstag (P1) und 2 Arbeitstagen (übrige, der Tag des Beginns zählt mit) \
                 (Servicezeit)",
            ]
        );
        let counted = said(&[days("*", 1, DayOfStart)], &[])[0].clone();
        assert_eq!(counted, "1 working day (the day of the start counts) of service hours");
        assert_eq!(said(&[days("*", 1, DayAfterStart)], &[])[0], "1 working day of service hours");
    }
}
