//! `ComplianceService`.

use tonic::{Request, Response, Status};

use super::read::{check, read, stamp};
use super::{Services, status};
use crate::domain::time::Instant;
use crate::engine::compliance::{GroupKey, PeriodAsked, Question};
use crate::wire::compliance::{encode, group_key};
use crate::wire::faults::Faults;
use crate::wire::scalar::{id, instant};
use crate::wire::v1;
use crate::wire::v1::compliance_service_server::ComplianceService;

#[tonic::async_trait]
impl ComplianceService for Services {
    async fn get_compliance(
        &self,
        request: Request<v1::GetComplianceRequest>,
    ) -> Result<Response<v1::GetComplianceResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let question = Question {
            period: period(&request, &mut faults),
            contract_id: faults.or("contract_id", id(request.contract_id), String::new()),
            group_by: group_by(request.group_by, &mut faults),
        };
        check(faults)?;
        asked.sight(&engine)?;
        let settled = engine.settle().await.map_err(status::unreadable)?;
        let reckon = move || {
            engine.compliance(settled, &tenant, &question, asked.times(), |sight, compliance| {
                let answer = encode(compliance, &question.group_by, sight.times.as_of);
                v1::GetComplianceResponse { stamp: stamp(&sight), ..answer }
            })
        };
        let reckoned = tokio::task::spawn_blocking(reckon).await;
        let reckoned = reckoned.map_err(|_| status::defect("reckoning compliance panicked"))?;
        let answer = reckoned.map_err(status::unreadable)?.map_err(status::refused)?;
        Ok(Response::new(answer))
    }
}

/// The period that is asked for: by its name, or by its two ends.
fn period(request: &v1::GetComplianceRequest, faults: &mut Faults) -> PeriodAsked {
    let ends = (request.start_time, request.end_time);
    if let (None, None) = ends {
        if request.period.is_empty() {
            faults.add("period", "is missing: give a period such as \"2026-10\", or both its ends");
        }
        return PeriodAsked::Named(request.period.clone());
    }
    if !request.period.is_empty() {
        faults.add("period", "is given beside its ends: give one or the other");
    }
    let start = faults.or("start_time", instant(ends.0), Instant::MIN);
    let end = faults.or("end_time", instant(ends.1), Instant::MAX);
    if end <= start {
        faults.add("end_time", "is not after start_time");
    }
    PeriodAsked::Between(start, end)
}

fn group_by(keys: Vec<i32>, faults: &mut Faults) -> Vec<GroupKey> {
    let mut decoded = faults.each("group_by", keys, group_key);
    let mut seen = Vec::new();
    decoded.retain(|key| {
        let is_new = !seen.contains(key);
        seen.push(*key);
        is_new
    });
    decoded
}
