//! The examples that each command's help ends with.

pub(super) const SERVE: &str = "\
Examples:
  slx serve                                       on loopback, with the data in slx-data
  slx serve --config /etc/slx/slx.toml
  slx serve --data-dir /srv/slx --listen 0.0.0.0:7459 --identities identities.toml \\
      --tls-certificate chain.pem --tls-key key.pem
  slx serve --read-only --data-dir backup         answers from a backup";

pub(super) const APPLY: &str = "\
Examples:
  slx apply -f contracts.yaml --validate-only     what is wrong with it, if anything
  slx apply -f contracts.yaml --tenant acme
  generate-terms | slx apply -f -";

pub(super) const IMPORT: &str = "\
Examples:
  slx import -f incidents.csv --from servicenow --contract office --dry-run
  slx import --show-mapping jira >mapping.yaml    to be changed
  slx import -f issues.json.gz -m mapping.yaml
  slx import -f incidents.csv -m mapping.yaml --explain 17";

pub(super) const HOLIDAYS: &str = "\
Examples:
  slx holidays office -f holidays.ics --validate-only
  slx holidays office -f holidays.ics --from-year 2026 --to-year 2030
  slx holidays office -f holidays.ics --effective-time 2027-01-01 --zone Europe/Amsterdam";

pub(super) const CONTRACTS: &str = "\
Examples:
  slx contracts                                   all that are in force
  slx contracts office                            the revisions of one
  slx contracts --as-of-time 2026-01-01 --json";

pub(super) const CALENDARS: &str = "\
Examples:
  slx calendars
  slx calendars --as-of-time 2026-01-01 --json";

pub(super) const INCIDENTS: &str = "\
Examples:
  slx incidents --contract office --limit 10
  slx incidents --as-of-time '2026-11-01 09:00' --zone Europe/Amsterdam
  slx incidents --json | jq -r '.incidents[].id'";

pub(super) const RECORD: &str = "\
Examples:
  slx record INC1 resolved
  slx record INC1 '{priority_changed: {priority: P1}}' --at '2026-11-23 14:05'
  slx record --service mail outage_started
  slx record -f events.yaml --json";

pub(super) const EXCLUDE: &str = "\
Examples:
  slx exclude INC1 office --by 'A. Vos' --reason 'agreed test of the fallback'
  slx exclude INC1 office --target resolve --count --by 'A. Vos' --reason 'not a test'";

pub(super) const CAUSE: &str = "\
Examples:
  slx cause INC1 client --note 'changed the firewall'
  slx cause INC1 third-party --third-party 'Line Co' --confidence 80";

pub(super) const CLOCKS: &str = "\
Examples:
  slx clocks                                      what is due next
  slx clocks --contract office --priority P1 --due-before 2026-11-24
  slx clocks --outcome breached --limit 100 --json
  slx clocks --missing                            incidents that nothing measures, and why";

pub(super) const WATCH: &str = "\
Examples:
  slx watch                                     what happens to all clocks, as it happens
  slx watch --kind breached --kind warned --priority P1
  slx watch --contract acme --likely 0.6        also which of its clocks probably breach
  slx watch --contract acme --objectives        also how its objectives stand
  slx watch --json | while read -r line; do ...; done
  slx watch --json --from \"$(tail -1 watched | jq -r .resumeToken)\" >>watched

Each line of --json is a message: its notices, none in a heartbeat, and the resumeToken to go on
from once they are taken in. Resumed, nothing is missed, and some may come again with the same id.";

pub(super) const WEBHOOKS: &str = "\
Examples:
  slx webhooks put pager https://pager.example.com/slx --kind warned --kind breached
  slx webhooks                                  the webhooks, and how they are getting on
  slx webhooks dead-letters pager
  slx webhooks resend pager                     sends all its dead letters again";

pub(super) const INCIDENT: &str = "\
Examples:
  slx incident INC1 --zone Europe/Amsterdam
  slx incident INC1 --as-of-time 2026-11-23T14:00:00+01:00 --no-forecast
  slx incident INC1 --json";

pub(super) const COMPLIANCE: &str = "\
Examples:
  slx compliance office 2026-10
  slx compliance office 2026-Q3 --by group,target
  slx compliance office 2026-10 --known-time 2026-11-03 --json";

