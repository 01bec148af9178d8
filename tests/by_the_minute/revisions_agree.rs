//! Which revision governs a clock, and which incidents that are open one takes over, against
//! `EvaluateIncident`. Written from the words of docs/concepts.md and contract.proto.

use jiff::civil::date;
use slx::codec::v1;

use super::calendar::{Hours, Minute, PLACES, Table, instant};
use super::clock::{Cycle, Fact, Target, What, cycles, cycles_since};
use super::world::roll_facts;
use super::{Differences, described, minutes, time, wire_time, worlds};
use crate::random::Dice;
use crate::testing::{Clients, Server, seconds};

#[derive(Clone, Debug)]
struct Revision {
    /// None: always.
    effective: Option<Minute>,
    applies_to_open: bool,
    open_incidents: v1::OpenIncidents,
    /// None: it does not have the target.
    target: Option<Target>,
}

#[derive(Debug)]
struct World {
    tenant: String,
    zone: &'static str,
    calendars: Vec<Hours>,
    tables: Vec<Table>,
    revisions: Vec<Revision>,
    ends: Option<Minute>,
    incidents: Vec<Vec<Fact>>,
}

fn roll_target(dice: &mut Dice, on_reopen: v1::OnReopen, metric: v1::Metric) -> Target {
    let pauses = match dice.one_in(2) {
        true => vec![(v1::WaitingOn::Client, "", dice.one_in(2).then_some(100))],
        false => Vec::new(),
    };
    Target {
        id: "agreed",
        metric,
        limits: vec![("*", dice.pick(&[60, 300, 1000, 4000]), dice.below(2) as usize)],
        pauses,
        on_priority_change: v1::OnPriorityChange::FromStart,
        on_reopen,
        cycle_verdict: v1::CycleVerdict::Unspecified,
        answered_by: Vec::new(),
    }
}

fn roll_world(seed: u64) -> World {
    let mut dice = Dice::new(seed);
    let (zone, year, month) = dice.pick(&PLACES);
    let month_begins = date(year, month, 1);
    let calendars: Vec<Hours> = (0..2).map(|_| Hours::roll(&mut dice, zone, year, month)).collect();
    let first = month_begins.yesterday().expect("a date");
    let tables = calendars.iter().map(|hours| hours.table(first, 70)).collect();
    let begins = instant(zone, month_begins, 0);
    let incidents: Vec<Vec<Fact>> = (0..8).map(|_| roll_facts(&mut dice, begins)).collect();
    let reopens = [
        v1::OnReopen::ContinueExcludingGap,
        v1::OnReopen::ContinueCountingGap,
        v1::OnReopen::Ignore,
    ];
    let (on_reopen, metric) =
        (dice.pick(&reopens), dice.pick(&[v1::Metric::Resolution, v1::Metric::Response]));
    let mut at = begins;
    let is_taken = |at: Minute| incidents.iter().flatten().any(|fact| fact.at == at);
    let revisions = (0..3).map(|number| {
        at += 1 + dice.below(16 * 1440) as i64;
        while is_taken(at) {
            at += 1;
        }
        let lacks_it = number == 0 && dice.one_in(3);
        Revision {
            effective: (number > 0 || dice.one_in(2)).then_some(at),
            applies_to_open: dice.one_in(2),
            open_incidents: dice.pick(&[
                v1::OpenIncidents::NotTakenOver,
                v1::OpenIncidents::FromOpening,
                v1::OpenIncidents::FromEffect,
            ]),
            target: (!lacks_it).then(|| roll_target(&mut dice, on_reopen, metric)),
        }
    });
    let revisions: Vec<Revision> = revisions.collect();
    let ends = dice.one_in(4).then(|| at + 1 + dice.below(10_000) as i64);
    let tenant = format!("r{seed}");
    World { tenant, zone, calendars, tables, revisions, ends, incidents }
}

/// A clock under the revision that governs it.
struct Governed<'a> {
    revision: usize,
    target: &'a Target,
    since: Option<Minute>,
}

impl World {
    fn evaluate(&self, governed: &Governed<'_>, facts: &[Fact], as_of: Minute) -> Option<Cycle> {
        let Governed { target, since, .. } = governed;
        cycles_since(target, &self.tables, facts, as_of, None, *since).pop()
    }

    /// The revision in force at a minute, with its number.
    fn in_force(&self, at: Minute) -> Option<(usize, &Revision)> {
        let begun = |revision: &Revision| revision.effective.is_none_or(|effect| effect <= at);
        self.revisions.iter().enumerate().rfind(|(_, revision)| begun(revision))
    }

