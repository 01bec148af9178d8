//! `slx simulate`: a month judged again under the terms of a file, next to the present ones.

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

/// What a server judges October by.
struct Judging {
    server: Server,
    clients: Clients,
    directory: tempfile::TempDir,
}

impl Judging {
    /// P1 solved in 2, 4 and 5 hours, P2 in 2.
    async fn start() -> Judging {
        let directory = tempfile::tempdir().expect("a directory");
        let mut server = Server::start(&directory.path().join("data"), &[]);
        let clients = server.clients().await;
        let mut judging = Judging { server, clients, directory };
        let present = judging.write("present.yaml", &(CALENDAR.to_owned() + &terms(4, "50")));
        succeed(judging.command("apply").arg("--file").arg(&present));
        for (id, priority, day, hours) in
            [("A", "P1", 1, 2), ("B", "P1", 5, 4), ("D", "P1", 6, 5), ("E", "P2", 7, 2)]
        {
            let time = |hour| format!("2026-10-{day:02}T{hour:02}:00:00Z");
            let resolved = Fact::Resolved(v1::Resolved {});
            let end = event(id, "r", &time(7 + hours), resolved);
            let facts = vec![event(id, "o", &time(7), opened("C", priority)), end];
            judging.clients.record(facts).await;
        }
        judging
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
        command.arg(file).args(["--period", "2026-10", "--as-of-time", "2026-11-20T00:00:00Z"]);
        command
    }
}

/// Within three hours only one of three is solved, and 60 % are promised.
const EXPECTED: &str = "
2026-10 from Wed 2026-09-30 22:00 to Sat 2026-10-31 23:00, as it is -> as it would be

TARGET  PRIORITY    MET BREACHED EXCLUDED OPEN             ATTAINED          EXPERIENCED \
WATERMELONS    P50    P90
resolve P1       2 -> 1   1 -> 2        0    0 66.6666% -> 33.3333% 66.6666% -> \
33.3333%           0 4h 00m 5h 00m
resolve P2            1        0        0    0                 100%                 \
100%           0 2h 00m 2h 00m

OBJECTIVE PERIOD    PROMISED                   IS VERDICT                          LEFT
p1        2026-10 50% -> 60% 66.6666% -> 33.3333% met -> missed 1 breach -> -2 breaches

Credits in EUR:

OBJECTIVE PERIOD         CREDIT
p1        2026-10 0.00 -> 50.00
total             0.00 -> 50.00

1 verdict would differ: 1 met -> breached

INCIDENT TARGET  IS  WOULD BE
B        resolve met breached

These are the facts of the past, judged by other terms. Under other terms people would have worked \
otherwise: take it for a bound, not for a forecast.
";

#[tokio::test]
async fn proposed_terms_are_told_next_to_the_present_ones() {
    let mut judging = Judging::start().await;
    let before = judging.clients.status().await.head;
    let tighter = judging.write("tighter.yaml", &terms(3, "60"));
    let told = succeed(&mut judging.simulate(&tighter));
    let lines: Vec<_> = told.lines().map(str::trim_end).collect();
    assert_eq!(lines, EXPECTED.trim_start().lines().collect::<Vec<_>>(), "{told}");
    assert_eq!(judging.clients.status().await.head, before, "nothing is recorded");
}

#[tokio::test]
async fn proposed_calendars_count_too_and_the_same_terms_change_nothing() {
    let judging = Judging::start().await;
    let same = judging.write("same.yaml", &(CALENDAR.to_owned() + &terms(4, "50")));
    let told = succeed(&mut judging.simulate(&same));
    assert!(told.contains("\nNo verdict would differ.\n"), "{told}");
    assert_eq!(told.matches("->").count(), 1, "only the heading has one: {told}");
    // Opened two hours later, D's five hours are three.
    let late = CALENDAR.replace("09:00", "11:00") + &terms(4, "50");
    let late = judging.write("late.yaml", &late);
    let told = succeed(judging.simulate(&late).args(["--by", "priority"]));
    assert!(told.contains("1 verdict would differ: 1 breached -> met\n"), "{told}");
}

#[tokio::test]
async fn a_simulation_is_also_told_as_json_and_what_it_can_not_judge_is_said() {
    let judging = Judging::start().await;
    let tighter = judging.write("tighter.yaml", &terms(3, "60"));
    let told = succeed(judging.simulate(&tighter).arg("--json"));
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["flipCount"], "1");
    assert_eq!(told["flips"][0]["incidentId"], "B");
    assert_eq!(told["proposed"]["credits"]["totalAmount"], "5000");

    let other = terms(3, "60").replace("id: C\n", "id: X\n");
    let both = judging.write("both.yaml", &format!("{}---{other}", terms(3, "60")));
    let (is_told, why) = run(&mut judging.simulate(&both));
    assert!(!is_told && why.contains("it holds 2 contracts: say which with --contract"), "{why}");
    succeed(judging.simulate(&both).args(["--contract", "C"]));
    let (is_told, why) = run(judging.simulate(&both).args(["--contract", "X"]));
    assert!(!is_told && why.contains("contract"), "{why}");
    let (is_told, why) = run(&mut judging.simulate(Path::new("nowhere.yaml")));
    assert!(!is_told && why.contains("can't read nowhere.yaml"), "{why}");
}
