//! `slx simulate`: a month evaluated again under the terms of a file, next to the present ones.

use std::path::{Path, PathBuf};
use std::process::Command;

use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use crate::testing::{Clients, Server, TENANT, event, opened, run, slx, succeed};

const CALENDAR: &str = "
calendars:
- id: office
  time_zone: Europe/Amsterdam
  weekly: [{days: [monday, tuesday, wednesday, thursday, friday], opens: '09:00', closes: '17:00'}]
";

/// P1 within some hours, half of it at least, or 5 % of 1,000 a month is credited.
fn terms(hours: u32, percent: &str) -> String {
    format!(
        "
contracts:
- id: C
  kind: sla
  title: Workplace
  time_zone: Europe/Amsterdam
  currency: EUR
  terms:
    targets:
    - id: resolve
      metric: resolution
      limits:
      - {{priority: P1, limit: {hours}h, calendar_id: office}}
      - {{priority: P2, limit: 8h, calendar_id: office}}
    objectives:
    - id: p1
      period: month
      attainment: {{target_id: resolve, priorities: [P1], percent: {percent}}}
    credits:
      monthly_fee: 100000
      cap_percent: 15
      rules:
      - {{objective_id: p1, tiers: [{{credit_percent: 5}}]}}
"
    )
}

/// What a server evaluates October by.
struct Evaluating {
    server: Server,
    clients: Clients,
    directory: tempfile::TempDir,
}

impl Evaluating {
    /// P1 solved in 2, 4 and 5 hours, P2 in 2.
    async fn start() -> Evaluating {
        let directory = tempfile::tempdir().expect("a directory");
        let mut server = Server::start(&directory.path().join("data"), &[]);
        let clients = server.clients().await;
        let mut evaluating = Evaluating { server, clients, directory };
        let present = evaluating.write("present.yaml", &(CALENDAR.to_owned() + &terms(4, "50")));
        succeed(evaluating.command("apply").arg("--file").arg(&present));
        for (id, priority, day, hours) in
            [("A", "P1", 1, 2), ("B", "P1", 5, 4), ("D", "P1", 6, 5), ("E", "P2", 7, 2)]
        {
            let time = |hour| format!("2026-10-{day:02}T{hour:02}:00:00Z");
            let resolved = Fact::Resolved(v1::Resolved {});
            let end = event(id, "r", &time(7 + hours), resolved);
            let facts = vec![event(id, "o", &time(7), opened("C", priority)), end];
            evaluating.clients.record(facts).await;
        }
        evaluating
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    fn command(&self, subcommand: &str) -> Command {
        let mut command = slx();
        command.args([subcommand, "--tenant", TENANT, "--address", &self.server.address]);
        command
    }

    fn simulate(&self, file: &Path) -> Command {
        let mut command = self.command("simulate");
        command.arg(file).args(["2026-10", "--as-of-time", "2026-11-20T00:00:00Z"]);
        command
    }
}

/// Within three hours only one of three is solved, and 60 % are promised.
const EXPECTED: &str = "
2026-10 from Wed 2026-09-30 22:00 to Sat 2026-10-31 23:00, as it is -> as it would be

TARGET  PRIORITY    MET BREACHED CANCELLED EXCLUDED OPEN             ATTAINED          \
EXPERIENCED WATERMELONS   MEAN    P50    P90 BACKLOG P90 AGE OLDEST
resolve P1       2 -> 1   1 -> 2         0        0    0 66.6666% -> 33.3333% 66.6666% -> \
33.3333%           0 3h 40m 4h 00m 5h 00m       0       -      -
resolve P2            1        0         0        0    0                 100%                 \
100%           0 2h 00m 2h 00m 2h 00m       0       -      -

OBJECTIVE PERIOD    PROMISED                   IS VERDICT                          LEFT
p1        2026-10 50% -> 60% 66.6666% -> 33.3333% met -> missed 1 breach -> -2 breaches

Credits in EUR:

OBJECTIVE PERIOD         CREDIT
p1        2026-10 0.00 -> 50.00
total             0.00 -> 50.00

1 verdict would differ: 1 met -> breached

INCIDENT TARGET  IS  WOULD BE
B        resolve met breached

Of the proposed terms:
  warning: terms.targets: incidents of a priority without a limit have no clock (targets: resolve): \
a limit for priority \"*\" covers every priority that is not named

These are the facts of the past, evaluated by other terms. Under other terms people would have worked \
otherwise: take it for a bound, not for a forecast.
";

#[tokio::test]
async fn proposed_terms_are_reported_next_to_the_present_ones() {
    let mut evaluating = Evaluating::start().await;
    let before = evaluating.clients.status().await.head;
    let tighter = evaluating.write("tighter.yaml", &terms(3, "60"));
    let output = succeed(&mut evaluating.simulate(&tighter));
    let lines: Vec<_> = output.lines().map(str::trim_end).collect();
    assert_eq!(lines, EXPECTED.trim_start().lines().collect::<Vec<_>>(), "{output}");
    assert_eq!(evaluating.clients.status().await.head, before, "nothing is recorded");
}

#[tokio::test]
async fn proposed_calendars_count_too_and_the_same_terms_change_nothing() {
    let evaluating = Evaluating::start().await;
    let same = evaluating.write("same.yaml", &(CALENDAR.to_owned() + &terms(4, "50")));
    let output = succeed(&mut evaluating.simulate(&same));
    assert!(output.contains("\nNo verdict would differ.\n"), "{output}");
    assert_eq!(output.matches("->").count(), 1, "only the heading has one: {output}");
    // Opened two hours later, D's five hours are three.
    let late = CALENDAR.replace("09:00", "11:00") + &terms(4, "50");
    let late = evaluating.write("late.yaml", &late);
    let output = succeed(evaluating.simulate(&late).args(["--by", "priority"]));
    assert!(output.contains("1 verdict would differ: 1 breached -> met\n"), "{output}");
}

#[tokio::test]
async fn a_simulation_is_also_reported_as_json_and_what_it_can_not_evaluate_is_said() {
    let evaluating = Evaluating::start().await;
    let tighter = evaluating.write("tighter.yaml", &terms(3, "60"));
    let output = succeed(evaluating.simulate(&tighter).arg("--json"));
    let output: serde_json::Value = serde_json::from_str(&output).expect("JSON");
    assert_eq!(output["verdictChangeCount"], "1");
    assert_eq!(output["verdictChanges"][0]["incidentId"], "B");
    assert_eq!(output["proposed"]["credits"]["totalAmount"], "5000");

    let other = terms(3, "60").replace("id: C\n", "id: X\n");
    let both = evaluating.write("both.yaml", &format!("{}---{other}", terms(3, "60")));
    let (is_reported, why) = run(&mut evaluating.simulate(&both));
    assert!(
        !is_reported && why.contains("it holds 2 contracts: say which with --contract"),
        "{why}"
    );
    succeed(evaluating.simulate(&both).args(["--contract", "C"]));
    let (is_reported, why) = run(evaluating.simulate(&both).args(["--contract", "X"]));
    assert!(!is_reported && why.contains("contract"), "{why}");
    let (is_reported, why) = run(&mut evaluating.simulate(Path::new("nowhere.yaml")));
    assert!(!is_reported && why.contains("can't read nowhere.yaml"), "{why}");
}
