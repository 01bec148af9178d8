//! `AdminService`.

use sha2::{Digest, Sha256};
use tonic::{Request, Response, Status};

use super::Services;
use super::read::stamp;
use crate::wire::scalar::timestamp;
use crate::wire::v1;
use crate::wire::v1::admin_service_server::AdminService;

#[tonic::async_trait]
impl AdminService for Services {
    async fn get_status(
        &self,
        _request: Request<v1::GetStatusRequest>,
    ) -> Result<Response<v1::GetStatusResponse>, Status> {
        let engine = self.engine()?;
        let sight = engine.sight(None, None);
        Ok(Response::new(v1::GetStatusResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            store_id: public_id(engine.store_id()),
            head: hexadecimal(&engine.progress().head),
            views_sequence: engine.views_sequence() as i64,
            time_zone_database: engine.zones().version().to_owned(),
            start_time: Some(timestamp(self.start_time)),
            stamp: stamp(&sight),
        }))
    }
}

/// The store's own id keys its checksums and seals, so only a digest of it is told.
fn public_id(store_id: &[u8; 16]) -> String {
    let digest = Sha256::new().chain_update("slx store").chain_update(store_id).finalize();
    hexadecimal(digest.get(..16).unwrap_or_default())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
