//! Incidents without a clock, in sentences.

use std::collections::BTreeMap;

use itertools::Itertools;

use super::connection::Channel;
use super::pages::{PAGE_SIZE, pages};
use crate::codec::v1;
use crate::codec::v1::incident_service_client::IncidentServiceClient;

/// How many incidents lack a clock in one way, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lack {
    /// How many incidents; one that lacks for several reasons is one.
    pub incidents: usize,
    /// Why, and how many for each reason, the most frequent first.
    pub reasons: Vec<(usize, String)>,
}

/// What incidents lack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lacks {
    /// Those without any clock.
    pub no_clock: Lack,
    /// Those with a clock, but not of every contract that they name.
    pub no_contract: Lack,
    /// Those with a clock of each contract, but not of every target.
    pub no_target: Lack,
}

/// Sentences on the incidents of a period that a contract does not measure; `None`: it measures
/// all.
pub(super) fn of_period(coverage: &v1::Coverage) -> Option<String> {
    let lack = |is_meant: fn(&v1::CoverageGap) -> bool| {
        let gaps = coverage.gaps.iter().filter(|gap| is_meant(gap));
        let reasons = gaps.map(|gap| (count(gap.incidents), gap.description.clone()));
        sorted(reasons.collect())
    };
    let uncovered = Lack {
        incidents: count(coverage.uncovered),
        reasons: lack(|gap| gap.target_id.is_empty()),
    };
    let partly = lack(|gap| !gap.target_id.is_empty());
    let partly = partly.iter().map(|(count, reason)| format!("{count} {reason}")).join(", ");
    let sentences = [
        sentence(&uncovered, ["opened in it has no clock", "opened in it have no clock"]),
        (!partly.is_empty()).then(|| format!("clocks of some targets are missing: {partly}")),
    ];
    let text = sentences.into_iter().flatten().join("\n");
    (!text.is_empty()).then_some(text)
}

/// Sentences on what incidents lack: none if they lack nothing.
pub(super) fn sentences(lacks: &Lacks) -> Vec<String> {
    let Lacks { no_clock, no_contract, no_target } = lacks;
    let sentences = [
        sentence(no_clock, ["has no clock", "have no clock"]),
        sentence(
            no_contract,
            ["has no clock of a contract it names", "have no clock of a contract they name"],
        ),
        sentence(no_target, ["has no clock of a target", "have no clock of a target"]),
    ];
    sentences.into_iter().flatten().collect()
}

/// `12 incidents have no clock: 9 priority P9 has no limit in workplace, 3 ...`.
fn sentence(lack: &Lack, [of_one, of_many]: [&str; 2]) -> Option<String> {
    let incidents = match lack.incidents {
        0 => return None,
        1 => format!("1 incident {of_one}"),
        many => format!("{many} incidents {of_many}"),
    };
    let reasons = lack.reasons.iter().map(|(count, reason)| format!("{count} {reason}")).join(", ");
    Some(format!("{incidents}: {reasons}"))
}

/// The incidents of a tenant that lack a clock.
pub(super) async fn list(
    request: v1::ListIncidentsRequest,
    channel: Channel,
) -> anyhow::Result<Vec<v1::Incident>> {
    let mut client = IncidentServiceClient::new(channel);
    let request =
        v1::ListIncidentsRequest { only_missing_clocks: true, page_size: PAGE_SIZE, ..request };
    Ok(pages!(client, list_incidents, request, incidents, usize::MAX).0)
}

/// What incidents lack, each as it is listed.
pub(super) fn lacks<'i>(incidents: impl Iterator<Item = &'i v1::Incident>) -> Lacks {
    let [mut no_clock, mut no_contract, mut no_target] = [(); 3].map(|()| Counts::default());
    for incident in incidents {
        let of_contract = |one: &&v1::MissingClock| one.target_id.is_empty();
        let contracts = incident.missing_clocks.iter().filter(of_contract).count();
        match contracts {
            0 => no_target.add(incident.missing_clocks.iter()),
            all if all >= incident.contract_ids.iter().unique().count() => {
                no_clock.add(incident.missing_clocks.iter());
            }
            _ => no_contract.add(incident.missing_clocks.iter().filter(of_contract)),
        }
    }
    let [no_clock, no_contract, no_target] = [no_clock, no_contract, no_target].map(Counts::lack);
    Lacks { no_clock, no_contract, no_target }
}

/// Incidents while they are counted.
#[derive(Default)]
struct Counts {
    incidents: usize,
    reasons: BTreeMap<String, usize>,
}

impl Counts {
    fn add<'m>(&mut self, missing: impl Iterator<Item = &'m v1::MissingClock>) {
        self.incidents += 1;
        for missing in missing {
            *self.reasons.entry(missing.description.clone()).or_default() += 1;
        }
    }

    fn lack(self) -> Lack {
        let reasons = self.reasons.into_iter().map(|(reason, count)| (count, reason)).collect();
        Lack { incidents: self.incidents, reasons: sorted(reasons) }
    }
}

fn sorted(mut reasons: Vec<(usize, String)>) -> Vec<(usize, String)> {
    reasons.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    reasons
}

fn count(incidents: i64) -> usize {
    usize::try_from(incidents).unwrap_or_default()
}
