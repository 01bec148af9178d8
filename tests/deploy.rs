//! What is shipped beside the binary: completions, manual pages, the sample of the settings, the
//! container, the units of systemd, the backup by example.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::testing::{Server, contract, event, opened, run, slx, succeed};

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(shipped(name)).expect("it is there")
}

/// The commands that `slx help` lists, and those beneath them.
fn commands(of: &[String]) -> BTreeSet<String> {
    let help = succeed(slx().args(of).arg("--help"));
    let Some((_, listed)) = help.split_once("\nCommands:\n") else { return BTreeSet::new() };
    let listed = listed.lines().take_while(|line| !line.is_empty());
    // What a command is for may go on on the next line, further in.
    let listed =
        listed.filter_map(|line| line.strip_prefix("  ")).filter(|it| !it.starts_with(' '));
    let names = listed.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn every_command_has_a_manual_page_and_is_completed() {
    let place = tempfile::tempdir().expect("a directory");
    succeed(slx().args(["man", "-o"]).arg(place.path()));
    let completions = succeed(slx().args(["completions", "bash"]));
    let names = commands(&[]);
    assert!(names.len() > 25, "{names:?}");
    for name in names {
        let page = fs::read_to_string(place.path().join(format!("slx-{name}.1"))).expect("a page");
        assert!(page.contains(".SH DESCRIPTION"), "{name}");
        assert!(
            completions.contains(&format!("slx__{}", name.replace('-', "__")))
                || completions.contains(&format!("slx,{name}")),
            "{name}"
        );
        for beneath in commands(std::slice::from_ref(&name)) {
            assert!(
                place.path().join(format!("slx-{name}-{beneath}.1")).exists(),
                "{name} {beneath}"
            );
        }
    }
    assert!(place.path().join("slx.1").exists());
}

#[test]
fn completions_parse_in_the_shells_that_are_here() {
    let place = tempfile::tempdir().expect("a directory");
    for (shell, check) in
        [("bash", "-n"), ("zsh", "-n"), ("fish", "-n"), ("elvish", "-compileonly")]
    {
        let script = place.path().join(shell);
        fs::write(&script, succeed(slx().args(["completions", shell]))).expect("written");
        match Command::new(shell).arg(check).arg(&script).stderr(Stdio::piped()).output() {
            Ok(output) => {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            }
            // bash is everywhere.
            Err(_) => assert_ne!(shell, "bash"),
        }
    }
    let closed = slx().args(["completions", "bash"]).stdout(closed_pipe()).status();
    assert!(closed.expect("it runs").success(), "whoever has read enough is no failure");
}

/// A pipe of which the reading end is gone.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

/// `slx config sample > deploy/slx.toml` after a setting has changed.
#[test]
fn the_sample_of_the_settings_is_that_of_this_build_and_holds() {
    assert_eq!(read("slx.toml"), succeed(slx().args(["config", "sample"])));
    let shown = succeed(slx().args(["config", "check", "--config"]).arg(shipped("slx.toml")));
    for line in ["listen", "drain_seconds", "read_only"] {
        assert!(shown.lines().any(|shown| shown.starts_with(line)), "{line}: {shown}");
    }
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("slx.toml");
    fs::write(&file, "streams_max = 7\n").expect("written");
    let shown = succeed(
        slx()
            .args(["config", "check", "--drain-seconds", "3", "--config"])
            .arg(&file)
            .env("SLX_CALLS_MAX", "9"),
    );
    let set_by = |name: &str| {
        let line = shown.lines().find(|line| line.starts_with(name)).expect("it is shown");
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(set_by("streams_max"), ["7", &file.display().to_string()]);
    assert_eq!(set_by("drain_seconds"), ["3", "--drain-seconds"]);
    assert_eq!(set_by("calls_max"), ["9", "SLX_CALLS_MAX"]);
}

#[test]
fn a_check_of_the_settings_opens_what_they_name() {
    for (arguments, wrong) in [
        (vec!["--identities", "/nowhere"], "/nowhere"),
        (vec!["--tls-certificate", "/nowhere", "--tls-key", "/nowhere"], "/nowhere"),
        (vec!["--zoneinfo", "/etc"], "zoneinfo"),
        (vec!["--data-dir", "/etc/passwd"], "data_dir"),
        (vec!["--audit-log", "/etc"], "audit_log"),
        (vec!["--listen", "0.0.0.0:7459"], "slx token new"),
    ] {
        let (success, said) = run(slx().args(["config", "check"]).args(&arguments));
        assert!(!success && said.contains(wrong), "{arguments:?}: {said}");
    }
}

/// The lines of the container file that say something, each with its continuation.
fn instructions() -> Vec<String> {
    let text = read("Containerfile").replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

/// There is no daemon where tests run, so no image is built: this holds what its file says.
#[test]
fn the_container_runs_slx_as_nobody_on_a_base_without_a_shell() {
    let lines = instructions();
    let last = |name: &str| {
        let found = lines.iter().rev().find_map(|line| line.strip_prefix(&format!("{name} ")));
        found.unwrap_or_else(|| panic!("no {name}")).to_owned()
    };
    assert!(last("FROM").contains("distroless") && last("FROM").ends_with(":nonroot"));
    let user: u32 = last("USER").split(':').next().expect("a user").parse().expect("a number");
    assert!(user > 0);
    let toolchain = include_str!("../rust-toolchain.toml");
    let version = toolchain.split('"').nth(1).expect("a channel");
    assert!(lines[0].contains(&format!("rust:{version}-")), "{}", lines[0]);
    assert!(lines.iter().any(|line| line.contains("cargo build --release --locked")));
    // What is run is there, as an argument vector: the base has no shell.
    for line in ["HEALTHCHECK", "ENTRYPOINT", "CMD"] {
        assert!(last(line).ends_with(']'), "{line}");
    }
    assert!(last("HEALTHCHECK").ends_with(r#"CMD ["/usr/bin/slx", "health"]"#));
    for setting in last("ENV").split_whitespace() {
        let (name, value) = setting.split_once('=').expect("NAME=VALUE");
        let (_, said) = run(slx().args(["config", "check"]).env(name, value));
        assert!(!said.contains("no such setting"), "{said}");
    }
    // Nothing is written but what the volume holds, and nobody is let in by oversight.
    assert!(last("ENV").contains("SLX_DATA_DIR=/var/lib/slx"));
    assert_eq!(last("VOLUME"), r#"["/var/lib/slx"]"#);
    let (success, said) = run(slx().args(["config", "check"]).env("SLX_LISTEN", "0.0.0.0:7459"));
    assert!(!success && said.contains("--identities FILE"), "{said}");
}

#[tokio::test]
async fn health_says_by_its_exit_code_whether_a_server_serves() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = Server::start(data.path(), &[]);
    server.clients().await;
    let healthy = |service: &'static str| {
        let mut command = slx();
        command.args(["health", "--address", &server.address]);
        run(command.args((!service.is_empty()).then_some(service)))
    };
    assert_eq!(healthy(""), (true, "SERVING\n".to_owned()));
    assert_eq!(healthy("slx.v1.ClockService"), (true, "SERVING\n".to_owned()));
    assert!(!healthy("slx.v1.NoService").0);
    let address = server.address.clone();
    server.stop().await;
    assert!(!run(slx().args(["health", "--address", &address])).0);
}

/// The units with the binary where it is now, so that what they run can be looked at.
fn units(place: &Path) -> Vec<PathBuf> {
    let names = ["slx.service", "slx-backup.service", "slx-backup.timer"];
    let units = names.map(|name| {
        let text = read(&format!("systemd/{name}"));
        let text = text.replace("/usr/bin/slx", env!("CARGO_BIN_EXE_slx"));
        let text =
            text.replace("User=slx\n", "User=nobody\n").replace("Group=slx\n", "Group=nogroup\n");
        let path = place.join(name);
        fs::write(&path, text).expect("written");
        path
    });
    units.into()
}

#[test]
fn the_units_are_hardened() {
    for name in ["systemd/slx.service", "systemd/slx-backup.service"] {
        let text = read(name);
        let lines: Vec<_> = text.lines().collect();
        for directive in [
            "User=slx",
            "UMask=0077",
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "PrivateTmp=yes",
            "PrivateDevices=yes",
            "NoNewPrivileges=yes",
            "CapabilityBoundingSet=",
            "RestrictAddressFamilies=AF_INET AF_INET6",
            "MemoryDenyWriteExecute=yes",
            "SystemCallFilter=@system-service",
        ] {
            assert!(lines.contains(&directive), "{name}: {directive}");
        }
    }
}

/// systemd reads the units and rates what is left open: below 2 is what it calls OK.
#[test]
fn systemd_takes_the_units_and_finds_little_exposed() {
    let place = tempfile::tempdir().expect("a directory");
    let units = units(place.path());
    let analyze = |arguments: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        command.args(arguments).args(&units[..if arguments[0] == "verify" { 3 } else { 2 }]);
        command.output().ok()
    };
    let Some(verified) = analyze(&["verify", "--man=no"]) else {
        println!("there is no systemd-analyze here: the units are not verified");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success() && !said.contains("Unknown"), "{said}");
    let rated = analyze(&["security", "--offline=true", "--threshold=20"]).expect("it ran");
    let said = [rated.stdout, rated.stderr].concat();
    assert!(rated.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[tokio::test]
async fn a_restore_drill_shows_that_a_backup_can_be_restored() {
    let place = tempfile::tempdir().expect("a directory");
    let backup = place.path().join("backup");
    let mut server = Server::start(&place.path().join("data"), &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    clients.put_contract(contract("C")).await;
    clients.record(vec![event("I", "o", "2026-11-02T08:00:00Z", opened("C", "P1"))]).await;
    let head = clients.status().await.head;
    let address = server.address.clone();
    let (to, free) = (backup.clone(), free_address());
    let drill = move |backup: &Path| {
        let mut command = Command::new(shipped("backup/restore-drill.sh"));
        run(command.arg(backup).arg(&free).env("SLX", env!("CARGO_BIN_EXE_slx")))
    };
    let drilled = tokio::task::spawn_blocking(move || {
        // As slx-backup.service runs them.
        succeed(slx().args(["backup", "--address", &address]).arg(&to));
        succeed(slx().arg("verify").arg(&to));
        let whole = drill(&to);
        let segment = fs::read_dir(to.join("journal")).expect("a journal").flatten();
        let segment = segment.map(|file| file.path()).find(|path| path.extension().is_some());
        let segment = segment.expect("a segment");
        let mut bytes = fs::read(&segment).expect("readable");
        bytes[200] ^= 1;
        fs::write(&segment, bytes).expect("written");
        (whole, drill(&to))
    });
    let ((restored, said), (is_damaged_restored, of_damage)) = drilled.await.expect("it ran");
    assert!(restored && said.contains(&format!("head {head}")), "{said}");
    assert!(!is_damaged_restored, "{of_damage}");
    server.kill();
}

fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// The version is written once, and shown from there.
#[test]
fn the_changelog_and_the_container_name_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(succeed(slx().arg("--version")), format!("slx {version}\n"));
    assert!(read("Containerfile").contains(&format!("-t slx:{version} ")));
}
