//! Limits: how much service time, or how many working days, a priority may take.

use crate::codec::checks::Checks;
use crate::codec::choices::{first_working_day, first_working_day_number};
use crate::codec::scalar::{duration, positive_span};
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::contract::{Allowed, Limit};
use crate::domain::time::Span;
use crate::domain::violation::Violation;
use crate::limits::WORKING_DAYS_MAX;

/// A limit.
pub(super) fn decode(limit: v1::Limit, checks: Checks<'_>) -> Result<Limit, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let allowed = match (&limit.limit, limit.working_days) {
        (None, 0) => {
            violations.add("limit", "is missing: give a duration, or `working_days`");
            Allowed::ServiceTime(Span::ZERO)
        }
        (_, 0) => violations.or("limit", positive_span(limit.limit), Span::ZERO).into(),
        _ => decode_days(&limit, checks, &mut violations),
    };
    if limit.working_days == 0 && limit.first_working_day != 0 {
        violations.add("first_working_day", "goes with `working_days` only");
    }
    let decoded = Limit {
        priority: violations.or("priority", checks.priority(limit.priority), String::new()),
        limit: allowed,
        calendar_id: violations.or(
            "calendar_id",
            checks.terms_id(limit.calendar_id),
            String::new(),
        ),
    };
    violations.check()?;
    Ok(decoded)
}

fn decode_days(limit: &v1::Limit, checks: Checks<'_>, violations: &mut FieldViolations) -> Allowed {
    if limit.limit.is_some() {
        violations.add("working_days", "goes without `limit`: give one of them");
    }
    let most = if checks.are_rules_held { WORKING_DAYS_MAX } else { u16::MAX };
    let count = u16::try_from(limit.working_days).ok().filter(|count| (1..=most).contains(count));
    let wrong = || format!("is {}: write 1 to {most}", limit.working_days);
    Allowed::WorkingDays {
        count: violations.or("working_days", count.ok_or_else(wrong), 1),
        first: violations.choice("first_working_day", limit.first_working_day, first_working_day),
    }
}

/// The message of a limit.
pub(super) fn encode(limit: &Limit) -> v1::Limit {
    let (span, (working_days, first_working_day)) = match limit.limit {
        Allowed::ServiceTime(span) => (Some(duration(span)), (0, 0)),
        Allowed::WorkingDays { count, first } => {
            (None, (count.into(), first_working_day_number(first)))
        }
    };
    v1::Limit {
        priority: limit.priority.clone(),
        limit: span,
        calendar_id: limit.calendar_id.clone(),
        working_days,
        first_working_day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::hours::FirstWorkingDay;

    fn in_days(working_days: i32, first: v1::FirstWorkingDay) -> v1::Limit {
        let first_working_day = first as i32;
        let calendar_id = "office".to_owned();
        v1::Limit { calendar_id, working_days, first_working_day, ..v1::Limit::default() }
    }

    fn wrong_fields(limit: v1::Limit) -> Vec<String> {
        let violations = decode(limit, Checks::REQUEST).map(|_| ()).unwrap_err();
        violations.into_iter().map(|violation| violation.field).collect()
    }

    /// C8: a limit is in service time or in working days.
    #[test]
    fn working_days_are_read_as_they_are_written_and_go_without_a_limit() {
        use v1::FirstWorkingDay::{DayAfterStart, DayOfStart, Unspecified};
        let read = |limit| decode(limit, Checks::REQUEST).unwrap();
        let of_start = read(in_days(3, DayOfStart));
        assert_eq!(
            of_start.limit,
            Allowed::WorkingDays { count: 3, first: FirstWorkingDay::DayOfStart }
        );
        assert_eq!(encode(&of_start), in_days(3, DayOfStart));
        assert_eq!(read(in_days(3, Unspecified)), read(in_days(3, DayAfterStart)));
        let hour = Some(duration(Span::from_hours(1)));
        let both = v1::Limit { limit: hour, ..in_days(3, Unspecified) };
        assert_eq!(wrong_fields(both), ["working_days"]);
        assert_eq!(wrong_fields(in_days(0, Unspecified)), ["limit"]);
        assert_eq!(wrong_fields(in_days(-1, Unspecified)), ["working_days"]);
        assert_eq!(wrong_fields(in_days(367, Unspecified)), ["working_days"]);
        assert!(decode(in_days(367, Unspecified), Checks::RECORD).is_ok());
        let hours = v1::Limit { limit: hour, ..in_days(0, DayOfStart) };
        assert_eq!(wrong_fields(hours), ["first_working_day"]);
    }
}
