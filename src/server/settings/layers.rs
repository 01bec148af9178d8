//! Settings in layers: the defaults, the file, the environment, the flags; the later wins. Each
//! value keeps where it came from.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use config::{Config, ConfigError, File, FileFormat, Map, Source, Value, ValueKind};

use super::Settings;
use crate::codec::text::nearest;

const PREFIX: &str = "SLX_";
/// What others put into the environment of whoever is named slx: Kubernetes of each service of that
/// name, and slx's own tests.
const OF_OTHERS: [&str; 3] = ["SLX_SERVICE_", "SLX_PORT", "SLX_TEST_"];
const DEFAULT: &str = "default";

/// The variables of an environment that may be settings.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Those that begin with `SLX_`.
    pub variables: Vec<(String, OsString)>,
    /// The names of those among them that are no settings, but known all the same.
    pub known: Vec<String>,
}

/// The settings that hold.
#[derive(Clone, Debug)]
pub struct Effective {
    /// Without those that have no value.
    pub(super) settings: Settings,
    values: Map<String, Value>,
}

/// One of the settings that hold, to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name in the file.
    pub name: String,
    /// Its value, as the file would write it; `None`: it has none.
    pub value: Option<String>,
    /// What set it: `default`, a file, a variable or a flag.
    pub source: String,
}

/// One layer: values with where they came from.
#[derive(Clone, Debug)]
struct Layer(Map<String, Value>);

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

impl Environment {
    /// That of this process.
    pub fn of_process(known: Vec<String>) -> Environment {
        let named =
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let variables = named.filter(|(name, _)| name.starts_with(PREFIX)).collect();
        Environment { variables, known }
    }
}

impl Effective {
    /// Lays the layers over each other: the defaults, the file that `given` names, the environment,
    /// and what is given.
    ///
    /// # Errors
    /// Every name that no setting has, with the one it is most like; and every value that its
    /// setting can't have.
    pub fn of(given: Settings, environment: &Environment) -> anyhow::Result<Effective> {
        let mut wrong = Vec::new();
        let file = match &given.config {
            Some(path) => from_file(path, &mut wrong)?,
            None => Layer(Map::new()),
        };
        let layers = [
            from_settings(&Settings::defaults(), |_| DEFAULT.to_owned())?,
            file,
            from_environment(environment, &mut wrong)?,
            from_settings(&given, |name| format!("--{}", name.replace('_', "-")))?,
        ];
        let layered =
            layers.iter().cloned().fold(Config::builder(), |all, one| all.add_source(one));
        let layered = layered.build()?;
        let values = layered.collect()?;
        wrong.extend(layers.iter().flat_map(|Layer(values)| values.iter().filter_map(misfit)));
        if !wrong.is_empty() {
            wrong.sort();
            return all_wrong(wrong);
        }
        let settings: Settings = layered.try_deserialize()?;
        let source = |name: &str| values.get(name).and_then(Value::origin).unwrap_or(DEFAULT);
        let Layer(values) = from_settings(&settings, |name| source(name).to_owned())?;
        let settings =
            Settings { config: given.config, accept_clock: given.accept_clock, ..settings };
        Ok(Effective { settings, values })
    }

    /// Every setting, by its name, and where it comes from.
    pub fn list(&self) -> Vec<Setting> {
        let setting = |argument: clap::Arg| {
            let name = argument.get_id().as_str().to_owned();
            let value = self.values.get(&name);
            let source = value.and_then(Value::origin).unwrap_or(DEFAULT).to_owned();
            Setting { value: value.map(|value| shown(&value.kind)), source, name }
        };
        Settings::arguments().into_iter().map(setting).collect()
    }

