//! Erasing a text that names a person.

use tonic::Status;

use super::call::Call;
use super::lanes::Weight;
use super::stamp::stamp;
use super::status;
use crate::codec::v1;
use crate::engine::erasing::check_erasable;
use crate::runtime::Naming;

/// Erases a text, or with `validate_only` says what that would do.
pub(super) async fn erase(
    call: &Call,
    subject: String,
    validate_only: bool,
) -> Result<v1::ErasePersonalDataResponse, Status> {
    let catalog = call.engine.catalog(&call.tenant);
    check_erasable(&catalog, &subject).map_err(status::refused)?;
    let (engine, tenant, text) = (call.engine.clone(), call.tenant.clone(), subject.clone());
    let patience = call.work.patience.clone();
    let found = call.work.answer(Weight::Heavy, move || {
        engine.records_naming(&tenant, &text, &patience).map_err(status::not_counted)
    });
    let Naming { by_token, in_plain_text } = found.await?;
    if !validate_only {
        let erased = call.engine.erase(call.tenant.clone(), subject, call.until()).await;
        erased.map_err(status::not_written)?;
    }
    Ok(v1::ErasePersonalDataResponse {
        records: by_token as i64,
        records_in_plain_text: in_plain_text as i64,
        stamp: stamp(call.engine.read_point()),
    })
}
