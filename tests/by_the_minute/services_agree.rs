//! Availability of a service, minute by minute, against the objectives of `GetCompliance`. Written
//! from the words of incident.proto, results.proto, contract.proto and docs/periods.md.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use slx::codec::v1;
use slx::codec::v1::objective::Promise;
use slx::codec::v1::service_event::Fact as Wire;

use super::calendar::{Hours, Minute, PLACES, Table, instant};
use super::{Differences, month_of, wire_time, worlds};
use crate::random::Dice;
use crate::testing::{Clients, Server, seconds};

#[derive(Clone, Debug)]
enum What {
    /// Whether it is an outage (or a degradation), whether it starts, id, source.
    Trouble(bool, bool, &'static str, &'static str),
    /// From, to, announced.
    Maintenance(Minute, Minute, Minute),
}

#[derive(Clone, Debug)]
struct Fact {
    at: Minute,
    order: i64,
    what: What,
}

#[derive(Debug)]
struct World {
    tenant: String,
    hours: Hours,
    table: Table,
    first: Date,
    facts: Vec<Fact>,
    in_force: (Option<Minute>, Option<Minute>),
    /// In percent.
    promised: i64,
    weight: i64,
    notice: i64,
}

/// Seconds of agreed time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Uptime {
    agreed: i64,
    agreed_in_period: i64,
    downtime: i64,
    degraded: i64,
    maintenance: i64,
}

fn roll_world(seed: u64) -> World {
    let mut dice = Dice::new(seed);
    let (zone, year, month) = dice.pick(&PLACES);
    let hours = Hours::roll(&mut dice, zone, year, month);
    let first = date(year, month, 1);
    let table = hours.table(first.saturating_sub(jiff::Span::new().days(3)), 40);
    let begins = instant(zone, first, 0);
    let mut at = begins - 2000;
    let mut facts = Vec::new();
    for _ in 0..6 + dice.below(30) {
        if !dice.one_in(4) {
            at += 1 + dice.below(2000) as i64;
        }
        let start = at + 30 * dice.below(8) as i64;
        let (id, source) = dice.pick(&[("a", "m1"), ("a", "m2"), ("", "m1"), ("", "m2")]);
        let what = match dice.below(6) {
            0 => What::Maintenance(start, start + 1 + dice.below(900) as i64, at),
            _ => What::Trouble(!dice.one_in(3), dice.one_in(2), id, source),
        };
        facts.push(Fact { at, order: dice.below(2) as i64, what });
    }
    let mut some = || dice.one_in(3).then(|| begins + dice.below(31 * 1440) as i64);
    let (one, other) = (some(), some());
    let in_force = match (one, other) {
        (Some(one), Some(other)) if one >= other => (None, Some(other)),
        both => both,
    };
    let promised = dice.pick(&[50, 90, 99]);
    let (weight, notice) = (dice.pick(&[0, 50, 100]), dice.pick(&[0, 60, 100]));
    let tenant = format!("s{seed}");
    World { tenant, hours, table, first, facts, in_force, promised, weight, notice }
}

impl World {
    fn events(&self, dice: &mut Dice) -> Vec<v1::ServiceEvent> {
        let event = |(number, fact): (usize, &Fact)| v1::ServiceEvent {
            recorded_by: String::new(),
            event_id: format!("e{number}"),
            service: "line".into(),
            occur_time: Some(wire_time(fact.at)),
            occur_order: fact.order,
            source: match fact.what {
                What::Trouble(_, _, _, source) => source.into(),
                What::Maintenance(..) => String::new(),
            },
            fact: Some(fact.what.to_wire()),
        };
        let mut events: Vec<_> = self.facts.iter().enumerate().map(event).collect();
        dice.shuffle(&mut events);
        events
    }