    /// What is wrong, with the values of the settings it names and where they were set.
    pub(super) fn explained(&self, wrong: &str) -> String {
        let is_named = |name: &str| {
            wrong.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name)
        };
        let named = self.list().into_iter().filter(|setting| is_named(&setting.name));
        let set = named.filter_map(|setting| {
            Some(format!("{} = {} by {}", setting.name, setting.value?, setting.source))
        });
        match set.collect::<Vec<_>>().join(", ") {
            set if set.is_empty() => wrong.to_owned(),
            set => format!("{wrong} ({set})"),
        }
    }
}

/// Everything that is wrong as one error.
pub(super) fn all_wrong<T>(wrong: Vec<String>) -> anyhow::Result<T> {
    match wrong.as_slice() {
        [one] => Err(anyhow!("{one}")),
        several => Err(anyhow!("the settings are wrong:\n  {}", several.join("\n  "))),
    }
}

fn from_settings(settings: &Settings, source: impl Fn(&str) -> String) -> anyhow::Result<Layer> {
    let values = Config::try_from(settings)?.collect()?.into_iter();
    let set = values.filter(|(_, value)| value.kind != ValueKind::Nil);
    let with_source = |(name, value): (String, Value)| {
        let source = source(&name);
        (name, Value::new(Some(&source), value.kind))
    };
    Ok(Layer(set.map(with_source).collect()))
}

fn from_file(path: &Path, wrong: &mut Vec<String>) -> anyhow::Result<Layer> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).with_context(|| format!("can't read {shown}"))?;
    let read = File::from_str(&text, FileFormat::Toml).collect();
    let values = read.with_context(|| format!("{shown} is not a settings file"))?;
    let names = Settings::names();
    let (known, unknown): (Map<_, _>, Map<_, _>) =
        values.into_iter().partition(|(name, _)| names.contains(name));
    wrong.extend(unknown.into_keys().map(|name| match nearest(&names, &name) {
        Some(near) => format!("{shown}: there is no setting {name}: did you mean {near}?"),
        None => format!("{shown}: there is no setting {name}: slx config sample lists them"),
    }));
    let with_source = |(name, value): (String, Value)| (name, Value::new(Some(&shown), value.kind));
    Ok(Layer(known.into_iter().map(with_source).collect()))
}

fn from_environment(environment: &Environment, wrong: &mut Vec<String>) -> anyhow::Result<Layer> {
    let names: Vec<_> = Settings::names().iter().map(|name| variable(name)).collect();
    let is_of_others = |name: &String| {
        environment.known.contains(name) || OF_OTHERS.iter().any(|of| name.starts_with(of))
    };
    let mut source = Map::new();
    for (name, value) in environment.variables.iter().filter(|(name, _)| !is_of_others(name)) {
        match (names.contains(name), value.to_str(), nearest(&names, name)) {
            (true, Some(value), _) => drop(source.insert(name.clone(), value.to_owned())),
            (true, None, _) => wrong.push(format!("{name} is not UTF-8")),
            (false, _, Some(near)) => {
                wrong.push(format!("{name}: there is no such setting: did you mean {near}?"));
            }
            (false, _, None) => wrong.push(format!(
                "{name}: there is no such setting: slx config sample lists those there are"
            )),
        }
    }
    let read = config::Environment::with_prefix("SLX").ignore_empty(true).source(Some(source));
    let with_source = |(name, value): (String, Value)| {
        (name.clone(), Value::new(Some(&variable(&name)), value.kind))
    };
    Ok(Layer(read.collect()?.into_iter().map(with_source).collect()))
}

fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_uppercase())
}

/// What is wrong with a value by itself, and what would be right.
fn misfit((name, value): (&String, &Value)) -> Option<String> {
    let alone = Value::new(None, Map::from([(name.clone(), value.clone())]));
    let problem = match alone.try_deserialize::<Settings>() {
        Ok(taken) => not_of_its_kind(value, &taken, name)?.to_owned(),
        Err(ConfigError::Type { expected, .. }) => format!("this is not {expected}"),
        Err(ConfigError::At { error, .. }) => error.to_string(),
        Err(other) => other.to_string(),
    };
    let source = value.origin().unwrap_or(DEFAULT);
    let arguments = Settings::arguments();
    let argument = arguments.iter().find(|argument| argument.get_id().as_str() == name)?;
    let right = argument.get_help().map(ToString::to_string).unwrap_or_default();
    Some(format!("{name} = {} by {source}: {problem}. It sets: {right}", shown(&value.kind)))
}

