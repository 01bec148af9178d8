//! What moved a forecast, in plain words and figures.

use super::categorical_feature::{TRAITS, Trait};
use super::curve_feature::{COURSES, Course};
use super::landmark::Landmark;
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

/// What a contribution is of.
#[derive(Clone, Copy)]
enum Effect {
    Trait(Trait),
    Course(Course),
}

/// A forecast's reasons, the strongest first, as they were learnt; no more than so many.
pub fn explain(
    model: &Model,
    snapshot: &Snapshot<'_>,
    landmark: &Landmark,
    most: usize,
) -> Vec<Reason> {
    let traits = TRAITS.iter().zip(landmark.keys);
    let traits = traits.map(|(of, key)| (Effect::Trait(*of), model.weight(key).evidence()));
    let courses = COURSES.iter().zip(landmark.points);
    let courses =
        courses.map(|(of, (key, at))| (Effect::Course(*of), model.curve_evidence(*of, key, at)));
    let effects = traits.chain(courses).zip(model.contributions(landmark));
    let mut told: Vec<_> = effects.filter(|(_, log_odds)| log_odds.abs() >= TOLD_FROM).collect();
    told.sort_by(|(_, a), (_, b)| b.abs().total_cmp(&a.abs()));
    let reasons = told.into_iter().map(|((effect, evidence), log_odds)| {
        let words = match effect {
            Effect::Trait(of) => trait_words(of, snapshot),
            Effect::Course(of) => course_words(of, snapshot),
        };
        Reason { words, log_odds, evidence }
    });
    reasons.filter(|reason| !reason.words.is_empty()).take(most).collect()
}

fn trait_words(of: Trait, snapshot: &Snapshot<'_>) -> String {
    let story = &snapshot.story;
    let holder = story.holder.words();
    let group = || named("group", story.state.group);
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
        Trait::Group => group(),
        Trait::GroupAndHolder => format!("{}: {holder}", group()),
        Trait::Assignee => named("assignee", story.state.assignee),
        Trait::Category => named("category", snapshot.category),
    }
}

fn course_words(of: Course, snapshot: &Snapshot<'_>) -> String {
    let holder = snapshot.story.holder.words();
    let group = || named("group", snapshot.story.state.group);
    let used = || format!("{:.0} % of the limit is used", 100.0 * snapshot.share_used());
    let in_state = snapshot.time.since(snapshot.story.in_state_since);
    match of {
        Course::ShareUsed => format!("{} while {holder}", used()),
        Course::Idle => {
            let idle = snapshot.time.since(snapshot.story.last_event_time);
            format!("nothing has happened for {idle} while {holder}")
        }
        Course::InState => format!("for {in_state}, {holder}"),
        Course::ShareUsedOfGroup => format!("{}: {}", group(), used()),
        Course::InStateOfGroup => format!("{}: for {in_state} in its state", group()),
        Course::ShareUsedOfAssignee => {
            format!("{}: {}", named("assignee", snapshot.story.state.assignee), used())
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
