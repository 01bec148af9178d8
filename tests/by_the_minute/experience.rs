//! What people went through, minute by minute. Written from the words of docs/experience.md,
//! docs/periods.md, experience.proto and incident.proto.

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact as Wire;

use super::calendar::{Minute, Table};
use super::clock::{self, State};
use super::wire_time;
use crate::testing::seconds;

/// One fact of an incident; each is the only one of its minute and order.
#[derive(Clone, Debug)]
pub enum Report {
    /// Priority, people, whether that is an estimate, since when there was trouble.
    Opened(&'static str, Option<i32>, bool, Option<Minute>),
    /// What moves clocks.
    Moved(clock::What),
    /// People, share of their work in percent.
    Impact(Option<i32>, Option<i32>),
    Assigned(&'static str),
    Replied,
    /// By when it was promised to work again.
    Promised(Minute),
    /// From when (`None`: to when it is reported), minutes.
    Worked(Option<Minute>, i64),
    /// Score, minutes lost.
    Surveyed(Option<i32>, i64),
}

#[derive(Clone, Debug)]
pub struct Fact {
    pub at: Minute,
    pub said: Report,
}

impl Report {
    pub fn to_wire(&self) -> Wire {
        match self {
            Report::Opened(priority, people, estimated, trouble) => Wire::Opened(v1::Opened {
                contract_ids: vec!["agreed".into()],
                priority: (*priority).into(),
                affected_users: *people,
                affected_users_estimated: *estimated,
                trouble_time: trouble.map(wire_time),
                ..Default::default()
            }),
            Report::Moved(what) => what.to_wire("agreed"),
            Report::Impact(people, loss) => Wire::ImpactChanged(v1::ImpactChanged {
                affected_users: *people,
                productivity_loss: *loss,
            }),
            Report::Assigned(group) => {
                Wire::Assigned(v1::Assigned { group: Some((*group).into()), ..Default::default() })
            }
            Report::Replied => Wire::ClientReplied(v1::ClientReplied {}),
            Report::Promised(by) => {
                Wire::ClientUpdated(v1::ClientUpdated { reported_time: Some(wire_time(*by)) })
            }
            Report::Worked(from, minutes) => Wire::WorkLogged(v1::WorkLogged {
                start_time: from.map(wire_time),
                duration: Some(seconds(minutes * 60)),
            }),
            Report::Surveyed(score, lost) => Wire::Surveyed(v1::Surveyed {
                score: *score,
                lost_time: (*lost > 0 || score.is_none()).then(|| seconds(lost * 60)),
            }),
        }
    }
}

/// The facts as far as clocks know them.
pub fn of_clocks(facts: &[Fact]) -> Vec<clock::Fact> {
    let what = |said: &Report| match said {
        Report::Opened(priority, ..) => Some(clock::What::Opened(priority)),
        Report::Moved(what) => Some(what.clone()),
        _ => None,
    };
    let facts = facts.iter().enumerate();
    let of = facts.filter_map(|(number, fact)| {
        let (id, at, order) = (format!("e{number}"), fact.at, number as i64);
        what(&fact.said).map(|what| clock::Fact { id, at, order, what })
    });
    of.collect()
}

/// What an incident came to; times in minutes, people's time in hundredths of one person's second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Experience {
    pub trouble_start: Option<Minute>,
    pub trouble_end: Option<Minute>,
    pub experienced: i64,
    /// None: it was not reported how many people it hit.
    pub lost: Option<i64>,
    pub people_hit: i64,
    pub is_estimated: bool,
    pub touch: i64,
    pub is_work_reported: bool,
    pub service: i64,
    pub worked_service: i64,
    pub idle: i64,
    pub handovers: i64,
    pub reopenings: i64,
    /// Kept, broken, open.
    pub promises: [i64; 3],
    pub first_contact: Option<bool>,
}

/// The hours in which people work, the hours of the target, and how soon a first contact resolves.
pub struct Hours<'a> {
    pub people: &'a Table,
    pub service: &'a Table,
    pub first_contact_within: Option<i64>,
}

pub fn experience(facts: &[Fact], hours: &Hours, as_of: Minute) -> Experience {
    let mut found = Experience::default();
    let facts: Vec<&Fact> = facts.iter().filter(|fact| fact.at <= as_of).collect();
    let Some((opened, trouble)) = facts.iter().find_map(|fact| match fact.said {
        Report::Opened(_, _, _, trouble) => Some((fact.at, trouble.unwrap_or(fact.at))),
        _ => None,
    }) else {
        return found;
    };
    found.trouble_start = Some(trouble);
    let work: Vec<(Minute, Minute)> = facts.iter().filter_map(|fact| stretch_of(fact)).collect();
    let worked = |minute: Minute| work.iter().any(|of| of.0 <= minute && minute < of.1);
    let earliest = work.iter().map(|of| of.0).chain(facts.iter().map(|fact| fact.at)).min();
    let first = earliest.unwrap_or(trouble).min(trouble);
    found.is_work_reported = facts.iter().any(|fact| matches!(fact.said, Report::Worked(..)));
    let mut now = Now::new(opened);
    for minute in first..=as_of {
        for fact in facts.iter().filter(|fact| fact.at == minute) {
            now.apply(fact, &mut found);
        }
        if minute == as_of {
            break;
        }
        found.touch += i64::from(worked(minute));
        let opening = facts.iter().find_map(|fact| match fact.said {
            Report::Opened(_, people, ..) => people,
            _ => None,
        });
        let (people, loss) = match minute < opened {
            true => (opening.unwrap_or(0), 100),
            false => (now.people, now.loss),
        };
        if minute >= trouble && !now.is_over {
            found.people_hit = found.people_hit.max(people.into());
            if hours.people.is_open(minute) {
                found.experienced += 1;
                *found.lost.get_or_insert(0) += 60 * i64::from(people) * i64::from(loss);
            }
        }
        if minute >= opened && !now.state.ended() && hours.service.is_open(minute) {
            found.service += 1;
            found.worked_service += i64::from(worked(minute));
            let others = [v1::WaitingOn::Client, v1::WaitingOn::ThirdParty];
            let is_idle = !others.contains(&now.state.waiting_on) && !worked(minute);
            found.idle += i64::from(is_idle);
        }
    }
    found.lost = now.is_reported.then(|| found.lost.unwrap_or(0));
    found.trouble_end = now.trouble_end;
    found.is_estimated = now.is_estimated;
    found.promises = now.promises(as_of);
    let within = |at: Minute| hours.first_contact_within.is_none_or(|most| at - opened <= most);
    if let (true, Some(at), false) = (now.state.resolved, now.resolved, now.groups.is_empty()) {
        let once = !now.was_waiting && !now.replied && found.reopenings == 0;
        found.first_contact = Some(now.groups.len() == 1 && once && within(at));
    }
    found
}

