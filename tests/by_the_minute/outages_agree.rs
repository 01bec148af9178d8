//! Outages that a rule or a decision excludes, and months that two revisions share, minute by minute,
//! against the objectives of `GetCompliance`. Written from the words of docs/periods.md, contract.proto,
//! incident.proto and results.proto.

use jiff::civil::{Date, date};
use slx::codec::v1;
use slx::codec::v1::objective::Promise;
use slx::codec::v1::service_event::Fact as Wire;

use super::calendar::{Hours, Minute, PLACES, Table, instant};
use super::{Differences, time, wire_time, worlds};
use crate::random::Dice;
use crate::testing::{Clients, Server, seconds};

/// An outage (or a degradation) with an id of its own.
#[derive(Clone, Debug)]
struct Outage {
    is_degradation: bool,
    from: Minute,
    to: Option<Minute>,
    /// When it was said, to which party, and for which reason; the latest stands.
    attributed: Vec<(Minute, v1::Party, &'static str)>,
    /// When it was decided, for which objective (empty: all), and whether it is excluded.
    decided: Vec<(Minute, &'static str, bool)>,
}

#[derive(Clone, Debug)]
struct Rule {
    id: &'static str,
    cause: Option<v1::Party>,
    reason: &'static str,
    objective: &'static str,
}

#[derive(Debug)]
struct World {
    tenant: String,
    hours: Hours,
    table: Table,
    first: Date,
    outages: Vec<Outage>,
    rules: Vec<Rule>,
    /// What is promised in percent at first, and by the revision of a minute.
    promised: [i64; 2],
    revised: Minute,
    each_part: bool,
    most: i64,
    longer_than: i64,
    at_most: i64,
}

/// A stretch that is evaluated alone.
#[derive(Clone, Copy, Debug)]
struct Part {
    from: Minute,
    to: Minute,
    promised: i64,
    revision: i32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Reached {
    verdict: v1::ObjectiveVerdict,
    revision: i32,
    /// In ten-thousandths of a percent, rounded down.
    percent: i64,
    downtime: i64,
}

fn roll_outage(dice: &mut Dice, from: Minute) -> Outage {
    let lasts = dice.pick(&[30, 300, 1500]);
    let to = (!dice.one_in(12)).then(|| from + 1 + dice.below(lasts) as i64);
    let late = dice.pick(&[60, 60, 4000]);
    let parties = [v1::Party::Client, v1::Party::Provider, v1::Party::Unspecified];
    let attributed = (0..dice.below(3)).map(|number| {
        let reason = dice.pick(&["storm", "strike"]);
        // What it came from is often known, and decided, long after it.
        (from + late * (1 + number as i64) + number as i64, dice.pick(&parties), reason)
    });
    let attributed = attributed.collect();
    let decided = (0..dice.below(8).saturating_sub(5)).map(|number| {
        let objective = dice.pick(&["", "up", "few"]);
        (from + 3 * late + 20 + 7 * number as i64, objective, dice.one_in(2))
    });
    let decided = decided.collect();
    Outage { is_degradation: dice.one_in(4), from, to, attributed, decided }
}

fn roll_world(seed: u64) -> World {
    let mut dice = Dice::new(seed);
    let (zone, year, month) = dice.pick(&PLACES);
    let hours = Hours::roll(&mut dice, zone, year, month);
    let first = date(year, month, 1);
    let table = hours.table(first.saturating_sub(jiff::Span::new().days(3)), 50);
    let begins = instant(zone, first, 0);
    let outages = (0..3 + dice.below(12)).map(|_| {
        let ends = instant(zone, first.saturating_add(jiff::Span::new().months(1)), 0);
        let from = match dice.one_in(8) {
            true => ends - dice.below(300) as i64,
            false => begins - 2000 + dice.below(32 * 1440) as i64,
        };
        roll_outage(&mut dice, from)
    });
    let outages = outages.collect();
    let objective = |dice: &mut Dice| dice.pick(&["", "", "up", "few"]);
    let mut rules = Vec::new();
    if dice.one_in(2) {
        let (cause, objective) = (Some(v1::Party::Client), objective(&mut dice));
        rules.push(Rule { id: "client", cause, reason: "", objective });
    }
    if dice.one_in(2) {
        let objective = objective(&mut dice);
        rules.push(Rule { id: "force", cause: None, reason: "storm", objective });
    }
    if dice.one_in(4) {
        let cause = Some(v1::Party::Provider);
        rules.push(Rule { id: "both", cause, reason: "strike", objective: "" });
    }
    World {
        tenant: format!("o{seed}"),
        hours,
        table,
        first,
        outages,
        rules,
        promised: [dice.pick(&[50, 90, 99]), dice.pick(&[50, 90, 99])],
        revised: begins + 1 + dice.below(31 * 1440) as i64,
        each_part: dice.one_in(2),
        most: dice.below(5) as i64,
        longer_than: dice.pick(&[0, 60]),
        at_most: dice.pick(&[20, 100, 400]),
    }
}

impl Outage {
    /// Whether it is excluded from an objective, by what is known as of a minute.
    fn is_excluded(&self, objective: &str, rules: &[Rule], as_of: Minute) -> bool {
        let decided = self.decided.iter().rev().find(|decision| {
            decision.0 <= as_of && (decision.1.is_empty() || decision.1 == objective)
        });
        if let Some((_, _, excluded)) = decided {
            return *excluded;
        }
        let said = self.attributed.iter().rev().find(|said| said.0 <= as_of);
        rules.iter().any(|rule| {
            let names = rule.objective.is_empty() || rule.objective == objective;
            let is_caused = rule.cause.is_none_or(|cause| said.is_some_and(|of| of.1 == cause));
            let has_reason = rule.reason.is_empty() || said.is_some_and(|of| of.2 == rule.reason);
            names && is_caused && has_reason
        })
    }

    fn lasts(&self, minute: Minute, as_of: Minute) -> bool {
        let to = self.to.filter(|to| *to <= as_of);
        self.from <= minute && to.is_none_or(|to| minute < to)
    }
}

impl World {
    fn month(&self) -> std::ops::Range<Minute> {
        let next = self.first.saturating_add(jiff::Span::new().months(1));
        instant(self.hours.zone, self.first, 0)..instant(self.hours.zone, next, 0)
    }

    /// What the month is cut into: with each part by its own words, where they read differently.
    fn parts(&self) -> Vec<Part> {
        let (month, [one, other]) = (self.month(), self.promised);
        let whole = Part { from: month.start, to: month.end, promised: one, revision: 1 };
        if !self.each_part || one == other || self.revised >= month.end {
            return vec![whole];
        }
        let later = Part { from: self.revised, promised: other, revision: 2, ..whole };
        vec![Part { to: self.revised, ..whole }, later]
    }

    fn counting(&self, objective: &str, excluding: bool, as_of: Minute) -> Vec<&Outage> {
        let counts = |outage: &&Outage| {
            outage.from <= as_of
                && !(excluding && outage.is_excluded(objective, &self.rules, as_of))
        };
        self.outages.iter().filter(counts).collect()
    }

    /// The availability of a part: the agreed minutes so far and altogether, and the downtime.
    fn availability(&self, part: Part, excluding: bool, as_of: Minute) -> Reached {
        let outages = self.counting("up", excluding, as_of);
        let (mut agreed, mut so_far, mut downtime) = (0, 0, 0);
        for minute in (part.from..part.to).filter(|minute| self.table.is_open(*minute)) {
            agreed += 1;
            if minute < as_of {
                so_far += 1;
                let is_down = |of: &&Outage| !of.is_degradation && of.lasts(minute, as_of);
                downtime += i64::from(outages.iter().any(is_down));
            }
        }
        let reached = |agreed: i64| (agreed - downtime) * 100 >= part.promised * agreed;
        let verdict = match (so_far, as_of >= part.to) {
            (0, _) => v1::ObjectiveVerdict::NoData,
            (agreed, _) if reached(agreed) => v1::ObjectiveVerdict::Met,
            (_, true) => v1::ObjectiveVerdict::Missed,
            (_, false) if reached(agreed) => v1::ObjectiveVerdict::AtRisk,
            (_, false) => v1::ObjectiveVerdict::Missed,
        };
        let percent = ((so_far - downtime) * 1_000_000).checked_div(so_far).unwrap_or(0);
        Reached { verdict, revision: part.revision, percent, downtime }
    }

    /// The part that stands worst; of equals the one that reached least. None: it is not said.
    fn worst(&self, as_of: Minute) -> Option<Reached> {
        let begun = self.parts().into_iter().filter(|part| part.from < as_of);
        let parts: Vec<Reached> = begun.map(|part| self.availability(part, true, as_of)).collect();
        let is_unknown = |part: &Reached| part.verdict == v1::ObjectiveVerdict::NoData;
        if parts.len() > 1 && parts.iter().any(is_unknown) {
            return None;
        }
        let rank = |verdict: v1::ObjectiveVerdict| match verdict {
            v1::ObjectiveVerdict::Missed => 0,
            v1::ObjectiveVerdict::AtRisk => 1,
            _ => 2,
        };
        parts.into_iter().min_by_key(|part| (rank(part.verdict), part.percent))
    }

    /// The downtime of each outage that begins in the month; those that overlap or touch are one.
    fn downtimes(&self, objective: &str, as_of: Minute) -> Vec<i64> {
        let outages = self.counting(objective, true, as_of);
        let outages: Vec<&Outage> = outages.into_iter().filter(|of| !of.is_degradation).collect();
        let month = self.month();
        let first = outages.iter().map(|of| of.from).min().unwrap_or(month.end);
        let is_down = |minute: Minute| outages.iter().any(|of| of.lasts(minute, as_of));
        let mut stretches: Vec<std::ops::Range<Minute>> = Vec::new();
        for minute in (first..as_of).filter(|minute| is_down(*minute)) {
            match stretches.last_mut() {
                Some(last) if last.end == minute => last.end += 1,
                _ => stretches.push(minute..minute + 1),
            }
        }
        let downtime = |stretch: std::ops::Range<Minute>| {
            // Times end with the month.
            let mut down = (stretch.start..stretch.end.min(month.end))
                .filter(|minute| self.table.is_open(*minute));
            let begins = down.next()?;
            month.contains(&begins).then(|| 1 + down.count() as i64)
        };
        stretches.into_iter().filter_map(downtime).collect()
    }

    fn contract(&self, promised: i64) -> v1::Contract {
        let (service, calendar_id) = ("line".to_owned(), "hours".to_owned());
        let up = Promise::Availability(v1::AvailabilityObjective {
            service: service.clone(),
            percent: promised.to_string(),
            calendar_id: calendar_id.clone(),
            ..Default::default()
        });
        let few = Promise::Outages(v1::OutagesObjective {
            service: service.clone(),
            most: self.most as i32,
            longer_than: Some(seconds(self.longer_than * 60)),
            calendar_id: calendar_id.clone(),
            ..Default::default()
        });
        let repair = Promise::MeanTimeToRestore(v1::MeanTimeToRestoreObjective {
            service,
            at_most: Some(seconds(self.at_most * 60)),
            calendar_id,
            ..Default::default()
        });
        let objectives = [("up", up), ("few", few), ("repair", repair)].map(|(id, promise)| {
            let period = v1::ObjectivePeriod::Month as i32;
            let (id, promise) = (id.into(), Some(promise));
            v1::Objective { id, period, promise, ..Default::default() }
        });
        let exclusions = self.rules.iter().map(|rule| v1::Exclusion {
            id: rule.id.into(),
            cause: rule.cause.map_or(0, |party| party as i32),
            outage_reasons: Some(rule.reason.to_owned())
                .filter(|of| !of.is_empty())
                .into_iter()
                .collect(),
            objective_ids: Some(rule.objective.to_owned())
                .filter(|of| !of.is_empty())
                .into_iter()
                .collect(),
            ..Default::default()
        });
        let period_terms = match self.each_part {
            true => v1::PeriodTerms::EachPart,
            false => v1::PeriodTerms::Unspecified,
        };
        v1::Contract {
            id: "agreed".into(),
            kind: v1::ContractKind::Sla as i32,
            time_zone: self.hours.zone.into(),
            currency: "EUR".into(),
            terms: Some(v1::Terms {
                objectives: objectives.into(),
                exclusions: exclusions.collect(),
                period_terms: period_terms as i32,
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn events(&self) -> Vec<v1::ServiceEvent> {
        let mut events = Vec::new();
        let mut add = |event_id: String, at: Minute, fact: Wire| {
            let (service, occur_time) = ("line".into(), Some(wire_time(at)));
            events.push(v1::ServiceEvent {
                event_id,
                service,
                occur_time,
                fact: Some(fact),
                ..Default::default()
            });
        };
        for (number, outage) in self.outages.iter().enumerate() {
            let (id, start) = (format!("o{number}"), format!("s{number}"));
            let (starts, ends) = match outage.is_degradation {
                true => (
                    Wire::DegradationStarted(v1::DegradationStarted { outage_id: id.clone() }),
                    Wire::DegradationEnded(v1::DegradationEnded { outage_id: id }),
                ),
                false => (
                    Wire::OutageStarted(v1::OutageStarted { outage_id: id.clone() }),
                    Wire::OutageEnded(v1::OutageEnded { outage_id: id }),
                ),
            };
            add(start.clone(), outage.from, starts);
            outage.to.into_iter().for_each(|to| add(format!("e{number}"), to, ends.clone()));
            for (at, party, reason) in &outage.attributed {
                let attributed = v1::OutageAttributed {
                    outage_event_id: start.clone(),
                    party: *party as i32,
                    reason: (*reason).into(),
                    ..Default::default()
                };
                add(format!("a{number}-{at}"), *at, Wire::OutageAttributed(attributed));
            }
            for (at, objective, excluded) in &outage.decided {
                let decided = v1::OutageExclusionDecided {
                    outage_event_id: start.clone(),
                    contract_id: "agreed".into(),
                    objective_id: (*objective).into(),
                    excluded: *excluded,
                    decided_by: "somebody".into(),
                    reason: "as agreed".into(),
                };
                add(format!("d{number}-{at}"), *at, Wire::OutageExclusionDecided(decided));
            }
        }
        events
    }

    async fn send(&self, clients: &mut Clients, dice: &mut Dice) {
        let (tenant, calendar) = (self.tenant.clone(), Some(self.hours.to_wire("hours")));
        let request = v1::PutCalendarRequest { tenant, calendar, ..Default::default() };
        clients.calendars.put_calendar(request).await.expect("put");
        let revised = Some(wire_time(self.revised));
        for (promised, effective_time) in self.promised.into_iter().zip([None, revised]) {
            let (tenant, contract) = (self.tenant.clone(), Some(self.contract(promised)));
            let request =
                v1::PutContractRequest { tenant, contract, effective_time, ..Default::default() };
            clients.contracts.put_contract(request).await.expect("put");
        }
        let (tenant, mut events) = (self.tenant.clone(), self.events());
        dice.shuffle(&mut events);
        let request = v1::RecordServiceEventsRequest { tenant, events };
        let answer = clients.incidents.record_service_events(request).await.expect("recorded");
        for result in answer.into_inner().results {
            assert!(result.rejection.is_none(), "{result:?}");
        }
    }
}

#[tokio::test]
async fn excluded_outages_and_parts_of_months_are_what_counting_minute_by_minute_gives() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let mut differences = Differences::default();
    for seed in worlds(12) {
        let world = roll_world(seed);
        let mut dice = Dice::new(seed + (1 << 32));
        world.send(&mut clients, &mut dice).await;
        let month = world.month();
        let within = month.start + 1 + dice.below((month.end - month.start) as u64) as i64;
        for as_of in [within, month.end, month.end + 3000] {
            hold_month(&world, as_of, &mut clients, &mut differences).await;
        }
    }
    differences.assert_none();
}

async fn hold_month(
    world: &World,
    as_of: Minute,
    clients: &mut Clients,
    differences: &mut Differences,
) {
    let request = v1::GetComplianceRequest {
        tenant: world.tenant.clone(),
        contract_id: "agreed".into(),
        period: format!("{:04}-{:02}", world.first.year(), world.first.month()),
        as_of_time: Some(wire_time(as_of)),
        ..Default::default()
    };
    let answer = clients.compliance.get_compliance(request).await.expect("counted").into_inner();
    for result in &answer.objectives {
        let id = result.objective.as_ref().map_or("", |of| of.id.as_str());
        let story = || {
            let outages: Vec<String> = world.outages.iter().map(described).collect();
            let World { tenant, hours, rules, promised, revised, each_part, .. } = world;
            let limits = (world.most, world.longer_than, world.at_most);
            format!(
                "{tenant} {id} as of {} {rules:?} {promised:?} revised {} each part {each_part} \
                 {limits:?} {hours:?}\n  {}\n  {result:?}",
                time(as_of),
                time(*revised),
                outages.join("\n  ")
            )
        };
        match id {
            "up" => hold_availability(world, as_of, result, story, differences),
            _ => hold_outages(world, id, as_of, result, story, differences),
        }
    }
}

fn described(outage: &Outage) -> String {
    let end = outage.to.map_or("-".into(), time);
    let Outage { is_degradation, from, attributed, decided, .. } = outage;
    let kind = if *is_degradation { "degraded" } else { "down" };
    format!("{kind} {} to {end} {attributed:?} {decided:?}", time(*from))
}

fn hold_availability(
    world: &World,
    as_of: Minute,
    result: &v1::ObjectiveResult,
    story: impl Fn() -> String,
    differences: &mut Differences,
) {
    let uptime = result.uptime.clone().unwrap_or_default();
    let percent = |percent: &str| {
        let (whole, fraction) = percent.split_once('.').unwrap_or((percent, ""));
        format!("{whole}{fraction:0<4}").parse().unwrap_or(-1)
    };
    if let Some(model) = world.worst(as_of) {
        let server = Reached {
            verdict: result.verdict(),
            revision: result.contract_revision,
            percent: percent(&result.percent),
            downtime: uptime.downtime.map_or(0, |time| time.seconds / 60),
        };
        differences.compare("availability", model, server, &story);
    }
    if let (Some(without), [part]) = (&uptime.without_exclusions, &world.parts()[..]) {
        let model = world.availability(*part, false, as_of);
        let server = Reached {
            verdict: without.verdict(),
            percent: percent(&without.percent),
            downtime: without.downtime.map_or(0, |time| time.seconds / 60),
            ..model
        };
        differences.compare("without exclusions", model, server, story);
    }
}

fn hold_outages(
    world: &World,
    id: &str,
    as_of: Minute,
    result: &v1::ObjectiveResult,
    story: impl Fn() -> String,
    differences: &mut Differences,
) {
    use v1::ObjectiveVerdict as Is;
    let downtimes: Vec<i64> =
        world.downtimes(id, as_of).into_iter().filter(|many| *many > 0).collect();
    let (many, sum) = (downtimes.len() as i64, downtimes.iter().sum::<i64>());
    let long = downtimes.iter().filter(|many| **many > world.longer_than).count() as i64;
    let month = world.month();
    let is_open = |minute: Minute| world.table.is_open(minute);
    let is_agreed = (month.start..as_of.min(month.end)).any(is_open);
    let verdict = match (id, as_of >= month.end) {
        _ if !is_agreed => Is::NoData,
        ("few", _) if long > world.most => Is::Missed,
        ("few", _) => Is::Met,
        _ if many == 0 => Is::NoData,
        _ if sum <= world.at_most * many => Is::Met,
        (_, true) => Is::Missed,
        (_, false) => Is::AtRisk,
    };
    let uptime = result.uptime.clone().unwrap_or_default();
    differences.compare("verdict", (id, verdict), (id, result.verdict()), &story);
    if is_agreed {
        let longest = downtimes.iter().max().map(|many| many * 60);
        let server = uptime.longest_outage.map(|time| time.seconds);
        differences.compare("outages", (many, longest), (uptime.outages, server), &story);
        if id == "few" {
            differences.compare("long outages", long, uptime.long_outages, story);
        }
    }
}
