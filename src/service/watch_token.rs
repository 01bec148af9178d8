//! The tokens of notices: how far they were given, sealed.

use prost::Message;

use super::sealed_token::{BadToken, SealedTokens};
use crate::codec::store::v1 as store;
use crate::codec::store::v1::watch_token::Stage as Kept;
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::time::Instant;
use crate::engine::evaluate::Times;
use crate::journal::StoreId;
use crate::queries::ReadPoint;
use crate::queries::notices::{NoticeProgress, Pass, Stage};

/// The tokens of a tenant's notices.
#[derive(Clone, Debug)]
pub(super) struct WatchTokens {
    tenant: TenantId,
    sealing: SealedTokens,
}

impl WatchTokens {
    pub fn new(store_id: &StoreId, tenant: TenantId) -> WatchTokens {
        WatchTokens { tenant, sealing: SealedTokens::new("slx watch", store_id) }
    }

    /// A token to go on from.
    pub fn seal(&self, progress: &NoticeProgress) -> String {
        self.sealing.seal(&encode(&self.tenant, progress).encode_to_vec())
    }

    /// How far notices were given, by a token.
    pub fn open(&self, token: &str) -> Result<NoticeProgress, BadToken> {
        let content = self.sealing.open(token)?;
        let token = store::WatchToken::decode(content.as_slice());
        let token = token.map_err(|_| BadToken::Malformed)?;
        let is_its = *self.tenant == *token.tenant;
        decode(token).filter(|_| is_its).ok_or(BadToken::Malformed)
    }
}

fn encode(tenant: &TenantId, progress: &NoticeProgress) -> store::WatchToken {
    let pass = progress.pass.as_ref();
    store::WatchToken {
        tenant: tenant.to_string(),
        at: Some(encode_point(progress.at)),
        goal: pass.map(|pass| encode_point(pass.goal)),
        terms_nanos: pass.map_or(0, |pass| pass.terms.nanos()),
        partly: pass.and_then(|pass| pass.partly.as_ref()).map(encode_partly),
        stage: pass.map(|pass| encode_stage(&pass.stage)),
    }
}

fn encode_partly((incident, times): &(IncidentId, Times)) -> store::WatchPartly {
    store::WatchPartly {
        incident_id: incident.to_string(),
        as_of_nanos: times.as_of.nanos(),
        known_nanos: times.known.nanos(),
    }
}

pub(super) fn encode_point(point: ReadPoint) -> store::WatchPoint {
    let ReadPoint { sequence, times: Times { as_of, known } } = point;
    store::WatchPoint { sequence, as_of_nanos: as_of.nanos(), known_nanos: known.nanos() }
}

fn encode_stage(stage: &Stage) -> Kept {
    match stage {
        Stage::Scheduled(time, incident) => Kept::Scheduled(store::WatchScheduled {
            time_nanos: time.nanos(),
            incident_id: incident.to_string(),
        }),
        Stage::Terms(contract, incident) => Kept::Terms(store::WatchTerms {
            contract_id: contract.to_string(),
            incident_id: incident.to_string(),
        }),
        Stage::Records(after, until) => {
            Kept::Records(store::WatchRecords { after: *after, until: *until })
        }
    }
}

fn decode(token: store::WatchToken) -> Option<NoticeProgress> {
    let at = decode_point(token.at?)?;
    let pass = match (token.goal, token.stage) {
        (None, None) => None,
        (Some(goal), Some(stage)) => Some(Pass {
            goal: decode_point(goal)?,
            terms: Instant::from_nanos(token.terms_nanos).ok()?,
            stage: decode_stage(stage)?,
            partly: match token.partly {
                Some(partly) => Some(decode_partly(partly)?),
                None => None,
            },
        }),
        _ => return None,
    };
    Some(NoticeProgress { at, pass })
}

fn decode_partly(partly: store::WatchPartly) -> Option<(IncidentId, Times)> {
    let as_of = Instant::from_nanos(partly.as_of_nanos).ok()?;
    let known = Instant::from_nanos(partly.known_nanos).ok()?;
    Some((partly.incident_id.into(), Times { as_of, known }))
}

pub(super) fn decode_point(point: store::WatchPoint) -> Option<ReadPoint> {
    let as_of = Instant::from_nanos(point.as_of_nanos).ok()?;
    let known = Instant::from_nanos(point.known_nanos).ok()?;
    Some(ReadPoint { sequence: point.sequence, times: Times { as_of, known } })
}

fn decode_stage(stage: Kept) -> Option<Stage> {
    Some(match stage {
        Kept::Scheduled(store::WatchScheduled { time_nanos, incident_id }) => {
            Stage::Scheduled(Instant::from_nanos(time_nanos).ok()?, incident_id.into())
        }
        Kept::Terms(store::WatchTerms { contract_id, incident_id }) => {
            Stage::Terms(contract_id.into(), incident_id.into())
        }
        Kept::Records(store::WatchRecords { after, until }) => Stage::Records(after, until),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz::spoilt::spoilt_text;

    fn tokens(store: u8, tenant: &str) -> WatchTokens {
        WatchTokens::new(&StoreId::new([store; 16]), tenant.into())
    }

    fn progress(stage: Option<Stage>) -> NoticeProgress {
        let at = |sequence: u64| {
            let instant = |seconds| Instant::from_seconds(seconds).unwrap();
            let times = Times { as_of: instant(9 + sequence as i64), known: instant(8) };
            ReadPoint { sequence, times }
        };
        let partly = Some(("J".into(), at(8).times));
        let pass = |stage| Pass { goal: at(9), terms: at(7).times.known, stage, partly };
        NoticeProgress { at: at(5), pass: stage.map(pass) }
    }

    #[test]
    fn a_token_is_of_one_store_and_tenant() {
        for stage in [
            None,
            Some(Stage::Scheduled(Instant::MIN, "I".into())),
            Some(Stage::Terms("C\0".into(), "I".into())),
            Some(Stage::Records(7, 9)),
        ] {
            let sealed = tokens(1, "t").seal(&progress(stage.clone()));
            assert_eq!(tokens(1, "t").open(&sealed), Ok(progress(stage)));
            assert_eq!(tokens(2, "t").open(&sealed), Err(BadToken::OfAnotherStore));
            assert_eq!(tokens(1, "u").open(&sealed), Err(BadToken::Malformed));
        }
    }

    proptest! {
        #[test]
        fn what_is_spoilt_is_no_token(
            spoilt in spoilt_text(&tokens(1, "t").seal(&progress(None))),
            text in ".*",
        ) {
            if spoilt != tokens(1, "t").seal(&progress(None)) {
                prop_assert_eq!(tokens(1, "t").open(&spoilt), Err(BadToken::Malformed));
            }
            prop_assert_eq!(tokens(1, "t").open(&text), Err(BadToken::Malformed));
        }
    }
}
