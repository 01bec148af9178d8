//! What months count and credit, against `GetCompliance`, as of instants within a month and after it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use slx::codec::v1;

use super::calendar::{Minute, instant};
use super::clock::{Cycle, Fact, Target, cycles};
use super::verdict::{Kind, Verdict, exclusions, verdict};
use super::world::{BATCHES, FEE, World};
use super::{Differences, described, wire_time};
use crate::random::Dice;
use crate::testing::{Clients, seconds};

/// A month, as of an instant, by the knowledge of which batch.
struct Month<'a> {
    world: &'a World,
    begins: Date,
    within: std::ops::Range<Minute>,
    as_of: Minute,
    batch: usize,
}

/// A target of an incident, as a month counts it.
#[derive(Clone, Debug)]
struct Placed {
    incident: usize,
    target: &'static str,
    priority: &'static str,
    kind: Kind,
    is_excluded: bool,
    /// As experienced, without pauses, by the month's end; none: facts after it may have a say.
    experienced: Option<Kind>,
    /// What had elapsed at the month's end; none likewise.
    elapsed: Option<i64>,
}

/// Met, breached, undecided, cancelled; then the same of those that are excluded.
type Tally = [i64; 8];

fn number(kind: Kind) -> usize {
    match kind {
        Kind::Met => 0,
        Kind::Breached => 1,
        Kind::Undecided => 2,
        Kind::Cancelled => 3,
    }
}

