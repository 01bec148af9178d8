//! `AdminService`.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tonic::{Request, Response, Status};

use super::blocking::Sender;
use super::lane::Usage;
use super::lanes::Weight;
use super::messages::Messages;
use super::page::Paging;
use super::services::Services;
use super::stamp::{learnt, stamp};
use super::status;
use crate::cluster::OtherNode;
use crate::codec::api::time_zones;
use crate::codec::scalar::{duration, hash, hexadecimal, timestamp};
use crate::codec::store::kept_name::KeptName;
use crate::codec::v1;
use crate::codec::v1::admin_service_server::AdminService;
use crate::codec::violations::FieldViolations;
use crate::domain::ids::TenantId;
use crate::domain::time::Span;
use crate::engine::rejection::Rejection;
use crate::journal::{ChainHash, Record, StoreId};
use crate::queries::ReadRequest;
use crate::runtime::{
    Backlog, ClockState, Engine, JournalState, LearningState, LearntUpTo, Node, Portion, ScrubState,
};

/// Records checked between two messages about progress.
const RECORDS_PER_MESSAGE: u64 = 100_000;

#[tonic::async_trait]
impl AdminService for Services {
    type VerifyJournalStream = Messages<v1::VerifyJournalResponse>;
    type BackUpStream = Messages<v1::BackUpResponse>;
    type CompareTimeZonesStream = Messages<v1::CompareTimeZonesResponse>;

    async fn get_status(
        &self,
        _request: Request<v1::GetStatusRequest>,
    ) -> Result<Response<v1::GetStatusResponse>, Status> {
        let engine = self.engine()?;
        let progress = engine.progress();
        let (journal_state, journal_fault) = journal_state(&engine);
        let LearningState { sequence, until, tenants_behind, fault, .. } = engine.learning();
        let (stamp, zones) = (stamp(engine.read_point()), engine.zones());
        Ok(Response::new(v1::GetStatusResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            store_id: public_id(engine.store_id()),
            head: progress.head.to_string(),
            views_sequence: engine.views_sequence() as i64,
            time_zone_database: zones.version().to_owned(),
            time_zone_database_in_use: Some(time_zones::encode_in_use(&zones)),
            shared_log: engine.node().map(|node| shared_log(node)),
            time_zone_database_available: engine.zones_not_adopted().map(time_zones::encode_in_use),
            start_time: Some(timestamp(self.start_time)),
            learnt: learnt(Some(LearntUpTo { sequence, until }), stamp.as_ref()),
            tenants_behind: tenants_behind as i64,
            learning_fault: fault,
            stamp,
            journal_state: journal_state as i32,
            journal_fault,
            journal_scrub: Some(journal_scrub(engine.scrub_state())),
            wall_clock: Some(wall_clock_status(&engine)),
            lanes: self.lane_usages().map(encode_lane).collect(),
            write_queue: Some(encode_queue(engine.backlog())),
        }))
    }

    async fn list_tenants(
        &self,
        request: Request<v1::ListTenantsRequest>,
    ) -> Result<Response<v1::ListTenantsResponse>, Status> {
        let engine = self.engine()?;
        let mut violations = FieldViolations::default();
        let (_, extensions, request) = request.into_parts();
        let work = self.work(TenantId::default(), &extensions);
        let mut paging = Paging::requested(engine.store_id(), &request, &mut violations);
        violations.check().map_err(status::invalid)?;
        let after = paging.after_id()?;
        let waited = engine.wait_for_index(ReadRequest::default()).await;
        waited.map_err(status::unanswered)?;
        let listed = work.answer(Weight::Light, move || {
            let tenants = engine.tenants().map_err(status::unanswered)?;
            let ids = tenants.into_iter().map(String::from).filter(|id| *id > after);
            let tenants = ids.map(|id| v1::Tenant { id });
            let (tenants, next_page_token) = paging.fill(tenants, |last| last.id.clone());
            let stamp = stamp(engine.read_point());
            Ok(v1::ListTenantsResponse { tenants, next_page_token, stamp })
        });
        listed.await.map(Response::new)
    }

    async fn verify_journal(
        &self,
        request: Request<v1::VerifyJournalRequest>,
    ) -> Result<Response<Self::VerifyJournalStream>, Status> {
        let engine = self.engine()?;
        let work = self.work(TenantId::default(), request.extensions());
        let patience = work.patience.clone();
        let verify = move |send: Sender<'_, v1::VerifyJournalResponse>| {
            let verified = engine.verify(|records| {
                let is_due = records.is_multiple_of(RECORDS_PER_MESSAGE);
                patience.check().is_ok()
                    && (!is_due
                        || send(v1::VerifyJournalResponse {
                            records: records as i64,
                            head: String::new(),
                        }))
            });
            patience.check().map_err(status::stopped)?;
            let (records, head) = verified.map_err(status::journal_unreadable)?;
            send(v1::VerifyJournalResponse { records: records as i64, head: head.to_string() });
            Ok(())
        };
        work.stream(verify).await
    }

    async fn back_up(
        &self,
        request: Request<v1::BackUpRequest>,
    ) -> Result<Response<Self::BackUpStream>, Status> {
        let engine = self.engine()?;
        let (_, extensions, request) = request.into_parts();
        let work = self.work(TenantId::default(), &extensions);
        let patience = work.patience.clone();
        let v1::BackUpRequest { after_sequence, after_head } = request;
        let mut violations = FieldViolations::default();
        if after_sequence < 0 {
            violations.add("after_sequence", "must not be negative".to_owned());
        }
        let head = match after_sequence {
            0 => ChainHash::ZERO,
            _ => violations.or("after_head", hash(&after_head), ChainHash::ZERO),
        };
        violations.check().map_err(status::invalid)?;
        let (requested, present) = (after_sequence, engine.progress().sequence);
        if requested as u64 > present {
            return Err(status::refused(Rejection::SequenceNotReached { requested, present }));
        }
        let back_up = move |send: Sender<'_, v1::BackUpResponse>| {
            let portions = engine.records_after(requested as u64, head);
            let portions = portions.map_err(status::not_backed_up)?;
            let last_sequence = portions.last_sequence() as i64;
            let store_id = engine.store_id().as_bytes().to_vec();
            let first = v1::BackUpResponse { store_id, last_sequence, ..Default::default() };
            if !send(first) {
                return patience.check().map_err(status::stopped);
            }
            for portion in portions {
                let Portion { records, head } = portion.map_err(status::journal_unreadable)?;
                let records = records.into_iter().map(journal_record).collect();
                let (store_id, head) = (Vec::new(), head.to_string());
                let names = Vec::new();
                if !send(v1::BackUpResponse { store_id, last_sequence, records, head, names }) {
                    return patience.check().map_err(status::stopped);
                }
            }
            let sent = engine.names_in_portions(|names| {
                let names = names.iter().map(KeptName::encode).collect();
                send(v1::BackUpResponse { last_sequence, names, ..Default::default() })
            });
            match sent.map_err(status::not_backed_up)? {
                true => Ok(()),
                false => patience.check().map_err(status::stopped),
            }
        };
        work.stream(back_up).await
    }

    async fn compare_time_zones(
        &self,
        request: Request<v1::CompareTimeZonesRequest>,
    ) -> Result<Response<Self::CompareTimeZonesStream>, Status> {
        super::time_zones::compare(self, request).await
    }

    async fn adopt_time_zone_database(
        &self,
        request: Request<v1::AdoptTimeZoneDatabaseRequest>,
    ) -> Result<Response<v1::AdoptTimeZoneDatabaseResponse>, Status> {
        super::time_zones::adopt(self, request).await
    }
}

