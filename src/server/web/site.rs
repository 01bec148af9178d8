//! The files of the page. They are built from `web` and in the binary; their names have a digest of
//! what they hold, but for the page itself.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header,
};

/// A file of the page as it was built: its path, its type, what it holds.
type Built = (&'static str, &'static str, &'static [u8]);

/// Every file of the page.
const BUILT: &[Built] = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/web/dist/files.rs"));

/// The page itself is requested each time, and mostly not sent.
const REQUEST_AGAIN: &str = "no-cache";
/// Whatever has a digest in its name never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Hexadecimal digits of a digest that distinguish one build from another.
const TAG_DIGITS: usize = 32;

/// What browsers are to hold to. Nothing but what comes from here is loaded or run, nothing stands
/// in the page's text, and no other page frames it.
const SECURITY: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// The files of the page, ready to be sent.
pub(super) struct Site {
    files: Vec<File>,
}

struct File {
    path: &'static str,
    kind: HeaderValue,
    tag: HeaderValue,
    caching: HeaderValue,
    plain: Bytes,
    packed: Bytes,
}

impl Site {
    /// Packs the files.
    ///
    /// # Errors
    /// Never but for a defect: they are packed in memory.
    pub fn open() -> io::Result<Site> {
        Ok(Site { files: BUILT.iter().map(File::open).collect::<io::Result<_>>()? })
    }

    /// Answers a request that changes nothing.
    pub fn answer(&self, request: &Request<Body>) -> Response<Body> {
        let path = request.uri().path();
        let file = self.files.iter().find(|file| file.path == path);
        file.map_or_else(|| refused(StatusCode::NOT_FOUND), |file| file.answer(request.headers()))
    }
}

impl File {
    fn open((path, kind, plain): &Built) -> io::Result<File> {
        let mut packing = GzEncoder::new(Vec::new(), Compression::best());
        packing.write_all(plain)?;
        let packed = packing.finish()?.into();
        let tag: String = Sha256::digest(plain).iter().map(|byte| format!("{byte:02x}")).collect();
        let tag = format!("\"{}\"", tag.get(..TAG_DIGITS).unwrap_or(&tag));
        let caching = if *path == "/" { REQUEST_AGAIN } else { FOR_EVER };
        Ok(File {
            path,
            kind: HeaderValue::from_static(kind),
            tag: HeaderValue::from_str(&tag).map_err(io::Error::other)?,
            caching: HeaderValue::from_static(caching),
            plain: Bytes::from_static(plain),
            packed,
        })
    }

    fn answer(&self, request: &HeaderMap) -> Response<Body> {
        let is_known = request.get(header::IF_NONE_MATCH) == Some(&self.tag);
        let is_packed = takes_gzip(request);
        let bytes = if is_packed { &self.packed } else { &self.plain };
        let mut response = match is_known {
            true => Response::new(Body::empty()),
            false => Response::new(Body::new(http_body_util::Full::new(bytes.clone()))),
        };
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.kind.clone());
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CACHE_CONTROL, self.caching.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if is_packed && !is_known {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// Whether a browser takes what is packed; one that takes it unwillingly is none.
fn takes_gzip(request: &HeaderMap) -> bool {
    let takes = request.get(header::ACCEPT_ENCODING).and_then(|takes| takes.to_str().ok());
    takes.is_some_and(|takes| takes.split(',').any(|one| one.trim() == "gzip"))
}

/// An answer that says no more than why there is none.
pub(super) fn refused(status: StatusCode) -> Response<Body> {
    let text = format!("{status}\n");
    let mut response = Response::new(Body::new(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Adds what browsers are to hold to.
pub(super) fn secure(headers: &mut HeaderMap) {
    for (name, value) in SECURITY {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