impl Month<'_> {
    fn name(&self) -> String {
        format!("{:04}-{:02}", self.begins.year(), self.begins.month())
    }

    /// How a month counts what was placed then, and started then.
    fn kind(&self, verdict: &Verdict) -> Option<Kind> {
        let started = verdict.start < self.within.end && self.as_of >= self.within.start;
        match verdict.place {
            Some(place) if self.within.contains(&place) => Some(verdict.kind),
            Some(place) if place < self.within.start => None,
            _ if started => Some(Kind::Undecided),
            _ => None,
        }
    }

    fn counted(&self) -> Vec<Placed> {
        let incidents = 0..self.world.incidents.len();
        let all = incidents.flat_map(|incident| {
            self.world.targets.iter().filter_map(move |target| self.count(target, incident))
        });
        all.collect()
    }

    fn count(&self, target: &Target, incident: usize) -> Option<Placed> {
        let world = self.world;
        let facts = world.known(incident, self.batch);
        let at = |target: &Target, as_of: Minute| {
            verdict(target, &cycles(target, &world.tables, &facts, as_of, world.ends))
        };
        let verdict = at(target, self.as_of)?;
        let kind = self.kind(&verdict)?;
        let facts: Vec<Fact> = facts.iter().filter(|fact| fact.at <= self.as_of).cloned().collect();
        let is_excluded = !exclusions(target.id, &facts, &world.rules).is_empty();
        let to = self.as_of.min(self.within.end);
        let is_so_since = to == self.as_of || facts.iter().all(|fact| fact.at < to);
        let unpaused = Target { pauses: Vec::new(), ..target.clone() };
        let experienced = at(&unpaused, to).map(|of| match (kind, of.kind) {
            // What is undecided adds nothing to any other figure before it is placed.
            (Kind::Undecided, _) => Kind::Undecided,
            (_, Kind::Breached) => Kind::Breached,
            _ => kind,
        });
        Some(Placed {
            incident,
            target: target.id,
            priority: verdict.priority,
            kind,
            is_excluded,
            experienced: experienced.filter(|_| is_so_since),
            elapsed: is_so_since.then(|| at(target, to).expect("it has started").elapsed),
        })
    }

    fn story(&self, target: &str, counted: &[Placed]) -> String {
        let World { tenant, targets, tables, ends, .. } = self.world;
        let of = targets.iter().find(|of| of.id == target).expect("it");
        let all = counted.iter().map(|Placed { incident, .. }| {
            let facts = self.world.known(*incident, self.batch);
            let cycles = cycles(of, tables, &facts, self.as_of, *ends);
            let cycles: Vec<String> = cycles.iter().map(Cycle::brief).collect();
            let facts: Vec<String> = facts.iter().map(described).collect();
            format!("i{incident}: {cycles:?}\n    {}", facts.join("\n    "))
        });
        let all: Vec<String> = all.collect();
        format!(
            "{tenant} {} as of {} known {} {of:?}\n  {counted:?}\n  {}",
            self.name(),
            super::time(self.as_of),
            self.batch,
            all.join("\n  ")
        )
    }

    async fn hold(&self, clients: &mut Clients, differences: &mut Differences) {
        let request = v1::GetComplianceRequest {
            tenant: self.world.tenant.clone(),
            contract_id: "agreed".into(),
            period: self.name(),
            group_by: vec![v1::GroupKey::Target as i32, v1::GroupKey::Priority as i32],
            as_of_time: Some(wire_time(self.as_of)),
            known_time: self.world.known_times[self.batch],
            ..Default::default()
        };
        let answer = clients.compliance.get_compliance(request).await.expect("counted");
        let answer = answer.into_inner();
        let counted = self.counted();
        if self.as_of >= self.within.end {
            self.hold_credit(&counted, &answer, differences);
        }
        let mut model = BTreeMap::<(&str, &str), Vec<&Placed>>::new();
        for one in &counted {
            model.entry((one.target, one.priority)).or_default().push(one);
        }
        for group in &answer.groups {
            model.entry((&group.target_id, &group.priority)).or_default();
        }
        for ((target, priority), counted) in model {
            let is_it =
                |of: &&v1::ComplianceGroup| (of.target_id == target) && of.priority == priority;
            let group = answer.groups.iter().find(is_it).cloned().unwrap_or_default();
            let story = || {
                let counted: Vec<Placed> = counted.iter().map(|one| (*one).clone()).collect();
                format!("{priority} {}", self.story(target, &counted))
            };
            hold_group(&counted, &group, story, differences);
        }
    }

    /// A month that is over: its objective, and what it credits of the fee of its days in force.
    fn hold_credit(
        &self,
        counted: &[Placed],
        answer: &v1::GetComplianceResponse,
        differences: &mut Differences,
    ) {
        let World { zone, ends, .. } = self.world;
        let resolve = counted.iter().filter(|one| one.target == "resolve" && !one.is_excluded);
        let many_of = |kind| resolve.clone().filter(|one| one.kind == kind).count() as i64;
        let (met, breached) = (many_of(Kind::Met), many_of(Kind::Breached));
        let days: Vec<Date> = self.begins.series(jiff::Span::new().days(1)).take(31).collect();
        let days = days.into_iter().filter(|day| day.month() == self.begins.month());
        let days: Vec<Minute> = days.map(|day| instant(zone, day, 0)).collect();
        let in_force = days.iter().filter(|day| ends.is_none_or(|end| **day < end)).count() as i64;
        let many = days.len() as i64;
        let fee = (2 * FEE * in_force + many) / (2 * many);
        let (verdict, credit) = if in_force == 0 || met + breached == 0 {
            (v1::ObjectiveVerdict::NoData, 0)
        } else if met * 100 >= 90 * (met + breached) {
            (v1::ObjectiveVerdict::Met, 0)
        } else {
            (v1::ObjectiveVerdict::Missed, (2 * fee * 75 + 1000) / 2000)
        };
        let story = || self.story("resolve", counted);
        let server = answer.objectives.first().map(v1::ObjectiveResult::verdict);
        differences.compare("objective", Some(verdict), server, story);
        let total = answer.credits.as_ref().map(|credits| credits.total_amount);
        differences.compare("credit", credit, total.unwrap_or(0), story);
        if let Some(fees) = answer.credits.as_ref().and_then(|credits| credits.fees.first()) {
            let server = (fees.days_in_force.into(), fees.days.into(), fees.amount.unwrap_or(-1));
            differences.compare("fee", (in_force, many, fee), server, story);
        }
    }
}