fn encode_lane((name, usage): (&str, Usage)) -> v1::Lane {
    v1::Lane {
        name: name.to_owned(),
        places: usage.places as i32,
        working: usage.working as i32,
        waiting: usage.waiting as i32,
        refused: usage.refused as i64,
        stopped: usage.stopped as i64,
        waiting_max: usage.waiting_max as i32,
    }
}

fn encode_queue(backlog: Backlog) -> v1::WriteQueue {
    v1::WriteQueue {
        waiting: backlog.cost as i64,
        most: backlog.most as i64,
        refused: backlog.refused as i64,
    }
}

fn journal_record(record: Record) -> v1::JournalRecord {
    v1::JournalRecord {
        sequence: record.sequence as i64,
        record_time: Some(timestamp(record.record_time)),
        body: record.body,
    }
}

fn journal_scrub(state: ScrubState) -> v1::JournalScrub {
    v1::JournalScrub {
        bytes_per_second: i64::try_from(state.rate).unwrap_or(i64::MAX),
        sequence: state.sequence as i64,
        last_pass_time: state.last_pass_time.map(timestamp),
        last_pass_records: state.last_pass_records as i64,
        fault: state.fault,
    }
}

fn wall_clock_status(engine: &Engine) -> v1::WallClock {
    let (state, reading) = engine.clock();
    let state = match state {
        ClockState::Steady => v1::WallClockState::Steady,
        ClockState::Held => v1::WallClockState::Held,
        ClockState::Behind => v1::WallClockState::Behind,
    };
    v1::WallClock {
        state: state as i32,
        now_time: Some(timestamp(reading.now)),
        system_time: Some(timestamp(reading.system)),
    }
}

fn shared_log(node: &Node) -> v1::SharedLog {
    let status = node.status();
    let nanos = |nanos: i64| duration(Span::from_nanos(nanos));
    let unheard = |unheard: Duration| nanos(i64::try_from(unheard.as_nanos()).unwrap_or(i64::MAX));
    let other = |other: OtherNode| v1::SharedLogNode {
        name: other.name,
        version: other.version,
        messages: other.folded as i64,
        unheard: Some(unheard(other.unheard)),
    };
    v1::SharedLog {
        messages: status.folded as i64,
        messages_behind: status.messages_behind() as i64,
        unheard: Some(unheard(status.unheard)),
        clock_ahead: Some(nanos(status.clock_ahead_nanos)),
        log: status.address,
        other_nodes: status.others.into_iter().map(other).collect(),
    }
}

fn journal_state(engine: &Engine) -> (v1::JournalState, String) {
    match engine.journal_state() {
        JournalState::Writable => (v1::JournalState::Writable, String::new()),
        JournalState::ReadOnly => (v1::JournalState::ReadOnly, String::new()),
        JournalState::Behind(why) => (v1::JournalState::Behind, why),
        JournalState::Failed => {
            let fault = "a sync failed: start the server again to find what the disk holds";
            (v1::JournalState::Failed, fault.to_owned())
        }
        JournalState::Damaged(loss) => (v1::JournalState::Damaged, loss.to_string()),
    }
}

/// What anybody may know of the store's id: a digest. The id itself keys checksums and seals, and
/// only `BackUp` hands it out, since a backup must bear it.
fn public_id(store_id: &StoreId) -> String {
    let digest =
        Sha256::new().chain_update("slx store").chain_update(store_id.as_bytes()).finalize();
    hexadecimal(digest.get(..16).unwrap_or_default())
}
