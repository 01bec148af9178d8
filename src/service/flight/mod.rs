//! Arrow Flight: tables as streams of record batches, behind the same gate and in the same lanes as
//! every other method.

mod batches;
mod clocks;
mod command;
mod forecasts;
mod incidents;
mod names;
mod periods;
mod pull_token;
mod rows;
mod settlement;

use arrow_schema::Schema;
use tonic::{Request, Response, Status, Streaming};

use super::call::{Call, kept};
use super::messages::Messages;
use super::services::Services;
use super::status;
use crate::codec::flight::flight_service_server::FlightService;
use crate::codec::flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightEndpoint, FlightInfo,
    HandshakeRequest, HandshakeResponse, PollInfo, PutResult, Result as ActionResult, SchemaResult,
    Ticket, flight_descriptor,
};
use crate::engine::evaluate::Times;
use crate::engine::rejection::Rejection;
use crate::queries::{QueryError, ReadPoint, ReadView};
use batches::{Batches, encapsulated};
use clocks::{Clocks, Segments};
use command::{Pull, TableRequest};
use forecasts::Forecasts;
use incidents::Incidents;
use names::TableName;
use periods::{
    ComplianceRows, CoverageRows, CreditRows, ExperienceRows, ObjectiveRows, OfContracts,
};
use pull_token::{OpenedToken, PullTokens};
use rows::Rows;
use settlement::Settlement;

type Unused<T> = Result<Response<Messages<T>>, Status>;

#[tonic::async_trait]
impl FlightService for Services {
    type HandshakeStream = Messages<HandshakeResponse>;
    type ListFlightsStream = Messages<FlightInfo>;
    type DoGetStream = Messages<FlightData>;
    type DoPutStream = Messages<PutResult>;
    type DoExchangeStream = Messages<FlightData>;
    type DoActionStream = Messages<ActionResult>;
    type ListActionsStream = Messages<ActionType>;

    async fn list_flights(
        &self,
        request: Request<Criteria>,
    ) -> Result<Response<Self::ListFlightsStream>, Status> {
        let request = request.map(|criteria| TableRequest::of(&criteria.expression));
        request.get_ref().check_form()?;
        let (call, ()) = self.read(request, |request, _, violations| request.check(violations))?;
        let tenant = call.tenant.to_string();
        call.stream_made(move |reading, send| {
            reading.into_view().check_tenant()?;
            let mut infos = TableName::ALL.into_iter().map(|table| {
                let command = serde_json::json!({"tenant": tenant, "table": table.word()});
                let descriptor = FlightDescriptor {
                    r#type: flight_descriptor::DescriptorType::Cmd.into(),
                    cmd: command.to_string().into_bytes(),
                    path: Vec::new(),
                };
                info(&table.schema(false), descriptor)
            });
            Ok(infos.try_for_each(|info| info.map(|info| _ = send(info))))
        })
        .await
    }

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let descriptor = request.get_ref().clone();
        let (_, pull) = self.pull(request.map(|descriptor| TableRequest::of(&descriptor.cmd)))?;
        info(&pull.schema(), descriptor).map(Response::new)
    }

    async fn get_schema(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        let (_, pull) = self.pull(request.map(|descriptor| TableRequest::of(&descriptor.cmd)))?;
        encapsulated(&pull.schema()).map(|schema| Response::new(SchemaResult { schema }))
    }

    async fn do_get(
        &self,
        request: Request<Ticket>,
    ) -> Result<Response<Self::DoGetStream>, Status> {
        let (call, pull) = self.pull(request.map(|ticket| TableRequest::of(&ticket.ticket)))?;
        let (contract_id, period) = (pull.contract_id.clone(), pull.period.clone());
        let all = || clocks::all(contract_id.clone(), period.clone());
        let (contract_id, period) = (contract_id.clone(), period.clone());
        let of = OfContracts { contract_id: contract_id.clone(), period };
        match pull.table {
            TableName::Clocks => send(call, pull, Clocks(all())).await,
            TableName::Segments => send(call, pull, Segments(all())).await,
            TableName::Incidents => send(call, pull, Incidents(contract_id)).await,
            TableName::Compliance => send(call, pull, ComplianceRows(of)).await,
            TableName::Objectives => send(call, pull, ObjectiveRows(of)).await,
            TableName::Credits => send(call, pull, CreditRows(of)).await,
            TableName::Experience => send(call, pull, ExperienceRows(of)).await,
            TableName::Coverage => send(call, pull, CoverageRows(of)).await,
            TableName::Forecasts => send(call, pull, Forecasts(contract_id)).await,
            TableName::Settlement => send(call, pull, Settlement(contract_id)).await,
        }
    }

    async fn handshake(
        &self,
        _: Request<Streaming<HandshakeRequest>>,
    ) -> Unused<HandshakeResponse> {
        Err(unused("send the token with each call, in the header authorization"))
    }

    async fn poll_flight_info(
        &self,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        Err(unused("a table is there at once, call GetFlightInfo"))
    }

    async fn do_put(&self, _: Request<Streaming<FlightData>>) -> Unused<PutResult> {
        Err(unused("facts are recorded with IncidentService"))
    }

    async fn do_exchange(&self, _: Request<Streaming<FlightData>>) -> Unused<FlightData> {
        Err(unused("tables are read with DoGet"))
    }

    async fn do_action(&self, _: Request<Action>) -> Unused<ActionResult> {
        Err(unused("there are no actions"))
    }

    async fn list_actions(&self, _: Request<Empty>) -> Unused<ActionType> {
        Err(unused("there are no actions"))
    }
}

