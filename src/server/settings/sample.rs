//! A sample of the settings file, made from what is said of each setting.

use clap::Arg;
use config::{Map, Value};

use super::Settings;
use super::layers::{Effective, Environment, Setting};

const COLUMNS: usize = 100;
const HEAD: &str = "\
# The settings of slx serve (--config FILE, or SLX_CONFIG), made by slx config sample.
# What is commented out is the default, or an example where there is none. A flag wins over the
# environment, the environment over this file: --data-dir, SLX_DATA_DIR and data_dir are the same.
# slx config check shows what holds, and where it was set.
";

/// A file with every setting, each commented out, with its default.
///
/// # Errors
/// When the defaults can't be read, which they always can.
pub fn sample() -> anyhow::Result<String> {
    let defaults = Effective::of(Settings::default(), &Environment::default())?.list();
    let entries = defaults.iter().zip(Settings::arguments());
    Ok(entries.fold(HEAD.to_owned(), |text, (setting, argument)| {
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let value = setting.value.clone().unwrap_or_else(|| example(setting, &argument));
        text + "\n" + &comment(&help) + &format!("#{} = {value}\n", setting.name)
    }))
}

/// A value of the kind that a setting wants.
fn example(setting: &Setting, argument: &Arg) -> String {
    let text = Value::new(None, Map::from([(setting.name.clone(), Value::from("x"))]));
    let wanted = argument.get_value_names().and_then(|names| names.first());
    match (text.try_deserialize::<Settings>(), wanted) {
        (_, Some(wanted)) if wanted == "ADDRESS" => "\"127.0.0.1:9464\"".to_owned(),
        (Ok(_), Some(wanted)) => format!("\"{wanted}\""),
        _ => "2".to_owned(),
    }
}

fn comment(text: &str) -> String {
    let mut lines = vec!["#".to_owned()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < COLUMNS => {
                line.extend([" ", word]);
            }
            _ => lines.push(format!("# {word}")),
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_settings_file_with_and_without_its_comment_signs() {
        let sample = sample().unwrap();
        assert!(sample.lines().all(|line| line.chars().count() <= COLUMNS), "{sample}");
        assert!(toml::from_str::<Settings>(&sample).is_ok());
        let is_set = |line: &&str| line.starts_with('#') && !line.starts_with("# ");
        let set: String =
            sample.lines().filter(is_set).map(|line| line.replacen('#', "", 1) + "\n").collect();
        assert_eq!(set.lines().count(), Settings::names().len());
        assert!(toml::from_str::<Settings>(&set).is_ok(), "{set}");
    }
}
