//! What the commands put beside the session is known as this program's own: a folder that others can reach for a moment is
//! closed again by the advice, and no session in it is given up for a file that the program itself has written.

use std::collections::BTreeSet;
use std::fs::{Permissions, read_dir, set_permissions, write};
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{ALICE, BOB, Bench, Outcome, Running};

#[test]
fn everything_that_the_commands_write_into_the_store_is_known_as_their_own() {
    let bench = Bench::start();
    let store = bench.path("store");
    let command = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command.env("JETBRIDGE_HOME", &store);
        command
    };
    let big = bench.path("big");
    write(&big, vec![7; 6 << 20]).unwrap();
    let (big, copy) = (big.to_str().unwrap(), bench.path("copy"));
    bench.sign_in_as(ALICE);
    let second = bench.login(&["--account", "second"], |url| bench.visit(url, BOB));
    assert_eq!(second.code, 0, "{second:?}");
    for arguments in [
        &["switch", "second"][..],
        &["switch", "default"],
        &["ls"],
        &["creds"],
        &["accounts"],
        &["exec", "--", "true"],
        &["put", big, "big", "--part-size", "5MiB"],
        &["get", "big", copy.to_str().unwrap(), "--part-size", "5MiB"],
        &["doctor"],
        &["logout", "--account", "second"],
    ] {
        let outcome = Outcome::of(command(arguments).output().unwrap());
        assert_eq!(outcome.code, 0, "{arguments:?}: {outcome:?}");
    }
    let mut serving = Running::start(&mut command(&["creds", "--serve"]));
    assert!(serving.line().starts_with("unset "));
    let names = || -> BTreeSet<_> {
        read_dir(&store).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let written = names();
    for (beginning, end) in [("exec-", ".aws"), ("serve-", ".token"), ("transfers", ""), ("store", ".key")] {
        assert!(written.iter().any(|name| name.starts_with(beginning) && name.ends_with(end)), "{written:?}");
    }

    let told = |mode| {
        set_permissions(&store, Permissions::from_mode(mode)).unwrap();
        Outcome::of(command(&["ls", "--limit", "1"]).output().unwrap())
    };
    let open = told(0o755);
    assert_eq!(open.code, 8, "{open:?}");
    assert!(open.stderr.contains(&format!("run: chmod 700 {}", store.display())), "{written:?}: {open:?}");
    assert_eq!(told(0o700).code, 0, "what is advised brings the session back");

    // With a file of somebody else's it is another matter.
    write(store.join("thesis.txt"), "").unwrap();
    let shared = told(0o755);
    assert!(!shared.stderr.contains("chmod") && shared.stderr.contains("another folder"), "{shared:?}");
    set_permissions(&store, Permissions::from_mode(0o700)).unwrap();
    serving.signal("INT");
    serving.finish();
}
