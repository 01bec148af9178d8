//! `slx settle`.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::connection::{Channel, Connection, refused};
use super::credits::Money;
use super::json;
use super::pages::{PAGE_SIZE, pages};
use super::random_id::random_id;
use super::read_times::ReadTimes;
use super::show::{Shown, Times, choice, table};
use crate::codec::choices::{facet_number, settlement_state_number};
use crate::codec::v1;
use crate::codec::v1::settlement_service_client::SettlementServiceClient;
use crate::domain::settlement::{Facet, FacetState};

/// Lists settlement items, opens them, and records decisions on them.
///
/// Items follow from facts by themselves (help outside the contract, excluded clocks, credits, open
/// decisions) or are opened by people. Each has a technical, an administrative and a financial
/// facet, which are decided one by one. Nothing is ever deleted.
#[derive(Args, Debug)]
pub(super) struct Settle {
    #[command(subcommand)]
    what: What,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists items with the states of their facets.
    List(List),
    /// Opens an item that does not follow from facts by itself.
    Open(Open),
    /// Records a decision on one facet of an item.
    Decide(Decide),
}

#[derive(Args, Debug)]
struct List {
    /// Only items of this contract.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    contract: String,

    /// Also lists items without an open facet.
    #[arg(long)]
    all: bool,

    /// Prints the items as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    read_times: ReadTimes,

    #[command(flatten)]
    shown: Shown,
}

#[derive(Args, Debug)]
struct Open {
    /// The id of the new item.
    #[arg(value_name = "ITEM")]
    id: String,

    /// The id of the contract.
    #[arg(value_name = "CONTRACT")]
    contract: String,

    /// What is to be settled, in one line.
    #[arg(long, value_name = "TEXT")]
    summary: String,

    /// Who opens it.
    #[arg(long, value_name = "NAME")]
    by: String,

    /// The ids of the incidents it is about, separated by commas.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    incidents: Vec<String>,

    /// The amount that goes to the client, in minor units of the contract's currency (cents);
    /// negative: to the provider.
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    amount: Option<i64>,
}

#[derive(Args, Debug)]
struct Decide {
    /// The id of the item.
    #[arg(value_name = "ITEM")]
    id: String,

    /// The facet that is decided.
    #[arg(value_enum)]
    facet: FacetWord,

    /// The state of the facet from now on.
    #[arg(value_enum)]
    state: StateWord,

    /// Who decided.
    #[arg(long, value_name = "NAME")]
    by: String,

    /// The amount agreed on that goes to the client, in minor units; negative: to the provider.
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    amount: Option<i64>,

    /// Why.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,

