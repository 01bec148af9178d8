//! The settings of a log that several nodes share.

use tonic::codegen::http::Uri;

use super::Settings;
use crate::cluster::ClusterOptions;

/// On more servers JetStream keeps no stream.
const REPLICAS_MOST: usize = 5;
/// The longest name of a stream.
const NAME_LETTERS_MAX: usize = 64;

/// The log that nodes share, if they do.
pub(super) fn cluster(settings: &Settings) -> Option<ClusterOptions> {
    Some(ClusterOptions {
        servers: servers(settings.log.as_deref()?),
        stream: settings.log_stream.clone()?,
        replicas: settings.log_replicas?,
        credentials: settings.log_credentials.clone(),
        authorities: settings.log_ca.clone(),
    })
}

/// What is wrong with the settings of a shared log.
pub(super) fn wrong(settings: &Settings) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut when = |is_wrong: bool, text: String| wrong.extend(is_wrong.then_some(text));
    when(
        settings.log.as_deref().is_some_and(|log| !servers(log).iter().all(|one| is_server(one))),
        "log is no list of servers such as nats://10.0.0.1:4222,nats://10.0.0.2:4222, or tls:// \
         instead; who may connect is said by log_credentials"
            .to_owned(),
    );
    when(
        settings.log.is_some() && settings.read_only == Some(true),
        "log and read_only exclude each other: a node of several takes in what others record"
            .to_owned(),
    );
    when(
        settings.log.is_none() && (settings.log_credentials.is_some() || settings.log_ca.is_some()),
        "log_credentials and log_ca are of use with log alone".to_owned(),
    );
    let name = settings.log_stream.as_deref().unwrap_or_default();
    let is_name = !name.is_empty()
        && name.len() <= NAME_LETTERS_MAX
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    when(
        settings.log_stream.is_some() && !is_name,
        format!(
            "log_stream is no name of a stream: write 1 to {NAME_LETTERS_MAX} of a-z, A-Z, 0-9, - \
             and _"
        ),
    );
    when(
        settings.log_replicas.is_some_and(|count| !(1..=REPLICAS_MOST).contains(&count)),
        format!("log_replicas is not 1 to {REPLICAS_MOST}"),
    );
    wrong
}

/// The servers of a list; the scheme of the first is that of those that have none.
fn servers(log: &str) -> Vec<String> {
    let scheme = log.split_once("://").map_or("", |(scheme, _)| scheme);
    let server = |one: &str| match one.contains("://") {
        true => one.to_owned(),
        false => format!("{scheme}://{one}"),
    };
    log.split(',').map(str::trim).map(server).collect()
}

/// Whether a text is the URL of a server, without a name and a password, which would be shown.
fn is_server(text: &str) -> bool {
    let url = text.parse::<Uri>().ok();
    url.is_some_and(|url| {
        let has_scheme = matches!(url.scheme_str(), Some("nats" | "tls"));
        let authority = url.authority().map_or("", |authority| authority.as_str());
        let is_bare = url.path().is_empty() || url.path() == "/";
        has_scheme && is_bare && !authority.is_empty() && !authority.contains('@')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_servers_is_read_whole_or_refused() {
        let of = |log: &str| Settings { log: Some(log.to_owned()), ..Settings::default() };
        let both = ["nats://a:4222".to_owned(), "nats://b:4223".to_owned()];
        assert_eq!(servers("nats://a:4222, b:4223"), both);
        for right in ["nats://a:4222,b:4223", "tls://a.example", "nats://[::1]:4222"] {
            assert_eq!(wrong(&of(right)), [] as [String; 0], "{right}");
        }
        for bad in ["", "a:4222", "http://a", "nats://", "nats://u:p@a:4222", "nats://a/x"] {
            assert!(wrong(&of(bad)).concat().contains("log is no list of servers"), "{bad}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_name() {
        let log = || Some("nats://a".to_owned());
        for (name, settings) in [
            ("log_stream", Settings { log_stream: Some("a b".to_owned()), ..Settings::default() }),
            ("log_stream", Settings { log_stream: Some(String::new()), ..Settings::default() }),
            ("log_replicas", Settings { log_replicas: Some(0), ..Settings::default() }),
            ("log_replicas", Settings { log_replicas: Some(6), ..Settings::default() }),
            ("log_ca", Settings { log_ca: Some("ca.pem".into()), ..Settings::default() }),
            ("read_only", Settings { log: log(), read_only: Some(true), ..Settings::default() }),
        ] {
            assert!(wrong(&settings).concat().contains(name), "{name}: {:?}", wrong(&settings));
        }
    }
}
