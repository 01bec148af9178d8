//! Why a target came to its verdict, as one line of plain words.

use std::collections::BTreeMap;

use super::Entry;
use crate::domain::clock::{Clock, Exclusion, Outcome, Segment};
use crate::domain::incident::WaitingOn;
use crate::domain::time::Span;

/// What a verdict rests on: who had to act for how long, what excludes it, what went on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerdictGrounds {
    /// The service time that counted in the deciding cycle, or in all of them for a total, by who
    /// had to act; the longest first.
    pub counted: Vec<HeldTime>,
    /// The service time that was paused in the same, by who had to act; the longest first.
    pub paused: Vec<HeldTime>,
    /// How often it was reopened or began anew.
    pub reopenings: usize,
    /// What excludes it; `None`: nothing.
    pub exclusion: Option<ExclusionGround>,
    /// The estimated work that was left idle; `None`: none was.
    pub idle_effort: Option<Span>,
}

/// A part of a clock's service time: who had to act, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldTime {
    /// Who had to act.
    pub waiting_on: WaitingOn,
    /// The third party.
    pub third_party: String,
    /// Why, in the backend's words.
    pub reason: String,
    /// How long.
    pub time: Span,
}

/// The rule or the decision that excludes a clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExclusionGround {
    /// The id of the rule; empty: it was decided.
    pub rule_id: String,
    /// The title of the rule.
    pub title: String,
    /// Who decided.
    pub decided_by: String,
    /// Why it was decided.
    pub reason: String,
}

impl VerdictGrounds {
    /// The grounds of an entry's verdict, by the clocks of its incident.
    pub fn of(entry: &Entry<'_>, clocks: &[Clock<'_>]) -> VerdictGrounds {
        let deciding: Vec<_> = entry.deciding_clocks(clocks).collect();
        let clocks: Vec<_> = entry.clocks(clocks).collect();
        let idle = entry.avoidable.filter(|avoidable| avoidable.has_idle_work());
        VerdictGrounds {
            counted: shares(&deciding, |segment| segment.counted),
            paused: shares(&deciding, |segment| segment.paused()),
            reopenings: reopenings(&clocks),
            exclusion: clocks.iter().find_map(|clock| clock.exclusion).map(ExclusionGround::of),
            idle_effort: idle.map(|avoidable| avoidable.effort),
        }
    }
}

impl ExclusionGround {
    fn of(exclusion: Exclusion<'_>) -> ExclusionGround {
        match exclusion {
            Exclusion::Rule(rule) => ExclusionGround {
                rule_id: rule.id.clone(),
                title: rule.title.clone(),
                ..ExclusionGround::default()
            },
            Exclusion::Decision { decision, .. } => ExclusionGround {
                decided_by: decision.decided_by.clone(),
                reason: decision.reason.clone(),
                ..ExclusionGround::default()
            },
        }
    }
}

/// Why an entry came to its verdict, by the clocks of its incident: `1 h 30 min over its 4 h; ...`.
pub fn verdict_reason(entry: &Entry<'_>, clocks: &[Clock<'_>]) -> String {
    let grounds = VerdictGrounds::of(entry, clocks);
    let mut parts = vec![verdict(entry)];
    parts.extend(lost(entry));
    let exclusion = entry.clocks(clocks).find_map(|clock| clock.exclusion);
    parts.extend(exclusion.map(exclusion_reason));
    parts.extend(listed("counted while it was up to", &grounds.counted));
    parts.extend(listed("paused for", &grounds.paused));
    parts.extend(reopened(grounds.reopenings));
    parts.extend(idle_work(entry));
    parts.join("; ")
}

