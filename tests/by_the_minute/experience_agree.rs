//! What people went through, against `EvaluateIncident` and the totals, objectives and SLX figure of
//! `GetCompliance`.

use jiff::civil::{Date, date};
use slx::codec::v1;
use slx::codec::v1::experience_objective::Measure;

use super::calendar::{Hours as Calendar, Minute, PLACES, Table, instant};
use super::clock::{Target, What, cycles};
use super::experience::{Experience, Fact, Hours, Report, Survey, experience, of_clocks, survey};
use super::verdict::verdict;
use super::{Differences, time, wire_time, worlds};
use crate::random::Dice;
use crate::testing::{Clients, Server, seconds};

/// Days that are modelled, from the day before the month on.
const DAYS: usize = 50;

#[derive(Debug)]
struct World {
    tenant: String,
    zone: &'static str,
    first: Date,
    calendars: Vec<Calendar>,
    tables: Vec<Table>,
    target: Target,
    /// Whether people work by the second calendar, or by that of the target.
    has_hours: bool,
    people: i64,
    /// Of people's trouble with P1, in minutes.
    limit: Option<i64>,
    first_contact_within: Option<i64>,
    weights: [i32; 4],
    /// Most lost of a hundred people in thirty days, in minutes.
    worst: i64,
    minimum_answers: i32,
    minimum_promises: i32,
    minimum_reported: i64,
    incidents: Vec<Vec<Fact>>,
}

fn roll_facts(dice: &mut Dice, first: Minute, month_ends: Minute) -> Vec<Fact> {
    let opened = first + dice.below(29 * 1440) as i64;
    let mut at = opened;
    let mut facts = Vec::new();
    if dice.one_in(5) {
        facts.push(Fact { at: at - 40, said: Report::Assigned("desk") });
    }
    let people = (!dice.one_in(4)).then(|| dice.below(30) as i32);
    let trouble = dice.one_in(3).then(|| at - 1 - dice.below(500) as i64);
    let opening = Report::Opened(
        dice.pick(&["P1", "P2"]),
        people,
        people.is_some() && dice.one_in(3),
        trouble,
    );
    facts.push(Fact { at, said: opening });
    let (mut ended, mut restored, mut promised, mut priority) = (false, false, false, "");
    for _ in 0..dice.below(14) {
        let most = dice.pick(&[20, 200, 1000, 2500]);
        let next = at + 1 + dice.below(most) as i64;
        // Now and then in the very instant in which the month ends.
        at = if at < month_ends && next > month_ends { month_ends } else { next };
        let said = match dice.below(14) {
            _ if ended => match dice.below(3) {
                0 => Report::Surveyed(
                    (!dice.one_in(4)).then(|| dice.below(11) as i32),
                    (dice.below(2) * dice.below(90)) as i64,
                ),
                1 => {
                    (ended, restored) = (false, false);
                    Report::Moved(What::Reopened)
                }
                _ => continue,
            },
            0 | 1 if !restored => {
                let people = (!dice.one_in(3)).then(|| dice.below(40) as i32);
                let loss = dice.pick(&[0, 25, 50, 77, 100]);
                Report::Impact(people, (people.is_none() || dice.one_in(2)).then_some(loss))
            }
            2 | 3 => Report::Assigned(dice.pick(&["desk", "network"])),
            4 => Report::Replied,
            5 | 6 if !restored => {
                promised = true;
                Report::Promised(at + 1 + dice.below(1500) as i64)
            }
            7 | 8 => {
                let minutes = dice.below(300) as i64;
                let from = dice.one_in(2).then(|| at - minutes - dice.below(100) as i64);
                Report::Worked(from, minutes)
            }
            9 => Report::Moved(What::Waiting(
                dice.pick(&[
                    v1::WaitingOn::Client,
                    v1::WaitingOn::ThirdParty,
                    v1::WaitingOn::Provider,
                    v1::WaitingOn::Nobody,
                ]),
                "parts",
            )),
            10 => {
                restored = true;
                Report::Moved(What::Restored)
            }
            11 => {
                (ended, restored) = (true, true);
                Report::Moved(dice.pick(&[What::Resolved, What::Closed]))
            }
            // Whether a promise is kept when an incident is cancelled is not said.
            12 if !promised => {
                (ended, restored) = (true, true);
                Report::Moved(What::Cancelled)
            }
            13 => {
                let next = dice.pick(&["P1", "P2"]);
                if next == priority {
                    continue;
                }
                priority = next;
                Report::Moved(What::Priority(next))
            }
            _ => continue,
        };
        facts.push(Fact { at, said });
    }
    facts
}

