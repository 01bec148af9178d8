//! What moved a forecast, in plain words and figures.

use super::landmark::{COURSES, Course, Landmark, TRAITS, Trait};
use super::model::Model;
use super::snapshot::Snapshot;

/// Effects smaller than this, in log-odds, are not worth telling.
const TOLD_FROM: f32 = 0.05;

/// One thing that moved the figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// What is so, in plain words: `it waits for the client`.
    pub words: String,
    /// What that adds to the log-odds; above zero it makes a breach more probable.
    pub log_odds: f32,
    /// How much evidence stands behind it beyond the prior; 0: none of this contract's own.
    pub evidence: f32,
}

/// A forecast's reasons, the strongest first, as they were learnt.
pub fn explain(model: &Model, snapshot: &Snapshot<'_>) -> Vec<Reason> {
    let landmark = Landmark::of(snapshot);
    let mut contributions = model.contributions(&landmark);
    let traits = TRAITS.iter().zip(landmark.keys).zip(contributions.by_ref());
    let mut reasons: Vec<_> = traits
        .map(|((of, key), log_odds)| Reason {
            words: trait_words(*of, snapshot),
            log_odds,
            evidence: model.weight(key).evidence(),
        })
        .collect();
    let courses = COURSES.iter().zip(landmark.points).zip(contributions);
    reasons.extend(courses.map(|((of, (key, at)), log_odds)| Reason {
        words: course_words(*of, snapshot),
        log_odds,
        evidence: model.curve_evidence(*of, key, at),
    }));
    reasons.retain(|reason| reason.log_odds.abs() >= TOLD_FROM && !reason.words.is_empty());
    reasons.sort_by(|a, b| b.log_odds.abs().total_cmp(&a.log_odds.abs()));
    reasons
}

fn trait_words(of: Trait, snapshot: &Snapshot<'_>) -> String {
    let story = &snapshot.story;
    let holder = story.holder.words();
    let group = named("group", story.state.group);
    match of {
        Trait::Bias => String::new(),
        Trait::Clause => {
            let priority = named("priority", snapshot.priority);
            format!("target {} and {priority}", snapshot.target_id)
        }
        Trait::ClauseAndHolder => format!("{}: {holder}", named("priority", snapshot.priority)),
        Trait::Events => format!("something happened at {} instants", story.event_count),
        Trait::Reassignments => format!("{} times passed on", story.reassignment_count),
        Trait::OffHours if snapshot.is_off_hours => "last touched outside service hours".into(),
        Trait::OffHours => "last touched within service hours".into(),
        Trait::Group => group,
        Trait::GroupAndHolder => format!("{group}: {holder}"),
        Trait::Assignee => named("assignee", story.state.assignee),
        Trait::Category => named("category", snapshot.category),
    }
}

fn course_words(of: Course, snapshot: &Snapshot<'_>) -> String {
    let holder = snapshot.story.holder.words();
    let group = named("group", snapshot.story.state.group);
    let used = format!("{:.0} % of the limit is used", 100.0 * snapshot.share_used());
    let in_state = snapshot.time.since(snapshot.story.in_state_since);
    match of {
        Course::ShareUsed => format!("{used} while {holder}"),
        Course::Idle => {
            let idle = snapshot.time.since(snapshot.story.last_event_time);
            format!("nothing has happened for {idle} while {holder}")
        }
        Course::InState => format!("for {in_state}, {holder}"),
        Course::ShareUsedOfGroup => format!("{group}: {used}"),
        Course::InStateOfGroup => format!("{group}: for {in_state} in its state"),
        Course::ShareUsedOfAssignee => {
            format!("{}: {used}", named("assignee", snapshot.story.state.assignee))
        }
        Course::Nearness => match snapshot.due_time {
            Some(due) => format!("due in {} if it runs on", due.since(snapshot.time)),
            None => String::new(),
        },
    }
}

fn named(what: &str, name: &str) -> String {
    if name.is_empty() { format!("no {what}") } else { format!("{what} {name}") }
}
