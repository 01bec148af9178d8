//! First-contact resolution: incidents that the client had to turn to the desk for once only.

use super::passages::Passages;
use crate::domain::incident::{Fact, History, State, WaitingOn};
use crate::domain::time::{Instant, Span};

/// Whether an incident was resolved at first contact as of an instant; `None`: it is not resolved,
/// or was never assigned to a group, so that nobody knows.
///
/// It was if it was resolved by the first group it was assigned to, without having waited on the
/// client or a third party, without a reply of the client, never reopened, and within `within` of
/// its opening (zero: however long it took).
pub(super) fn first_contact(
    history: &History<'_>,
    passages: &Passages<'_>,
    state: &State<'_>,
    (handovers, within): (u32, Span),
    as_of: Instant,
) -> Option<bool> {
    let is_over = state.cancelled.is_none() && state.merged_into.is_none();
    let resolved = state.resolved.filter(|_| is_over)?;
    let (opened, _) = state.opened?;
    let known = history.effective().iter().map(|recorded| &recorded.value);
    let mut facts = known.take_while(|event| event.occur_time <= as_of).map(|event| &event.fact);
    facts.clone().find(|fact| is_to_a_group(fact))?;
    let is_in_time = within <= Span::ZERO || resolved.since(opened) <= within;
    let has_waited = passages
        .open()
        .any(|passage| matches!(passage.waiting_on, WaitingOn::Client | WaitingOn::ThirdParty));
    let was_back = facts.any(|fact| matches!(fact, Fact::ClientReplied | Fact::Reopened));
    Some(is_in_time && handovers == 0 && !has_waited && !was_back)
}

fn is_to_a_group(fact: &Fact) -> bool {
    matches!(fact, Fact::Assigned { group: Some(group), .. } if !group.is_empty())
}