fn roll_world(seed: u64) -> World {
    let mut dice = Dice::new(seed);
    let (zone, year, month) = dice.pick(&PLACES);
    let calendars: Vec<Calendar> =
        (0..2).map(|_| Calendar::roll(&mut dice, zone, year, month)).collect();
    let first = date(year, month, 1);
    let from = first.saturating_sub(jiff::Span::new().days(3));
    let tables = calendars.iter().map(|hours| hours.table(from, DAYS)).collect();
    let pauses = match dice.one_in(2) {
        true => vec![(v1::WaitingOn::Client, "", None)],
        false => Vec::new(),
    };
    let reopens = [
        v1::OnReopen::ContinueExcludingGap,
        v1::OnReopen::ContinueCountingGap,
        v1::OnReopen::Restart,
    ];
    let target = Target {
        id: "resolve",
        metric: v1::Metric::Resolution,
        limits: vec![("*", dice.pick(&[60, 240, 480]), 0)],
        pauses,
        on_priority_change: v1::OnPriorityChange::FromStart,
        on_reopen: dice.pick(&reopens),
        cycle_verdict: v1::CycleVerdict::Unspecified,
        answered_by: Vec::new(),
    };
    let begins = instant(zone, first, 0);
    let ends = instant(zone, first.saturating_add(jiff::Span::new().months(1)), 0);
    World {
        tenant: format!("x{seed}"),
        zone,
        first,
        calendars,
        tables,
        target,
        has_hours: dice.one_in(2),
        people: dice.pick(&[0, 40, 250]),
        limit: dice.one_in(2).then(|| dice.pick(&[30, 300])),
        first_contact_within: dice.one_in(3).then_some(1000),
        weights: [(); 4].map(|()| dice.pick(&[0, 20, 33])),
        worst: dice.pick(&[500, 6000, 60_000]),
        minimum_answers: 1 + dice.below(4) as i32,
        minimum_promises: 1 + dice.below(4) as i32,
        minimum_reported: dice.pick(&[20, 50, 90]),
        incidents: (0..8).map(|_| roll_facts(&mut dice, begins, ends)).collect(),
    }
}

