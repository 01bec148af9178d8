//! The table `settlement`: what is to be agreed on afterwards.

use super::cell::Cell::{Amount, Flag, Text, Texts, Time, Word};
use super::table::{Column, ExportTable, column, key};
use crate::codec::v1::{
    Party, SettlementFacet, SettlementItem, SettlementItemStatus, SettlementKind, SettlementState,
};

/// A row for every settlement item, as `ListSettlementItems` has it.
pub const SETTLEMENT: ExportTable<SettlementItemStatus> = ExportTable {
    name: "settlement",
    meaning: "A row for every item that is, or was, to be agreed on.",
    columns: &COLUMNS,
};

const COLUMNS: [Column<SettlementItemStatus>; 18] = [
    key("item_id", Text(|row| of(row).map_or("", |item| &item.item_id)), "The item."),
    column(
        "kind",
        Word("SETTLEMENT_KIND_", |row| {
            of(row).map_or(SettlementKind::Unspecified, SettlementItem::kind).as_str_name()
        }),
        "Where it comes from: `out of scope`, `excluded`, `credit`, `decision open`, `other`, \
         `bonus`, `excluded outage`.",
    ),
    column("contract_id", Text(|row| of(row).map_or("", |i| &i.contract_id)), "The contract."),
    column("client", Text(|row| of(row).map_or("", |item| &item.client)), "Its client."),
    column(
        "incident_ids",
        Texts(|row| of(row).map_or(&[], |item| &item.incident_ids)),
        "The incidents it is about.",
    ),
    column("period", Text(|row| of(row).map_or("", |i| &i.period)), "The period it is about."),
    column("summary", Text(|row| of(row).map_or("", |i| &i.summary)), "What is to be settled."),
    column(
        "opened_by",
        Text(|row| of(row).map_or("", |item| &item.opened_by)),
        "Who opened it; empty: it follows from facts.",
    ),
    column("opened_time", Time(|row| of(row).and_then(|i| i.open_time)), "When it came up."),
    column(
        "party",
        Word("PARTY_", |row| {
            of(row).map_or(Party::Unspecified, SettlementItem::party).as_str_name()
        }),
        "With whom it is to be settled; empty: with the client.",
    ),
    column(
        "third_party",
        Text(|row| of(row).map_or("", |item| &item.third_party)),
        "The name of the third party.",
    ),
    column(
        "amount",
        Amount(|row| of(row).and_then(|item| item.amount)),
        "The amount that goes to the client; negative: to the provider.",
    ),
    column("currency", Text(|row| of(row).map_or("", |i| &i.currency)), "Its currency."),
    column(
        "technical",
        Word("SETTLEMENT_STATE_", |row| state(row, SettlementFacet::Technical)),
        "What is agreed about the matter itself: `open`, `agreed`, `waived`.",
    ),
    column(
        "administrative",
        Word("SETTLEMENT_STATE_", |row| state(row, SettlementFacet::Administrative)),
        "What is agreed about contracts and figures.",
    ),
    column(
        "financial",
        Word("SETTLEMENT_STATE_", |row| state(row, SettlementFacet::Financial)),
        "What is agreed about who pays.",
    ),
    column(
        "claim_by_date",
        Text(|row| of(row).map_or("", |item| &item.claim_by_date)),
        "Of credits that must be claimed: the last local date for it.",
    ),
    column(
        "withdrawn",
        Flag(|row| row.withdrawn),
        "Whether it no longer follows from what is known.",
    ),
];

fn of(row: &SettlementItemStatus) -> Option<&SettlementItem> {
    row.item.as_ref()
}

fn state(row: &SettlementItemStatus, facet: SettlementFacet) -> &'static str {
    let found = row.facets.iter().find(|one| one.facet() == facet);
    found.map_or(SettlementState::Unspecified, |found| found.state()).as_str_name()
}