fn verdict(entry: &Entry<'_>) -> String {
    let (elapsed, limit) = (entry.contractual.elapsed, entry.limit);
    let open = if entry.is_open { ", and still open" } else { "" };
    match entry.contractual.outcome {
        Outcome::Breached if elapsed - limit == entry.lateness => {
            format!("{} over its {}{open}", span_in_words(entry.lateness), span_in_words(limit))
        }
        // By a limit that it had before, a run before, or one of several cycles alone.
        Outcome::Breached => format!(
            "{} over its limit earlier; {} of its {}{open}",
            span_in_words(entry.lateness),
            span_in_words(elapsed),
            span_in_words(limit)
        ),
        _ if entry.experienced.outcome == Outcome::Breached => {
            let experience = span_in_words(entry.experienced.elapsed);
            let most = match entry.experienced_limit {
                same if same == limit => String::new(),
                other => format!(" of {}", span_in_words(other)),
            };
            format!(
                "{} of its {}, but {experience}{most} for people",
                span_in_words(elapsed),
                span_in_words(limit)
            )
        }
        _ => format!("{} of its {}{open}", span_in_words(elapsed), span_in_words(limit)),
    }
}

fn lost(entry: &Entry<'_>) -> Option<String> {
    let hours = entry.experience_totals.as_ref()?.lost_time.hours();
    (hours > 0).then(|| format!("{hours} people-hours lost"))
}

/// Why a clock is excluded, with who decided it or the rule's id and title.
pub fn exclusion_reason(exclusion: Exclusion<'_>) -> String {
    match exclusion {
        Exclusion::Rule(rule) if rule.title.is_empty() => format!("excluded by rule {}", rule.id),
        Exclusion::Rule(rule) => format!("excluded by rule {} ({})", rule.id, rule.title),
        Exclusion::Decision { decision, .. } if decision.decided_by.is_empty() => {
            format!("excluded by decision: {}", decision.reason)
        }
        Exclusion::Decision { decision, .. } => {
            format!("excluded by {}: {}", decision.decided_by, decision.reason)
        }
    }
}

fn idle_work(entry: &Entry<'_>) -> Option<String> {
    let avoidable = entry.avoidable.filter(|avoidable| avoidable.has_idle_work())?;
    let (effort, lost) = (span_in_words(avoidable.effort), span_in_words(avoidable.lost_time));
    Some(format!("left idle: {effort} of work, and {lost} were avoidable"))
}

fn reopenings(clocks: &[&Clock<'_>]) -> usize {
    let runs = |clock: &&Clock<'_>| {
        let segments = clock.segments.chunk_by(|a, b| a.kind.is_gap() == b.kind.is_gap());
        segments.filter(|run| run.first().is_some_and(|first| first.kind.is_gap())).count()
    };
    let gaps: usize = clocks.iter().map(runs).sum();
    gaps.max(clocks.len().saturating_sub(1))
}

fn reopened(times: usize) -> Option<String> {
    match times {
        0 => None,
        1 => Some("reopened once".to_owned()),
        _ => Some(format!("reopened {times} times")),
    }
}

/// The spans of all segments, added up by who had to act and why; the longest first.
fn shares(clocks: &[&Clock<'_>], span: impl Fn(&Segment<'_>) -> Span) -> Vec<HeldTime> {
    let mut shares: BTreeMap<(WaitingOn, &str, &str), Span> = BTreeMap::new();
    for segment in clocks.iter().flat_map(|clock| &clock.segments) {
        let key = (segment.waiting_on, segment.third_party, segment.reason);
        *shares.entry(key).or_default() += span(segment);
    }
    let held = |((waiting_on, third_party, reason), time): ((_, &str, &str), _)| HeldTime {
        waiting_on,
        third_party: third_party.to_owned(),
        reason: reason.to_owned(),
        time,
    };
    let mut shares: Vec<_> =
        shares.into_iter().filter(|(_, span)| *span > Span::ZERO).map(held).collect();
    shares.sort_by_key(|held| -held.time);
    shares
}

fn listed(what: &str, shares: &[HeldTime]) -> Option<String> {
    let text = |held: &HeldTime| format!("{} {}", waited_on(held), span_in_words(held.time));
    let texts: Vec<_> = shares.iter().take(3).map(text).collect();
    (!texts.is_empty()).then(|| format!("{what} {}", texts.join(", ")))
}