    /// The id of the decision, so that it can be sent again; default: a random one.
    #[arg(long, value_name = "ID")]
    decision: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FacetWord {
    Technical,
    Administrative,
    Financial,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum StateWord {
    Open,
    Agreed,
    Waived,
}

impl FacetWord {
    fn facet(self) -> Facet {
        match self {
            FacetWord::Technical => Facet::Technical,
            FacetWord::Administrative => Facet::Administrative,
            FacetWord::Financial => Facet::Financial,
        }
    }
}

impl StateWord {
    fn state(self) -> FacetState {
        match self {
            StateWord::Open => FacetState::Open,
            StateWord::Agreed => FacetState::Agreed,
            StateWord::Waived => FacetState::Waived,
        }
    }
}

impl Settle {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let client = SettlementServiceClient::new(self.connection.open().await?);
        match self.what {
            What::List(list) => list.run(self.connection.tenant, client).await?,
            What::Open(open) => open.run(self.connection.tenant, client).await?,
            What::Decide(decide) => decide.run(self.connection.tenant, client).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    async fn run(
        self,
        tenant: String,
        mut client: SettlementServiceClient<Channel>,
    ) -> anyhow::Result<()> {
        let read = self.read_times.in_zone(&self.shown)?;
        let request = v1::ListSettlementItemsRequest {
            tenant,
            contract_id: self.contract,
            only_open: !self.all,
            page_size: PAGE_SIZE,
            as_of_time: read.as_of_time,
            known_time: read.known_time,
            ..Default::default()
        };
        let (items, _) = pages!(client, list_settlement_items, request, items, usize::MAX);
        if self.json {
            let items = json::list(&items, "slx.v1.SettlementItemStatus")?;
            say!("{}", json::object(&[("items", items)]));
            return Ok(());
        }
        say!("{}", show(&items, &self.shown.times()?));
        Ok(())
    }
}

/// Items as a table, each followed by what has changed since it was decided.
pub(super) fn show(items: &[v1::SettlementItemStatus], times: &Times) -> String {
    if items.is_empty() {
        return "Nothing is left to settle.".to_owned();
    }
    let rows = items.iter().map(|status| {
        let item = status.item.clone().unwrap_or_default();
        let days = status.age.unwrap_or_default().seconds / 86_400;
        let facets = status
            .facets
            .iter()
            .map(|facet| choice(facet.state().as_str_name(), "SETTLEMENT_STATE_"));
        let withdrawn = if status.withdrawn { "withdrawn: " } else { "" };
        let changes: String = status.changes.iter().map(|change| format!("; {change}")).collect();
        let summary = format!("{withdrawn}{}{changes}", item.summary);
        let since = times.show(item.open_time);
        [item.item_id.clone(), since, days.to_string()]
            .into_iter()
            .chain(facets)
            .chain([amount(status), summary])
            .collect()
    });
    let headings =
        ["item", "since", "days", "technical", "administrative", "financial", "amount", "what"];
    table(&headings, &[2, 6], rows.collect())
}

/// What was agreed on or, before that, follows from figures.
pub(super) fn amount(status: &v1::SettlementItemStatus) -> String {
    let item = status.item.clone().unwrap_or_default();
    let mut decided = status.facets.iter().filter_map(|facet| facet.decision.as_ref()?.amount);
    match decided.next_back().or(item.amount) {
        Some(amount) => {
            let money = Money::of(&item.currency);
            format!("{} {}", money.show(amount), money.unit)
        }
        None => "-".to_owned(),
    }
}

impl Open {
    async fn run(
        self,
        tenant: String,
        mut client: SettlementServiceClient<Channel>,
    ) -> anyhow::Result<()> {
        let item = v1::SettlementItem {
            item_id: self.id,
            contract_id: self.contract,
            summary: self.summary,
            opened_by: self.by,
            incident_ids: self.incidents,
            amount: self.amount,
            ..Default::default()
        };
        let request = v1::OpenSettlementItemRequest { tenant, item: Some(item) };
        let answer = client.open_settlement_item(request).await.map_err(refused)?.into_inner();
        let item = answer.item.unwrap_or_default();
        let already = if answer.duplicate { "had been" } else { "is" };
        say!("{} {already} opened", item.item_id);
        Ok(())
    }
}

impl Decide {
    async fn run(
        self,
        tenant: String,
        mut client: SettlementServiceClient<Channel>,
    ) -> anyhow::Result<()> {
        let decision = v1::SettlementDecision {
            decision_id: self.decision.map_or_else(|| random_id("decision"), Ok)?,
            item_id: self.id,
            facet: facet_number(self.facet.facet()),
            state: settlement_state_number(self.state.state()),
            amount: self.amount,
            decided_by: self.by,
            note: self.note,
            ..Default::default()
        };
        let request = v1::DecideSettlementItemRequest { tenant, decision: Some(decision) };
        let answer = client.decide_settlement_item(request).await.map_err(refused)?.into_inner();
        let decision = answer.decision.unwrap_or_default();
        let facet = choice(decision.facet().as_str_name(), "SETTLEMENT_FACET_");
        let state = choice(decision.state().as_str_name(), "SETTLEMENT_STATE_");
        let already = if answer.duplicate { "had been" } else { "is" };
        say!("{}: {facet} {already} {state}, decision {}", decision.item_id, decision.decision_id);
        Ok(())
    }
}
