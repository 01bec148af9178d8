//! What tonic refuses before a method is called, with a reason as every other refusal has.

use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::Response;

use crate::service::explained;

/// Adds the reason to a refusal that has none; everything else passes.
pub(super) fn explain(mut response: Response<Body>) -> Response<Body> {
    // Only what was refused at once has its status in the headers.
    let Some(status) = Status::from_header_map(response.headers()) else { return response };
    if let Err(status) = explained(status).add_header(response.headers_mut()) {
        tracing::error!(%status, "the reason of a refusal does not fit into headers");
    }
    response
}
