//! `SettlementService`.

use std::ops::Bound::{Excluded, Unbounded};

use tonic::{Request, Response, Status};

use super::call::{Call, kept};
use super::lanes::Weight;
use super::services::Services;
use super::stamp::stamp;
use crate::codec::api::settlement::{
    decode_decision, decode_opening, encode, encode_decided, encode_result,
};
use crate::codec::scalar::optional_terms_id;
use crate::codec::v1;
use crate::codec::v1::settlement_service_server::SettlementService;
use crate::domain::settlement::{Decided, Item};
use crate::engine::action::{Action, DecideItem, TakeAction};
use crate::queries::{Reading, settlement};

#[tonic::async_trait]
impl SettlementService for Services {
    async fn list_settlement_items(
        &self,
        request: Request<v1::ListSettlementItemsRequest>,
    ) -> Result<Response<v1::ListSettlementItemsResponse>, Status> {
        let (call, mut paging, requested) = self.read_page(request, |request, _, violations| {
            let contract = optional_terms_id(request.contract_id);
            (violations.or("contract_id", contract, String::new()), request.only_open)
        })?;
        let (contract, only_open) = requested;
        let after = paging.after_id()?;
        call.answer(Weight::Heavy, move |Reading { view, index }| {
            paging.pin(view.times());
            let items = settlement::items(&view, index, &contract)?;
            let as_of = view.times().as_of;
            let rest = items.range::<str, _>((Excluded(after.as_str()), Unbounded));
            let rest = rest.filter(|(_, item)| item.is_open() || !only_open);
            let rest = rest.map(|(_, item)| encode_result(item, as_of));
            let (items, next_page_token) = paging.fill(rest, item_id);
            let stamp = stamp(view.point());
            Ok(v1::ListSettlementItemsResponse { items, next_page_token, stamp })
        })
        .await
    }

    async fn open_settlement_item(
        &self,
        request: Request<v1::OpenSettlementItemRequest>,
    ) -> Result<Response<v1::OpenSettlementItemResponse>, Status> {
        let (call, opening) = self.write(request, |request, _, violations| {
            violations.keep("item", decode_opening(request.item.unwrap_or_default()))
        })?;
        let mut opening = kept(opening)?;
        opening.item.recorded_by = call.caller.name().to_owned();
        let (recorded, duplicate, stamp) = call.act(TakeAction::OpenItem(opening)).await?;
        let item = match &recorded.value {
            Action::ItemOpened(item) => Some(encode(item)),
            _ => None,
        };
        Ok(Response::new(v1::OpenSettlementItemResponse { item, duplicate, stamp }))
    }

    async fn decide_settlement_item(
        &self,
        request: Request<v1::DecideSettlementItemRequest>,
    ) -> Result<Response<v1::DecideSettlementItemResponse>, Status> {
        let (call, decision) = self.write(request, |request, _, violations| {
            violations.keep("decision", decode_decision(request.decision.unwrap_or_default()))
        })?;
        let (mut decision, decide_time) = kept(decision)?;
        decision.recorded_by = call.caller.name().to_owned();
        let basis = basis(call.clone(), decision.item_id.clone()).await?;
        let decided = Decided { decision, basis };
        let action = TakeAction::DecideItem(Box::new(DecideItem { decided, decide_time }));
        let (recorded, duplicate, stamp) = call.act(action).await?;
        let decision = match &recorded.value {
            Action::ItemDecided(decided) => {
                Some(encode_decided(decided, Some(recorded.record_time)))
            }
            _ => None,
        };
        Ok(Response::new(v1::DecideSettlementItemResponse { decision, duplicate, stamp }))
    }
}

/// The item that a decision is about, as it stands now.
async fn basis(call: Call, id: String) -> Result<Item, Status> {
    call.find(Weight::Heavy, move |Reading { view, index }| settlement::item(&view, index, &id))
        .await
}

fn item_id(item: &v1::SettlementItemStatus) -> String {
    item.item.as_ref().map(|item| item.item_id.clone()).unwrap_or_default()
}
