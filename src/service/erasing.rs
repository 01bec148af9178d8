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
    let counted = call.work.answer(Weight::Heavy, move || {
        engine.records_naming(&tenant, &text, &patience).map_err(status::not_counted)
    });
    let counted = counted.await?;
    let records_in_plain_text = counted.in_plain_text as i64;
    let records = match validate_only {
        true => counted.by_token,
        false => erase_counted(call, subject, counted).await?,
    };
    Ok(v1::ErasePersonalDataResponse {
        records: records as i64,
        records_in_plain_text,
        stamp: stamp(call.engine.read_point()),
    })
}

/// Erases a text, and returns how many records named somebody by it: those counted before, and
/// those recorded in between.
async fn erase_counted(call: &Call, subject: String, counted: Naming) -> Result<u64, Status> {
    let erased = call.engine.erase(call.tenant.clone(), subject, call.until()).await;
    let (Some(token), _) = erased.map_err(status::not_written)? else { return Ok(0) };
    let engine = call.engine.clone();
    let all = move || engine.records_erased(&token, &counted).map_err(status::not_counted);
    call.work.answer(Weight::Heavy, all).await
}
