//! Where traces are sent.

use tonic::codegen::http::Uri;

/// Whether a text is the URL of a server: what comes after it is of no use to OTLP over gRPC.
pub(super) fn is_endpoint(text: &str) -> bool {
    let url = text.parse::<Uri>().ok();
    url.is_some_and(|url| {
        let has_scheme = matches!(url.scheme_str(), Some("http" | "https"));
        let authority = url.authority().map_or("", |authority| authority.as_str());
        has_scheme && !authority.is_empty() && !authority.contains('@') && url.path() == "/"
    })
}
