//! Objectives and their results as text.

use prost_types::Duration;

use super::figures::{dash, percent};
use super::show::{Times, choice, counted, span, table};
use crate::codec::v1;
use crate::codec::v1::experience_objective::Measure;
use crate::codec::v1::objective::Promise;
use crate::domain::decimal::Decimal;

/// The results of objectives, a row each; where several revisions rule a period, with a row for
/// each part below it.
pub(super) fn show(objectives: &[v1::ObjectiveResult], times: &Times) -> String {
    let row = |names: [String; 2], result: &v1::ObjectiveResult| {
        names.into_iter().chain(result_figures(result)).collect()
    };
    let rows = objectives.iter().flat_map(|result| {
        let parts = result.parts.iter().map(|part| row(part_names(part, times), part));
        [row(result_names(result, times), result)].into_iter().chain(parts)
    });
    as_table(rows.collect())
}

/// That it is a part of the objective above, and over which stretch.
fn part_names(part: &v1::ObjectiveResult, times: &Times) -> [String; 2] {
    let counted = part.counted.clone().unwrap_or_default();
    let (start, end) = (times.show(counted.start_time), times.show(counted.end_time));
    [format!("- revision {}", part.contract_revision), format!("{start} to {end}")]
}

/// The outages that objectives leave out and why, and what they would have come to with them;
/// `None` where nothing is left out.
pub(super) fn show_excluded(objectives: &[v1::ObjectiveResult], times: &Times) -> Option<String> {
    let mut outages = Vec::new();
    let mut lines = Vec::new();
    for result in objectives {
        let id = result.objective.clone().unwrap_or_default().id;
        let Some(uptime) = &result.uptime else { continue };
        outages.extend(uptime.excluded_outages.iter().map(|outage| {
            let why = if outage.rule_id.is_empty() { &outage.decided_by } else { &outage.rule_id };
            vec![
                id.clone(),
                outage.service.clone(),
                times.show(outage.start_time),
                times.show(outage.end_time),
                span(outage.agreed_time),
                dash(why),
                outage.reason.clone(),
            ]
        }));
        if let Some(without) = &uptime.without_exclusions {
            let verdict = verdict(without.verdict(), result.provisional);
            let found = without_exclusions(without, result);
            lines.push(format!("Without exclusions {id} would be {verdict}: {found}."));
        }
    }
    let headings = ["objective", "service", "from", "to", "excluded", "by", "reason"];
    let shown = format!("Excluded\n{}\n{}", table(&headings, &[4], outages), lines.join("\n"));
    (!lines.is_empty()).then_some(shown)
}

/// What an objective would have come to without exclusions, in what it is about.
fn without_exclusions(
    without: &v1::UptimeWithoutExclusions,
    result: &v1::ObjectiveResult,
) -> String {
    match result.objective.as_ref().and_then(|objective| objective.promise.as_ref()) {
        Some(Promise::Outages(_)) => counted(without.long_outages, "outage"),
        Some(Promise::MeanTimeToRestore(_)) => {
            format!("{} on average", span(without.mean_time_to_restore))
        }
        _ => format!("{} down", span(without.downtime)),
    }
}

/// Objectives as a table: their names, then how they stand.
pub(super) fn as_table(rows: Vec<Vec<String>>) -> String {
    let headings = ["objective", "period", "promised", "is", "verdict", "left"];
    table(&headings, &[2, 3, 5], rows)
}

/// Which objective, over which period.
pub(super) fn result_names(result: &v1::ObjectiveResult, times: &Times) -> [String; 2] {
    let period = result.period.clone().unwrap_or_default();
    let name = match period.name.as_str() {
        "" => format!("from {}", times.show(period.start_time)),
        name => name.to_owned(),
    };
    [result.objective.clone().unwrap_or_default().id, name]
}

/// What is promised, what is so, the verdict and what is left.
pub(super) fn result_figures(result: &v1::ObjectiveResult) -> [String; 4] {
    let promise = result.objective.as_ref().and_then(|objective| objective.promise.as_ref());
    [
        promise.map_or_else(|| "-".to_owned(), promised),
        found(result),
        match result.no_data_reason() {
            v1::NoDataReason::NotInForce => "not in force".to_owned(),
            _ => verdict(result.verdict(), result.provisional),
        },
        left(result),
    ]
}

