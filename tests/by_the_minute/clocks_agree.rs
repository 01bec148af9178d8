//! Clocks and verdicts against `EvaluateIncident`, as of any instant and by what was known then.

use slx::codec::v1;
use tonic::Code;

use super::calendar::Minute;
use super::clock::{Cycle, Fact, cycles, party_minutes};
use super::months_agree::hold_months;
use super::verdict::{exclusions, verdict};
use super::world::{BATCHES, World, roll_world};
use super::{Differences, described, minutes, time, wire_time, worlds};
use crate::random::Dice;
use crate::testing::{Clients, Server, seconds};

#[tokio::test]
async fn clocks_and_months_are_what_counting_minute_by_minute_gives() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    let mut clients = server.clients().await;
    let mut differences = Differences::default();
    for seed in worlds(8) {
        let mut world = roll_world(seed);
        let mut dice = Dice::new(seed + (1 << 32));
        world.send(&mut clients, &mut dice).await;
        for incident in 0..world.incidents.len() {
            for _ in 0..4 {
                let batch = dice.below(BATCHES as u64) as usize;
                let as_of = roll_as_of(&world.known(incident, BATCHES - 1), &mut dice);
                let question = Question { world: &world, incident, as_of, batch };
                question.hold(&mut clients, &mut differences).await;
            }
        }
        hold_months(&world, &mut dice, &mut clients, &mut differences).await;
    }
    differences.assert_none();
}

fn roll_as_of(facts: &[Fact], dice: &mut Dice) -> Minute {
    let fact = dice.below(facts.len() as u64) as usize;
    match dice.below(3) {
        0 => facts[fact].at,
        1 => facts[fact].at + dice.below(400) as i64,
        _ => facts[facts.len() - 1].at + dice.below(4000) as i64,
    }
}

/// What is queried: an incident of a world, as of when, and by the knowledge of which batch.
struct Question<'a> {
    world: &'a World,
    incident: usize,
    as_of: Minute,
    batch: usize,
}

impl Question<'_> {
    fn story(&self, target: &str) -> String {
        let of = self.world.targets.iter().find(|of| of.id == target);
        let facts = self.world.known(self.incident, self.batch);
        let facts: Vec<String> = facts.iter().map(described).collect();
        let World { tenant, ends, calendars, rules, .. } = self.world;
        format!(
            "{tenant} i{} as of {} known {}: ends {:?}\n  {of:?} {rules:?}\n  {}\n  {calendars:?}",
            self.incident,
            time(self.as_of),
            self.batch,
            ends.map(time),
            facts.join("\n  ")
        )
    }

    async fn hold(&self, clients: &mut Clients, differences: &mut Differences) {
        let request = v1::EvaluateIncidentRequest {
            tenant: self.world.tenant.clone(),
            incident_id: format!("i{}", self.incident),
            as_of_time: Some(wire_time(self.as_of)),
            known_time: self.world.known_times[self.batch],
            ..Default::default()
        };
        let answer = match clients.clocks.evaluate_incident(request).await {
            Err(status) => {
                let heard_of = self.world.is_heard_of(self.incident, self.batch);
                let found = status.code() != Code::NotFound;
                return differences.compare("found", heard_of, found, || self.story("resolve"));
            }
            Ok(answer) => answer.into_inner(),
        };
        self.hold_parties(&answer, differences);
        self.hold_targets(&answer, differences);
    }

    fn hold_targets(&self, answer: &v1::EvaluateIncidentResponse, differences: &mut Differences) {
        let facts = self.world.known(self.incident, self.batch);
        let occurred: Vec<Fact> =
            facts.iter().filter(|fact| fact.at <= self.as_of).cloned().collect();
        for target in &self.world.targets {
            let model = cycles(target, &self.world.tables, &facts, self.as_of, self.world.ends);
            let excluded = exclusions(target.id, &occurred, &self.world.rules);
            let of_target = answer.clocks.iter().filter(|clock| clock.target_id == target.id);
            let started = |clock: &&v1::Clock| clock.phase != v1::Phase::Pending as i32;
            let server: Vec<v1::Clock> = of_target.filter(started).cloned().collect();
            let story = || self.story(target.id);
            differences.compare("cycles", model.len(), server.len(), story);
            for (model, server) in model.iter().zip(&server) {
                hold_clock(model, &excluded, server, story, differences);
            }
            let verdict = verdict(target, &model);
            let server = answer.verdicts.iter().find(|of| of.target_id == target.id);
            let (Some(verdict), Some(server)) = (verdict, server) else { continue };
            let outcome = match excluded.is_empty() {
                true => verdict.outcome(),
                false => v1::Outcome::Excluded,
            };
            differences.compare("verdict", outcome, server.outcome(), story);
            let elapsed = Some(seconds(verdict.elapsed * 60));
            let model = (verdict.deciding[0] as i32, elapsed);
            differences.compare("deciding", model, (server.cycle, server.elapsed), story);
        }
    }

    /// Whose turn it was, by the hours of the target on resolution, where that has the same for all.
    fn hold_parties(&self, answer: &v1::EvaluateIncidentResponse, differences: &mut Differences) {
        let resolve = &self.world.targets[0];
        if answer.clocks.is_empty() || resolve.limits.iter().any(|l| l.2 != resolve.limits[0].2) {
            return;
        }
        let table = &self.world.tables[resolve.limits[0].2];
        let facts = self.world.known(self.incident, self.batch);
        let model = party_minutes(table, &facts, self.as_of);
        let mut server = [0; 4];
        for time in &answer.party_time {
            let party = match time.kind() {
                v1::PartyTimeKind::Client => 1,
                v1::PartyTimeKind::ThirdParty => 2,
                v1::PartyTimeKind::ClosedHours => 3,
                _ => 0,
            };
            server[party] += time.duration.map_or(0, |time| time.seconds / 60);
        }
        differences.compare("party time", model, server, || self.story("resolve"));
    }
}

fn hold_clock(
    model: &Cycle,
    excluded: &[String],
    server: &v1::Clock,
    story: impl Fn() -> String,
    differences: &mut Differences,
) {
    let story = || format!("{} {excluded:?}\n  server {server:?}\n  {}", model.brief(), story());
    let whole = |minutes: i64| Some(seconds(minutes * 60));
    if let Some(phase) = model.phase {
        differences.compare("phase", phase, server.phase(), story);
    }
    let outcome = if excluded.is_empty() {
        (model.outcome, v1::Outcome::Unspecified)
    } else {
        (v1::Outcome::Excluded, model.outcome)
    };
    differences.compare("outcome", outcome, (server.outcome(), server.excluded_outcome()), story);
    let names = |id: &String| server.exclusion.contains(id.as_str());
    let named = excluded.iter().any(names) || excluded.is_empty();
    differences.compare(
        "exclusion",
        (true, excluded.is_empty()),
        (named, server.exclusion.is_empty()),
        story,
    );
    differences.compare("elapsed", whole(model.elapsed), server.elapsed, story);
    differences.compare("limit", whole(model.limit), server.limit, story);
    differences.compare("priority", model.priority, server.priority.as_str(), story);
    let at = |minute: Option<Minute>| minute.map(time);
    differences.compare("start", at(Some(model.start)), at(minutes(server.start_time)), story);
    differences.compare("stop", at(model.stop), at(minutes(server.stop_time)), story);
    differences.compare("breach", at(model.breach), at(minutes(server.breach_time)), story);
    if let Some(due) = model.due {
        differences.compare("due", at(due), at(minutes(server.due_time)), story);
    }
}