fn hold_group(
    counted: &[&Placed],
    group: &v1::ComplianceGroup,
    story: impl Fn() -> String,
    differences: &mut Differences,
) {
    let (mut model, mut experienced): (Tally, [i64; 4]) = Default::default();
    let (mut watermelons, mut reverse, mut is_open) = (0, 0, false);
    for one in counted {
        model[number(one.kind) + if one.is_excluded { 4 } else { 0 }] += 1;
        let Some(of) = one.experienced else {
            is_open = true;
            continue;
        };
        experienced[number(of)] += 1;
        let is_green = one.is_excluded || one.kind == Kind::Met;
        if one.kind != Kind::Undecided {
            watermelons += i64::from(is_green && of == Kind::Breached);
            let is_red = !one.is_excluded && one.kind == Kind::Breached;
            reverse += i64::from(is_red && of == Kind::Met);
        }
    }
    let tally = group.contractual.clone().unwrap_or_default();
    let server = [
        tally.met,
        tally.breached,
        tally.undecided,
        tally.cancelled,
        tally.excluded_met,
        tally.excluded_breached,
        tally.excluded_undecided,
        tally.excluded_cancelled,
    ];
    differences.compare("month", model, server, &story);
    differences.compare("excluded", model[4..].iter().sum(), tally.excluded, &story);
    if !is_open {
        let of = group.experienced.clone().unwrap_or_default();
        let server = [of.met, of.breached, of.undecided, of.cancelled];
        differences.compare("experienced", experienced, server, &story);
        let server = (group.watermelons, group.reverse_watermelons);
        differences.compare("watermelons", (watermelons, reverse), server, &story);
    }
    hold_elapsed(counted, group, story, differences);
}

/// Percentiles of what had elapsed, over those that were met or breached and count.
fn hold_elapsed(
    counted: &[&Placed],
    group: &v1::ComplianceGroup,
    story: impl Fn() -> String,
    differences: &mut Differences,
) {
    let decided = |one: &&&Placed| matches!(one.kind, Kind::Met | Kind::Breached);
    let elapsed =
        counted.iter().filter(decided).filter(|one| !one.is_excluded).map(|one| one.elapsed);
    let Some(mut elapsed) = elapsed.collect::<Option<Vec<i64>>>() else { return };
    elapsed.sort_unstable();
    let rank = |percent: usize| (elapsed.len() * percent).div_ceil(100).checked_sub(1);
    let percentile = |percent| rank(percent).map(|at| seconds(elapsed[at] * 60));
    let model = [50, 90, 99].map(percentile);
    differences.compare(
        "percentiles",
        model,
        [group.elapsed_p50, group.elapsed_p90, group.elapsed_p99],
        &story,
    );
    let sum = elapsed.iter().sum::<i64>() * 60_000_000_000;
    let mean = sum.checked_div(elapsed.len() as i64);
    let server =
        group.elapsed_mean.map(|mean| mean.seconds * 1_000_000_000 + i64::from(mean.nanos));
    differences.compare("mean", mean, server, story);
}

/// Both months, once they are over and as they go on, by what was known at any time.
pub async fn hold_months(
    world: &World,
    dice: &mut Dice,
    clients: &mut Clients,
    differences: &mut Differences,
) {
    let last = world.tables[0].end() - 4 * 1440;
    let month_begins = world.first.tomorrow().expect("a date");
    for months in 0..2 {
        let begins = month_begins.saturating_add(jiff::Span::new().months(months));
        let ends = begins.saturating_add(jiff::Span::new().months(1));
        let within = instant(world.zone, begins, 0)..instant(world.zone, ends, 0);
        let some = world.tables[0].from
            + 1440
            + dice.below((last - world.tables[0].from - 1440) as u64) as i64;
        for (as_of, batch) in [
            (last, BATCHES - 1),
            (some, dice.below(BATCHES as u64) as usize),
            (within.end, BATCHES - 1),
        ] {
            let month = Month { world, begins, within: within.clone(), as_of, batch };
            month.hold(clients, differences).await;
        }
    }
}