    /// Whether there is an outage (or a degradation) in a minute: each that is kept apart lasts after
    /// more starts than ends of one instant and order, and not after more ends than starts.
    fn has_trouble(&self, outage: bool, minute: Minute) -> bool {
        let mut together = BTreeMap::<(Minute, i64), BTreeMap<(&str, &str), i64>>::new();
        for fact in self.facts.iter().filter(|fact| fact.at <= minute) {
            if let What::Trouble(is_outage, starts, id, source) = fact.what
                && is_outage == outage
            {
                let key = if id.is_empty() { ("", source) } else { (id, "") };
                let of_instant = together.entry((fact.at, fact.order)).or_default();
                *of_instant.entry(key).or_default() += if starts { 1 } else { -1 };
            }
        }
        let mut lasts = BTreeMap::new();
        for (key, balance) in together.into_values().flatten() {
            if balance != 0 {
                lasts.insert(key, balance > 0);
            }
        }
        lasts.into_values().any(|lasts| lasts)
    }

    fn is_planned(&self, minute: Minute, as_of: Minute) -> bool {
        self.facts.iter().any(|fact| match fact.what {
            What::Maintenance(from, to, announced) => {
                let in_time = announced < from && from - announced >= self.notice;
                fact.at <= as_of && in_time && from <= minute && minute < to
            }
            What::Trouble(..) => false,
        })
    }

    fn month(&self) -> std::ops::Range<Minute> {
        let next = self.first.saturating_add(jiff::Span::new().months(1));
        instant(self.hours.zone, self.first, 0)..instant(self.hours.zone, next, 0)
    }

    fn uptime(&self, as_of: Minute) -> Uptime {
        let mut uptime = Uptime::default();
        for minute in self.month().filter(|minute| self.table.is_open(*minute)) {
            let (begins, ends) = self.in_force;
            if begins.is_some_and(|at| minute < at) || ends.is_some_and(|at| minute >= at) {
                continue;
            }
            uptime.agreed_in_period += 60;
            if minute >= as_of {
                continue;
            }
            uptime.agreed += 60;
            if self.is_planned(minute, as_of) {
                uptime.maintenance += 60;
            } else if self.has_trouble(true, minute) {
                uptime.downtime += 60;
            } else if self.has_trouble(false, minute) {
                uptime.degraded += 60;
            }
        }
        uptime.downtime += uptime.degraded * self.weight / 100;
        uptime
    }

    fn verdict(&self, uptime: &Uptime, as_of: Minute) -> v1::ObjectiveVerdict {
        let reached = |agreed: i64| (agreed - uptime.downtime) * 100 >= self.promised * agreed;
        match (uptime.agreed, as_of >= self.month().end) {
            (0, _) => v1::ObjectiveVerdict::NoData,
            (agreed, true) if reached(agreed) => v1::ObjectiveVerdict::Met,
            (_, true) => v1::ObjectiveVerdict::Missed,
            (agreed, false) if reached(agreed) => v1::ObjectiveVerdict::Met,
            (_, false) if reached(uptime.agreed_in_period) => v1::ObjectiveVerdict::AtRisk,
            (_, false) => v1::ObjectiveVerdict::Missed,
        }
    }

    fn contract(&self) -> v1::Contract {
        let promise = Promise::Availability(v1::AvailabilityObjective {
            service: "line".into(),
            percent: self.promised.to_string(),
            calendar_id: "hours".into(),
            degradation_weight_percent: self.weight.to_string(),
            maintenance_notice: Some(seconds(self.notice * 60)),
            ..Default::default()
        });
        let objective = v1::Objective {
            id: "up".into(),
            period: v1::ObjectivePeriod::Month as i32,
            promise: Some(promise),
            ..Default::default()
        };
        v1::Contract {
            id: "agreed".into(),
            kind: v1::ContractKind::Sla as i32,
            time_zone: self.hours.zone.into(),
            currency: "EUR".into(),
            terms: Some(v1::Terms { objectives: vec![objective], ..Default::default() }),
            ..Default::default()
        }
    }

