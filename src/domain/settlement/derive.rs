//! Derives the settlement items that follow from facts.

use chrono::NaiveDate;

use super::{Item, ItemKind};
use crate::domain::clock::{Clock, Exclusion, Outcome};
use crate::domain::compliance::{Entry, Period, exclusion_reason, span_in_words};
use crate::domain::contract::Contract;
use crate::domain::incident::{Fact, History, IncidentEvent, Party, State};
use crate::domain::time::{Instant, Span};

/// The items to settle about an incident under one contract. `entries` and `clocks` are those of
/// the incident's evaluation.
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

/// What a period's statement comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owed {
    /// So many minor units.
    Amount(i64),
    /// A share of a fee that is not known yet.
    NotKnown,
}

/// The item for a period's service credits, negative when credits are earned back, to be claimed by
/// a local date if there is one. `None` when they come to nothing.
pub fn credit(
    contract: &Contract,
    period: &Period,
    owed: Owed,
    claim_by: Option<NaiveDate>,
) -> Option<Item> {
    let mut summary = match owed {
        Owed::Amount(0) => return None,
        Owed::Amount(..0) => {
            format!("objectives of {} that were kept earn back credits", period.name)
        }
        _ => format!("missed objectives of {} credit the client", period.name),
    };
    summary += not_known(owed);
    if let Some(date) = claim_by {
        summary += &format!(", to be claimed by {date}");
    }
    let item = of_period(ItemKind::Credit, contract, period, summary);
    Some(Item { amount: owed.amount(), claim_by, ..item })
}

/// The item for a period's bonuses, which go to the provider. `None` when there are none.
pub fn bonus(contract: &Contract, period: &Period, owed: Owed) -> Option<Item> {
    if owed == Owed::Amount(0) {
        return None;
    }
    let summary = format!(
        "exceeded objectives of {} earn the provider a bonus{}",
        period.name,
        not_known(owed)
    );
    let item = of_period(ItemKind::Bonus, contract, period, summary);
    Some(Item { amount: owed.amount().map(i64::saturating_neg), ..item })
}

impl Owed {
    fn amount(self) -> Option<i64> {
        match self {
            Owed::Amount(amount) => Some(amount),
            Owed::NotKnown => None,
        }
    }
}

fn not_known(owed: Owed) -> &'static str {
    match owed {
        Owed::NotKnown => ", a share of a fee that is not known yet",
        Owed::Amount(_) => "",
    }
}

fn of_period(kind: ItemKind, contract: &Contract, period: &Period, summary: String) -> Item {
    let item = item(kind, contract, &period.name, summary, period.end);
    Item { period: period.name.clone(), ..item }
}

/// The id of an item that follows from facts.
pub(super) fn item_id(kind: ItemKind, contract_id: &str, about: &str) -> String {
    format!("{}:{contract_id}:{about}", kind.word())
}

/// An item about something of a contract, without what only some kinds have.
pub(super) fn item(
    kind: ItemKind,
    contract: &Contract,
    about: &str,
    summary: String,
    open_time: Instant,
) -> Item {
    Item {
        id: item_id(kind, &contract.id, about),
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
        claim_by: None,
        currency: contract.currency.clone(),
        event_ids: Vec::new(),
        recorded_by: String::new(),
    }
}

