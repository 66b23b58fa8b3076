//! The API by requests that no client library makes, and the one of a template.

use jetbridge_local_stack::{Fault, Options, Template};

use crate::stock_clients::check;
use crate::support::Bench;

const TEMPLATE: &str = include_str!("../../../../tests/e2e/template/infra-api.template.json");

#[tokio::test]
async fn what_is_too_large_is_refused_before_anybody_looks_at_it() {
    let bench = Bench::start().await;
    let url = bench.stack.endpoints().api.join("echo").unwrap();
    let large = bench.http.post(url.clone()).body(vec![b'x'; 10 * 1024 * 1024 + 1]);
    assert_eq!(bench.send(large).await.status, 413);
    let fits = bench.http.post(url.clone()).body(vec![b'x'; 10 * 1024 * 1024]);
    assert_eq!(bench.send(fits).await.status, 403);
    let head = bench.http.get(url).header("x-long", "x".repeat(10_240));
    assert_eq!(bench.send(head).await.status, 431);
    let operations: Vec<_> = bench.stack.log().records().iter().map(|record| record.operation).collect();
    assert_eq!(operations, ["unmatched", "echo", "unmatched"]);
}

#[tokio::test]
async fn a_fault_of_the_api_spoils_no_request_that_is_refused_anyway() {
    let bench = Bench::start().await;
    bench.stack.faults().inject(Fault::ApiThrottled, 1);
    let url = bench.stack.endpoints().api.join("echo").unwrap();
    let refused = bench.get(url.as_str()).await;
    assert_eq!((refused.status, refused.text.as_str()), (403, r#"{"message":"Forbidden"}"#));
    assert_eq!(refused.header("apigw-requestid").len(), 16);
}

#[tokio::test]
async fn a_template_s_api_lets_its_callers_in_and_says_who_they_are() {
    let template = Template::parse(TEMPLATE, "JetbridgeStack").unwrap();
    check("whoami", Options { template: Some(template), ..Options::default() }).await;
}

#[tokio::test]
async fn a_stack_whose_template_has_no_api_says_so_of_every_path() {
    let demo = include_str!("../../../../tests/e2e/template/infra-demo.template.json");
    let template = Template::parse(demo, "JetbridgeStack").unwrap();
    let bench = Bench::with(Options { template: Some(template), ..Options::default() }).await;
    let url = bench.stack.endpoints().api.join("whoami").unwrap();
    let answer = bench.get(url.as_str()).await;
    assert_eq!((answer.status, answer.text.as_str()), (404, r#"{"message":"Not Found"}"#));
    assert!(!bench.stack.config_files().aws_exports.contains("JetbridgeApi"));
}
