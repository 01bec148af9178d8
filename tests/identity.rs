//! Who may call: tokens, what they may do, what a refused call learns, and the audit log.

pub mod calling;
mod jwt;
mod tls;
mod walls;

use std::fs;

use slx::codec::v1;
use slx::codec::v1::admin_service_client::AdminServiceClient;
use slx::codec::v1::compliance_service_client::ComplianceServiceClient;
use slx::codec::v1::contract_service_client::ContractServiceClient;
use slx::codec::v1::incident_event::Fact;
use slx::codec::v1::incident_service_client::IncidentServiceClient;
use slx::codec::v1::settlement_service_client::SettlementServiceClient;
use tonic::Code;

use crate::errors::check;
use crate::testing::{Server, contract, event, opened, slx, succeed};
use calling::{Tokens, as_caller, eventually, populate};

#[tokio::test]
async fn a_server_open_to_others_does_not_start_without_identities() {
    let data = tempfile::tempdir().expect("a directory");
    let serve = |more: &[&str]| {
        let mut command = slx();
        command.args(["serve", "--listen", "0.0.0.0:0", "--data-dir"]).arg(data.path()).args(more);
        command
    };
    let refused = serve(&[]).output().expect("it runs");
    assert!(!refused.status.success());
    let reason = String::from_utf8_lossy(&refused.stderr).into_owned();
    for word in ["open to other machines", "--identities FILE", "--insecure-no-identity"] {
        assert!(reason.contains(word), "no {word:?} in: {reason}");
    }
    assert!(!data.path().join("journal").exists(), "nothing was begun");

    let mut server = Server::start(data.path(), &["--listen=0.0.0.0:0", "--insecure-no-identity"]);
    server.clients().await;
    server.logs("NO IDENTITY IS CHECKED").await;
}

#[tokio::test]
async fn a_token_lets_its_tenants_and_scopes_in_until_it_is_taken_out() {
    let mut tokens = Tokens::new();
    let reader = tokens.add("reader", &["acme"], "read");
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(data.path(), &tokens.flags());
    server.wait_until_healthy().await;
    let list = async |token: &str| {
        let mut client = ContractServiceClient::new(as_caller(&server, Some(token)));
        let request = v1::ListContractsRequest { tenant: "acme".into(), ..Default::default() };
        client.list_contracts(request).await.map_or_else(|status| status.code(), |_| Code::Ok)
    };
    assert_eq!(list(&reader).await, Code::Ok);
    let later = tokens.add("later", &["*"], "read");
    eventually(async || list(&later).await == Code::Ok).await;
    let text = fs::read_to_string(tokens.file()).expect("readable");
    let without =
        text.replace("name = \"reader\"", "name = \"reader\"\nexpires = \"2020-01-01T00:00:00Z\"");
    fs::write(tokens.file(), without).expect("written");
    eventually(async || list(&reader).await == Code::Unauthenticated).await;
    // What can't be read leaves what was.
    fs::write(tokens.file(), "[[token]]\nname = 1").expect("written");
    server.logs("can't be read again").await;
    assert_eq!(list(&later).await, Code::Ok);
    for secret in [&reader, &later] {
        assert!(!server.log().contains(secret.as_str()), "a token is in the log");
    }
}

