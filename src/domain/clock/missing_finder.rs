//! Finds the clocks that an incident lacks, and why.

use super::admission::Admission;
use super::evaluate::{Agreement, Evaluation};
use super::missing::{MissingClock, MissingReason, meant_priority};
use super::timeline::Timeline;
use super::timeline_builder::timeline;
use super::{Clock, Outcome, Phase};
use crate::domain::calendar::Calendars;
use crate::domain::contract::{Contract, OnPriorityChange, OpenIncidents, Revision, Target};
use crate::domain::incident::{History, Stint};
use crate::domain::time::Instant;

/// The clocks that an incident lacks under a contract, as of an instant, since it last came under
/// it; `clocks` are those it has. None while it is not opened, nor before it comes.
pub fn missing_clocks<'a>(
    history: &History<'a>,
    (contract_id, stints): (&'a str, &[Stint<'a>]),
    agreement: &Agreement<'a>,
    calendars: &dyn Calendars,
    clocks: &[Clock<'a>],
    as_of: Instant,
) -> Vec<MissingClock<'a>> {
    let stint = stints.iter().rfind(|stint| stint.from.time <= as_of);
    let Some(stint) = stint.copied() else { return Vec::new() };
    let as_of = stint.until.map_or(as_of, |(place, _)| as_of.min(place.time));
    let in_force = agreement.in_force(stint.from.time);
    let later = agreement.revisions.taking_effect(stint.from.time, as_of);
    let revisions: Vec<_> = in_force.into_iter().chain(later).collect();
    let finder = Finder { history, contract_id, stint, agreement, calendars, revisions, as_of };
    let mut targets = finder.revisions.iter().flat_map(|revision| &revision.content.terms.targets);
    let is_out_of_force =
        || in_force.is_none() && clocks.is_empty() && finder.taking_over().next().is_none();
    let reason = match () {
        () if agreement.revisions.all().is_empty() => MissingReason::ContractNotFound,
        () if is_out_of_force() => MissingReason::ContractNotInForce,
        () if targets.next().is_none() => MissingReason::NoTarget,
        () => return finder.missing(clocks),
    };
    vec![MissingClock { contract_id, target_id: "", reason, value: contract_id, meant: "" }]
}

/// Finds why targets have no clock.
struct Finder<'f, 'a> {
    history: &'f History<'a>,
    contract_id: &'a str,
    /// The last time under the contract, which is what is evaluated.
    stint: Stint<'a>,
    agreement: &'f Agreement<'a>,
    calendars: &'f dyn Calendars,
    /// Those that may govern a clock of the incident, in the order they take effect.
    revisions: Vec<&'a Revision<Contract>>,
    as_of: Instant,
}

