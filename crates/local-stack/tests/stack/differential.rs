//! The differential suite: what stock clients ask, what AWS documents as the answer, and what the stack gives.
//! The table is in `tests/stock/differential`.

use std::path::Path;

use jetbridge_local_stack::{Options, Template};
use serde_json::{Value, json};

use crate::stock_clients::{Check, facts_of, write_ca};
use crate::support::{ALICE, BOB, Bench};

const TEMPLATE: &str = include_str!("../../../../tests/e2e/template/infra-admin.template.json");
/// Past the hour for which credentials are good.
const LATER_SECONDS: i64 = 4000;

/// What rows upload: below and above the size from which the AWS CLI uploads in parts.
fn write_files(folder: &Path) -> Value {
    std::fs::create_dir_all(folder).unwrap();
    let (small, large, config) = (folder.join("small.txt"), folder.join("large.bin"), folder.join("aws-config"));
    std::fs::write(&small, "a small file\n").unwrap();
    std::fs::write(&large, vec![0_u8; 9 << 20]).unwrap();
    std::fs::write(
        &config,
        "[default]\ns3 =\n  signature_version = s3v4\nrequest_checksum_calculation = when_required\n",
    )
    .unwrap();
    json!({"small_file": small, "large_file": large, "aws_config": config})
}

fn merge(into: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("not an object: {more}") };
    into.as_object_mut().unwrap().extend(more);
}

#[tokio::test]
async fn stock_clients_get_the_answers_that_aws_documents() {
    let template = Template::parse(TEMPLATE, "JetbridgeStack").unwrap();
    let plain = Bench::start().await;
    let deployed = Bench::with(Options { template: Some(template), ..Options::default() }).await;

    let files = write_files(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential"));
    let ca_file = write_ca(&deployed);
    let mut all = serde_json::Map::new();
    for (name, bench, user) in [("plain", &plain, ALICE), ("deployed", &deployed, ALICE), ("admin", &deployed, BOB)] {
        let is_deployed = name != "plain";
        let mut facts = facts_of(user, bench, ca_file.as_deref().filter(|_| is_deployed)).await;
        merge(&mut facts, files.clone());
        merge(&mut facts, json!({"deployed": is_deployed}));
        all.insert(name.to_owned(), facts);
    }

    let (is_good, printed) = tokio::task::spawn_blocking(move || {
        let mut check = Check::start_program(&["differential"], &Value::Object(all));
        // It has come to the rows that are sent when the credentials have expired.
        if check.hear() {
            for bench in [&plain, &deployed] {
                bench.stack.clock().set_offset_seconds(LATER_SECONDS);
            }
            check.tell("go on");
        }
        check.finish_reading()
    })
    .await
    .unwrap();
    assert!(is_good, "\n{printed}");
    print!("{printed}");
}
