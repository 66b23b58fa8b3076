//! `accounts`, `switch` and `--account`: several users on one machine, kept apart.

use crate::support::{ALICE, BOB, Bench};

fn sign_in(bench: &Bench, account: &str, user: &str) {
    let outcome = bench.login(&["--account", account], |url| bench.visit(url, user));
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
}

#[test]
fn two_users_are_listed_and_switched_between() {
    let bench = Bench::start();
    let nobody = bench.run(&["accounts"]);
    assert_eq!((nobody.code, nobody.stdout.as_str()), (0, ""));
    assert!(nobody.stderr.contains("Nobody is signed in"), "{}", nobody.stderr);

    bench.sign_in_as(ALICE);
    sign_in(&bench, "work", BOB);
    assert_eq!(bench.run(&["accounts"]).stdout, "* default  Alice Archer\n  work     Bob Baker\n");
    assert!(bench.run(&["whoami"]).stdout.contains("Alice"), "the default stays the default");
    assert!(bench.run(&["whoami", "--account", "work"]).stdout.contains("Bob"));

    let switched = bench.run(&["switch", "work"]);
    assert_eq!((switched.code, switched.stdout.as_str()), (0, "✓ Using account work from now on\n"));
    assert_eq!(switched.stderr, "", "nothing counts for more");
    let whoami = bench.run(&["whoami"]).stdout;
    assert!(whoami.contains("Bob") && whoami.contains("Account"), "{whoami}");
    assert_eq!(bench.run(&["accounts"]).stdout, "  default  Alice Archer\n* work     Bob Baker\n");

    let lines = bench.run(&["accounts", "--json"]).events();
    assert_eq!(lines[1]["account"], "work");
    assert_eq!((&lines[1]["current"], &lines[1]["state"]), (&true.into(), &"signed_in".into()));
    assert_eq!(lines[1]["user"]["username"], BOB);

    // The environment counts for more, unless it is empty.
    let whoami_with =
        |account: &str| bench.command(&["whoami"]).env("JETBRIDGE_ACCOUNT", account).output().unwrap().stdout;
    assert!(String::from_utf8_lossy(&whoami_with("default")).contains("Alice"));
    assert!(String::from_utf8_lossy(&whoami_with("")).contains("Bob"));
    let overruled = bench.run(&["switch", "work", "--account", "default"]);
    assert!(overruled.stderr.contains("JETBRIDGE_ACCOUNT"), "{}", overruled.stderr);

    // One's sign-out is nothing to the other, and says whose session it was.
    assert_eq!(bench.run(&["logout"]).stdout, "✓ Signed out Bob Baker\n");
    let nobody = bench.run(&["ls"]);
    assert_eq!(nobody.code, 3);
    assert!(nobody.stderr.contains("nobody is signed in under account work"), "{}", nobody.stderr);
    assert!(nobody.stderr.contains("Account default is signed in"), "{}", nobody.stderr);
    assert_eq!(bench.run(&["switch", "default"]).code, 0);
    assert!(bench.run(&["whoami"]).stdout.contains("Alice"));
}

#[test]
fn an_account_that_is_not_there_is_told_with_a_way_to_add_it() {
    let bench = Bench::start();
    sign_in(&bench, "work", BOB);
    let nobody = bench.run(&["whoami"]);
    assert_eq!(nobody.code, 3);
    assert!(nobody.stderr.contains("switch work"), "{}", nobody.stderr);

    let unknown = bench.run(&["switch", "home"]);
    assert_eq!(unknown.code, 9);
    assert!(unknown.stderr.contains("login --account home"), "{}", unknown.stderr);
    let unusable = bench.run(&["switch", "../x"]);
    assert_eq!(unusable.code, 4);
    assert!(unusable.stderr.contains("letters"), "{}", unusable.stderr);
}

