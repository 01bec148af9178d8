//! Questions made up at random for the model test, their answers, and what a plain reference says.

use std::collections::{BTreeMap, BTreeSet};

use slx::codec::v1;
use tonic::{Code, Status};

use crate::made_up::{CONTRACTS, MadeUp};
use crate::reference::{Figures, Nanos, Reference, nanos, span, timestamp};
use crate::testing::{Clients, TENANT};

/// A question, as of a time, by what was known at one.
#[derive(Clone, Debug)]
pub struct Question {
    about: About,
    as_of: Option<Nanos>,
    known: Option<Nanos>,
}

#[derive(Clone, Debug)]
enum About {
    Incident(String),
    Events(String),
    Clocks(String),
    /// What changed since this was known.
    Changes(Nanos),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Incident(v1::EvaluateIncidentResponse),
    Events(v1::ListEventsResponse),
    Clocks(v1::ListClocksResponse),
    Changes(Vec<v1::CompareClocksResponse>),
    NotFound,
}

/// A question and what was answered, at the times the answer is stamped with.
#[derive(Clone, Debug)]
pub struct Reported {
    pub question: Question,
    pub answer: Answer,
    /// The last record it could see, when it was queried everything known.
    sequence: Option<i64>,
}

impl Question {
    pub fn random(made_up: &mut MadeUp, known: Option<Nanos>) -> Question {
        let as_of = (!made_up.dice.one_in(4)).then(|| made_up.some_time());
        let about = match (made_up.dice.below(12), known, as_of) {
            (0, Some(known), Some(_)) => {
                let minutes = made_up.dice.below(4_000) as Nanos * 1_000_000;
                About::Changes(known - minutes)
            }
            (1, ..) => About::Events(made_up.incident()),
            (2..4, ..) => About::Clocks(made_up.dice.pick(&CONTRACTS).to_owned()),
            _ => About::Incident(made_up.incident()),
        };
        Question { about, as_of, known }
    }

    pub async fn query(&self, clients: &mut Clients) -> Result<Answer, Status> {
        let answer = match self.about.clone() {
            About::Incident(id) => self.evaluate(clients, id).await.map(Answer::Incident),
            About::Events(id) => self.list_events(clients, id).await.map(Answer::Events),
            About::Clocks(id) => self.list_clocks(clients, id).await.map(Answer::Clocks),
            About::Changes(earlier) => self.compare(clients, earlier).await.map(Answer::Changes),
        };
        match answer {
            Err(status) if status.code() == Code::NotFound => Ok(Answer::NotFound),
            answer => answer,
        }
    }

    async fn evaluate(
        &self,
        clients: &mut Clients,
        incident_id: String,
    ) -> Result<v1::EvaluateIncidentResponse, Status> {
        let request = v1::EvaluateIncidentRequest {
            tenant: TENANT.into(),
            incident_id,
            with_segments: true,
            as_of_time: self.as_of.map(timestamp),
            known_time: self.known.map(timestamp),
            ..Default::default()
        };
        Ok(clients.clocks.evaluate_incident(request).await?.into_inner())
    }

    async fn list_events(
        &self,
        clients: &mut Clients,
        incident_id: String,
    ) -> Result<v1::ListEventsResponse, Status> {
        let request = v1::ListEventsRequest {
            tenant: TENANT.into(),
            incident_id,
            as_of_time: self.as_of.map(timestamp),
            known_time: self.known.map(timestamp),
            ..Default::default()
        };
        Ok(clients.incidents.list_events(request).await?.into_inner())
    }

    async fn list_clocks(
        &self,
        clients: &mut Clients,
        contract_id: String,
    ) -> Result<v1::ListClocksResponse, Status> {
        let request = v1::ListClocksRequest {
            tenant: TENANT.into(),
            contract_id,
            page_size: 1_000,
            as_of_time: self.as_of.map(timestamp),
            known_time: self.known.map(timestamp),
            ..Default::default()
        };
        Ok(clients.clocks.list_clocks(request).await?.into_inner())
    }