impl World {
    fn hours(&self) -> Hours<'_> {
        Hours {
            people: &self.tables[usize::from(self.has_hours)],
            service: &self.tables[0],
            first_contact_within: self.first_contact_within,
        }
    }

    fn month(&self) -> std::ops::Range<Minute> {
        let next = self.first.saturating_add(jiff::Span::new().months(1));
        instant(self.zone, self.first, 0)..instant(self.zone, next, 0)
    }

    fn experience_terms(&self) -> v1::ExperienceTerms {
        let [lost_time, promises, idle, score] = self.weights;
        let weights = v1::SlxWeights {
            lost_time,
            promises,
            idle,
            score,
            worst_lost_time_per_hundred_people: Some(seconds(self.worst * 60)),
            minimum_answers: self.minimum_answers,
            minimum_promises: self.minimum_promises,
            minimum_reported_percent: self.minimum_reported.to_string(),
        };
        let limits = self.limit.map(|limit| v1::ExperienceLimit {
            priority: "P1".into(),
            limit: Some(seconds(limit * 60)),
        });
        let is_weighed = self.weights != [0; 4] && (self.people > 0 || lost_time == 0);
        v1::ExperienceTerms {
            calendar_id: if self.has_hours { "hours-1".into() } else { String::new() },
            limits: limits.into_iter().collect(),
            people: self.people as i32,
            slx_weights: is_weighed.then_some(weights),
            first_contact_within: self.first_contact_within.map(|most| seconds(most * 60)),
        }
    }

    fn objectives(&self) -> Vec<v1::Objective> {
        let mut measures = vec![
            Measure::AverageScore("7.5".into()),
            Measure::HappinessPercent("20".into()),
            Measure::FirstContactPercent("70".into()),
        ];
        if self.people > 0 {
            let most = seconds(self.worst * 60);
            measures.push(Measure::LostTimePerHundredPeople(most));
        }
        let objective = |measure| {
            let id = match &measure {
                Measure::AverageScore(_) => "score",
                Measure::HappinessPercent(_) => "happiness",
                Measure::FirstContactPercent(_) => "first",
                Measure::LostTimePerHundredPeople(_) => "lost",
            };
            let promise = v1::ExperienceObjective {
                measure: Some(measure),
                minimum_answers: self.minimum_answers,
                minimum_reported_percent: self.minimum_reported.to_string(),
                minimum_incidents: 2,
            };
            v1::Objective {
                id: id.into(),
                period: v1::ObjectivePeriod::Month as i32,
                promise: Some(v1::objective::Promise::Experience(promise)),
                ..Default::default()
            }
        };
        measures.into_iter().map(objective).collect()
    }

    async fn send(&self, clients: &mut Clients, dice: &mut Dice) {
        for (number, hours) in self.calendars.iter().enumerate() {
            let request = v1::PutCalendarRequest {
                tenant: self.tenant.clone(),
                calendar: Some(hours.to_wire(&format!("hours-{number}"))),
                ..Default::default()
            };
            clients.calendars.put_calendar(request).await.expect("put");
        }
        let contract = v1::Contract {
            id: "agreed".into(),
            kind: v1::ContractKind::Sla as i32,
            time_zone: self.zone.into(),
            currency: "EUR".into(),
            terms: Some(v1::Terms {
                targets: vec![self.target.to_wire()],
                objectives: self.objectives(),
                experience: Some(self.experience_terms()),
                ..Default::default()
            }),
            ..Default::default()
        };
        let (tenant, contract) = (self.tenant.clone(), Some(contract));
        let request = v1::PutContractRequest { tenant, contract, ..Default::default() };
        clients.contracts.put_contract(request).await.expect("put");
        let mut events = Vec::new();
        for (incident, facts) in self.incidents.iter().enumerate() {
            events.extend(facts.iter().enumerate().map(|(number, fact)| v1::IncidentEvent {
                event_id: format!("e{number}"),
                incident_id: format!("i{incident}"),
                occur_time: Some(wire_time(fact.at)),
                fact: Some(fact.said.to_wire()),
                ..Default::default()
            }));
        }
        dice.shuffle(&mut events);
        let request = v1::RecordEventsRequest { tenant: self.tenant.clone(), events };
        let answer = clients.incidents.record_events(request).await.expect("recorded");
        for result in answer.into_inner().results {
            assert!(result.rejection.is_none(), "{result:?}");
        }
    }

    fn story(&self, incident: usize, as_of: Minute) -> String {
        let facts = self.incidents[incident].iter();
        let facts: Vec<String> =
            facts.map(|fact| format!("{} {:?}", time(fact.at), fact.said)).collect();
        let World { tenant, target, calendars, has_hours, limit, .. } = self;
        format!(
            "{tenant} i{incident} as of {} {target:?} has hours {has_hours} limit {limit:?}\n  {}\n  \
             {calendars:?}",
            time(as_of),
            facts.join("\n  ")
        )
    }
}

/// Seconds of a span that has no fractions, in minutes; of people's time in hundredths of a second.
fn hundredths(span: Option<prost_types::Duration>) -> Option<i64> {
    span.map(|span| span.seconds * 100 + i64::from(span.nanos) / 10_000_000)
}

fn in_minutes(span: Option<prost_types::Duration>) -> i64 {
    hundredths(span).map_or(0, |span| span / 6000)
}

#[tokio::test]
async fn what_people_went_through_is_what_counting_minute_by_minute_gives() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let mut differences = Differences::default();
    for seed in worlds(8) {
        let world = roll_world(seed);
        let mut dice = Dice::new(seed + (1 << 32));
        world.send(&mut clients, &mut dice).await;
        for incident in 0..world.incidents.len() {
            for _ in 0..3 {
                let facts = &world.incidents[incident];
                let fact = &facts[dice.below(facts.len() as u64) as usize];
                let as_of = fact.at + dice.pick(&[0, 1, 300, 3000]);
                hold_incident(&world, incident, as_of, &mut clients, &mut differences).await;
            }
        }
        let month = world.month();
        let within = month.start + dice.below((month.end - month.start) as u64) as i64;
        for as_of in [within, month.end, month.end + 10 * 1440] {
            Month { world: &world, as_of }.hold(&mut clients, &mut differences).await;
        }
    }
    differences.assert_none();
}