    /// The clock of an incident as of a minute; none: it has none.
    fn governed(&self, facts: &[Fact], as_of: Minute) -> Option<Governed<'_>> {
        let opened = facts.iter().find(|fact| matches!(fact.what, What::Opened(_)))?.at;
        if opened > as_of || self.ends.is_some_and(|end| end <= opened) {
            return None;
        }
        let in_force = self.in_force(opened);
        let mut clock = in_force.and_then(|(revision, of)| {
            of.target.as_ref().map(|target| Governed { revision, target, since: None })
        });
        // It was over when a revision took effect that begins clocks from then on.
        let mut begins_again = false;
        for minute in opened + 1..=as_of {
            let revised = |of: &&Revision| of.effective == Some(minute);
            if let Some(revision) = self.revisions.iter().position(|of| revised(&of)) {
                let of = &self.revisions[revision];
                let Some(target) = &of.target else { continue };
                match &clock {
                    Some(governed) => {
                        let cycle = self.evaluate(governed, facts, minute);
                        let is_undecided = cycle.is_some_and(|cycle| {
                            cycle.outcome == v1::Outcome::Undecided && cycle.stop.is_none()
                        });
                        if is_undecided && of.applies_to_open {
                            let since = governed.since;
                            clock = Some(Governed { revision, target, since });
                        }
                    }
                    None => {
                        let is_over = |on_reopen| {
                            let as_though = Target { on_reopen, ..target.clone() };
                            let all = cycles(&as_though, &self.tables, facts, minute, None);
                            all.last().is_some_and(|cycle| cycle.stop.is_some())
                        };
                        // Of what is open then there was no clock that a reopening could leave.
                        let is_open = !is_over(v1::OnReopen::Restart);
                        let since = match of.open_incidents {
                            v1::OpenIncidents::FromOpening if !is_over(target.on_reopen) => None,
                            v1::OpenIncidents::FromOpening | v1::OpenIncidents::FromEffect => {
                                Some(minute)
                            }
                            _ => continue,
                        };
                        begins_again = !is_open;
                        if is_open {
                            clock = Some(Governed { revision, target, since });
                        }
                    }
                }
            }
            let is_reopened = facts.iter().any(|of| of.at == minute && of.what == What::Reopened);
            let is_in_force = self.ends.is_none_or(|end| minute < end);
            if clock.is_none() && begins_again && is_reopened && is_in_force {
                let (revision, of) = self.in_force(minute)?;
                let target = of.target.as_ref()?;
                clock = Some(Governed { revision, target, since: Some(minute) });
            }
        }
        clock
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
        for revision in &self.revisions {
            let mut other =
                roll_target(&mut Dice::new(1), v1::OnReopen::Unspecified, v1::Metric::Restoration);
            other.id = "other";
            let targets = revision.target.iter().chain([&other]).map(Target::to_wire).collect();
            let request = v1::PutContractRequest {
                tenant: self.tenant.clone(),
                contract: Some(v1::Contract {
                    id: "agreed".into(),
                    kind: v1::ContractKind::Sla as i32,
                    title: format!("Since {:?}", revision.effective),
                    time_zone: self.zone.into(),
                    currency: "EUR".into(),
                    applies_to_open_clocks: revision.applies_to_open,
                    open_incidents: revision.open_incidents as i32,
                    terms: Some(v1::Terms { targets, ..Default::default() }),
                    ..Default::default()
                }),
                effective_time: revision.effective.map(wire_time),
                ..Default::default()
            };
            clients.contracts.put_contract(request).await.expect("put");
        }
        if let Some(end) = self.ends {
            let request = v1::EndContractRequest {
                tenant: self.tenant.clone(),
                contract_id: "agreed".into(),
                end_time: Some(wire_time(end)),
            };
            clients.contracts.end_contract(request).await.expect("ended");
        }
        let mut events = Vec::new();
        for (incident, facts) in self.incidents.iter().enumerate() {
            events.extend(facts.iter().map(|fact| v1::IncidentEvent {
                event_id: fact.id.clone(),
                incident_id: format!("i{incident}"),
                occur_time: Some(wire_time(fact.at)),
                occur_order: fact.order,
                fact: Some(fact.what.to_wire("agreed")),
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
}

#[tokio::test]
async fn clocks_under_revisions_are_what_counting_minute_by_minute_gives() {
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
                let as_of = world.tables[0].from + dice.below(60 * 1440) as i64;
                hold_clock(&world, incident, as_of, &mut clients, &mut differences).await;
            }
        }
    }
    differences.assert_none();
}

async fn hold_clock(
    world: &World,
    incident: usize,
    as_of: Minute,
    clients: &mut Clients,
    differences: &mut Differences,
) {
    let request = v1::EvaluateIncidentRequest {
        tenant: world.tenant.clone(),
        incident_id: format!("i{incident}"),
        as_of_time: Some(wire_time(as_of)),
        ..Default::default()
    };
    let answer = clients.clocks.evaluate_incident(request).await.expect("evaluated").into_inner();
    let facts = &world.incidents[incident];
    let governed = world.governed(facts, as_of);
    let model = governed.as_ref().and_then(|governed| world.evaluate(governed, facts, as_of));
    let server = answer.clocks.iter().find(|clock| clock.target_id == "agreed");
    let story = || {
        let facts: Vec<String> = facts.iter().map(described).collect();
        let of = |revision: &Revision| format!("{:?} {revision:?}", revision.effective.map(time));
        let revisions: Vec<String> = world.revisions.iter().map(of).collect();
        let World { tenant, ends, calendars, .. } = world;
        format!(
            "{tenant} i{incident} as of {} ends {:?}\n  {:?} {:?}\n  {server:?}\n  {}\n  {}\n  {calendars:?}",
            time(as_of),
            ends.map(time),
            governed.as_ref().map(|governed| governed.revision + 1),
            model.as_ref().map(Cycle::brief),
            revisions.join("\n  "),
            facts.join("\n  ")
        )
    };
    differences.compare("clock", model.is_some(), server.is_some(), story);
    let (Some(cycle), Some(server), Some(governed)) = (&model, server, &governed) else { return };
    let revision = governed.revision as i32 + 1;
    differences.compare("revision", revision, server.contract_revision, story);
    let times = [Some(cycle.start), cycle.stop, cycle.breach].map(|at| at.map(time));
    let other = [server.start_time, server.stop_time, server.breach_time];
    differences.compare("times", times, other.map(|at| minutes(at).map(time)), story);
    let outcome = match server.outcome() {
        v1::Outcome::Excluded => server.excluded_outcome(),
        outcome => outcome,
    };
    differences.compare("outcome", cycle.outcome, outcome, story);
    let spans = [cycle.elapsed, cycle.limit].map(|span| Some(seconds(span * 60)));
    differences.compare("spans", spans, [server.elapsed, server.limit], story);
}
