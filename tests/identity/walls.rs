//! The walls between tenants and around scopes, for every method that the descriptors describe: a
//! new one is held to them without a line here.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};
use slx::service::{METHODS, Need, Scope};
use tonic::{Code, Status};

use super::calling::{Tokens, as_caller, call, populate};
use crate::testing::Server;

const OURS: &str = "alpha";
const THEIRS: &str = "beta-canary";
const NOBODYS: &str = "nowhere";

fn methods() -> Vec<(String, MethodDescriptor)> {
    let pool = DescriptorPool::decode(slx::codec::DESCRIPTORS).expect("descriptors");
    let is_ours = |name: &str| name.starts_with("slx.v1.") || name.starts_with("arrow.flight.");
    let services = pool.services().filter(|service| is_ours(service.full_name()));
    let methods = services.flat_map(|service| {
        let name = service.full_name().to_owned();
        service
            .methods()
            .map(move |method| (format!("{name}/{}", method.name()), method))
            .collect::<Vec<_>>()
    });
    // What slx has no use for is answered alike to everybody who has an identity.
    let need = |path: &str| METHODS.iter().find(|row| row.path == path).map(|row| row.need);
    methods.filter(|(path, _)| need(path) != Some(Need::Identity)).collect()
}

/// The field in which a method of Arrow Flight is given what is requested, as JSON.
fn command_field(method: &MethodDescriptor) -> Option<&'static str> {
    let fields = ["expression", "cmd", "ticket"];
    fields.into_iter().find(|field| method.input().get_field_by_name(field).is_some())
}

/// A request of a method about a tenant, with ids of what every tenant has.
fn request(method: &MethodDescriptor, tenant: &str) -> Vec<u8> {
    let mut message = DynamicMessage::new(method.input());
    if let Some(field) = command_field(method) {
        let command = format!("{{\"tenant\": {tenant:?}, \"table\": \"clocks\"}}");
        message.set_field_by_name(field, Value::Bytes(command.into_bytes().into()));
    }
    let given = [
        ("tenant", tenant),
        ("contract_id", "C"),
        ("calendar_id", "office"),
        ("incident_id", "I"),
        ("target_id", "resolve"),
        ("period", "2026-10"),
    ];
    for (field, text) in given {
        if method.input().get_field_by_name(field).is_some() {
            message.set_field_by_name(field, Value::String(text.to_owned()));
        }
    }
    message.encode_to_vec()
}

/// All that a caller learns from a refused call.
fn learnt(status: &Status) -> (i32, String, Vec<u8>) {
    (status.code() as i32, status.message().to_owned(), status.details().to_vec())
}

struct World {
    server: Server,
    _data: tempfile::TempDir,
    tokens: BTreeMap<String, String>,
}

const TENANT_SCOPES: [Scope; 5] =
    [Scope::Record, Scope::Administer, Scope::Read, Scope::Settle, Scope::Sign];

/// A server with two tenants that hold the same ids, and a token for each set of scopes with one
/// missing.
async fn world() -> World {
    let mut file = Tokens::new();
    let words = |without: Option<Scope>| {
        let left = TENANT_SCOPES.iter().filter(|scope| Some(**scope) != without);
        left.map(|scope| scope.word()).collect::<Vec<_>>().join(",")
    };
    let mut tokens = BTreeMap::new();
    tokens.insert("all".to_owned(), file.add("all", &[OURS], &words(None)));
    tokens.insert("theirs".to_owned(), file.add("theirs", &[THEIRS], &words(None)));
    tokens.insert("operator".to_owned(), file.add("operator", &[], "operate"));
    for scope in TENANT_SCOPES {
        let name = format!("without-{scope}");
        tokens.insert(name.clone(), file.add(&name, &[OURS], &words(Some(scope))));
    }
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start(data.path(), &file.flags());
    server.wait_until_healthy().await;
    populate(&server, &tokens["all"], OURS, "ours").await;
    populate(&server, &tokens["theirs"], THEIRS, "canary").await;
    World { server, _data: data, tokens }
}

impl World {
    async fn call(
        &self,
        token: Option<&str>,
        path: &str,
        message: Vec<u8>,
    ) -> Result<Vec<Vec<u8>>, Status> {
        call(as_caller(&self.server, token), path, message).await
    }
}

fn is_refused(answer: &Result<Vec<Vec<u8>>, Status>) -> bool {
    matches!(answer, Err(status) if status.code() == Code::PermissionDenied)
}

fn is_about_a_tenant(method: &MethodDescriptor) -> bool {
    method.input().get_field_by_name("tenant").is_some() || command_field(method).is_some()
}