/// A verdict; one that is met while its period goes on is met so far.
fn verdict(verdict: v1::ObjectiveVerdict, provisional: bool) -> String {
    match (verdict, provisional) {
        (v1::ObjectiveVerdict::Met, true) => "met so far".to_owned(),
        (verdict, _) => choice(verdict.as_str_name(), "OBJECTIVE_VERDICT_"),
    }
}

pub(super) fn promised(promise: &Promise) -> String {
    match promise {
        Promise::Attainment(promise) => percent(&promise.percent),
        Promise::MeanTime(promise) => format!("mean at most {}", span(promise.at_most)),
        Promise::Backlog(promise) => match promise.at_most {
            Some(most) => format!("p{} of ages at most {}", promise.percentile, span(Some(most))),
            None => format!("at most {} older than {}", promise.most, span(promise.older_than)),
        },
        Promise::Availability(promise) => percent(&promise.percent),
        Promise::Requests(promise) => percent(&promise.percent),
        Promise::MeanTimeToRestore(promise) => format!("mean at most {}", span(promise.at_most)),
        Promise::Outages(promise) => match promise.longer_than {
            Some(longer) if longer != Duration::default() => {
                format!("at most {} over {}", promise.most, span(Some(longer)))
            }
            _ => format!("at most {}", promise.most),
        },
        Promise::Performance(promise) => {
            let most = thousandths(promise.threshold);
            format!("p{} at most {most} {}", promise.percentile, promise.unit).trim_end().to_owned()
        }
        Promise::Experience(promise) => match &promise.measure {
            Some(Measure::AverageScore(score)) => format!("score {score}"),
            Some(Measure::FirstContactPercent(share)) => format!("first contact {share}%"),
            Some(Measure::HappinessPercent(happiness)) => format!("happiness {happiness}%"),
            Some(Measure::LostTimePerHundredPeople(most)) => {
                format!("at most {} lost a hundred people", span(Some(*most)))
            }
            None => "-".to_owned(),
        },
    }
}

/// What is so, in the unit of what is promised.
pub(super) fn found(result: &v1::ObjectiveResult) -> String {
    let uptime = result.uptime.as_ref();
    match (result.objective.as_ref().and_then(|o| o.promise.as_ref()), &result.measured) {
        (Some(Promise::Outages(_)), _) => {
            uptime.map_or_else(|| "-".to_owned(), |uptime| uptime.long_outages.to_string())
        }
        (Some(Promise::MeanTime(_)), _) => span(result.mean_time),
        (Some(Promise::Backlog(promise)), _) => {
            let found = result.backlog.unwrap_or_default();
            match promise.at_most {
                Some(_) => span(found.percentile),
                None => found.older.to_string(),
            }
        }
        (Some(Promise::MeanTimeToRestore(_)), _) => {
            span(uptime.and_then(|uptime| uptime.mean_time_to_restore))
        }
        (Some(Promise::Performance(promise)), Some(measured)) if measured.count > 0 => {
            format!("{} {}", thousandths(measured.value), promise.unit).trim_end().to_owned()
        }
        (Some(Promise::Experience(promise)), _) => experience(promise, result),
        _ => percent(&result.percent),
    }
}

/// What people went through, in the unit of what is promised.
fn experience(promise: &v1::ExperienceObjective, result: &v1::ObjectiveResult) -> String {
    let experience = result.experience.clone().unwrap_or_default();
    let incidents = experience.experience_totals.as_ref().map_or(0, |totals| totals.incidents);
    let survey = experience
        .experience_totals
        .as_ref()
        .and_then(|experience_totals| experience_totals.survey.clone())
        .unwrap_or_default();
    match promise.measure {
        Some(Measure::AverageScore(_)) => dash(&survey.average_score),
        Some(Measure::HappinessPercent(_)) => percent(&survey.happiness_percent),
        Some(Measure::FirstContactPercent(_)) => {
            let totals = experience.experience_totals.as_ref();
            percent(totals.map_or("", |totals| &totals.first_contact_percent))
        }
        // Where nothing happened, nothing was lost, and there is nothing to measure.
        _ if result.verdict() == v1::ObjectiveVerdict::Met && incidents == 0 => {
            "no incidents".to_owned()
        }
        _ => span(experience.lost_time_per_hundred_people),
    }
}

