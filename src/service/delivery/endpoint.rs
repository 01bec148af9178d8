//! Endpoints: the URLs that webhooks are sent to.

use std::net::IpAddr;

use tonic::codegen::http::Uri;

use super::public_address::is_public;

/// Where a webhook is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::service) struct Endpoint {
    /// Whether by TLS.
    pub is_tls: bool,
    /// The name or address of the host, without brackets.
    pub host: String,
    pub port: u16,
    /// Host and port, as the header `host` names them.
    pub authority: String,
    /// The path, with the query.
    pub path: String,
}

impl Endpoint {
    /// The endpoint of a URL. Unless private addresses are allowed it is `https`, and an address in
    /// it is public; those of a name are checked whenever it is called.
    ///
    /// # Errors
    /// What is wrong with the URL, and what would be right.
    pub fn parse(url: &str, are_private_allowed: bool) -> Result<Endpoint, String> {
        let wrong = || format!("{url:?} is no URL: write one such as https://example.com/hooks");
        if url.is_empty() {
            return Err("is missing: write a URL such as https://example.com/hooks".to_owned());
        }
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong());
        };
        if url.contains('#') || authority.as_str().contains('@') || authority.host().is_empty() {
            return Err("has a user, a password, a fragment or no host: leave those out".into());
        }
        let port = authority.port_u16();
        if port.is_none() && authority.as_str() != authority.host() || port == Some(0) {
            return Err(wrong());
        }
        let is_tls = match scheme {
            "https" => true,
            "http" if are_private_allowed => false,
            "http" => {
                return Err(
                    "is http: write an https URL, or let the server call private addresses \
                            (setting webhook_private_addresses)"
                        .to_owned(),
                );
            }
            other => return Err(format!("is of scheme {other:?}: write an https URL")),
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if let Ok(address) = host.parse::<IpAddr>()
            && !are_private_allowed
            && !is_public(address)
        {
            return Err(not_public(address));
        }
        Ok(Endpoint {
            is_tls,
            host,
            port: port.unwrap_or(if is_tls { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }
}

/// Why an address is not called.
pub(super) fn not_public(address: IpAddr) -> String {
    format!("{address} is no public address: the server does not call it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let endpoint = Endpoint::parse("https://hooks.example.com:8443/in?key=1", false).unwrap();
        let expected = Endpoint {
            is_tls: true,
            host: "hooks.example.com".into(),
            port: 8443,
            authority: "hooks.example.com:8443".into(),
            path: "/in?key=1".into(),
        };
        assert_eq!(endpoint, expected);
        let endpoint = Endpoint::parse("https://[2606:4700::1]", false).unwrap();
        let found = (endpoint.host.as_str(), endpoint.port, endpoint.path.as_str());
        assert_eq!(found, ("2606:4700::1", 443, "/"));
        let endpoint = Endpoint::parse("http://127.0.0.1:80/", true).unwrap();
        assert_eq!((endpoint.is_tls, endpoint.port), (false, 80));
    }

    #[test]
    fn what_can_not_or_must_not_be_called_is_refused() {
        for url in [
            "",
            "hooks",
            "/in",
            "example.com:443",
            "ftp://example.com",
            "http://example.com",
            "https://",
            "https:///in",
            "https://user:pass@example.com",
            "https://user@example.com",
            "https://example.com/#part",
            "https://example.com:0",
            "https://example.com:99999",
            "https://exa mple.com",
            "https://127.0.0.1/",
            "https://10.1.2.3:8443/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
        ] {
            assert!(Endpoint::parse(url, false).is_err(), "{url}");
        }
    }
}