impl<'a> Finder<'_, 'a> {
    fn missing(&self, clocks: &[Clock<'a>]) -> Vec<MissingClock<'a>> {
        let mut missing: Vec<MissingClock<'a>> = Vec::new();
        let targets = self.revisions.iter().flat_map(|revision| &revision.content.terms.targets);
        for target in targets {
            if missing.iter().any(|one| one.target_id == target.id) {
                continue;
            }
            let mut its = clocks.iter().filter(|clock| clock.target_id == target.id);
            let last = its.rfind(|clock| !self.was_left_behind(clock));
            missing.extend(match last {
                Some(clock) => self.withdrawn(clock),
                None => Some(self.never_had(target)),
            });
        }
        missing
    }

    fn of(
        &self,
        target_id: &'a str,
        reason: MissingReason,
        [value, meant]: [&'a str; 2],
    ) -> MissingClock<'a> {
        MissingClock { contract_id: self.contract_id, target_id, reason, value, meant }
    }

    /// Whether a clock ended as the incident left the contract, before it came back.
    fn was_left_behind(&self, clock: &Clock<'a>) -> bool {
        let is_before = clock.stop_time.is_some_and(|stop| stop <= self.stint.from.time);
        clock.outcome == Outcome::Transferred && is_before
    }

    /// The later revisions that take the incident over, since it is open as they take effect.
    fn taking_over(&self) -> impl Iterator<Item = &'a Revision<Contract>> {
        let later = self.revisions.iter().copied();
        later.filter(|revision| {
            let from = revision.effective_time;
            revision.content.open_incidents != OpenIncidents::NotTakenOver
                && self.stint.from.time < from
                && self.agreement.in_force(from).is_some()
                && !self.history.state(from).is_ended()
        })
    }

    /// The clock, if it was cancelled since the incident got a priority without a limit.
    fn withdrawn(&self, clock: &Clock<'a>) -> Option<MissingClock<'a>> {
        let is_open_end = clock.phase == Phase::Cancelled && clock.outcome == Outcome::Undecided;
        let stop_time = clock.stop_time.filter(|_| is_open_end)?;
        let revision = self.agreement.revisions.numbered(clock.contract_revision)?;
        let target = revision.content.terms.target(clock.target_id)?;
        let priority = self.history.state(stop_time).priority;
        let is_withdrawn = target.on_priority_change != OnPriorityChange::Frozen
            && target.limit(priority).is_none();
        let value = [priority, meant_priority(priority, target)];
        is_withdrawn.then(|| self.of(&target.id, MissingReason::LimitWithdrawn, value))
    }

    /// Why a target never had a clock; `first` is its wording in the first revision that has it.
    fn never_had(&self, first: &'a Target) -> MissingClock<'a> {
        let always = Admission {
            from: Instant::MIN,
            until: None,
            end: None,
            after: None,
            take_over: None,
            leaves: self.stint.until,
        };
        let timeline = timeline(first, self.history, always, self.as_of);
        let plain = |reason| self.of(&first.id, reason, [""; 2]);
        if timeline.cycles.is_empty() {
            return plain(match timeline.notes.is_empty() {
                true => MissingReason::DoesNotApply,
                false => MissingReason::ConditionFailed,
            });
        }
        let started = timeline.cycles.first().and_then(|cycle| cycle.started);
        let governing = match started {
            Some(start) => self.agreement.in_force(start.max(self.stint.from.time)),
            None => self.revisions.last().copied(),
        };
        let mut governing = governing.into_iter().chain(self.taking_over());
        let Some(target) = governing.find_map(|r| r.content.terms.target(&first.id)) else {
            return plain(MissingReason::TargetNotInForce);
        };
        match self.unlimited(target, &timeline, started) {
            Some(missing) => missing,
            None => plain(MissingReason::NotStarted),
        }
    }

    /// The missing clock of a target that has no limit to measure the incident by.
    fn unlimited(
        &self,
        target: &'a Target,
        timeline: &Timeline<'a>,
        started: Option<Instant>,
    ) -> Option<MissingClock<'a>> {
        let last = timeline.cycles.last()?;
        let is_frozen = target.on_priority_change == OnPriorityChange::Frozen && started.is_some();
        let priority = if is_frozen { last.first_priority } else { last.last_priority };
        let Some(limit) = target.limit(priority) else {
            let value = [priority, meant_priority(priority, target)];
            return Some(self.of(&target.id, MissingReason::NoLimit, value));
        };
        let start = started.unwrap_or(Instant::MAX);
        let is_known = self.calendars.in_force(&limit.calendar_id, start).is_some();
        let value = [limit.calendar_id.as_str(), ""];
        (!is_known).then(|| self.of(&target.id, MissingReason::CalendarNotFound, value))
    }
}

/// What is counted of the clocks that an incident lacks: of each contract that none of its clocks
/// measures, one reason, without a target; of each other, the targets that are a gap.
pub fn counted_missing<'a>(evaluation: &Evaluation<'a>) -> Vec<MissingClock<'a>> {
    let mut counted = Vec::new();
    for of_contract in evaluation.missing.chunk_by(|a, b| a.contract_id == b.contract_id) {
        let is_missing = |target_id: &str| of_contract.iter().any(|one| one.target_id == target_id);
        let is_measured = evaluation.clocks.iter().any(|clock| {
            let of_it = of_contract.iter().all(|one| one.contract_id == clock.contract_id);
            of_it && !is_missing(clock.target_id)
        });
        if is_measured {
            counted.extend(of_contract.iter().filter(|one| one.reason.is_gap()).cloned());
            continue;
        }
        let first = of_contract.iter().min_by_key(|one| one.reason);
        let first = first.filter(|one| one.reason != MissingReason::NotStarted);
        counted.extend(first.map(|one| MissingClock { target_id: "", ..one.clone() }));
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::testing::{Case, TestCalendars, at, condition, stints, target};
    use crate::domain::clock::{evaluate, meant};

    /// What is missing at an instant, in words, and behind it what of that is counted.
    #[track_caller]
    fn check(case: &Case, as_of: &str, missing: &[&str], of_them_counted: &[&str]) {
        let history = History::fold(&case.events, case.known_time);
        let agreement =
            || Agreement { revisions: case.revisions.known(Instant::MAX), end_time: case.end_time };
        let as_of = at(as_of);
        let mut evaluation =
            evaluate(&history, &stints(&history), agreement(), &TestCalendars, as_of);
        let clocks = &evaluation.clocks;
        let under = ("contract", &*stints(&history));
        let found = missing_clocks(&history, under, &agreement(), &TestCalendars, clocks, as_of);
        let words: Vec<_> = found.iter().map(MissingClock::describe).collect();
        assert_eq!(words, missing);
        evaluation.missing = found;
        let words: Vec<_> =
            counted_missing(&evaluation).iter().map(MissingClock::describe).collect();
        assert_eq!(words, of_them_counted);
    }

    fn resolution() -> Target {
        target("resolution P1=4:00 P2=8:00")
    }

    /// V1: each priority that no limit names.
    #[test]
    fn a_priority_without_a_limit_is_named_with_what_was_probably_meant() {
        for (priority, why) in
            [("P9", "priority P9 has no limit in "), ("p1", "priority p1 has no limit in ")]
        {
            let hint = if priority == "p1" { ": did you mean P1?" } else { "" };
            let case = Case::new([resolution()], &format!("Mon 09:00 opened {priority}"));
            let missing = format!("{why}target resolution of contract{hint}");
            check(&case, "Mon 10:00", &[&missing], &[&format!("{why}contract{hint}")]);
        }
        let none = MissingClock {
            contract_id: "C",
            target_id: "",
            reason: MissingReason::NoLimit,
            value: "",
            meant: "",
        };
        assert_eq!(none.describe(), "it has no priority, for which there is no limit in C");
        let spaced = MissingClock { value: "P1 ", meant: "P1", ..none };
        assert_eq!(spaced.describe(), "priority \"P1 \" has no limit in C: did you mean P1?");
        assert_eq!(meant("P1 ", ["P2", "P1", ""].into_iter()), "P1");
        assert_eq!(meant("", ["", " "].into_iter()), "");
    }

    /// V1: P1 -> P9 after an hour was counted nowhere.
    #[test]
    fn a_limit_that_is_withdrawn_counts_as_no_clock_unless_it_was_breached_before() {
        let withdrawn = "the priority changed to P9, which has no limit in ";
        let case = Case::new([resolution()], "Mon 09:00 opened P1\nMon 10:00 priority P9");
        check(
            &case,
            "Mon 12:00",
            &[&format!("{withdrawn}target resolution of contract")],
            &[&format!("{withdrawn}contract")],
        );
        check(&case, "Mon 09:30", &[], &[]);
        let late = Case::new([resolution()], "Mon 09:00 opened P1\nMon 14:00 priority P9");
        check(&late, "Mon 15:00", &[], &[]);
        let back = "Mon 09:00 opened P1\nMon 10:00 priority P9\nMon 11:00 priority P2";
        check(&Case::new([resolution()], back), "Mon 12:00", &[], &[]);
        let frozen = target("resolution P1=4:00 frozen");
        let case = Case::new([frozen], "Mon 09:00 opened P1\nMon 10:00 priority P9");
        check(&case, "Mon 12:00", &[], &[]);
        // Cancelled while it had a limit: what is set afterwards takes nothing away.
        let cancelled = "Mon 09:00 opened P1\nMon 10:00 cancelled\nMon 11:00 priority P9";
        check(&Case::new([resolution()], cancelled), "Mon 12:00", &[], &[]);
    }

    #[test]
    fn a_frozen_priority_without_a_limit_stays_so() {
        let case = Case::new(
            [target("resolution P1=4:00 frozen")],
            "Mon 09:00 opened P9\nMon 10:00 priority P1",
        );
        let why = "priority P9 has no limit in ";
        let missing = format!("{why}target resolution of contract");
        check(&case, "Mon 11:00", &[&missing], &[&format!("{why}contract")]);
    }

    #[test]
    fn a_target_that_lacks_a_limit_is_a_gap_beside_one_that_measures() {
        let response = target("response *=1:00");
        let case = Case::new([response, resolution()], "Mon 09:00 opened P9");
        let missing = ["priority P9 has no limit in target resolution of contract"];
        check(&case, "Mon 10:00", &missing, &missing);
    }

    #[test]
    fn a_catch_all_limit_covers_every_priority_and_named_ones_go_before_it() {
        let mut all = target("resolution P1=4:00");
        let mut other = all.limits[0].clone();
        other.priority = "*".into();
        other.limit = crate::domain::time::Span::from_hours(8).into();
        all.limits.insert(0, other);
        Case::new([all.clone()], "Mon 09:00 opened P9")
            .check("Mon 10:00 | running undecided 1:00 of 8:00 due Mon 17:00");
        Case::new([all], "Mon 09:00 opened P1")
            .check("Mon 10:00 | running undecided 1:00 of 4:00 due Mon 13:00");
    }

    #[test]
    fn a_target_that_does_not_apply_is_as_agreed_and_one_that_fails_is_not() {
        let mut vip = resolution();
        vip.id = "vip".into();
        vip.applies_when = condition("category == 'vip'");
        let case = Case::new([vip.clone(), resolution()], "Mon 09:00 opened P1");
        check(&case, "Mon 10:00", &["target vip of contract does not apply to it"], &[]);
        let alone = Case::new([vip.clone()], "Mon 09:00 opened P1");
        let missing = ["target vip of contract does not apply to it"];
        check(&alone, "Mon 10:00", &missing, &["contract does not apply to it"]);
        vip.applies_when = condition("attributes['vip'] == 'yes'");
        let case = Case::new([vip, resolution()], "Mon 09:00 opened P1");
        let missing = ["applies_when of target vip of contract can't be evaluated on it"];
        check(&case, "Mon 10:00", &missing, &missing);
    }

    #[test]
    fn a_contract_out_of_force_differs_from_one_that_does_not_exist() {
        let ended = Case::new([resolution()], "Mon 09:00 opened P1").ended("Mon 09:00");
        let missing = ["contract contract was not in force as it came under it"];
        check(&ended, "Mon 10:00", &missing, &missing);
        let mut later = Case::new([resolution()], "Mon 09:00 opened P1");
        later.revisions = crate::domain::contract::Revisions::default();
        let later = later.revised("Mon 12:00", &[resolution()], false);
        check(&later, "Mon 13:00", &missing, &missing);
        let mut none = Case::new([resolution()], "Mon 09:00 opened P1");
        none.revisions = crate::domain::contract::Revisions::default();
        let missing = ["contract contract does not exist"];
        check(&none, "Mon 13:00", &missing, &missing);
        let without = Case::new([], "Mon 09:00 opened P1");
        let missing = ["contract contract has no target"];
        check(&without, "Mon 13:00", &missing, &missing);
    }

    #[test]
    fn a_target_that_a_later_revision_adds_is_as_agreed() {
        let response = target("response *=1:00");
        let case = Case::new([resolution()], "Mon 09:00 opened P1");
        let case = case.revised("Mon 10:00", &[resolution(), response], false);
        let missing = ["target response of contract was not in force when it began"];
        check(&case, "Mon 11:00", &missing, &[]);
    }

    #[test]
    fn what_is_still_to_be_opened_lacks_nothing_yet() {
        check(&Case::new([resolution()], "Mon 09:00 opened P9"), "Mon 08:00", &[], &[]);
    }

    #[test]
    fn what_an_incident_lacks_rests_on_the_contract_as_it_came_under_it() {
        let moved = "Mon 09:00 opened P9 under=other\nMon 11:00 moved contract";
        let begun = Case::new([resolution()], moved).effective("Mon 10:00");
        let why = "priority P9 has no limit in ";
        let missing = format!("{why}target resolution of contract");
        check(&begun, "Mon 12:00", &[&missing], &[&format!("{why}contract")]);
        let ended = Case::new([resolution()], moved).ended("Mon 10:00");
        let missing = ["contract contract was not in force as it came under it"];
        check(&ended, "Mon 12:00", &missing, &missing);
    }

    #[test]
    fn a_backlog_that_is_taken_over_without_a_limit_is_not_covered() {
        let story = "Mon 09:00 opened P9";
        let begins = |policy| {
            let case = Case::new([resolution()], story).effective("Mon 10:00");
            case.takes_over(policy)
        };
        let why = "priority P9 has no limit in ";
        let missing = format!("{why}target resolution of contract");
        for policy in [OpenIncidents::FromOpening, OpenIncidents::FromEffect] {
            let counted = [&*format!("{why}contract")];
            check(&begins(policy), "Mon 12:00", &[&missing], &counted);
        }
        let missing = ["contract contract was not in force as it came under it"];
        check(&begins(OpenIncidents::FromEffect), "Mon 09:30", &missing, &missing);
        check(&begins(OpenIncidents::NotTakenOver), "Mon 12:00", &missing, &missing);
        let over = Case::new([resolution()], "Mon 09:00 opened P9\nMon 09:30 resolved");
        let over = over.effective("Mon 10:00").takes_over(OpenIncidents::FromEffect);
        check(&over, "Mon 12:00", &missing, &missing);
    }

    #[test]
    fn an_incident_that_comes_back_with_a_priority_without_a_limit_is_not_covered() {
        let story = "
            Mon 09:00 opened P1 under=contract
            Mon 10:00 moved other
            Mon 11:00 priority P9
            Mon 12:00 moved contract";
        let case = Case::new([resolution()], story);
        check(&case, "Mon 11:30", &[], &[]);
        let why = "priority P9 has no limit in ";
        let missing = format!("{why}target resolution of contract");
        check(&case, "Mon 13:00", &[&missing], &[&format!("{why}contract")]);
    }

    #[test]
    fn an_incident_that_left_in_the_instant_of_its_opening_lacks_nothing() {
        let story = "Mon 09:00 opened P9 under=contract\nMon 09:00 moved other";
        check(&Case::new([resolution()], story), "Mon 10:00", &[], &[]);
    }
}