async fn hold_incident(
    world: &World,
    incident: usize,
    as_of: Minute,
    clients: &mut Clients,
    differences: &mut Differences,
) {
    let facts = &world.incidents[incident];
    let model = experience(facts, &world.hours(), as_of);
    let request = v1::EvaluateIncidentRequest {
        tenant: world.tenant.clone(),
        incident_id: format!("i{incident}"),
        as_of_time: Some(wire_time(as_of)),
        ..Default::default()
    };
    let answer = clients.clocks.evaluate_incident(request).await.expect("evaluated").into_inner();
    let story =
        || format!("{model:?}\n  {:?}\n  {}", answer.experience, world.story(incident, as_of));
    let Some(server) = answer.experience.first() else {
        return differences.compare("experience", model.trouble_start, None, story);
    };
    let flow = server.flow.clone().unwrap_or_default();
    let trouble =
        (super::minutes(server.trouble_start_time), super::minutes(server.trouble_end_time));
    differences.compare("trouble", (model.trouble_start, model.trouble_end), trouble, story);
    differences.compare(
        "experienced",
        model.experienced,
        in_minutes(server.experienced_time),
        story,
    );
    differences.compare("lost", model.lost, hundredths(server.lost_time), story);
    differences.compare("people hit", model.people_hit, server.people_hit.into(), story);
    let times = [flow.touch_time, flow.service_time, flow.idle_time].map(in_minutes);
    differences.compare("flow", [model.touch, model.service, model.idle], times, story);
    differences.compare("handovers", model.handovers, flow.handovers, story);
    differences.compare("reopenings", model.reopenings, flow.reopenings, story);
    let promises = [flow.promises_kept, flow.promises_broken, flow.promises_open];
    differences.compare("promises", model.promises, promises, story);
    differences.compare("first contact", model.first_contact, server.first_contact, story);
    let efficiency = percent(model.worked_service, model.service);
    differences.compare("efficiency", efficiency, ten_thousandths(&flow.efficiency_percent), story);
    let counted: i64 = cycles(&world.target, &world.tables, &of_clocks(facts), as_of, None)
        .iter()
        .map(|cycle| cycle.elapsed)
        .sum();
    let gap = hundredths(server.gap).map(|gap| gap / 6000);
    differences.compare("gap", Some(model.experienced - counted), gap, story);
    let answers = survey(facts.iter().filter(|fact| fact.at <= as_of));
    hold_survey(&answers, server.survey.as_ref(), story, differences);
}

fn hold_survey(
    model: &Survey,
    server: Option<&v1::SurveyFigures>,
    story: impl Fn() -> String,
    differences: &mut Differences,
) {
    let server = server.cloned().unwrap_or_default();
    differences.compare("answers", model.scores, server.answers, &story);
    let average = (model.scores > 0).then(|| model.sum * 100 / model.scores * 100);
    differences.compare("score", average, ten_thousandths(&server.average_score), &story);
    let happy = (model.scores > 0).then(|| (model.happy * 10_000).div_euclid(model.scores) * 100);
    differences.compare("happiness", happy, ten_thousandths(&server.happiness_percent), &story);
    differences.compare("survey lost", model.lost, in_minutes(server.lost_time), story);
}

/// A share in percent, in ten-thousandths of one percent, rounded down.
fn percent(part: i64, whole: i64) -> Option<i64> {
    (part * 1_000_000).checked_div(whole)
}

/// "99.5" as 995,000; none: empty.
fn ten_thousandths(percent: &str) -> Option<i64> {
    if percent.is_empty() {
        return None;
    }
    let (sign, digits) = percent.strip_prefix('-').map_or((1, percent), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let number: i64 = format!("{whole}{fraction:0<4}").parse().expect("a decimal number");
    Some(sign * number)
}

/// The month as of an instant.
struct Month<'a> {
    world: &'a World,
    as_of: Minute,
}