#[tokio::test]
async fn who_signs_opens_decides_and_attributes_is_recorded_beside_the_name_that_was_sent() {
    let mut tokens = Tokens::new();
    let all = tokens.add("anna", &["acme"], "record,administer,read,settle,sign");
    let other = tokens.add("ben", &["acme"], "record,settle,sign");
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(data.path(), &tokens.flags());
    server.wait_until_healthy().await;
    populate(&server, &all, "acme", "").await;

    let channel = as_caller(&server, Some(&all));
    let sign = v1::SignServiceReviewRequest {
        tenant: "acme".into(),
        signature_id: "s".into(),
        contract_id: "C".into(),
        period: "2026-10".into(),
        signed_by: "The manager".into(),
        ..Default::default()
    };
    let again = sign.clone();
    let mut client = ComplianceServiceClient::new(channel.clone());
    let signed = client.sign_service_review(sign).await.expect("signed").into_inner();
    let signature = signed.signature.expect("a signature");
    assert_eq!((&*signature.signed_by, &*signature.recorded_by), ("The manager", "anna"));
    // Sent again by somebody else it is the same signature, and stays Anna's.
    let mut client = ComplianceServiceClient::new(as_caller(&server, Some(&other)));
    let signed = client.sign_service_review(again).await.expect("signed").into_inner();
    assert!(signed.duplicate);
    assert_eq!(signed.signature.expect("a signature").recorded_by, "anna");

    let item = v1::SettlementItem {
        item_id: "i".into(),
        contract_id: "C".into(),
        summary: "a printer".into(),
        opened_by: "Somebody".into(),
        recorded_by: "made up".into(),
        ..Default::default()
    };
    let request = v1::OpenSettlementItemRequest { tenant: "acme".into(), item: Some(item) };
    let mut client = SettlementServiceClient::new(channel.clone());
    let opened_item = client.open_settlement_item(request).await.expect("opened").into_inner();
    assert_eq!(opened_item.item.expect("an item").recorded_by, "anna");
    let decision = v1::SettlementDecision {
        decision_id: "d".into(),
        item_id: "i".into(),
        facet: v1::SettlementFacet::Technical as i32,
        state: v1::SettlementState::Agreed as i32,
        decided_by: "Both".into(),
        recorded_by: "made up".into(),
        ..Default::default()
    };
    let request =
        v1::DecideSettlementItemRequest { tenant: "acme".into(), decision: Some(decision) };
    let mut client = SettlementServiceClient::new(as_caller(&server, Some(&other)));
    let decided = client.decide_settlement_item(request).await.expect("decided").into_inner();
    let decision = decided.decision.expect("a decision");
    assert_eq!((&*decision.decided_by, &*decision.recorded_by), ("Both", "ben"));
    assert_eq!(decision.basis.expect("its item").recorded_by, "anna");

    let mut cause = event(
        "I",
        "cause",
        "2026-10-05T12:00:00Z",
        Fact::CauseAttributed(v1::CauseAttributed {
            party: v1::Party::Client as i32,
            ..Default::default()
        }),
    );
    cause.recorded_by = "made up".into();
    let mut client = IncidentServiceClient::new(channel);
    let request = v1::RecordEventsRequest { tenant: "acme".into(), events: vec![cause.clone()] };
    client.record_events(request.clone()).await.expect("recorded");
    let mut others = IncidentServiceClient::new(as_caller(&server, Some(&other)));
    let again = others.record_events(request).await.expect("a duplicate").into_inner();
    assert_eq!(again.results[0].outcome, v1::RecordOutcome::Duplicate as i32);
    let request = v1::ListEventsRequest {
        tenant: "acme".into(),
        incident_id: "I".into(),
        ..Default::default()
    };
    let listed = client.list_events(request).await.expect("listed").into_inner();
    let recorded: Vec<_> = listed.events.into_iter().filter_map(|event| event.event).collect();
    let by = |id: &str| {
        let found = recorded.iter().find(|event| event.event_id == id).expect("recorded");
        found.recorded_by.clone()
    };
    assert_eq!((by("cause"), by("o")), ("anna".to_owned(), String::new()));
}