#[test]
fn a_damaged_choice_locks_nobody_out() {
    let bench = Bench::start();
    sign_in(&bench, "work", BOB);
    assert_eq!(bench.run(&["switch", "work"]).code, 0);
    let store = std::fs::read_dir(bench.path("store")).unwrap();
    let choice =
        store.map(|entry| entry.unwrap().path()).find(|path| path.to_string_lossy().ends_with(".accounts.sealed"));
    std::fs::write(choice.unwrap(), b"damaged").unwrap();

    let outcome = bench.run(&["whoami"]);
    assert_eq!(outcome.code, 8);
    assert!(outcome.stderr.contains("switch default"), "{}", outcome.stderr);
    assert!(bench.run(&["whoami", "--account", "work"]).stdout.contains("Bob"));
    assert_eq!(bench.run(&["switch", "default"]).code, 0);
    assert_eq!(bench.run(&["whoami"]).code, 3);
    assert_eq!(bench.run(&["switch", "work"]).code, 0);
    assert!(bench.run(&["whoami"]).stdout.contains("Bob"));
}

#[test]
fn what_is_asked_of_the_sign_in_page_is_in_the_request() {
    let bench = Bench::start();
    let outcome = bench.login(&["--max-age", "600", "--param", "ui_locales=de", "--force"], |url| {
        for expected in ["max_age=600", "ui_locales=de", "prompt=login"] {
            assert!(url.contains(expected), "{expected} is not in the request");
        }
        bench.visit(url, ALICE)
    });
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let refused = bench.run(&["login", "--no-browser", "--param", "state=mine"]);
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.contains("state is set by this library"), "{}", refused.stderr);
}

/// Nobody has signed out: a setting that a session belongs to is another one.
#[test]
fn a_session_that_a_changed_endpoint_hides_is_told_with_the_setting() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let there = bench.stack.endpoints().cognito.as_str().trim_end_matches('/').to_owned();
    let here = there.replace("127.0.0.1", "localhost");
    bench.edit_config("aws-exports.json", |aws| aws["Auth"]["identityPoolEndpoint"] = here.clone().into());
    let difference = format!("Auth.identityPoolEndpoint: {there} there, {here} here");
    for arguments in [&["whoami"][..], &["ls"]] {
        let nobody = bench.run(arguments);
        assert_eq!(nobody.code, 3, "{}", nobody.stderr);
        let told = nobody.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("A session of another configuration is stored here"), "{told}");
        assert!(told.contains(&difference), "{told}");
    }
    let doctor = bench.run(&["doctor", "--json"]);
    let sign_in = doctor.events_named("finding").into_iter().find(|finding| finding["link"] == "sign_in").unwrap();
    assert!(sign_in["detail"].as_str().unwrap().contains(&difference), "{sign_in}");
    // In a list it is what tells the rows apart, and only there is it shown.
    bench.sign_in_as(ALICE);
    let rows = bench.run(&["accounts"]).stdout;
    assert!(rows.split_whitespace().collect::<Vec<_>>().join(" ").contains(&difference), "{rows}");
    let other = bench.run(&["accounts", "--json"]).events().pop().unwrap();
    assert_eq!(other["differences"][0]["setting"], "Auth.identityPoolEndpoint");
    assert_eq!((&other["differences"][0]["there"], &other["differences"][0]["here"]), (&there.into(), &here.into()));
    bench.edit_config("okta-config.json", |okta| okta["okta_client_id"] = "0oanobodyknowsthisone".into());
    let rows = bench.run(&["accounts"]).stdout;
    assert!(rows.contains("identityPoolEndpoint"), "two sessions of one client are told apart: {rows}");
}

/// An edit of the client id or the pool leaves the earlier session behind, and its refresh token valid.
#[test]
fn sessions_of_other_configurations_are_shown_and_ended() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    sign_in(&bench, "work", BOB);
    bench.edit_config("aws-exports.json", |aws| {
        aws["Auth"]["identityPoolId"] = "us-west-2:00000000-1111-2222-3333-444444444444".into();
    });
    let shown = bench.run(&["accounts"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    for expected in ["default  Alice Archer\n", "work     Bob Baker\n", "another configuration: client 0oa"] {
        assert!(shown.stdout.contains(expected), "{expected}: {}", shown.stdout);
    }
    assert!(shown.stderr.contains("\nTo end all: jetbridge logout --all --revoke"), "{}", shown.stderr);
    let lines = bench.run(&["accounts", "--json"]).events();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["configuration"], &lines[0]["account"]), (&"other".into(), &"default".into()));
    assert!(lines[0]["client_id"].as_str().unwrap().starts_with("0oa") && lines[0]["issuer"].is_string());

    // Nobody is signed in here, and that is not all there is to say.
    let nobody = bench.run(&["logout", "--revoke"]);
    assert_eq!((nobody.code, nobody.stdout.as_str()), (0, "Nobody was signed in.\n"));
    assert!(nobody.stderr.contains("other configurations are still stored here"), "{}", nobody.stderr);
    assert_eq!(bench.stack.log().count("revoke"), 0);

    // By its name, and by all.
    let work = bench.run(&["logout", "--revoke", "--account", "work"]);
    assert!(work.stdout.starts_with("✓ Signed out Bob Baker (client 0oa"), "{}", work.stdout);
    assert_eq!(bench.stack.log().count("revoke"), 1);
    let all = bench.run(&["logout", "--all", "--revoke", "--json"]);
    assert_eq!((all.code, all.events_named("signed_out").len()), (0, 1), "{}", all.stderr);
    assert_eq!(all.events()[0]["revoked"], true);
    assert_eq!(bench.stack.log().count("revoke"), 2);
    assert_eq!(bench.run(&["accounts"]).stdout, "");
}