/// The incident and contract that items are derived for.
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

    /// The last effective event up to `as_of` whose fact passes a test.
    fn last(&self, is_it: impl Fn(&Fact) -> bool) -> Option<&IncidentEvent> {
        let known = self.history.effective().iter().rev().map(|recorded| &recorded.value);
        let mut known = known.filter(|event| event.occur_time <= self.as_of);
        known.find(|event| is_it(&event.fact))
    }

    /// Whether a fact decides if a target of this contract counts.
    fn decides(&self, fact: &Fact, target: &str) -> bool {
        let Fact::ExclusionDecided(decision) = fact else { return false };
        let is_of_target = decision.target_id.is_empty() || decision.target_id == target;
        is_of_target && decision.contract_id == self.contract.id
    }

    fn scope(&self, state: &State<'_>) -> Option<Item> {
        let evaluated = self.last(|fact| matches!(fact, Fact::ScopeJudged { .. }))?;
        let Fact::ScopeJudged { in_scope: false, note } = &evaluated.fact else { return None };
        let mut summary = "help outside the contract's scope".to_owned();
        if state.touch_time > Span::ZERO {
            summary += &format!(", {} worked", span_in_words(state.touch_time));
        }
        if !note.is_empty() {
            summary += &format!(": {note}");
        }
        let by = vec![evaluated.event_id.clone()];
        Some(self.item(ItemKind::OutOfScope, summary, evaluated.occur_time, by))
    }

    fn excluded(&self, entries: &[&Entry<'_>], clocks: &[Clock<'_>]) -> Option<Item> {
        let excluded: Vec<_> = entries.iter().filter(|entry| entry.is_excluded).collect();
        let first = excluded.first()?;
        let mut by = Vec::new();
        let texts = excluded.iter().map(|entry| {
            let exclusion = entry.clocks(clocks).find_map(|clock| clock.exclusion);
            if let Some(Exclusion::Decision { event_id, .. }) = exclusion {
                by.push(event_id.to_owned());
            }
            let ground = exclusion.map_or("excluded".to_owned(), exclusion_reason);
            format!("{} {ground}, {}", entry.target_id, otherwise(entry))
        });
        let summary = texts.collect::<Vec<_>>().join("; ");
        by.dedup();
        let decided = self.last(|fact| self.decides(fact, first.target_id));
        let attributed = self.last(|fact| matches!(fact, Fact::CauseAttributed(_)));
        let ground = decided.or(attributed).map(|event| event.occur_time);
        let open_time = ground.or(first.decide_time).unwrap_or(self.as_of);
        Some(self.item(ItemKind::Excluded, summary, open_time, by))
    }

    fn decision_open(&self, entries: &[&Entry<'_>], state: &State<'_>) -> Option<Item> {
        let cause = state.cause.filter(|cause| cause.party != Party::Provider)?;
        let late = entries.iter().filter(|entry| entry.verdict() == Outcome::Breached);
        let late = late.map(|entry| entry.target_id);
        let is_undecided = |target: &&str| self.last(|fact| self.decides(fact, target)).is_none();
        let late: Vec<_> = late.filter(is_undecided).collect();
        let first = late.first()?;
        let attributed = self.last(|fact| matches!(fact, Fact::CauseAttributed(_)))?;
        let targets = if late.len() > 1 { late.join(", ") } else { (*first).to_owned() };
        let who = match (cause.party, cause.third_party.as_str()) {
            (Party::Client, _) => "the client",
            (_, "") => "a third party",
            (_, name) => name,
        };
        let summary = format!("{targets} late by {who}'s doing: decide whether that counts");
        let by = vec![attributed.event_id.clone()];
        let open = self.item(ItemKind::DecisionOpen, summary, attributed.occur_time, by);
        Some(Item { party: Some(cause.party), third_party: cause.third_party.clone(), ..open })
    }
}