fn stretch_of(fact: &Fact) -> Option<(Minute, Minute)> {
    match fact.said {
        Report::Worked(from, minutes) => {
            let from = from.unwrap_or(fact.at - minutes);
            Some((from, from + minutes))
        }
        _ => None,
    }
}

/// An incident as its facts go by.
struct Now {
    state: State,
    opened: Minute,
    /// Whether the trouble is over.
    is_over: bool,
    trouble_end: Option<Minute>,
    people: i32,
    loss: i32,
    is_reported: bool,
    is_estimated: bool,
    /// The different groups it was with, in their order.
    groups: Vec<&'static str>,
    was_waiting: bool,
    replied: bool,
    resolved: Option<Minute>,
    /// By when, and whether it was restored by then.
    promised: Vec<(Minute, bool)>,
}

impl Now {
    fn new(opened: Minute) -> Now {
        Now {
            state: State::new(),
            opened,
            is_over: false,
            trouble_end: None,
            people: 0,
            loss: 100,
            is_reported: false,
            is_estimated: false,
            groups: Vec::new(),
            was_waiting: false,
            replied: false,
            resolved: None,
            promised: Vec::new(),
        }
    }

    fn apply(&mut self, fact: &Fact, found: &mut Experience) {
        match &fact.said {
            Report::Opened(priority, people, estimated, _) => {
                self.state.apply(&clock::What::Opened(priority), false);
                self.people = people.unwrap_or(0);
                self.is_reported |= people.is_some();
                self.is_estimated = people.is_some() && *estimated;
            }
            Report::Impact(people, loss) => {
                self.is_reported |= people.is_some();
                self.is_estimated &= people.is_none();
                self.people = people.unwrap_or(self.people);
                self.loss = loss.unwrap_or(self.loss);
            }
            Report::Assigned(group) => {
                if self.groups.last() != Some(group) {
                    found.handovers += i64::from(!self.groups.is_empty());
                    self.groups.push(group);
                }
            }
            Report::Replied => self.replied = true,
            Report::Promised(by) => self.promised.push((*by, false)),
            Report::Moved(what) => self.move_on(what, fact.at, found),
            Report::Worked(..) | Report::Surveyed(..) => {}
        }
    }

    fn move_on(&mut self, what: &clock::What, at: Minute, found: &mut Experience) {
        self.state.apply(what, false);
        let others = [v1::WaitingOn::Client, v1::WaitingOn::ThirdParty];
        self.was_waiting |= at >= self.opened && others.contains(&self.state.waiting_on);
        match what {
            clock::What::Restored | clock::What::Resolved | clock::What::Closed => {
                let in_time = self.promised.iter_mut().filter(|of| at <= of.0);
                in_time.for_each(|of| of.1 = true);
                if !matches!(what, clock::What::Restored) {
                    self.resolved = self.resolved.or(Some(at));
                }
                self.end_trouble(at);
            }
            clock::What::Cancelled => self.end_trouble(at),
            clock::What::Reopened => {
                found.reopenings += 1;
                (self.is_over, self.trouble_end) = (false, None);
            }
            _ => {}
        }
    }

    fn end_trouble(&mut self, at: Minute) {
        if !self.is_over {
            (self.is_over, self.trouble_end) = (true, Some(at));
        }
    }

    fn promises(&self, as_of: Minute) -> [i64; 3] {
        let mut promises = [0; 3];
        for (by, kept) in &self.promised {
            let becomes = match (kept, as_of > *by) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => 2,
            };
            promises[becomes] += 1;
        }
        promises
    }
}

/// Answers to surveys: how many gave a score, the sum of those, happy less unhappy ones, and the
/// minutes lost by all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Survey {
    pub scores: i64,
    pub sum: i64,
    pub happy: i64,
    pub lost: i64,
}

pub fn survey<'a>(facts: impl Iterator<Item = &'a Fact>) -> Survey {
    let mut survey = Survey::default();
    for fact in facts {
        if let Report::Surveyed(score, lost) = fact.said {
            survey.lost += lost;
            if let Some(score) = score {
                survey.scores += 1;
                survey.sum += i64::from(score);
                survey.happy += i64::from(score >= 9) - i64::from(score <= 6);
            }
        }
    }
    survey
}