#[tokio::test]
async fn the_audit_log_says_who_did_what_and_who_was_refused_and_nothing_of_the_content() {
    let mut tokens = Tokens::new();
    let all = tokens.add("anna", &["acme"], "record,administer,read,settle,sign");
    let operator = tokens.add("operator", &[], "operate");
    let data = tempfile::tempdir().expect("a directory");
    let (server, audit) = tokens.audited(data.path(), "audit.jsonl").await;
    populate(&server, &all, "acme", "confidential").await;
    let mut admin = AdminServiceClient::new(as_caller(&server, Some(&operator)));
    let mut backup = admin.back_up(v1::BackUpRequest::default()).await.expect("begun").into_inner();
    while backup.message().await.expect("a part").is_some() {}
    let mut refused = ContractServiceClient::new(as_caller(&server, Some(&all)));
    let request = v1::ListContractsRequest { tenant: "other".into(), ..Default::default() };
    check(
        refused.list_contracts(request.clone()).await.expect_err("not theirs"),
        Code::PermissionDenied,
        "PERMISSION_DENIED",
        &[],
    );
    let mut wrong = ContractServiceClient::new(as_caller(&server, Some("slx_wrong-secret")));
    let status = wrong.list_contracts(request).await.expect_err("nobody's");
    check(status, Code::Unauthenticated, "UNAUTHENTICATED", &[]);

    let lines = async || fs::read_to_string(&audit).expect("readable");
    eventually(async || lines().await.contains("BackUp")).await;
    let text = lines().await;
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |method: &str, outcome: &str| {
        lines
            .iter()
            .find(|line| {
                line["method"].as_str().is_some_and(|path| path.ends_with(method))
                    && line["outcome"] == outcome
            })
            .unwrap_or_else(|| panic!("no {method} {outcome} in:\n{text}"))
    };
    let put = of("ContractService/PutContract", "OK");
    assert_eq!((&put["identity"], &put["tenant"]), (&"anna".into(), &"acme".into()));
    assert_eq!(put["credential"], "token");
    assert!(put["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{put}");
    assert!(!put["request_id"].as_str().expect("an id").is_empty());
    assert_eq!(of("AdminService/BackUp", "OK")["identity"], "operator");
    let denied = of("ListContracts", "PERMISSION_DENIED");
    assert_eq!((&denied["identity"], &denied["tenant"]), (&"anna".into(), &"other".into()));
    let unknown = of("ListContracts", "UNAUTHENTICATED");
    assert_eq!((&unknown["identity"], &unknown["reason"]), (&"".into(), &"no such token".into()));
    for secret in ["confidential", "wrong-secret", &all, &operator] {
        assert!(!text.contains(secret), "{secret} is in the audit log");
        assert!(!server.log().contains(secret), "{secret} is in the log");
    }
}

/// A call that must be audited waits for the log; facts and reads go on.
#[tokio::test]
async fn without_its_audit_log_nothing_is_administered() {
    let mut tokens = Tokens::new();
    let all = tokens.add("anna", &["acme"], "record,administer,read");
    let data = tempfile::tempdir().expect("a directory");
    let folder = tokens.file().with_file_name("audit");
    fs::create_dir(&folder).expect("a folder");
    let (server, _) = tokens.audited(data.path(), "audit/log").await;
    populate(&server, &all, "acme", "").await;
    fs::remove_dir_all(&folder).expect("removed");
    let mut contracts = ContractServiceClient::new(as_caller(&server, Some(&all)));
    let mut put = async || {
        let request = v1::PutContractRequest {
            tenant: "acme".into(),
            contract: Some(contract("C")),
            ..Default::default()
        };
        contracts.put_contract(request).await
    };
    let _first_finds_out = put().await;
    let status = put().await.expect_err("not audited");
    check(status, Code::Unavailable, "AUDIT_UNAVAILABLE", &[]);
    let mut incidents = IncidentServiceClient::new(as_caller(&server, Some(&all)));
    let events = vec![event("I2", "o", "2026-10-05T09:00:00Z", opened("C", "P1"))];
    let request = v1::RecordEventsRequest { tenant: "acme".into(), events };
    incidents.record_events(request).await.expect("facts are recorded");
    fs::create_dir(&folder).expect("a folder");
    put().await.expect("it can be written again");
}

#[test]
fn a_token_is_printed_once_and_only_its_hash_is_kept() {
    let folder = tempfile::tempdir().expect("a directory");
    let (secret, file) = (folder.path().join("token"), folder.path().join("identities.toml"));
    let mut command = slx();
    command.args(["token", "new", "--name", "it", "--tenant", "acme", "--scope", "record,read"]);
    let printed = succeed(&mut command);
    assert!(printed.contains("slx_") && printed.contains("sha256 = "), "{printed}");
    let mut command = slx();
    command.args(["token", "new", "--name", "it", "--tenant", "acme", "--scope", "read"]);
    let printed = succeed(command.arg("--output").arg(&secret).arg("--add-to").arg(&file));
    let token = fs::read_to_string(&secret).expect("readable");
    let kept = fs::read_to_string(&file).expect("readable");
    assert!(!printed.contains(token.trim()) && !kept.contains(token.trim()), "{printed}{kept}");
    for wrong in [vec!["--scope", "write"], vec!["--scope", "operate", "--tenant", "acme"]] {
        let mut command = slx();
        let output = command.args(["token", "new", "--name", "it"]).args(wrong).output();
        assert!(!output.expect("it runs").status.success());
    }
}

/// A16: the data directory had the mode 0755, its files 0644.
#[tokio::test]
async fn what_slx_keeps_can_be_read_by_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a directory");
    let data = folder.path().join("data");
    let mut server = Server::start(&data, &[]);
    let mut clients = server.clients().await;
    clients.put_office().await;
    let backup = folder.path().join("backup");
    let mut command = slx();
    succeed(command.args(["backup", "--address", &server.address]).arg(&backup));
    assert!(server.stop().await.success());
    let restored = folder.path().join("restored");
    let mut command = slx();
    succeed(command.arg("restore").args([&backup, &restored]));
    let mut open = vec![data, backup, restored];
    let mut seen = 0;
    while let Some(path) = open.pop() {
        let mode = fs::metadata(&path).expect("there").permissions().mode() & 0o777;
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{}: {mode:o}", path.display());
        seen += 1;
        if path.is_dir() {
            open.extend(fs::read_dir(&path).expect("a folder").flatten().map(|file| file.path()));
        }
    }
    assert!(seen > 10, "{seen} files");
}