fn otherwise(entry: &Entry<'_>) -> &'static str {
    match entry.contractual.outcome {
        Outcome::Breached => "would have been late",
        Outcome::Met => "would have been in time",
        Outcome::Undecided | Outcome::Excluded => "still open",
        Outcome::Transferred => "moved elsewhere",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::testing::{Case, at, event, span, target, timeline_events};
    use crate::domain::compliance::entries;
    use crate::domain::incident::{Cause, ExclusionDecision};

    /// Opened at nine, with an hour to respond and four to resolve, and both late by noon on
    /// Tuesday.
    fn late(facts: &[(&str, Fact)]) -> Case {
        let targets = [target("response P1=1:00/office"), target("resolution P1=4:00/office")];
        let timeline = "
            Mon 09:00 opened P1
            Mon 16:00 resolved";
        let mut events = timeline_events(timeline);
        for (number, (time, fact)) in (3..).zip(facts) {
            events.push(event(number, at(time), fact.clone()));
        }
        Case::of(targets, events)
    }

    fn derived(case: &Case) -> Vec<Item> {
        let as_of = at("Tue 12:00");
        case.evaluated(as_of, |evaluation| {
            let history = History::fold(&case.events, case.known_time);
            let state = history.state(as_of);
            let entries = entries(evaluation, &state, &[]);
            let contract = case.revisions.known(Instant::MAX);
            let contract = &contract.at(as_of).expect("a revision").content;
            items("I", contract, &history, &state, (&entries, &evaluation.clocks), as_of)
        })
    }

    #[track_caller]
    fn check(facts: &[(&str, Fact)], expected: &[(&str, &str)]) {
        let found = derived(&late(facts));
        let found: Vec<_> = found.iter().map(|i| (i.id.as_str(), i.summary.as_str())).collect();
        assert_eq!(found, expected);
    }

    fn caused(party: Party, third_party: &str) -> Fact {
        let third_party = third_party.to_owned();
        let (note, confidence_percent) = (String::new(), None);
        Fact::CauseAttributed(Cause { party, third_party, note, confidence_percent })
    }

    fn decided(contract: &str, target: &str, is_excluded: bool) -> Fact {
        Fact::ExclusionDecided(ExclusionDecision {
            contract_id: contract.into(),
            target_id: target.into(),
            is_excluded,
            decided_by: "Ann".into(),
            reason: "the line was cut".into(),
        })
    }

    #[test]
    fn nothing_follows_from_what_the_provider_did() {
        check(&[], &[]);
        check(&[("Mon 10:00", caused(Party::Provider, ""))], &[]);
    }

    #[test]
    fn help_outside_the_scope_is_settled_until_it_is_decided_to_be_within() {
        let evaluated = |in_scope| Fact::ScopeJudged { in_scope, note: "a printer".into() };
        let worked = Fact::WorkLogged { start_time: None, duration: span("0:30") };
        let outside = ("Mon 10:00", evaluated(false));
        check(
            &[outside.clone(), ("Mon 11:00", worked)],
            &[("scope:contract:I", "help outside the contract's scope, 30 min worked: a printer")],
        );
        check(&[outside, ("Mon 11:00", evaluated(true))], &[]);
    }

    #[test]
    fn what_others_made_late_is_open_until_it_is_decided_for_this_contract_and_target() {
        let caused = ("Mon 10:00", caused(Party::ThirdParty, "Wires"));
        let open =
            |targets: &str| format!("{targets} late by Wires's doing: decide whether that counts");
        let after = |contract: &str, target: &str| {
            [caused.clone(), ("Mon 17:00", decided(contract, target, false))]
        };
        let item = "decision:contract:I";
        check(std::slice::from_ref(&caused), &[(item, &open("response, resolution"))]);
        check(&after("another", ""), &[(item, &open("response, resolution"))]);
        check(&after("contract", "response"), &[(item, &open("resolution"))]);
        check(&after("contract", ""), &[]);
    }

    #[test]
    fn an_exclusion_names_its_reason_and_what_the_outcome_would_have_been() {
        let facts = [("Mon 17:00", decided("contract", "resolution", true))];
        check(
            &facts,
            &[(
                "excluded:contract:I",
                "resolution excluded by Ann: the line was cut, would have been late",
            )],
        );
        let items = derived(&late(&facts));
        assert_eq!(
            (items[0].open_time, items[0].event_ids.as_slice()),
            (at("Mon 17:00"), ["e3".to_owned()].as_slice(),)
        );
    }

    #[test]
    fn credits_are_settled_either_way_but_not_nothing() {
        let case = late(&[]);
        let contract = case.revisions.known(Instant::MAX);
        let contract = &contract.at(at("Tue 12:00")).expect("a revision").content;
        let (start, end) = (at("Mon 00:00"), at("Tue 00:00"));
        let period = Period { name: "2024-01".into(), start, end };
        let of = |amount| credit(contract, &period, Owed::Amount(amount), None);
        assert_eq!(of(0), None);
        for amount in [-7, 500] {
            let item = of(amount).expect("an item");
            assert_eq!((item.id.as_str(), item.amount), ("credit:contract:2024-01", Some(amount)));
            assert_eq!(item.open_time, end);
        }
        // P18: a deadline to claim is named, a bonus is an item of its own, and a fee that is not
        // known yet leaves the amount open.
        let date = chrono::NaiveDate::from_ymd_opt(2024, 3, 1);
        let item = credit(contract, &period, Owed::NotKnown, date).expect("an item");
        assert_eq!((item.amount, item.claim_by), (None, date));
        assert!(item.summary.ends_with("not known yet, to be claimed by 2024-03-01"));
        let item = bonus(contract, &period, Owed::Amount(300)).expect("an item");
        assert_eq!((item.id.as_str(), item.amount), ("bonus:contract:2024-01", Some(-300)));
        assert_eq!(bonus(contract, &period, Owed::Amount(0)), None);
    }
}
