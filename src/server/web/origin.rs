//! Whose requests are answered: those of the page itself. Browsers say of each request which page
//! makes it; what is no browser says nothing and is bound by its credentials alone.

use std::net::IpAddr;

use tonic::codegen::http::{HeaderMap, Uri, header};

/// The names by which the board may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hosts {
    /// Any: whoever calls has credentials, or everybody on the network may do everything.
    Any,
    /// Those of this machine alone. Whoever connects may do everything, so a page that makes a name
    /// of its own lead here must not be taken for the board's.
    ThisMachine,
}

impl Hosts {
    /// Whether a request is to one of them.
    pub fn has(self, headers: &HeaderMap) -> bool {
        let Some(host) = host(headers) else { return false };
        match self {
            Hosts::Any => true,
            Hosts::ThisMachine => {
                let name = host.host().trim_start_matches('[').trim_end_matches(']');
                let is_here = |address: IpAddr| address.to_canonical().is_loopback();
                name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_here)
            }
        }
    }
}

/// Whether a request that may change something comes from the page, or from no page at all.
pub(super) fn is_own(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let origin = origin.and_then(|origin| origin.authority().cloned());
    origin.is_some() && origin == host(headers).and_then(|host| host.authority().cloned())
}

/// To whom a request is, by its one `Host`.
fn host(headers: &HeaderMap) -> Option<Host> {
    let mut values = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (values.next(), values.next()) else { return None };
    let host: Uri = host.to_str().ok()?.parse().ok()?;
    host.authority().is_some().then_some(Host(host))
}

/// A host and its port.
struct Host(Uri);

impl Host {
    fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    fn authority(&self) -> Option<&tonic::codegen::http::uri::Authority> {
        self.0.authority()
    }
}

#[cfg(test)]
mod tests {
    use tonic::codegen::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn without_identities_only_names_of_this_machine_lead_here() {
        let has = |hosts: Hosts, host: &str| hosts.has(&headers(&[("host", host)]));
        for here in ["127.0.0.1:7461", "localhost:7461", "LOCALHOST", "[::1]:7461", "127.8.0.1"] {
            assert!(has(Hosts::ThisMachine, here), "{here}");
        }
        for other in ["evil.example:7461", "192.0.2.1", "localhost.evil.example", "", "a b"] {
            assert!(!has(Hosts::ThisMachine, other), "{other}");
        }
        assert!(has(Hosts::Any, "slx.example.com"));
        assert!(!Hosts::Any.has(&headers(&[])));
        let twice = [("host", "localhost"), ("host", "localhost")];
        let mut several = headers(&twice[..1]);
        several.append(header::HOST, HeaderValue::from_static("localhost"));
        assert!(!Hosts::ThisMachine.has(&several));
    }

    #[test]
    fn a_call_is_the_pages_own_or_no_pages() {
        let own = |pairs: &[(&'static str, &str)]| {
            let host = [("host", "slx.example:7461")];
            is_own(&headers(&[&host[..], pairs].concat()))
        };
        assert!(own(&[]));
        assert!(own(&[("origin", "https://slx.example:7461"), ("sec-fetch-site", "same-origin")]));
        assert!(!own(&[("origin", "https://evil.example")]));
        assert!(!own(&[("origin", "https://slx.example")]), "another port is another origin");
        assert!(!own(&[("origin", "null")]));
        assert!(!own(&[("sec-fetch-site", "cross-site")]));
        assert!(!own(&[("sec-fetch-site", "same-site")]));
        assert!(!own(&[("origin", "https://slx.example:7461"), ("sec-fetch-site", "cross-site")]));
    }
}