    async fn compare(
        &self,
        clients: &mut Clients,
        earlier: Nanos,
    ) -> Result<Vec<v1::CompareClocksResponse>, Status> {
        let request = v1::CompareClocksRequest {
            tenant: TENANT.into(),
            earlier_known_time: Some(timestamp(earlier)),
            as_of_time: self.as_of.map(timestamp),
            known_time: self.known.map(timestamp),
            ..Default::default()
        };
        let mut answers = clients.clocks.compare_clocks(request).await?.into_inner();
        let mut all = Vec::new();
        while let Some(answer) = answers.message().await? {
            all.push(answer);
        }
        Ok(all)
    }
}

impl Answer {
    fn stamps(&mut self) -> Vec<&mut v1::Stamp> {
        match self {
            Answer::Incident(answer) => answer.stamp.iter_mut().collect(),
            Answer::Events(answer) => answer.stamp.iter_mut().collect(),
            Answer::Clocks(answer) => answer.stamp.iter_mut().collect(),
            Answer::Changes(all) => all.iter_mut().flat_map(|answer| &mut answer.stamp).collect(),
            Answer::NotFound => Vec::new(),
        }
    }

    /// The kinds of clocks it lists.
    pub fn kinds(&self) -> Vec<(v1::Phase, v1::Outcome)> {
        let clocks = match self {
            Answer::Incident(answer) => answer.clocks.as_slice(),
            Answer::Clocks(answer) => answer.clocks.as_slice(),
            _ => &[],
        };
        clocks.iter().map(|clock| (clock.phase(), clock.outcome())).collect()
    }

    /// Forgets how much was recorded when it was queried: it says nothing of the times queried.
    pub fn forget_sequence(&mut self) {
        self.stamps().into_iter().for_each(|stamp| stamp.sequence = 0);
    }
}

impl Reported {
    /// The question, now about the times the answer is stamped with, so that it can be posed again;
    /// `None`: it can't.
    pub fn of(question: Question, mut answer: Answer) -> Option<Reported> {
        let is_about_everything = question.known.is_none();
        let stamp = answer.stamps().pop().map(|stamp| *stamp);
        answer.forget_sequence();
        let Some(stamp) = stamp else {
            let is_pinned = question.known.is_some() && question.as_of.is_some();
            return is_pinned.then_some(Reported { question, answer, sequence: None });
        };
        let pinned = |requested: Option<Nanos>, stamped: Option<prost_types::Timestamp>| {
            let stamped = nanos(&stamped.expect("a stamp's time"));
            assert_eq!(requested.unwrap_or(stamped), stamped, "another time than was requested");
            Some(stamped)
        };
        let as_of = pinned(question.as_of, stamp.as_of_time);
        let known = pinned(question.known, stamp.known_time);
        let question = Question { as_of, known, ..question };
        let sequence = is_about_everything.then_some(stamp.sequence);
        Some(Reported { question, answer, sequence })
    }

    /// Holds the answer against what the reference says.
    pub fn check(&self, reference: &Reference, records: &[v1::JournalRecord]) {
        let Question { about, as_of: Some(as_of), known: Some(known) } = &self.question else {
            panic!("a question without times: {self:?}");
        };
        if let Some(sequence) = self.sequence {
            let record = &records[sequence as usize - 1];
            assert_eq!(record.record_time, Some(timestamp(*known)), "{self:?}");
        }
        match (about, &self.answer) {
            (About::Incident(id), Answer::Incident(answer)) => {
                let clocks = answer.clocks.iter().map(Figures::of).collect();
                assert_eq!(Some(clocks), reference.evaluate(id, *as_of, *known), "{self:?}");
                check_verdicts(answer);
            }
            (About::Events(id), Answer::Events(answer)) => {
                let events = Some(answer.events.clone());
                assert_eq!(events, reference.list_events(id, *as_of, *known), "{self:?}");
            }
            (About::Incident(id) | About::Events(id), Answer::NotFound) => {
                assert_eq!(reference.evaluate(id, *as_of, *known), None, "{self:?}");
            }
            // Neither the contract nor anything of the tenant was known then.
            (About::Clocks(id), Answer::NotFound) => {
                assert_eq!(reference.list_clocks(id, *as_of, *known), [], "{self:?}");
            }
            (About::Clocks(id), Answer::Clocks(answer)) => {
                let clocks: Vec<_> = answer.clocks.iter().map(Figures::of).collect();
                check_list(&self.question, &clocks, &reference.list_clocks(id, *as_of, *known));
            }
            (About::Changes(earlier), Answer::Changes(all)) => {
                check_changes(all, reference, *as_of, *earlier, *known);
            }
            _ => panic!("no answer to this question: {self:?}"),
        }
    }
}