#[tokio::test]
async fn the_command_line_sends_the_token_of_its_file() {
    let mut tokens = Tokens::new();
    let admin = tokens.add("admin", &["acme"], "administer,read");
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(data.path(), &tokens.flags());
    server.wait_until_healthy().await;
    let secret = tokens.file().with_file_name("token");
    fs::write(&secret, format!("{admin}\n")).expect("written");
    let run = |command: &mut std::process::Command| {
        command.args(["calendars", "--tenant", "acme", "--address", &server.address]);
        let output = command.output().expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (is_answered, shown) = run(slx().env("SLX_TOKEN_FILE", &secret));
    assert!(is_answered, "{shown}");
    let (is_answered, shown) = run(&mut slx());
    assert!(!is_answered && shown.contains("--token-file"), "{shown}");
    let mut put = slx();
    put.args(["record", "INC1", "responded", "--tenant", "acme", "--token-file"]).arg(&secret);
    let output = put.args(["--address", &server.address]).output().expect("it runs");
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(shown.contains("lacks the scope record"), "{shown}");
}

/// Each message of a stream names its tenant, and each is held to the caller's.
#[tokio::test]
async fn a_stream_that_turns_to_another_tenant_ends_there() {
    let mut tokens = Tokens::new();
    let all = tokens.add("anna", &["acme"], "record,administer,read");
    let data = tempfile::tempdir().expect("a directory");
    let (server, audit) = tokens.audited(data.path(), "audit.jsonl").await;
    populate(&server, &all, "acme", "").await;
    let message = |tenant: &str, incident: &str| v1::StreamEventsRequest {
        tenant: tenant.into(),
        events: vec![event(incident, "o", "2026-10-05T09:00:00Z", opened("C", "P1"))],
    };
    let messages = vec![message("acme", "I2"), message("other", "I3"), message("acme", "I4")];
    let mut client = IncidentServiceClient::new(as_caller(&server, Some(&all)));
    let answer = client.stream_events(tokio_stream::iter(messages)).await.expect("begun");
    let mut answers = answer.into_inner();
    let first = answers.message().await.expect("taken").expect("an answer");
    assert_eq!(first.results[0].outcome, v1::RecordOutcome::Accepted as i32);
    let status = answers.message().await.expect_err("not theirs");
    check(status, Code::PermissionDenied, "PERMISSION_DENIED", &[]);
    let line = async || fs::read_to_string(&audit).expect("readable");
    eventually(async || line().await.contains("StreamEvents")).await;
    let line = line().await;
    let refused = line.lines().find(|line| line.contains("StreamEvents")).expect("a line");
    assert!(refused.contains("PERMISSION_DENIED") && refused.contains("\"other\""), "{refused}");
}