impl Month<'_> {
    /// The incidents whose target is placed in the month: by its end, and the answers to surveys.
    fn counted(&self) -> Vec<(Experience, Survey)> {
        let world = self.world;
        let month = world.month();
        let to = self.as_of.min(month.end);
        let placed = world.incidents.iter().filter(|facts| {
            let cycles = cycles(&world.target, &world.tables, &of_clocks(facts), self.as_of, None);
            let place = verdict(&world.target, &cycles).and_then(|verdict| verdict.place);
            place.is_some_and(|place| month.contains(&place))
        });
        let count = |facts: &Vec<Fact>| {
            let answers = survey(facts.iter().filter(|fact| fact.at <= self.as_of));
            // What happens at the month's end is no part of the month.
            let within: Vec<Fact> =
                facts.iter().filter(|fact| fact.at < month.end).cloned().collect();
            (experience(&within, &world.hours(), to), answers)
        };
        placed.map(count).collect()
    }

    async fn hold(&self, clients: &mut Clients, differences: &mut Differences) {
        let request = v1::GetComplianceRequest {
            tenant: self.world.tenant.clone(),
            contract_id: "agreed".into(),
            period: format!("{:04}-{:02}", self.world.first.year(), self.world.first.month()),
            as_of_time: Some(wire_time(self.as_of)),
            ..Default::default()
        };
        let answer = clients.compliance.get_compliance(request).await.expect("counted");
        let answer = answer.into_inner();
        let counted = self.counted();
        let group = answer.groups.first().cloned().unwrap_or_default();
        let totals = group.experience_totals.unwrap_or_default();
        let story = || {
            let answers = |incident| self.world.story(incident, self.as_of);
            let all: Vec<String> = (0..self.world.incidents.len()).map(answers).collect();
            format!(
                "{} as of {} {counted:?}\n {totals:?}\n {:?}\n{}",
                self.world.tenant,
                time(self.as_of),
                self.world.experience_terms(),
                all[0]
            )
        };
        self.hold_totals(&counted, &totals, story, differences);
        self.hold_figure(&counted, &answer, story, differences);
        self.hold_objectives(&counted, &answer, story, differences);
    }

    fn hold_totals(
        &self,
        counted: &[(Experience, Survey)],
        totals: &v1::ExperienceTotals,
        story: impl Fn() -> String,
        differences: &mut Differences,
    ) {
        let sum = |of: fn(&Experience) -> i64| counted.iter().map(|(one, _)| of(one)).sum::<i64>();
        let mut compare = |kind, model, server| differences.compare(kind, model, server, &story);
        let reported = sum(|one| one.lost.is_some().into());
        let worked = sum(|one| one.is_work_reported.into());
        compare("total incidents", counted.len() as i64, totals.incidents);
        compare("total people hit", sum(|one| one.people_hit), totals.people_hit);
        compare("total reported", reported, totals.people_reported);
        compare("total estimated", sum(|one| one.is_estimated.into()), totals.people_estimated);
        let lost = sum(|one| one.lost.unwrap_or(0));
        compare(
            "total lost",
            if reported > 0 { lost } else { -1 },
            hundredths(totals.lost_time).unwrap_or(-1),
        );
        compare(
            "total experienced",
            sum(|one| one.experienced),
            in_minutes(totals.experienced_time),
        );
        compare("total work reported", worked, totals.work_reported);
        let measured = |span: Option<prost_types::Duration>| span.map_or(-1, |_| in_minutes(span));
        let of = |model: i64| if worked > 0 { model } else { -1 };
        compare("total touch", of(sum(|one| one.touch)), measured(totals.touch_time));
        compare("total idle", of(sum(|one| one.idle)), measured(totals.idle_time));
        compare("total service", sum(|one| one.service), in_minutes(totals.service_time));
        compare("total handovers", sum(|one| one.handovers), totals.handovers);
        compare("total reopenings", sum(|one| one.reopenings), totals.reopenings);
        compare("total kept", sum(|one| one.promises[0]), totals.promises_kept);
        compare("total broken", sum(|one| one.promises[1]), totals.promises_broken);
        compare(
            "total first",
            sum(|one| (one.first_contact == Some(true)).into()),
            totals.first_contact,
        );
        compare(
            "total first known",
            sum(|one| one.first_contact.is_some().into()),
            totals.first_contact_known,
        );
        let mut each: Vec<i64> = counted.iter().filter_map(|(one, _)| one.lost).collect();
        each.sort_unstable();
        let median = each.len().div_ceil(2).checked_sub(1).map_or(-1, |rank| each[rank] / 100);
        compare("total median", median, totals.lost_time_p50.map_or(-1, |span| span.seconds));
        let answers = all_answers(counted);
        hold_survey(&answers, totals.survey.as_ref(), &story, differences);
    }

    fn hold_figure(
        &self,
        counted: &[(Experience, Survey)],
        answer: &v1::GetComplianceResponse,
        story: impl Fn() -> String,
        differences: &mut Differences,
    ) {
        let Some(slx) = &answer.slx else { return };
        let month = self.world.month();
        let sum = |of: fn(&Experience) -> i64| counted.iter().map(|(one, _)| of(one)).sum::<i64>();
        let passed = self.as_of.min(month.end) - month.start;
        let incidents = counted.len() as i64;
        let reported = sum(|one| one.lost.is_some().into());
        let worked = sum(|one| one.is_work_reported.into());
        let enough = |many: i64| many * 100 >= self.world.minimum_reported * incidents;
        let answers = all_answers(counted);
        // Each as a share, and whether it counts. The figure is made of the parts as they are shown.
        let worst = i128::from(self.world.worst * 60 * self.world.people * passed);
        let lost = i128::from(sum(|one| one.lost.unwrap_or(0))) * 30 * 1440;
        let (kept, broken) = (sum(|one| one.promises[0]), sum(|one| one.promises[1]));
        let service = i128::from(sum(|one| one.service));
        let idle = i128::from(sum(|one| one.idle));
        let parts = [
            ((worst - lost).max(0), worst, reported > 0 && enough(reported) && worst > 0),
            (
                kept.into(),
                (kept + broken).into(),
                kept + broken >= self.world.minimum_promises.into(),
            ),
            (service - idle, service, worked > 0 && enough(worked) && service > 0),
            (
                answers.sum.into(),
                i128::from(answers.scores) * 10,
                answers.scores >= self.world.minimum_answers.into(),
            ),
        ];
        let server = [&slx.lost_time, &slx.promises, &slx.idle, &slx.score];
        for (number, (part, server)) in parts.iter().zip(server).enumerate() {
            let server = server.clone().unwrap_or_default();
            let kind = ["slx lost", "slx promises", "slx idle", "slx score"][number];
            if part.2 {
                let model = Some((part.0 * 1_000_000 / part.1) as i64);
                differences.compare(kind, model, ten_thousandths(&server.percent), &story);
            }
            differences.compare("slx counts", (kind, part.2), (kind, server.counts), &story);
        }
        let weighed =
            parts.iter().zip(self.world.weights).filter(|(part, weight)| part.2 && *weight > 0);
        let (mut sum, mut weights) = (0, 0);
        for (part, weight) in weighed {
            sum += i128::from(weight) * (part.0 * 1_000_000 / part.1);
            weights += i128::from(weight);
        }
        let model = sum.checked_div(weights).map(|figure| figure as i64);
        differences.compare("slx", model, ten_thousandths(&slx.percent), story);
    }

    fn hold_objectives(
        &self,
        counted: &[(Experience, Survey)],
        answer: &v1::GetComplianceResponse,
        story: impl Fn() -> String,
        differences: &mut Differences,
    ) {
        use v1::ObjectiveVerdict as Is;
        let sum = |of: fn(&Experience) -> i64| counted.iter().map(|(one, _)| of(one)).sum::<i64>();
        let answers = all_answers(counted);
        let has_ended = self.as_of >= self.world.month().end;
        let of_share = |reached: bool, known: bool| match (known, reached, has_ended) {
            (false, ..) => Is::NoData,
            (_, true, _) => Is::Met,
            (_, false, true) => Is::Missed,
            (_, false, false) => Is::AtRisk,
        };
        let answered = answers.scores >= self.world.minimum_answers.into();
        let first = sum(|one| (one.first_contact == Some(true)).into());
        let known = sum(|one| one.first_contact.is_some().into());
        let reported = sum(|one| one.lost.is_some().into());
        let lost = sum(|one| one.lost.unwrap_or(0));
        let is_too_much = lost > self.world.worst * 60 * self.world.people;
        let is_enough = reported * 100 >= self.world.minimum_reported * counted.len() as i64;
        for result in &answer.objectives {
            let id = result.objective.as_ref().map_or("", |of| of.id.as_str());
            let model = match id {
                "score" => of_share(answers.sum * 10 >= answers.scores * 75, answered),
                "happiness" => of_share(answers.happy * 100 >= answers.scores * 20, answered),
                "first" => of_share(first * 100 >= known * 70, known >= 2),
                _ if is_too_much => Is::Missed,
                _ if is_enough => Is::Met,
                _ => Is::NoData,
            };
            differences.compare("objective", (id, model), (id, result.verdict()), &story);
        }
    }
}

fn all_answers(counted: &[(Experience, Survey)]) -> Survey {
    counted.iter().fold(Survey::default(), |sum, (_, of)| Survey {
        scores: sum.scores + of.scores,
        sum: sum.sum + of.sum,
        happy: sum.happy + of.happy,
        lost: sum.lost + of.lost,
    })
}
