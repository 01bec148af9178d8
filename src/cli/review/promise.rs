//! Objectives in words: what is promised, what is so, the verdict, and what is left.

use prost_types::Duration;

use super::answer::ReviewAnswer;
use super::language::Language;
use super::limits::limits;
use super::report::Cell;
use super::wording::{hours_of, target_of};
use crate::codec::v1;
use crate::codec::v1::experience_objective::Measure;
use crate::codec::v1::objective::Promise;
use crate::domain::decimal::Decimal;

/// Objectives of one contract, put in words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promises<'r> {
    /// The review.
    pub answer: &'r ReviewAnswer,
    /// The id of the contract.
    pub contract: &'r str,
    /// The language.
    pub language: &'r Language,
}

impl Promises<'_> {
    /// What is promised: `95% of P1 and P2 solved within 4 h and 8 h of office hours`.
    pub fn promised(&self, result: &v1::ObjectiveResult) -> String {
        let objective = result.objective.clone().unwrap_or_default();
        let say = self.language;
        match &objective.promise {
            Some(Promise::Attainment(promise)) => self.attainment(promise, result),
            Some(Promise::Availability(promise)) => say.say(
                "promise-availability",
                &[
                    (
                        "service",
                        self.services(&promise.service, &promise.services, promise.down_when())
                            .into(),
                    ),
                    ("percent", say.agreed_percent(&promise.percent).into()),
                    ("hours", self.hours_of(&promise.calendar_id).into()),
                ],
            ),
            Some(Promise::Outages(promise)) => self.outages(promise),
            Some(Promise::Performance(promise)) => say.say(
                "promise-performance",
                &[
                    ("service", promise.service.as_str().into()),
                    ("indicator", promise.indicator.as_str().into()),
                    ("percent", say.agreed_percent(&promise.percentile).into()),
                    ("most", self.measured(promise.threshold, &promise.unit).into()),
                ],
            ),
            Some(Promise::Experience(promise)) => self.experience(promise),
            Some(Promise::MeanTimeToRestore(promise)) => self.mean_time_to_restore(promise),
            Some(Promise::MeanTime(promise)) => self.mean_time(promise, result),
            Some(Promise::Backlog(promise)) => self.backlog(promise),
            Some(Promise::Requests(promise)) => self.requests(promise),
            None => objective.id,
        }
    }

    /// What is promised for a part of a period that has its own words.
    pub fn promised_part(&self, part: &v1::ObjectiveResult) -> String {
        let period = self.language.period(&part.counted.clone().unwrap_or_default());
        let promised = self.promised(part);
        let arguments = [("period", period.into()), ("promised", promised.into())];
        self.language.say("promised-part", &arguments)
    }

    fn attainment(
        &self,
        promise: &v1::AttainmentObjective,
        result: &v1::ObjectiveResult,
    ) -> String {
        let terms = self.answer.terms(self.contract, result.contract_revision);
        let target =
            terms.and_then(|terms| terms.targets.iter().find(|t| t.id == promise.target_id));
        let percent = self.language.agreed_percent(&promise.percent);
        let what = self.incidents(&promise.priorities);
        let named = target_of(&promise.target_id, terms, self.language);
        let limits =
            target.map(|target| limits(target, &promise.priorities, self.answer, self.language));
        let limits = limits.unwrap_or_default();
        let is_tail = limits.is_empty();
        let said = |id: &str| {
            self.language.say(
                id,
                &[
                    ("percent", percent.as_str().into()),
                    ("what", what.as_str().into()),
                    ("target", named.as_str().into()),
                    ("limits", limits.as_str().into()),
                ],
            )
        };
        match target.map(v1::Target::metric) {
            _ if is_tail => said("promise-in-time"),
            Some(v1::Metric::Response) => said("promise-response"),
            Some(v1::Metric::Resolution) => said("promise-resolution"),
            Some(v1::Metric::Restoration) => said("promise-restoration"),
            Some(v1::Metric::Update) => said("promise-update"),
            Some(v1::Metric::NextReply) => said("promise-next-reply"),
            _ => said("promise-custom"),
        }
    }

    fn hours_of(&self, calendar: &str) -> String {
        hours_of(calendar, self.answer, self.language)
    }

    /// All incidents, or those of some priorities.
    fn incidents(&self, priorities: &[String]) -> String {
        match priorities {
            [] => self.language.text("all-incidents"),
            some => {
                let priorities = ("priorities", self.language.and(some).into());
                self.language.say("incidents-of", &[priorities])
            }
        }
    }

    fn outages(&self, promise: &v1::OutagesObjective) -> String {
        let longer = promise.longer_than.filter(|longer| *longer != Duration::default());
        let count = ("count", i64::from(promise.most).into());
        let services = self.services(&promise.service, &promise.services, promise.down_when());
        let service = ("service", services.into());
        match longer {
            Some(longer) => {
                let longer = self.language.span(Some(longer));
                self.language
                    .say("promise-long-outages", &[count, service, ("longer", longer.into())])
            }
            None => self.language.say("promise-outages", &[count, service]),
        }
    }

    fn experience(&self, promise: &v1::ExperienceObjective) -> String {
        let say = |id, figure: String| self.language.say(id, &[("figure", figure.into())]);
        match &promise.measure {
            Some(Measure::AverageScore(score)) => say("promise-score", self.language.number(score)),
            Some(Measure::HappinessPercent(percent)) => {
                say("promise-happiness", self.language.agreed_percent(percent))
            }
            Some(Measure::LostTimePerHundredPeople(most)) => {
                say("promise-lost-time", self.language.span(Some(*most)))
            }
            Some(Measure::FirstContactPercent(percent)) => {
                say("promise-first-contact", self.language.agreed_percent(percent))
            }
            None => self.language.text("none"),
        }
    }

    /// A measured figure, of thousandths, with its unit if the contract names one.
    fn measured(&self, figure: i64, unit: &str) -> String {
        let figure = self.language.number(&Decimal::new(figure, 3).to_string());
        format!("{figure} {unit}").trim_end().to_owned()
    }

    /// The service, or the services that are held together.
    fn services(&self, service: &str, services: &[String], down_when: v1::DownWhen) -> String {
        let names = self.language.and(services);
        match (services, down_when) {
            ([], _) => service.to_owned(),
            (_, v1::DownWhen::All) => self.language.say("services-all", &[("names", names.into())]),
            _ => names,
        }
    }

    fn backlog(&self, promise: &v1::BacklogObjective) -> String {
        let what = ("what", self.incidents(&promise.priorities).into());
        match promise.at_most {
            Some(most) => {
                let percent = self.language.agreed_percent(&promise.percentile);
                let most = self.language.span(Some(most));
                let arguments = [what, ("percent", percent.into()), ("most", most.into())];
                self.language.say("promise-backlog-age", &arguments)
            }
            None => {
                let older = self.language.span(promise.older_than);
                let count = ("count", i64::from(promise.most).into());
                self.language.say("promise-backlog", &[what, count, ("older", older.into())])
            }
        }
    }

    fn mean_time(&self, promise: &v1::MeanTimeObjective, result: &v1::ObjectiveResult) -> String {
        let terms = self.answer.terms(self.contract, result.contract_revision);
        let target = target_of(&promise.target_id, terms, self.language);
        let arguments = [
            ("target", target.into()),
            ("what", self.incidents(&promise.priorities).into()),
            ("most", self.language.span(promise.at_most).into()),
        ];
        self.language.say("promise-mean-clock-time", &arguments)
    }

    fn mean_time_to_restore(&self, promise: &v1::MeanTimeToRestoreObjective) -> String {
        let services = self.services(&promise.service, &promise.services, promise.down_when());
        let arguments = [
            ("service", services.into()),
            ("most", self.language.span(promise.at_most).into()),
            ("hours", self.hours_of(&promise.calendar_id).into()),
        ];
        self.language.say("promise-mean-time", &arguments)
    }

    fn requests(&self, promise: &v1::RequestsObjective) -> String {
        let arguments = [
            ("service", promise.service.as_str().into()),
            ("percent", self.language.agreed_percent(&promise.percent).into()),
        ];
        self.language.say("promise-requests", &arguments)
    }

    /// What is so, in the unit of what is promised.
    pub fn found(&self, result: &v1::ObjectiveResult) -> String {
        let say = self.language;
        match result.objective.as_ref().and_then(|objective| objective.promise.as_ref()) {
            Some(Promise::Attainment(promise)) => {
                say.percent_like(&result.percent, &promise.percent)
            }
            Some(Promise::Availability(promise)) => {
                say.percent_like(&result.percent, &promise.percent)
            }
            Some(Promise::Outages(_)) => {
                let uptime = result.uptime.as_ref();
                let count = uptime.map(|uptime| say.count(uptime.long_outages));
                count.unwrap_or_else(|| say.text("none"))
            }
            Some(Promise::Performance(promise)) => {
                let measured = result.measured.as_ref().filter(|measured| measured.count > 0);
                let value = measured.map(|measured| self.measured(measured.value, &promise.unit));
                value.unwrap_or_else(|| say.text("none"))
            }
            Some(Promise::Experience(promise)) => self.experienced(promise, result),
            Some(Promise::MeanTimeToRestore(_)) => {
                say.span(result.uptime.as_ref().and_then(|uptime| uptime.mean_time_to_restore))
            }
            Some(Promise::MeanTime(_)) => say.span(result.mean_time),
            Some(Promise::Backlog(promise)) => {
                let found = result.backlog.unwrap_or_default();
                match promise.at_most {
                    Some(_) => say.span(found.percentile),
                    None => say.count(found.older),
                }
            }
            Some(Promise::Requests(promise)) => say.percent_like(&result.percent, &promise.percent),
            None => say.percent(&result.percent),
        }
    }

    fn experienced(
        &self,
        promise: &v1::ExperienceObjective,
        result: &v1::ObjectiveResult,
    ) -> String {
        let experience = result.experience.clone().unwrap_or_default();
        let totals = experience.experience_totals.unwrap_or_default();
        let survey = totals.survey.unwrap_or_default();
        match promise.measure {
            Some(Measure::AverageScore(_)) if survey.average_score.is_empty() => {
                self.language.text("none")
            }
            Some(Measure::AverageScore(_)) => self.language.number(&survey.average_score),
            Some(Measure::HappinessPercent(_)) => self.language.percent(&survey.happiness_percent),
            Some(Measure::FirstContactPercent(_)) => {
                self.language.percent(&totals.first_contact_percent)
            }
            // Where nothing happened, nothing was lost, and there is nothing to measure.
            _ if result.verdict() == v1::ObjectiveVerdict::Met && totals.incidents == 0 => {
                self.language.text("no-incidents")
            }
            _ => self.language.span(experience.lost_time_per_hundred_people),
        }
    }

    /// What the period can still take, or by how much it is over; a dash where nothing was found.
    pub fn left(&self, result: &v1::ObjectiveResult) -> String {
        let say = self.language;
        let none = || say.text("none");
        if result.verdict() == v1::ObjectiveVerdict::NoData {
            return none();
        }
        let counted = |room: &str, over: &str| match result.breach_allowance {
            i64::MAX => none(),
            left @ 0.. => say.say(room, &[("count", left.into())]),
            over_by => say.say(over, &[("count", over_by.saturating_neg().into())]),
        };
        match result.objective.as_ref().and_then(|objective| objective.promise.as_ref()) {
            Some(Promise::Attainment(_)) => counted("room-late", "over-late"),
            Some(Promise::Outages(_)) if result.uptime.is_some() => {
                counted("room-outages", "over-outages")
            }
            Some(Promise::Backlog(promise)) if promise.at_most.is_none() => {
                counted("room-old", "over-old")
            }
            Some(Promise::Availability(_)) => {
                let left = result.uptime.as_ref().and_then(|uptime| uptime.downtime_allowance);
                left.map_or_else(none, |left| self.time_left(left))
            }
            Some(Promise::Experience(_)) => {
                let experience = result.experience.as_ref();
                let left = experience.and_then(|experience| experience.lost_time_left);
                left.map_or_else(none, |left| self.time_left(left))
            }
            _ => none(),
        }
    }

    fn time_left(&self, left: Duration) -> String {
        let (id, shown) = match left.seconds < 0 || left.nanos < 0 {
            true => ("over-time", Duration { seconds: -left.seconds, nanos: 0 }),
            false => ("room-time", left),
        };
        self.language.say(id, &[("time", self.language.span(Some(shown)).into())])
    }

    /// The verdict, which is one so far while its period goes on, with a sign that reads without
    /// colour.
    pub fn verdict(&self, result: &v1::ObjectiveResult) -> Cell {
        let (class, sign, word) = match (result.verdict(), result.provisional) {
            (v1::ObjectiveVerdict::Met, false) => ("met", "✓", self.language.text("verdict-met")),
            (v1::ObjectiveVerdict::Met, true) => {
                ("met", "✓", self.language.text("verdict-met-so-far"))
            }
            (v1::ObjectiveVerdict::Missed, _) => {
                ("missed", "✗", self.language.text("verdict-missed"))
            }
            (v1::ObjectiveVerdict::AtRisk, _) => {
                ("at-risk", "!", self.language.text("verdict-at-risk"))
            }
            (v1::ObjectiveVerdict::NoData | v1::ObjectiveVerdict::Unspecified, _) => {
                let id = match result.no_data_reason() {
                    v1::NoDataReason::NotInForce => "verdict-not-in-force",
                    _ => "verdict-no-data",
                };
                ("no-data", "·", self.language.text(id))
            }
        };
        Cell { text: format!("{sign} {word}"), class, ..Cell::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::testing::all;
    use super::*;

    fn result(promise: Promise) -> v1::ObjectiveResult {
        let objective = v1::Objective { promise: Some(promise), ..Default::default() };
        v1::ObjectiveResult { objective: Some(objective), ..Default::default() }
    }

    fn answer() -> ReviewAnswer {
        let limits = vec![v1::Limit {
            priority: "*".into(),
            limit: Some(Duration { seconds: 14_400, nanos: 0 }),
            calendar_id: "office".into(),
            ..Default::default()
        }];
        let metric = v1::Metric::Resolution as i32;
        let target = v1::Target { id: "resolve".into(), metric, limits, ..Default::default() };
        let terms = v1::Terms { targets: vec![target], ..Default::default() };
        let office = v1::Calendar { id: "office".into(), ..Default::default() };
        ReviewAnswer {
            terms: [(("C".to_owned(), 0), terms)].into(),
            calendars: [("office".to_owned(), office)].into(),
            ..Default::default()
        }
    }

    /// Ids of targets and calendars stood in promises, and German took its genitive for any case.
    #[test]
    fn promises_are_said_without_ids_in_every_language() {
        let answer = answer();
        let said = |promise: Promise| {
            let result = result(promise);
            all().map(|language| {
                let promises = Promises { answer: &answer, contract: "C", language: &language };
                promises.promised(&result).replace('\u{a0}', " ")
            })
        };
        let target_id = "resolve".to_owned();
        let at_most = Some(Duration { seconds: 14_400, nanos: 0 });
        let mean = v1::MeanTimeObjective { target_id, at_most, ..Default::default() };
        assert_eq!(
            said(Promise::MeanTime(mean)),
            [
                "Resolution of all incidents: at most 4 h on average",
                "Oplostijd van alle incidenten: gemiddeld hoogstens 4 uur",
                "Lösungszeit aller Störungen: im Durchschnitt höchstens 4 h",
            ]
        );
        let target_id = "resolve".to_owned();
        let (percent, priorities) = ("95".to_owned(), vec!["P1".to_owned(), "P2".to_owned()]);
        let share =
            v1::AttainmentObjective { target_id, percent, priorities, ..Default::default() };
        assert_eq!(
            said(Promise::Attainment(share)),
            [
                "95% of P1 and P2 solved within 4 h of service hours",
                "95% van de incidenten met prioriteit P1 en P2 opgelost binnen 4 uur (servicetijd)",
                "95 % der Störungen mit Priorität P1 und P2: Lösung innerhalb von 4 h (Servicezeit)",
            ]
        );
    }

    /// "– ✓ met" was said of a month without incidents, and "no data" of one without a contract.
    #[test]
    fn reasons_why_there_is_nothing_to_measure_differ() {
        let most = Measure::LostTimePerHundredPeople(Duration { seconds: 60, nanos: 0 });
        let lost = v1::ExperienceObjective { measure: Some(most), ..Default::default() };
        let lost = result(Promise::Experience(lost));
        let met = v1::ObjectiveResult { verdict: v1::ObjectiveVerdict::Met as i32, ..lost.clone() };
        let no_data_reason = v1::NoDataReason::NotInForce as i32;
        let outside = v1::ObjectiveResult { no_data_reason, ..lost };
        let answer = answer();
        let shown = all().map(|language| {
            let promises = Promises { answer: &answer, contract: "C", language: &language };
            [promises.found(&met), promises.verdict(&outside).text, promises.found(&outside)]
        });
        assert_eq!(
            shown,
            [
                ["no incidents", "· not in force", "–"],
                ["geen incidenten", "· niet van kracht", "–"],
                ["keine Störungen", "· nicht in Kraft", "–"],
            ]
        );
    }

    /// "alle 2 Arbeitstagen" had the case of another preposition.
    #[test]
    fn working_days_stand_in_the_case_of_their_sentence() {
        let mut answer = answer();
        for terms in answer.terms.values_mut() {
            terms.targets[0].metric = v1::Metric::Update as i32;
            terms.targets[0].limits[0].working_days = 2;
        }
        let target_id = "resolve".to_owned();
        let percent = "90".to_owned();
        let share = v1::AttainmentObjective { target_id, percent, ..Default::default() };
        let result = result(Promise::Attainment(share));
        let [english, dutch, german] = all().map(|language| {
            let promises = Promises { answer: &answer, contract: "C", language: &language };
            promises.promised(&result).replace('\u{a0}', " ")
        });
        assert_eq!(
            english,
            "90% of all incidents updated at least every 2 working days of service hours"
        );
        assert_eq!(
            dutch,
            "90% van alle incidenten minstens eens per 2 werkdagen (servicetijd) voorzien van een \
             voortgangsbericht"
        );
        assert_eq!(
            german,
            "90 % aller Störungen: Zwischenstand in Abständen von höchstens 2 Arbeitstagen \
             (Servicezeit)"
        );
    }

    /// The catch-all of limits stood as a star.
    #[test]
    fn the_limit_of_other_priorities_is_said_in_words() {
        let mut answer = answer();
        let limit = |priority: &str, hours: i64| v1::Limit {
            priority: priority.into(),
            limit: Some(Duration { seconds: 3_600 * hours, nanos: 0 }),
            calendar_id: "office".into(),
            ..Default::default()
        };
        for terms in answer.terms.values_mut() {
            terms.targets[0].limits = vec![limit("P1", 4), limit("*", 40)];
        }
        let share = v1::AttainmentObjective {
            target_id: "resolve".into(),
            percent: "95".into(),
            ..Default::default()
        };
        let result = result(Promise::Attainment(share));
        let limits = all().map(|language| {
            let promises = Promises { answer: &answer, contract: "C", language: &language };
            let said = promises.promised(&result).replace('\u{a0}', " ");
            said.split("4 ").skip(1).collect::<String>()
        });
        assert_eq!(
            limits,
            [
                "h (P1) and 40 h (others) of service hours",
                "uur (P1) en 40 uur (overige) (servicetijd)",
                "h (P1) und 40 h (übrige) (Servicezeit)",
            ]
        );
    }
}