/// The library rounds fractions and takes "on" for the number 1; slx refuses both. A file has
/// numbers where numbers are meant; the environment has only texts.
fn not_of_its_kind(value: &Value, taken: &Settings, name: &str) -> Option<&'static str> {
    let taken = from_settings(taken, |_| String::new()).ok()?;
    let is_variable = value.origin().is_some_and(|origin| origin == variable(name));
    match (&value.kind, &taken.0.get(name)?.kind) {
        (ValueKind::String(_), ValueKind::String(_)) => None,
        (ValueKind::Boolean(_), ValueKind::Boolean(_)) => None,
        (ValueKind::I64(_) | ValueKind::U64(_), ValueKind::I64(_) | ValueKind::U64(_)) => None,
        (ValueKind::String(text), ValueKind::Boolean(_))
            if is_variable && ["true", "false"].contains(&text.as_str()) =>
        {
            None
        }
        (ValueKind::String(text), ValueKind::I64(_) | ValueKind::U64(_))
            if is_variable && text.parse::<u64>().is_ok() =>
        {
            None
        }
        (_, ValueKind::String(_)) => Some("this is not a text in quotes"),
        (_, ValueKind::Boolean(_)) => Some("this is neither true nor false"),
        _ => Some("this is not a whole number"),
    }
}

/// A value as the file would write it, without what a URL says of who asks.
pub(super) fn shown(kind: &ValueKind) -> String {
    match kind {
        ValueKind::String(text) => toml::Value::String(without_credentials(text)).to_string(),
        ValueKind::Array(_) => "a list".to_owned(),
        ValueKind::Table(_) => "a table".to_owned(),
        plain => plain.to_string(),
    }
}