/// Every method x every scope missing in turn: refused by one missing scope alone, and in the very
/// words, to the byte, in which another's tenant and one that is nobody's are refused.
#[tokio::test]
async fn each_method_needs_one_scope_and_its_tenant_and_is_refused_in_the_same_words() {
    let world = world().await;
    for (path, method) in methods().iter().filter(|(_, method)| is_about_a_tenant(method)) {
        let mut refusals = BTreeSet::new();
        let mut missing = Vec::new();
        for scope in TENANT_SCOPES {
            let token = &world.tokens[&format!("without-{scope}")];
            let answer = world.call(Some(token), path, request(method, OURS)).await;
            if is_refused(&answer) {
                missing.push(scope);
                refusals.insert(learnt(&answer.expect_err("refused")));
            }
            for tenant in [THEIRS, NOBODYS, "", "*"] {
                let answer = world.call(Some(token), path, request(method, tenant)).await;
                assert!(is_refused(&answer), "{path} of {tenant:?} without {scope}: {answer:?}");
                refusals.insert(learnt(&answer.expect_err("refused")));
            }
        }
        let row = METHODS.iter().find(|row| row.path == path).expect("its row");
        assert_eq!(missing.iter().map(|scope| Need::Scope(*scope)).collect::<Vec<_>>(), [row.need]);
        assert_eq!(refusals.len(), 1, "{path} is refused in several ways: {refusals:?}");
        let answer = world.call(Some(&world.tokens["all"]), path, request(method, OURS)).await;
        assert!(!is_refused(&answer), "{path}: {answer:?}");
        let answer = world.call(Some(&world.tokens["operator"]), path, request(method, OURS)).await;
        assert!(is_refused(&answer), "{path} by who only operates: {answer:?}");
    }
}

#[tokio::test]
async fn what_belongs_to_the_server_is_for_those_who_operate_it() {
    let world = world().await;
    let of_the_server = methods().into_iter().filter(|(_, method)| !is_about_a_tenant(method));
    let of_the_server: Vec<_> = of_the_server.collect();
    assert!(of_the_server.len() >= 4, "{of_the_server:?}");
    for (path, method) in of_the_server {
        let mut refusals = BTreeSet::new();
        for (_, token) in world.tokens.iter().filter(|(name, _)| *name != "operator") {
            let answer = world.call(Some(token), &path, request(&method, OURS)).await;
            assert!(is_refused(&answer), "{path}: {answer:?}");
            refusals.insert(learnt(&answer.expect_err("refused")));
        }
        assert_eq!(refusals.len(), 1, "{path}: {refusals:?}");
        let operator = Some(world.tokens["operator"].as_str());
        let answer = world.call(operator, &path, request(&method, OURS)).await;
        answer.unwrap_or_else(|status| panic!("{path}: {status}"));
    }
}

#[tokio::test]
async fn without_credentials_every_method_is_refused_alike_whatever_was_wrong() {
    let world = world().await;
    let reflection = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo".to_owned();
    let unknown = "slx.v1.ContractService/DropContract".to_owned();
    let paths = methods().into_iter().map(|(path, method)| (path, request(&method, OURS)));
    let paths = paths.chain([(reflection.clone(), Vec::new()), (unknown.clone(), Vec::new())]);
    let mut refusals = BTreeSet::new();
    for (path, message) in paths {
        let shortened = &world.tokens["all"][..20];
        for token in [None, Some("slx_wrong"), Some(shortened), Some("a.b.c"), Some("")] {
            let answer = world.call(token, &path, message.clone()).await;
            let status = answer.expect_err("refused");
            assert_eq!(status.code(), Code::Unauthenticated, "{path}: {status}");
            refusals.insert(learnt(&status));
        }
    }
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    let all = Some(world.tokens["all"].as_str());
    let status = world.call(all, &unknown, Vec::new()).await.expect_err("no such method");
    assert_eq!(status.code(), Code::Unimplemented, "{status}");
    // Any identity may reflect: what is wrong is the request.
    let answer = world.call(all, &reflection, Vec::new()).await;
    let code = answer.map_or_else(|status| status.code(), |_| Code::Ok);
    assert!(![Code::Unauthenticated, Code::PermissionDenied].contains(&code), "{code}");
}

/// Nothing of another tenant's is in any answer, list, token or error.
#[tokio::test]
async fn no_answer_holds_anything_of_another_tenants() {
    let world = world().await;
    let all = Some(world.tokens["all"].as_str());
    let mut answered = 0;
    for (path, method) in methods() {
        for tenant in [OURS, THEIRS] {
            let answer = world.call(all, &path, request(&method, tenant)).await;
            let bytes = match answer {
                Ok(messages) => {
                    answered += 1;
                    messages.concat()
                }
                Err(status) => [status.message().as_bytes(), status.details()].concat(),
            };
            let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
            assert!(!holds("canary"), "{path} of {tenant}");
        }
    }
    assert!(answered >= 15, "{answered} methods answered: too few to say anything");
}