    async fn send_facts(&self, clients: &mut Clients, dice: &mut Dice) {
        let tenant = self.tenant.clone();
        let calendar = Some(self.hours.to_wire("hours"));
        let request = v1::PutCalendarRequest { tenant, calendar, ..Default::default() };
        clients.calendars.put_calendar(request).await.expect("put");
        let request = v1::PutContractRequest {
            tenant: self.tenant.clone(),
            contract: Some(self.contract()),
            effective_time: self.in_force.0.map(wire_time),
            ..Default::default()
        };
        clients.contracts.put_contract(request).await.expect("put");
        if let Some(end) = self.in_force.1 {
            let request = v1::EndContractRequest {
                tenant: self.tenant.clone(),
                contract_id: "agreed".into(),
                end_time: Some(wire_time(end)),
            };
            clients.contracts.end_contract(request).await.expect("ended");
        }
        let (tenant, events) = (self.tenant.clone(), self.events(dice));
        let request = v1::RecordServiceEventsRequest { tenant, events };
        let answer = clients.incidents.record_service_events(request).await.expect("recorded");
        for result in answer.into_inner().results {
            assert!(result.rejection.is_none(), "{result:?}");
        }
    }
}

impl What {
    fn to_wire(&self) -> Wire {
        let id = |id: &&str| (*id).to_owned();
        match self {
            What::Trouble(true, true, outage, _) => {
                Wire::OutageStarted(v1::OutageStarted { outage_id: id(outage) })
            }
            What::Trouble(true, false, outage, _) => {
                Wire::OutageEnded(v1::OutageEnded { outage_id: id(outage) })
            }
            What::Trouble(false, true, outage, _) => {
                Wire::DegradationStarted(v1::DegradationStarted { outage_id: id(outage) })
            }
            What::Trouble(false, false, outage, _) => {
                Wire::DegradationEnded(v1::DegradationEnded { outage_id: id(outage) })
            }
            What::Maintenance(from, to, announced) => {
                Wire::MaintenanceScheduled(v1::MaintenanceScheduled {
                    start_time: Some(wire_time(*from)),
                    end_time: Some(wire_time(*to)),
                    announce_time: Some(wire_time(*announced)),
                })
            }
        }
    }
}

#[tokio::test]
async fn availability_is_what_counting_minute_by_minute_gives() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let mut differences = Differences::default();
    for seed in worlds(10) {
        let world = roll_world(seed);
        let mut dice = Dice::new(seed + (1 << 32));
        world.send_facts(&mut clients, &mut dice).await;
        let month = world.month();
        let within = month.start + dice.below((month.end - month.start) as u64) as i64;
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
    let answer = month_of(clients, &world.tenant, world.first, as_of).await;
    let uptime = world.uptime(as_of);
    let [result] = &answer.objectives[..] else {
        let story = || format!("as of {as_of}: {world:?}");
        return differences.compare("results", 1, answer.objectives.len(), story);
    };
    let story = || {
        let (begin, end) = (world.month().start, world.month().end);
        let World { tenant, hours, facts, in_force, promised, weight, notice, .. } = world;
        format!(
            "{tenant} as of {as_of}, month {begin}..{end}, in force {in_force:?}, {promised} %, weight \
             {weight}, notice {notice}, {hours:?}\n{facts:?}\n{result:?}"
        )
    };
    differences.compare("verdict", world.verdict(&uptime, as_of), result.verdict(), story);
    if uptime.agreed == 0 {
        return;
    }
    let share = (uptime.agreed - uptime.downtime) * 1_000_000 / uptime.agreed;
    differences.compare("percent", share, ten_thousandths(&result.percent), story);
    let reported = result.uptime.clone().unwrap_or_default();
    let whole = |time: Option<prost_types::Duration>| time.map_or(0, |time| time.seconds);
    let server = Uptime {
        agreed: whole(reported.agreed),
        agreed_in_period: whole(reported.agreed_in_period),
        downtime: whole(reported.downtime),
        degraded: whole(reported.degraded),
        maintenance: whole(reported.maintenance),
    };
    differences.compare("uptime", uptime, server, story);
}

/// "99.5" as 995,000.
fn ten_thousandths(percent: &str) -> i64 {
    let (whole, fraction) = percent.split_once('.').unwrap_or((percent, ""));
    format!("{whole}{fraction:0<4}").parse().unwrap_or(-1)
}
