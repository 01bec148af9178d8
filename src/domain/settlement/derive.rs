//! The items that follow from facts by themselves.

use super::{Item, ItemKind};
use crate::domain::clock::{Clock, Exclusion, Outcome};
use crate::domain::compliance::{Entry, Period, words};
use crate::domain::contract::Contract;
use crate::domain::incident::{Fact, History, IncidentEvent, Party, State};
use crate::domain::time::{Instant, Span};

/// What is to be settled of an incident under one contract. `entries` and `clocks` are those of
/// its judgement under it.
pub fn items(
    incident: &str,
    contract: &Contract,
    history: &History<'_>,
    state: &State<'_>,
    (entries, clocks): (&[Entry<'_>], &[Clock<'_>]),
    as_of: Instant,
) -> Vec<Item> {
    let of_contract = |entry: &&Entry<'_>| entry.contract_id == contract.id;
    let entries: Vec<_> = entries.iter().filter(of_contract).collect();
    let about = About { incident, contract, history, as_of };
    let found = [
        about.scope(state),
        about.excluded(&entries, clocks),
        about.decision_open(&entries, state),
    ];
    found.into_iter().flatten().collect()
}

/// What is to be settled since a period's missed objectives cost something, or give back.
pub fn credit(contract: &Contract, period: &Period, amount: i64) -> Option<Item> {
    let summary = match amount {
        0 => return None,
        1.. => format!("missed objectives of {} credit the client", period.name),
        _ => format!("objectives of {} that were kept earn back credits", period.name),
    };
    Some(Item {
        period: period.name.clone(),
        amount: Some(amount),
        ..item(ItemKind::Credit, contract, &period.name, summary, period.end)
    })
}

fn item(
    kind: ItemKind,
    contract: &Contract,
    about: &str,
    summary: String,
    open_time: Instant,
) -> Item {
    let word = match kind {
        ItemKind::OutOfScope => "scope",
        ItemKind::Excluded => "excluded",
        ItemKind::Credit => "credit",
        ItemKind::DecisionOpen => "decision",
        ItemKind::Other => "other",
    };
    Item {
        id: format!("{word}:{}:{about}", contract.id),
        kind,
        contract_id: contract.id.clone(),
        client: contract.client.clone(),
        incident_ids: Vec::new(),
        period: String::new(),
        summary,
        opened_by: String::new(),
        open_time,
        party: None,
        third_party: String::new(),
        amount: None,
        currency: contract.currency.clone(),
        event_ids: Vec::new(),
    }
}

struct About<'a> {
    incident: &'a str,
    contract: &'a Contract,
    history: &'a History<'a>,
    as_of: Instant,
}

impl About<'_> {
    fn item(&self, kind: ItemKind, summary: String, open_time: Instant, by: Vec<String>) -> Item {
        let item = item(kind, self.contract, self.incident, summary, open_time);
        Item { incident_ids: vec![self.incident.to_owned()], event_ids: by, ..item }
    }

    /// The last event that holds by now of those a test picks.
    fn last(&self, is_it: impl Fn(&Fact) -> bool) -> Option<&IncidentEvent> {
        let known = self.history.effective().iter().rev().map(|recorded| &recorded.event);
        let mut known = known.filter(|event| event.occur_time <= self.as_of);
        known.find(|event| is_it(&event.fact))
    }

    fn scope(&self, state: &State<'_>) -> Option<Item> {
        let judged = self.last(|fact| matches!(fact, Fact::ScopeJudged { .. }))?;
        let Fact::ScopeJudged { in_scope: false, note } = &judged.fact else { return None };
        let mut summary = "help outside the contract's scope".to_owned();
        if state.touch_time > Span::ZERO {
            summary += &format!(", {} worked", words(state.touch_time));
        }
        if !note.is_empty() {
            summary += &format!(": {note}");
        }
        let by = vec![judged.event_id.clone()];
        Some(self.item(ItemKind::OutOfScope, summary, judged.occur_time, by))
    }

    fn excluded(&self, entries: &[&Entry<'_>], clocks: &[Clock<'_>]) -> Option<Item> {
        let excluded: Vec<_> = entries.iter().filter(|entry| entry.is_excluded).collect();
        let first = excluded.first()?;
        let mut by = Vec::new();
        let told = excluded.iter().map(|entry| {
            let of_target = |clock: &&Clock<'_>| {
                clock.contract_id == entry.contract_id && clock.target_id == entry.target_id
            };
            let ground = clocks.iter().filter(of_target).find_map(|clock| clock.exclusion);
            if let Some(Exclusion::Decision { event_id, .. }) = ground {
                by.push(event_id.to_owned());
            }
            format!("{} {}, {}", entry.target_id, ground_told(ground), otherwise(entry))
        });
        let told = told.collect::<Vec<_>>().join("; ");
        by.dedup();
        let decided = self.last(|fact| matches!(fact, Fact::ExclusionDecided(_)));
        let attributed = self.last(|fact| matches!(fact, Fact::CauseAttributed { .. }));
        let ground = decided.or(attributed).map(|event| event.occur_time);
        let open_time = ground.or(first.decide_time).unwrap_or(self.as_of);
        Some(self.item(ItemKind::Excluded, told, open_time, by))
    }

    fn decision_open(&self, entries: &[&Entry<'_>], state: &State<'_>) -> Option<Item> {
        let (party, third_party) = state.cause.filter(|(party, _)| *party != Party::Provider)?;
        if self.last(|fact| matches!(fact, Fact::ExclusionDecided(_))).is_some() {
            return None;
        }
        let late = entries.iter().filter(|entry| entry.verdict() == Outcome::Breached);
        let late: Vec<_> = late.map(|entry| entry.target_id).collect();
        let first = late.first()?;
        let attributed = self.last(|fact| matches!(fact, Fact::CauseAttributed { .. }))?;
        let targets = if late.len() > 1 { late.join(", ") } else { (*first).to_owned() };
        let who = match (party, third_party) {
            (Party::Client, _) => "the client",
            (_, "") => "a third party",
            (_, name) => name,
        };
        let summary = format!("{targets} late by {who}'s doing: decide whether that counts");
        let by = vec![attributed.event_id.clone()];
        let open = self.item(ItemKind::DecisionOpen, summary, attributed.occur_time, by);
        Some(Item { party: Some(party), third_party: third_party.to_owned(), ..open })
    }
}

fn ground_told(ground: Option<Exclusion<'_>>) -> String {
    match ground {
        Some(Exclusion::Rule(rule)) => format!("excluded by rule {}", rule.id),
        Some(Exclusion::Decision { decision, .. }) => {
            format!("excluded by {}: {}", decision.decided_by, decision.reason)
        }
        None => "excluded".to_owned(),
    }
}

fn otherwise(entry: &Entry<'_>) -> &'static str {
    match entry.contractual.outcome {
        Outcome::Breached => "would have been late",
        Outcome::Met => "would have been in time",
        Outcome::Undecided | Outcome::Excluded => "still open",
    }
}
