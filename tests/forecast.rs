//! The breach forecast, put to the test on a real log by the real command.

use std::path::PathBuf;

use serde_json::Value;

use crate::testing::{Server, TENANT, slx};

/// The cut of the log, midnight in its zone.
const LOG_ENDS: &str = "2016-05-02T03:00:00Z";
const LEARN_UNTIL: &str = "2016-04-04T03:00:00Z";

fn data(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/servicenow").join(name);
    path.display().to_string()
}

fn run(arguments: &[&str]) -> Result<String, String> {
    let output = slx().args(arguments).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

fn figure(scores: &Value, name: &str) -> f64 {
    scores[name].as_f64().unwrap_or_else(|| panic!("{name} in {scores}"))
}

/// The figures of a row in the table of docs/forecasts.md.
fn documented(row: &str) -> Vec<String> {
    let page = include_str!("../docs/forecasts.md");
    let row = page.lines().find(|line| line.starts_with(&format!("| {row}"))).expect("the row");
    let figures = row.split([' ', ':']).filter(|word| {
        word.strip_prefix('.').is_some_and(|digits| digits.chars().all(|d| d.is_ascii_digit()))
    });
    figures.map(str::to_owned).collect()
}

/// Periods of every kind are scored or said to be too few, and what is documented comes out.
fn check_periods(kinds: &Value) {
    let kinds = kinds.as_array().expect("kinds");
    assert_eq!(kinds.len(), 12);
    let of = |period: &str, grouped_by: &str| {
        let is_it = |kind: &&Value| kind["period"] == period && kind["groupedBy"] == grouped_by;
        kinds.iter().find(is_it).unwrap_or_else(|| panic!("no {period} {grouped_by}"))
    };
    assert!(of("quarter", "")["model"].is_null(), "no quarter lies in these weeks");
    for (row, grouped_by) in [
        ("whether a week's promise, for the contract", ""),
        ("whether a week's promise, for each category", "category"),
    ] {
        let kind = of("week", grouped_by);
        let rate = figure(&kind["baselines"]["running rate"], "brier");
        let found = figure(&kind["model"], "brier");
        assert!(found + 0.01 < rate, "{row}: {found}, at the running rate {rate}");
        let found = format!("{found:.3}").trim_start_matches('0').to_owned();
        assert_eq!(documented(row).first(), Some(&found), "docs/forecasts.md, {row}");
        assert!(figure(kind, "intervalHeld") > 0.85, "{row}");
    }
}

/// I8 among them: what the documentation shows is what comes out.
#[tokio::test]
async fn forecasts_of_a_real_log_are_good_and_mean_what_they_say() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(directory.path(), &[]);
    server.clients().await;
    let address = format!("http://{}", server.address);
    let to_server = ["--address", address.as_str(), "--tenant", TENANT];
    let (terms, log) = (data("contracts.yaml"), data("incident_events.csv.zst"));
    let mapping = data("mapping.yaml");
    run(&[&["apply", "-f", &terms], &to_server[..]].concat()).expect("applied");
    run(&[&["import", "-f", &log, "-m", &mapping], &to_server[..]].concat()).expect("imported");
    let data_dir = directory.path().display().to_string();
    let evaluate = |more: &[&str]| {
        let requested = ["forecast", "--evaluate", "--data-dir", &data_dir, "--tenant", TENANT];
        run(&[&requested, more].concat())
    };
    let requested = ["office", "--learn-until", LEARN_UNTIL, "--until", LOG_ENDS];
    let answer = evaluate(&[&requested[..], &["--json"]].concat()).expect("evaluated");

    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let results = answer["results"].as_array().expect("results");
    let limits = [("event", 0.145, 0.021), ("noon", 0.122, 0.021)];
    assert_eq!(results.len(), limits.len());
    for (result, (occasion, brier, calibration_error)) in results.iter().zip(limits) {
        let model = &result["model"];
        assert_eq!(result["occasion"], occasion);
        assert!(figure(model, "forecasts") > 700.0, "{model}");
        assert!(figure(model, "brier") < brier, "{occasion}: {}", model["brier"]);
        let error = figure(model, "calibrationError");
        assert!(error < calibration_error, "{occasion}: {error}");
        for (name, baseline) in result["baselines"].as_object().expect("baselines") {
            let beaten = figure(baseline, "brier");
            assert!(figure(model, "brier") + 0.005 < beaten, "{occasion}, {name}: {beaten}");
        }
    }
    let rows = [
        ("each open clock, after every event", ["rate of the priority", "50/75/90 % rules"]),
        ("each open clock, at noon", ["50/75/90 % rules", "rate of the priority"]),
    ];
    for (result, (row, baselines)) in results.iter().zip(rows) {
        let of = |name| figure(&result["baselines"][name], "brier");
        let found = [figure(&result["model"], "brier"), of(baselines[0]), of(baselines[1])];
        let found = found.map(|brier| format!("{brier:.3}").trim_start_matches('0').to_owned());
        assert_eq!(documented(row), found, "docs/forecasts.md, {row}");
    }
    check_periods(&answer["periods"]);
    let noon = &results[1]["model"];
    assert!(figure(noon, "alarmRecall") > 0.85, "{}", noon["alarmRecall"]);

    let refused = evaluate(&["gold", "--learn-until", LEARN_UNTIL]);
    let error = refused.expect_err("there is no such contract");
    assert!(error.contains("\"gold\"") && error.contains("office"), "{error}");
    let refused = evaluate(&["office", "--learn-until", LOG_ENDS, "--until", LOG_ENDS]);
    assert!(refused.expect_err("nothing to score").contains("no clock was open"));
}