/// What the period can still take: breaches, downtime or outages; `-` where there is no data.
pub(super) fn left(result: &v1::ObjectiveResult) -> String {
    if result.verdict() == v1::ObjectiveVerdict::NoData {
        return "-".to_owned();
    }
    let uptime = result.uptime.as_ref();
    let room = |one, many| {
        let count = result.breach_allowance;
        if count == i64::MAX {
            return format!("any number of {many}");
        }
        format!("{count} {}", if count.abs() == 1 { one } else { many })
    };
    match result.objective.as_ref().and_then(|o| o.promise.as_ref()) {
        Some(Promise::Attainment(_)) => room("breach", "breaches"),
        Some(Promise::Availability(_)) => span(uptime.and_then(|uptime| uptime.downtime_allowance)),
        Some(Promise::Experience(_)) => {
            span(result.experience.as_ref().and_then(|experience| experience.lost_time_left))
        }
        Some(Promise::Outages(_)) if uptime.is_some() => room("outage", "outages"),
        Some(Promise::Backlog(promise)) if promise.at_most.is_none() => room("older", "older"),
        _ => "-".to_owned(),
    }
}

/// A figure given in thousandths, with as many decimals as it needs.
fn thousandths(figure: i64) -> String {
    Decimal::new(figure, 3).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::show::Shown;

    fn of(promise: Promise) -> v1::ObjectiveResult {
        let objective = v1::Objective { promise: Some(promise), ..Default::default() };
        v1::ObjectiveResult { objective: Some(objective), ..Default::default() }
    }

    /// "8h 00m down" was said of objectives on the number of outages and on their mean.
    #[test]
    fn without_exclusions_an_objective_is_put_in_what_it_is_about() {
        let hours = |hours: i64| Some(Duration { seconds: 3_600 * hours, nanos: 0 });
        let without = v1::UptimeWithoutExclusions {
            downtime: hours(8),
            outages: 3,
            long_outages: 2,
            mean_time_to_restore: hours(4),
            ..Default::default()
        };
        let outages = of(Promise::Outages(v1::OutagesObjective::default()));
        let mean = of(Promise::MeanTimeToRestore(v1::MeanTimeToRestoreObjective::default()));
        let up = of(Promise::Availability(v1::AvailabilityObjective::default()));
        let said = [outages, mean, up].map(|result| without_exclusions(&without, &result));
        assert_eq!(said, ["2 outages", "4h 00m on average", "8h 00m down"]);
    }

    /// A contract that was not in force had "no data", and a month without incidents a dash.
    #[test]
    fn reasons_why_there_is_nothing_to_measure_differ() {
        let most = Measure::LostTimePerHundredPeople(Duration { seconds: 60, nanos: 0 });
        let lost = v1::ExperienceObjective { measure: Some(most), ..Default::default() };
        let lost = of(Promise::Experience(lost));
        let met = v1::ObjectiveResult { verdict: v1::ObjectiveVerdict::Met as i32, ..lost.clone() };
        assert_eq!(found(&met), "no incidents");
        let verdict = v1::ObjectiveVerdict::NoData as i32;
        let no_data_reason = v1::NoDataReason::NotInForce as i32;
        let outside = v1::ObjectiveResult { verdict, no_data_reason, ..lost };
        let [_, found, verdict, _] = result_figures(&outside);
        assert_eq!([found.as_str(), verdict.as_str()], ["-", "not in force"]);
    }

    /// The parts of a period that several revisions rule were in no table.
    #[test]
    fn each_part_of_a_period_has_its_row() {
        let of_revision = |contract_revision: i32, percent: &str, parts| v1::ObjectiveResult {
            contract_revision,
            percent: percent.into(),
            verdict: v1::ObjectiveVerdict::Missed as i32,
            breach_allowance: -1,
            parts,
            ..of(Promise::Attainment(v1::AttainmentObjective::default()))
        };
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let counted = |start, end| {
            Some(v1::Period { start_time: at(start), end_time: at(end), ..Default::default() })
        };
        let first =
            v1::ObjectiveResult { counted: counted(0, 86_400), ..of_revision(1, "50", vec![]) };
        let times = Shown { zone: "UTC".into() }.times().unwrap();
        let shown = show(&[of_revision(2, "25", vec![first])], &times);
        let lines: Vec<_> = shown.lines().skip(2).map(str::trim).collect();
        let part = "- revision 1 Thu 1970-01-01 00:00 to Fri 1970-01-02 00:00";
        assert!(matches!(lines[..], [line] if line.starts_with(part)), "{shown}");
        assert!(lines[0].contains("50%"), "{shown}");
    }
}