/// Whoever ends what others left is told who else is signed out by that, and how to end them alone.
#[test]
fn to_end_other_sessions_is_told_with_what_it_ends_of_this_configuration() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    sign_in(&bench, "work", BOB);
    bench.edit_config("okta-config.json", |okta| okta["okta_client_id"] = "0oanobodyknowsthisone".into());
    let end = |told: &str| told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        end(&bench.run(&["accounts"]).stderr)
            .contains("To end that of default alone: jetbridge logout --account default --revoke")
    );

    let client_id = bench.stack.options().client_id.clone();
    bench.edit_config("okta-config.json", |okta| okta["okta_client_id"] = client_id.into());
    bench.edit_config("aws-exports.json", |aws| {
        aws["Auth"]["identityPoolId"] = "us-west-2:00000000-1111-2222-3333-444444444444".into();
    });
    sign_in_only(&bench, "home");
    let told = end(&bench.run(&["accounts"]).stderr);
    let of_this = "To end all, which signs you out of this configuration too (home): jetbridge logout --all --revoke";
    assert!(told.contains("To end that of default alone") && told.contains(of_this), "{told}");
    // No name of an account tells them apart.
    sign_in_only(&bench, "default");
    sign_in_only(&bench, "work");
    let told = end(&bench.run(&["accounts"]).stderr);
    assert!(told.contains("of its own configuration: jetbridge --config DIR logout --revoke"), "{told}");
    let rows = bench.run(&["accounts"]).stdout;
    assert!(rows.lines().all(|line| line.chars().count() <= 80 || !line.trim().contains(' ')), "{rows}");

    // Of what cannot be read nothing is known, and that is said once.
    std::fs::remove_file(bench.path("store/store.key")).unwrap();
    let rows = bench.run(&["accounts"]).stdout;
    assert!(rows.contains("another configuration\n") && !rows.contains("configuration: another"), "{rows}");
    assert!(rows.lines().all(|line| line.chars().count() <= 80 || !line.trim().contains(' ')), "{rows}");
}

/// Signs in where AWS knows no such identity pool.
fn sign_in_only(bench: &Bench, account: &str) {
    let outcome = bench.login(&["--account", account], |url| bench.visit(url, ALICE));
    assert_eq!(outcome.events_named("signed_in").len(), 1, "{outcome:?}");
}

#[test]
fn everything_in_the_store_is_ended_at_once() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    sign_in(&bench, "work", BOB);
    let all = bench.run(&["logout", "--all", "--revoke"]);
    assert_eq!(all.code, 0, "{}", all.stderr);
    let revoked = "  Okta revoked the refresh token.\n";
    assert_eq!(all.stdout, format!("✓ Signed out Alice Archer\n{revoked}✓ Signed out Bob Baker\n{revoked}"));
    assert_eq!(bench.run(&["accounts"]).stdout, "");
    assert_eq!(bench.run(&["logout", "--all"]).stdout, "Nobody was signed in.\n");
}

