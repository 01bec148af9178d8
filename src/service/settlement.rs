//! `SettlementService`.

use std::ops::Bound::{Excluded, Unbounded};

use tonic::{Request, Response, Status};

use super::aside::answer;
use super::page::Paging;
use super::read::{check, read, stamp, tenant, write_stamp};
use super::{Services, status};
use crate::domain::settlement::Decided;
use crate::engine::deed::{DecideItem, Deed, DoDeed};
use crate::engine::refusal::Refusal;
use crate::runtime::DeedAnswer;
use crate::wire::faults::Faults;
use crate::wire::scalar::optional_id;
use crate::wire::settlement::{
    decode_decision, decode_opening, encode, encode_decided, encode_standing,
};
use crate::wire::v1;
use crate::wire::v1::settlement_service_server::SettlementService;

#[tonic::async_trait]
impl SettlementService for Services {
    async fn list_settlement_items(
        &self,
        request: Request<v1::ListSettlementItemsRequest>,
    ) -> Result<Response<v1::ListSettlementItemsResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let (tenant, asked) = read(&request, &mut faults);
        let mut paging = Paging::asked(engine.store_id(), &request, &mut faults);
        let contract = faults.or("contract_id", optional_id(request.contract_id), String::new());
        check(faults)?;
        let after = paging.after_id()?;
        asked.sight(&engine)?;
        let settled = engine.settle().await.map_err(status::unreadable)?;
        answer(move || {
            let items = engine.settlement(settled, &tenant, &contract, asked.times());
            let items = items.map_err(status::unreadable)?;
            let (sight, items) = items.map_err(status::refused)?;
            let mut page =
                v1::ListSettlementItemsResponse { stamp: stamp(&sight), ..Default::default() };
            let left = items.range::<str, _>((Excluded(after.as_str()), Unbounded));
            for (_, item) in left.filter(|(_, item)| item.is_open() || !request.only_open) {
                let item = encode_standing(item, sight.times.as_of);
                if !paging.takes(&item) {
                    page.next_page_token = paging.seal_id(last_id(&page));
                    break;
                }
                page.items.push(item);
            }
            Ok(page)
        })
        .await
    }

    async fn open_settlement_item(
        &self,
        request: Request<v1::OpenSettlementItemRequest>,
    ) -> Result<Response<v1::OpenSettlementItemResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let tenant = tenant(request.tenant, &mut faults);
        let opening = faults.keep("item", decode_opening(request.item.unwrap_or_default()));
        check(faults)?;
        let opening = opening.ok_or_else(|| status::invalid(Vec::new()))?;
        let answer = engine.do_deed(tenant, DoDeed::OpenItem(opening)).await;
        let (answer, progress) = answer.map_err(|error| status::not_written(&error))?;
        let DeedAnswer { recorded, is_duplicate } = answer.map_err(status::refused)?;
        let item = match &recorded.value {
            Deed::ItemOpened(item) => Some(encode(item)),
            _ => None,
        };
        let (duplicate, stamp) = (is_duplicate, write_stamp(&progress));
        Ok(Response::new(v1::OpenSettlementItemResponse { item, duplicate, stamp }))
    }

    async fn decide_settlement_item(
        &self,
        request: Request<v1::DecideSettlementItemRequest>,
    ) -> Result<Response<v1::DecideSettlementItemResponse>, Status> {
        let engine = self.engine()?;
        let request = request.into_inner();
        let mut faults = Faults::default();
        let tenant = tenant(request.tenant, &mut faults);
        let decision =
            faults.keep("decision", decode_decision(request.decision.unwrap_or_default()));
        check(faults)?;
        let (decision, decide_time) = decision.ok_or_else(|| status::invalid(Vec::new()))?;
        let settled = engine.settle().await.map_err(status::unreadable)?;
        let (asking, of, id) = (engine.clone(), tenant.clone(), decision.item_id.clone());
        let basis = answer(move || {
            let found = asking.settlement_item(settled, &of, &id).map_err(status::unreadable)?;
            found.ok_or_else(|| status::refused(Refusal::ItemNotFound(id)))
        });
        let basis = basis.await?.into_inner();
        let decided = Decided { decision, basis };
        let deed = DoDeed::DecideItem(Box::new(DecideItem { decided, decide_time }));
        let answer = engine.do_deed(tenant, deed).await;
        let (answer, progress) = answer.map_err(|error| status::not_written(&error))?;
        let DeedAnswer { recorded, is_duplicate } = answer.map_err(status::refused)?;
        let decision = match &recorded.value {
            Deed::ItemDecided(decided) => Some(encode_decided(decided, Some(recorded.record_time))),
            _ => None,
        };
        let (duplicate, stamp) = (is_duplicate, write_stamp(&progress));
        Ok(Response::new(v1::DecideSettlementItemResponse { decision, duplicate, stamp }))
    }
}

fn last_id(page: &v1::ListSettlementItemsResponse) -> String {
    let last = page.items.last().and_then(|item| item.item.as_ref());
    last.map(|item| item.item_id.clone()).unwrap_or_default()
}