pub(super) const REVIEW: &str = "\
Examples:
  slx review office 2026-10
  slx review office 2026-10 --html review.html --language nl
  slx review office 2026-10 --as-signed";

pub(super) const SIGN: &str = "\
Examples:
  slx sign office 2026-10 --by 'A. Vos'
  slx sign office 2026-10 --by 'A. Vos' --note 'credits to be agreed' --known-time 2026-11-03";

pub(super) const ERASE: &str = "\
Examples:
  slx erase --subject 'Anna Vos' --dry-run        how many records name her
  slx erase --subject 'Anna Vos'";

pub(super) const SETTLE: &str = "\
Examples:
  slx settle list --contract office
  slx settle open move-1 office --summary 'help with the move' --by 'A. Vos' --amount 25000
  slx settle decide move-1 financial agreed --by 'A. Vos'";

pub(super) const SIMULATE: &str = "\
Examples:
  slx simulate proposal.yaml 2026-10
  slx simulate proposal.yaml 2026-10 --contract office --by priority --json";

pub(super) const EXPORT: &str = "\
Examples:
  slx export --contract office --period 2026-10 -o october.csv
  slx export --from 2026-10-01 --to 2026-11-01 --zone Europe/Amsterdam -o october.parquet
  slx export --open | head";

pub(super) const FORECAST: &str = "\
Examples:
  slx forecast office --at-least 0.5              which open clocks will probably breach
  slx forecast office --period 2026-11            how the month will end
  slx forecast office --what-if INC1 --effort '1h 30m'
  slx forecast office --quality                   how such forecasts turned out";

pub(super) const STATUS: &str = "\
Examples:
  slx status
  slx status --json | jq .stamp.sequence";

pub(super) const TENANTS: &str = "\
Examples:
  slx tenants
  slx tenants --json";

pub(super) const VERIFY: &str = "\
Examples:
  slx verify slx-data
  slx verify /backup/slx --until-head $HEAD       it extends what was noted";

pub(super) const DIFF: &str = "\
Examples:
  slx diff --known-time 2026-11-01 --known-time 2026-11-08
  slx diff --known-time 2026-11-01 --contract office --json";

pub(super) const EVIDENCE: &str = "\
Examples:
  slx evidence INC1 -o inc1.json
  slx evidence --check inc1.json --head $HEAD";

pub(super) const BACKUP: &str = "\
Examples:
  slx backup /backup/slx                          a new one, or what is new since
  slx backup /backup/slx --address https://slx.example.com:7459 --token-file operator.token";

pub(super) const LOG: &str = "\
Examples:
  slx log copy /srv/slx nats://10.0.0.1:4222,10.0.0.2:4222    of a stopped server, onto servers
  slx log copy nats://10.0.0.1:4222,10.0.0.2:4222 /srv/slx    and back, into a new directory";

pub(super) const RESTORE: &str = "\
Examples:
  slx restore /backup/slx /srv/slx
  slx restore /backup/slx /srv/slx --until-time '2026-11-23 14:00' --zone Europe/Amsterdam";

pub(super) const REPAIR: &str = "\
Examples:
  slx repair slx-data slx-repaired";

pub(super) const ZONES: &str = "\
Examples:
  slx zones compare                               what the database of the system would move
  slx zones compare --zoneinfo /usr/share/zoneinfo
  slx zones adopt --effective-time 2027-01-01";

pub(super) const TOKEN: &str = "\
Examples:
  slx token new --name servicenow --tenant acme --scope record";

pub(super) const CONFIG: &str = "\
Examples:
  slx config sample >slx.toml
  slx config check --config slx.toml";

pub(super) const HEALTH: &str = "\
Examples:
  slx health
  slx health slx.v1.IncidentService --timeout 1";

pub(super) const COMPLETIONS: &str = "\
Examples:
  slx completions bash >/etc/bash_completion.d/slx";

pub(super) const MAN: &str = "\
Examples:
  slx man -o man1 && man ./man1/slx.1";

pub(super) const DEMO: &str = "\
Examples:
  slx demo                                        and keeps serving, to be tried by hand
  slx demo --once";
