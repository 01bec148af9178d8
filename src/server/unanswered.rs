//! What tonic refuses before a method is called, with a reason as whatever is refused has.

use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::Response;

use crate::service::explained;

/// Adds the reason to what is refused without one; everything else passes.
pub(super) fn explain(mut response: Response<Body>) -> Response<Body> {
    // Most is refused with one, and a status is costly to read.
    if response.headers().contains_key(Status::GRPC_STATUS_DETAILS) {
        return response;
    }
    // Only what was refused at once has its status in the headers.
    let Some(status) = Status::from_header_map(response.headers()) else { return response };
    if let Err(status) = explained(status).add_header(response.headers_mut()) {
        tracing::error!(%status, "the reason of what is refused does not fit into headers");
    }
    response
}
