//! Party time: whose turn it was, to the nanosecond.

use std::collections::BTreeMap;

use super::passages::Passages;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::incident::WaitingOn;
use crate::domain::time::Span;

/// Whose turn a part of an incident's time was; a third party goes by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder<N> {
    /// The provider: whenever nobody else was waited on, also when nobody was.
    Provider,
    /// The client.
    Client,
    /// The third party of this name.
    ThirdParty(N),
    /// Nobody's: it was outside service hours.
    ClosedHours,
}

impl<N> Holder<N> {
    /// The same holder with its name borrowed.
    pub fn as_ref(&self) -> Holder<&N> {
        match self {
            Holder::Provider => Holder::Provider,
            Holder::Client => Holder::Client,
            Holder::ThirdParty(name) => Holder::ThirdParty(name),
            Holder::ClosedHours => Holder::ClosedHours,
        }
    }

    /// The same holder with its name converted.
    pub fn named<M>(self, name: impl FnOnce(N) -> M) -> Holder<M> {
        match self {
            Holder::Provider => Holder::Provider,
            Holder::Client => Holder::Client,
            Holder::ThirdParty(old) => Holder::ThirdParty(name(old)),
            Holder::ClosedHours => Holder::ClosedHours,
        }
    }
}

/// How the time in which an incident was open divides among the holders; those without any are left
/// out.
///
/// Every nanosecond from the opening to the resolution, or to the instant evaluated at, is in
/// exactly one entry: outside `hours` in that of the closed hours, else in that of the party waited
/// on. The time between a resolution and a reopening is in none, for the incident was not open.
pub fn party_time<'e>(
    passages: &Passages<'e>,
    hours: &ServiceHours,
) -> BTreeMap<Holder<&'e str>, Span> {
    let mut spans = BTreeMap::<_, Span>::new();
    for passage in passages.open() {
        let holder = match passage.waiting_on {
            WaitingOn::Provider | WaitingOn::Nobody => Holder::Provider,
            WaitingOn::Client => Holder::Client,
            WaitingOn::ThirdParty => Holder::ThirdParty(passage.third_party),
        };
        let served = hours.elapsed(passage.start, passage.end);
        *spans.entry(holder).or_default() += served;
        let closed = passage.end.since(passage.start) - served;
        *spans.entry(Holder::ClosedHours).or_default() += closed;
    }
    spans.retain(|_, span| *span > Span::ZERO);
    spans
}
