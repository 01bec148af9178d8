//! Reads the messages of a table's stream.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::read_record_batch;
use arrow_ipc::root_as_message;
use arrow_schema::{ArrowError, SchemaRef};

use crate::codec::flight::FlightData;

/// Reads the messages of a table's stream.
#[derive(Debug)]
pub struct TableReader {
    schema: SchemaRef,
}

impl TableReader {
    /// Begins with the first message, the schema.
    ///
    /// # Errors
    /// It is no schema.
    pub fn begin(first: &FlightData) -> Result<TableReader, ArrowError> {
        let message = root_as_message(&first.data_header).map_err(wrong)?;
        let schema = message.header_as_schema().ok_or_else(|| wrong("there is no schema"))?;
        Ok(TableReader { schema: Arc::new(try_fb_to_schema(schema)?) })
    }

    /// The schema, with what the rows rest on.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows of a message after that.
    ///
    /// # Errors
    /// There are none of the schema.
    pub fn batch(&self, data: FlightData) -> Result<RecordBatch, ArrowError> {
        let message = root_as_message(&data.data_header).map_err(wrong)?;
        let rows = message.header_as_record_batch().ok_or_else(|| wrong("there are no rows"))?;
        let (body, version) = (Buffer::from(data.data_body), message.version());
        read_record_batch(&body, rows, self.schema.clone(), &HashMap::new(), None, &version)
    }
}

fn wrong(why: impl ToString) -> ArrowError {
    ArrowError::IpcError(why.to_string())
}
