//! Rows as messages of a stream, some hundreds in each.

use std::sync::Arc;

use arrow_ipc::writer::{
    DictionaryTracker, EncodedData, IpcDataGenerator, IpcWriteContext, IpcWriteOptions,
    write_message,
};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use tonic::Status;

use super::super::blocking::Sender;
use super::super::status;
use crate::codec::flight::FlightData;
use crate::codec::tables::{ExportTable, RowChange};
use crate::limits::ROW_BYTES_PER_MESSAGE_MAX;

/// The rows of a stream on their way.
pub(super) struct Batches<'s, R: 'static> {
    table: &'static ExportTable<R>,
    schema: SchemaRef,
    send: Sender<'s, FlightData>,
    rows: Vec<R>,
    /// What became of each, of a stream of changes.
    changes: Vec<RowChange>,
    bytes: usize,
    encoder: Encoder,
    failed: Option<ArrowError>,
}

/// Encodes what is sent in Arrow's IPC format.
#[derive(Default)]
struct Encoder {
    generator: IpcDataGenerator,
    options: IpcWriteOptions,
    context: IpcWriteContext,
}

impl<'s, R> Batches<'s, R> {
    /// Begins a stream, with its schema.
    pub fn begin(
        table: &'static ExportTable<R>,
        schema: Schema,
        send: Sender<'s, FlightData>,
    ) -> Batches<'s, R> {
        let encoder = Encoder::default();
        send(message(encoder.schema(&schema)));
        Batches {
            table,
            schema: Arc::new(schema),
            send,
            rows: Vec::new(),
            changes: Vec::new(),
            bytes: 0,
            encoder,
            failed: None,
        }
    }

    /// Adds a row, and of a stream of changes what became of it; false: no more are wanted.
    pub fn add(&mut self, change: Option<RowChange>, row: R) -> bool {
        self.bytes += self.table.bytes(&row);
        self.rows.push(row);
        self.changes.extend(change);
        self.bytes < ROW_BYTES_PER_MESSAGE_MAX || self.flush()
    }

    /// Sends what is left.
    pub fn finish(mut self) -> Result<(), Status> {
        if !self.rows.is_empty() {
            self.flush();
        }
        self.failed.map_or(Ok(()), |error| Err(undone(&error)))
    }

    fn flush(&mut self) -> bool {
        let changes = (!self.changes.is_empty()).then_some(self.changes.as_slice());
        let batch = self.table.batch(&self.schema, &self.rows, changes);
        let encoded = batch.and_then(|batch| {
            let Encoder { generator, options, context } = &mut self.encoder;
            // No column is a dictionary, so there is nothing but the rows.
            let mut dictionaries = DictionaryTracker::new(false);
            generator.encode(&batch, &mut dictionaries, options, context)
        });
        self.rows.clear();
        self.changes.clear();
        self.bytes = 0;
        match encoded {
            Ok((_, encoded)) => (self.send)(message(encoded)),
            Err(error) => {
                self.failed = Some(error);
                false
            }
        }
    }
}

impl Encoder {
    fn schema(&self, schema: &Schema) -> EncodedData {
        let mut dictionaries = DictionaryTracker::new(false);
        let Encoder { generator, options, .. } = self;
        generator.schema_to_bytes_with_dictionary_tracker(schema, &mut dictionaries, options)
    }
}

fn message(encoded: EncodedData) -> FlightData {
    FlightData {
        data_header: encoded.ipc_message,
        data_body: encoded.arrow_data,
        ..FlightData::default()
    }
}

/// A schema as an encapsulated message.
pub(super) fn encapsulated(schema: &Schema) -> Result<Vec<u8>, Status> {
    let (encoder, mut bytes) = (Encoder::default(), Vec::new());
    let written = write_message(&mut bytes, encoder.schema(schema), &encoder.options);
    written.map(|_| bytes).map_err(|error| undone(&error))
}

fn undone(error: &ArrowError) -> Status {
    tracing::error!(%error, "rows can't be encoded");
    status::defect("rows can't be encoded")
}