/// The status of a method of Arrow Flight that slx has no use for.
fn unused(instead: &str) -> Status {
    status::not_served(&format!("slx has no use for this method of Arrow Flight: {instead}"))
}

impl Services {
    /// Decodes a call for a table.
    fn pull(&self, request: Request<TableRequest>) -> Result<(Call, Pull), Status> {
        request.get_ref().check_form()?;
        let (call, pull) =
            self.read(request, |request, engine, violations| request.decode(engine, violations))?;
        Ok((call, kept(pull)?))
    }
}

impl Pull {
    /// Its columns.
    fn schema(&self) -> Schema {
        self.table.schema(self.since.is_some())
    }
}

/// A table, with the ticket for what its descriptor requests.
fn info(schema: &Schema, descriptor: FlightDescriptor) -> Result<FlightInfo, Status> {
    let ticket = Some(Ticket { ticket: descriptor.cmd.clone() });
    Ok(FlightInfo {
        schema: encapsulated(schema)?,
        flight_descriptor: Some(descriptor),
        endpoint: vec![FlightEndpoint { ticket, ..FlightEndpoint::default() }],
        total_records: -1,
        total_bytes: -1,
        ordered: true,
        app_metadata: Vec::new(),
    })
}

/// Streams the rows of a table, or what changed in it.
async fn send<R: 'static, S: Rows<R> + Sync>(
    call: Call,
    pull: Pull,
    rows: S,
) -> Result<Response<Messages<FlightData>>, Status> {
    call.stream_made(move |reading, send| {
        let since = since(&reading.view, pull.since)?;
        let schema = with_point(pull.schema(), reading.view.point(), &pull.tokens);
        let mut batches = Batches::begin(rows.table(), schema, send);
        match since {
            None => rows.each(reading, &mut |row| batches.add(None, row))?,
            Some(since) => {
                rows.each_change(reading, since, &mut |change, row| batches.add(Some(change), row))?
            }
        }
        Ok(batches.finish())
    })
    .await
}

/// The times since which changes are wanted, which must not be later than those of the view.
fn since(view: &ReadView<'_>, since: Option<OpenedToken>) -> Result<Option<Times>, QueryError> {
    let point = match since {
        None => return Ok(None),
        Some(OpenedToken::Expired(why)) => return Err(Rejection::PullExpired(why).into()),
        Some(OpenedToken::Since(point)) => point,
    };
    if point.times.known > view.times().known {
        let why =
            "more was known then: the journal may be an older copy, or known_time lies before";
        return Err(Rejection::PullExpired(why).into());
    }
    // Of a backup that was restored, the records since may be others.
    if view.at(point.times)?.point().sequence != point.sequence {
        return Err(Rejection::PullExpired("the journal is another than it was then").into());
    }
    Ok(Some(point.times))
}

/// A schema with what the rows rest on, and the token to go on from.
fn with_point(mut schema: Schema, point: ReadPoint, tokens: &PullTokens) -> Schema {
    let Times { as_of, known } = point.times;
    let notes = [
        ("slx.sequence", point.sequence.to_string()),
        ("slx.as_of_time", as_of.to_string()),
        ("slx.known_time", known.to_string()),
        ("slx.token", tokens.seal(point)),
    ];
    schema.metadata.extend(notes.map(|(key, value)| (key.to_owned(), value)));
    schema
}

#[cfg(test)]
mod documented;
#[cfg(test)]
mod tests;