fn check_list(question: &Question, clocks: &[Figures], expected: &[Figures]) {
    for (place, pair) in clocks.iter().zip(expected).enumerate() {
        assert_eq!(pair.0, pair.1, "place {place}: {question:?}");
    }
    assert_eq!(clocks.len(), expected.len(), "{question:?}");
}

/// Each clock is one cycle, so its outcome is its target's; and its segments add up.
fn check_verdicts(answer: &v1::EvaluateIncidentResponse) {
    let outcomes = answer.clocks.iter().map(|clock| (&clock.target_id, clock.outcome));
    assert!(answer.verdicts.iter().map(|v| (&v.target_id, v.outcome)).eq(outcomes), "{answer:?}");
    for clock in &answer.clocks {
        assert_eq!(span(&clock.remaining), span(&clock.limit) - span(&clock.elapsed));
        let counted = clock.segments.iter().map(|segment| span(&segment.counted));
        assert_eq!(counted.sum::<Nanos>(), span(&clock.elapsed), "{clock:?}");
        let meet = |two: &[v1::Segment]| two[0].end_time == two[1].start_time;
        assert!(clock.segments.windows(2).all(meet), "{clock:?}");
    }
}

/// A clock of an incident: its contract and its target.
type Clock = (String, String, String);

fn outcomes(reference: &Reference, as_of: Nanos, known: Nanos) -> BTreeMap<Clock, i32> {
    let ids = reference.incident_ids();
    let clocks = ids.filter_map(|id| reference.evaluate(id, as_of, known)).flatten();
    clocks.map(|c| ((c.incident, c.contract, c.target), c.outcome as i32)).collect()
}

/// Those clocks and no others whose outcome differs, and for each the steps from one outcome to
/// the other.
fn check_changes(
    all: &[v1::CompareClocksResponse],
    reference: &Reference,
    as_of: Nanos,
    earlier: Nanos,
    later: Nanos,
) {
    let (before, after) = (outcomes(reference, as_of, earlier), outcomes(reference, as_of, later));
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differs = names.into_iter().filter(|name| before.get(name) != after.get(name));
    let name = |change: &v1::CompareClocksResponse| {
        let clock = change.after.as_ref().or(change.before.as_ref()).expect("a clock");
        (clock.incident_id.clone(), clock.contract_id.clone(), clock.target_id.clone())
    };
    assert_eq!(all.iter().map(name).collect::<Vec<_>>(), differs.cloned().collect::<Vec<_>>());
    for change in all {
        let name = name(change);
        let outcome = |clock: &Option<v1::Clock>| clock.as_ref().map(|clock| clock.outcome);
        assert_eq!(outcome(&change.before).as_ref(), before.get(&name), "{change:?}");
        assert_eq!(outcome(&change.after).as_ref(), after.get(&name), "{change:?}");
        let mut now = before.get(&name).copied().unwrap_or_default();
        for step in &change.steps {
            let time = nanos(&step.record_time.expect("its time"));
            let reported = reference.evaluate(&name.0, as_of, time).unwrap_or_default();
            let clock = reported.iter().find(|c| c.contract == name.1 && c.target == name.2);
            assert_eq!(step.before_outcome, now, "{change:?}");
            now = clock.map(|clock| clock.outcome as i32).unwrap_or_default();
            assert_eq!(step.after_outcome, now, "{change:?}");
        }
        assert_eq!(now, after.get(&name).copied().unwrap_or_default(), "{change:?}");
    }
}