fn waited_on(held: &HeldTime) -> String {
    let who = match (held.waiting_on, held.third_party.as_str()) {
        (WaitingOn::Nobody, _) => "nobody",
        (WaitingOn::ThirdParty, "") => "a third party",
        (WaitingOn::ThirdParty, name) => name,
        (other, _) => other.word(),
    };
    match held.reason.as_str() {
        "" => who.to_owned(),
        reason => format!("{who} ({reason})"),
    }
}

/// A span in whole minutes, rounded down, with seconds below an hour: `26 h 05 min`,
/// `12 min 30 s`.
pub fn span_in_words(span: Span) -> String {
    let seconds = span.nanos() / 1_000_000_000;
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, rest) => format!("{rest} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, rest) => format!("{minutes} min {rest:02} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::testing::{Case, at, target};
    use crate::domain::compliance::entries;
    use crate::domain::incident::State;

    #[track_caller]
    fn check(target_words: &str, timeline: &str, expected: &str) {
        let case = Case::new([target(target_words)], timeline);
        let found = case.evaluated(at("Fri 00:00"), |evaluation| {
            let entries = entries(evaluation, &State::default(), &[]);
            verdict_reason(entries.first().expect("an entry"), &evaluation.clocks)
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn a_breach_names_by_how_much_and_who_had_to_act() {
        check(
            "resolution P1=4:00/office pause=client",
            "Mon 09:00 opened P1
             Mon 10:00 waits client
             Mon 11:00 waits third_party
             Mon 15:30 resolved",
            "1 h 30 min over its 4 h; counted while it was up to a third party 4 h 30 min, \
             provider 1 h; paused for client 1 h",
        );
    }

    #[test]
    fn a_watermelon_names_both_its_figures() {
        check(
            "resolution P1=4:00/office pause=client",
            "Mon 09:00 opened P1
             Mon 10:00 waits client
             Mon 13:00 waits provider
             Mon 15:00 resolved",
            "3 h of its 4 h, but 6 h for people; counted while it was up to provider 3 h; \
             paused for client 3 h",
        );
    }

    #[test]
    fn what_is_open_and_what_was_reopened_are_named() {
        check(
            "resolution P1=4:00/office",
            "Mon 09:00 opened P1
             Mon 10:00 resolved
             Mon 12:00 reopened
             Mon 13:00 resolved",
            "2 h of its 4 h; counted while it was up to provider 2 h; reopened once",
        );
        check(
            "resolution P1=80:00/office",
            "Mon 09:00 opened P1",
            "32 h of its 80 h, and still open; counted while it was up to provider 32 h",
        );
    }

    /// The parts of all cycles were added up beside the time of the one that decides.
    #[test]
    fn the_parts_of_the_deciding_cycle_add_up_to_its_time() {
        let timeline = "
            Mon 09:00 opened P1
            Mon 10:00 resolved
            Mon 11:00 reopened
            Mon 16:00 resolved";
        check(
            "resolution P1=4:00/office new_cycle",
            timeline,
            "1 h over its 4 h; counted while it was up to provider 5 h; reopened once",
        );
        check(
            "resolution P1=4:00/office new_cycle total",
            timeline,
            "2 h over its 4 h; counted while it was up to provider 6 h; reopened once",
        );
    }

    /// "−12 h over its 20 h" was said of a clock whose priority was lowered once it was late.
    #[test]
    fn what_was_late_by_a_limit_of_before_says_so() {
        let timeline = "
            Mon 09:00 opened P1
            Mon 15:00 priority P2
            Mon 17:00 resolved";
        check(
            "resolution P1=4:00/office P2=20:00/office carry_elapsed",
            timeline,
            "2 h over its limit earlier; 8 h of its 20 h; counted while it was up to provider 8 h",
        );
    }

    #[test]
    fn spans_are_put_in_words() {
        for (seconds, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (750, "12 min 30 s"),
            (7_200, "2 h"),
            (93_930, "26 h 05 min"),
        ] {
            assert_eq!(span_in_words(Span::from_seconds(seconds)), expected);
        }
    }
}