/// The token of a session that cannot be read is still valid at Okta: that is said, and by the exit code too.
#[test]
fn what_cannot_be_read_cannot_be_revoked_and_that_is_told() {
    let bench = Bench::start();
    bench.sign_in_as(ALICE);
    let mut store = std::fs::read_dir(bench.path("store")).unwrap().map(|entry| entry.unwrap().path());
    let session = store.find(|path| path.extension().is_some_and(|ending| ending == "sealed")).unwrap();
    std::fs::write(&session, b"damaged").unwrap();
    let outcome = bench.run(&["logout", "--revoke"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (8, "✓ Removed a session that could not be read\n"));
    assert!(outcome.stderr.contains("It stays valid at Okta"), "{}", outcome.stderr);
    assert_eq!(bench.run(&["logout", "--revoke"]).code, 0, "it is gone all the same");
}

/// Whatever keeps all sessions of a store from being read: what is said to do is done, as often as it is said. Then somebody can
/// sign in.
#[test]
fn the_advice_of_a_store_that_cannot_be_read_leads_out_of_it() {
    let bench = Bench::start();
    let write = |name: &str, content: &[u8]| std::fs::write(bench.path("store").join(name), content).unwrap();
    let remove = |name: &str| std::fs::remove_file(bench.path("store").join(name)).unwrap();
    let damages: [(&str, &dyn Fn()); 6] = [
        ("no key", &|| remove("store.key")),
        ("another key", &|| {
            let key = std::fs::read(bench.path("store/store.key")).unwrap();
            write("store.key", &key.iter().map(|byte| !byte).collect::<Vec<_>>());
        }),
        ("half a key", &|| write("store.key", &[7; 16])),
        ("no description", &|| remove("store.json")),
        ("a damaged description", &|| write("store.json", b"{")),
        ("one damaged session", &|| {
            let store = std::fs::read_dir(bench.path("store")).unwrap().map(|entry| entry.unwrap().path());
            let is_own = |path: &std::path::PathBuf| {
                let name = path.file_name().unwrap().to_string_lossy();
                name.starts_with("work.") && name.ends_with(".sealed")
            };
            store.filter(is_own).for_each(|path| std::fs::write(path, b"damaged").unwrap());
        }),
    ];
    let set_pool =
        |pool: &str| bench.edit_config("aws-exports.json", |aws| aws["Auth"]["identityPoolId"] = pool.into());
    let pool = bench.stack.options().identity_pool_id.clone();
    for (what, damage) in damages {
        // Seen from the configuration of the sessions, and from another one.
        for seen_from in [&pool, "us-west-2:00000000-1111-2222-3333-444444444444"] {
            bench.sign_in_as(ALICE);
            sign_in(&bench, "work", BOB);
            assert_eq!(bench.run(&["switch", "work"]).code, 0);
            set_pool(seen_from);
            damage();
            let mut steps = 0;
            loop {
                let doctor = bench.run(&["doctor", "--offline", "--json"]);
                if doctor.code == 0 {
                    break;
                }
                let error = doctor.error();
                let advice = error["hint"].as_str().unwrap();
                let command = advice.lines().find_map(|line| Some(line.split_once("jetbridge ")?.1)).unwrap();
                let done = bench.run(&command.split(' ').collect::<Vec<_>>());
                assert_eq!(done.code, 0, "{what}: {command}: {done:?}");
                steps += 1;
                assert!(steps < 4, "{what}: it is not mended by {command:?}: {error}");
            }
            set_pool(&pool);
            if what == "one damaged session" {
                let alice = bench.run(&["whoami", "--account", "default"]);
                assert_eq!(alice.code, 0, "it was not the only one, and the others are well: {alice:?}");
            } else {
                assert!(steps > 0, "{what}");
            }
            sign_in(&bench, "home", BOB);
            assert_eq!(bench.run(&["logout", "--all"]).code, 0);
            assert_eq!(bench.run(&["switch", "default"]).code, 0);
        }
    }
}

#[test]
fn who_ends_an_account_without_anybody_is_told_of_the_others() {
    let bench = Bench::start();
    sign_in(&bench, "work", BOB);
    let nobody = bench.run(&["logout", "--account", "wrok"]);
    assert_eq!((nobody.code, nobody.stdout.as_str()), (0, "Nobody was signed in.\n"));
    let told = nobody.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted = "That is account wrok; the store has work too. To end work: jetbridge logout --account work \
                  To end all: jetbridge logout --all";
    assert_eq!(told, wanted);
}