fn without_credentials(text: &str) -> String {
    let of_url = text.split_once("://").and_then(|(scheme, rest)| {
        let authority = rest.split('/').next()?;
        let (_, host) = authority.rsplit_once('@')?;
        Some(format!("{scheme}://***@{host}{}", rest.strip_prefix(authority)?))
    });
    of_url.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, Settings) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("slx.toml");
        fs::write(&path, text).unwrap();
        (directory, Settings { config: Some(path), ..Settings::default() })
    }

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), value.into()));
        Environment { variables: variables.collect(), known: vec!["SLX_ADDRESS".to_owned()] }
    }

    fn refused(given: Settings, variables: &[(&str, &str)]) -> String {
        Effective::of(given, &environment(variables)).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn flags_win_over_the_environment_that_over_the_file_and_that_over_the_default() {
        let (_kept, in_file) = file("drain_seconds = 3\nevent_bytes_max = 100\nstreams_max = 7");
        let path = in_file.config.clone().unwrap().display().to_string();
        let given = Settings { drain_seconds: Some(1), ..in_file };
        let variables = [("SLX_DRAIN_SECONDS", "2"), ("SLX_EVENT_BYTES_MAX", "200")];
        let effective = Effective::of(given, &environment(&variables)).unwrap();
        let source = |name: &str| {
            let listed = effective.list().into_iter().find(|setting| setting.name == name);
            listed.map(|setting| (setting.value.unwrap_or_default(), setting.source)).unwrap()
        };
        assert_eq!(source("drain_seconds"), ("1".into(), "--drain-seconds".into()));
        assert_eq!(source("event_bytes_max"), ("200".into(), "SLX_EVENT_BYTES_MAX".into()));
        assert_eq!(source("streams_max"), ("7".into(), path));
        assert_eq!(source("calls_max"), ("1024".into(), "default".into()));
        assert_eq!(source("identities"), (String::new(), "default".into()));
        let configuration = effective.check().unwrap();
        assert_eq!(configuration.drain.as_secs(), 1);
        assert_eq!((configuration.event_bytes_max, configuration.capacity.streams), (200, 7));
    }

    #[test]
    fn a_name_that_no_setting_has_is_refused_with_the_one_it_is_like() {
        let (_kept, given) = file("data_dri = \"x\"\nDATA_DIR = \"x\"\n[server]\nport = 1");
        let said = refused(given, &[("SLX_DRAIN_SECOND", "3"), ("SLX_QUARK", "")]);
        for part in [
            "no setting data_dri: did you mean data_dir?",
            "no setting DATA_DIR",
            "no setting server",
            "SLX_DRAIN_SECOND: there is no such setting: did you mean SLX_DRAIN_SECONDS?",
            "SLX_QUARK: there is no such setting",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    /// Kubernetes gives every container the addresses of every service: of one that is named slx,
    /// these.
    #[test]
    fn variables_that_others_set_are_no_settings() {
        let variables = [
            ("SLX_SERVICE_HOST", "10.0.0.1"),
            ("SLX_SERVICE_PORT_GRPC", "7459"),
            ("SLX_PORT", "tcp://10.0.0.1:7459"),
            ("SLX_PORT_7459_TCP_ADDR", "10.0.0.1"),
            ("SLX_ADDRESS", "http://127.0.0.1:7459"),
            ("SLX_LISTEN", ""),
        ];
        let effective = Effective::of(Settings::default(), &environment(&variables)).unwrap();
        assert!(effective.list().iter().all(|setting| setting.source == "default"));
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_with_its_source_and_what_would_be_right() {
        for (text, wrong) in [
            ("drain_seconds = 3.7", "drain_seconds = 3.7 by"),
            ("drain_seconds = true", "this is not a whole number"),
            ("drain_seconds = \"3\"", "drain_seconds = \"3\" by"),
            ("drain_seconds = -3", "drain_seconds = -3 by"),
            ("drain_seconds = [3]", "drain_seconds = a list by"),
            ("data_dir = 5", "this is not a text in quotes"),
            ("listen = \"here\"", "The address to listen on [default: 127.0.0.1:7459]"),
            ("insecure_no_identity = 1", "this is neither true nor false"),
        ] {
            let (_kept, given) = file(text);
            let said = refused(given, &[]);
            assert!(said.contains(wrong) && said.contains("slx.toml: "), "{wrong}: {said}");
        }
        for (name, value) in [
            ("SLX_DRAIN_SECONDS", "on"),
            ("SLX_DRAIN_SECONDS", "3.7"),
            ("SLX_DRAIN_SECONDS", "18446744073709551616"),
            ("SLX_READ_ONLY", "perhaps"),
            ("SLX_LISTEN", "7459"),
        ] {
            let said = refused(Settings::default(), &[(name, value)]);
            assert!(said.contains(&format!(" by {name}: ")), "{name}={value}: {said}");
            assert!(said.contains(". It sets: "), "{said}");
        }
    }

    #[test]
    fn the_credentials_of_a_url_are_not_shown() {
        assert_eq!(without_credentials("http://me:secret@host:1/p"), "http://***@host:1/p");
        assert_eq!(without_credentials("https://host/a@b"), "https://host/a@b");
    }

    #[test]
    fn the_defaults_are_what_is_said_of_them() {
        let defaults = Effective::of(Settings::default(), &Environment::default()).unwrap();
        for (setting, argument) in defaults.list().into_iter().zip(Settings::arguments()) {
            let Some(value) = setting.value else { continue };
            let said = format!("[default: {}]", value.trim_matches('"'));
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&said), "{}: {help}", setting.name);
            assert_eq!(argument.get_env(), None, "clap would not say where it came from");
        }
    }
}
