//! What the views beside a stopped server's journal prove to have been durable.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::recount::copy_files;
use crate::journal::StoreId;
use crate::views::{Opening, Views};

/// How long the copied views may take to open.
const PATIENCE: Duration = Duration::from_secs(60);

/// The store and the last sequence of the views in `views`; none where there are none, they don't
/// open, or a server has them open, which knows for itself. sled writes as it opens, so it is
/// given a copy.
///
/// # Errors
/// When they can't be copied to a temporary directory.
pub fn durable_by_views(views: &Path) -> io::Result<Option<(StoreId, u64)>> {
    if !views.is_dir() || Views::are_in_use(views) {
        return Ok(None);
    }
    let copy = tempfile::tempdir()?;
    copy_files(views, copy.path())?;
    Ok(Views::find(copy.path(), Opening::within(PATIENCE)).durable())
}
