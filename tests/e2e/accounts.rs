//! Several users on one device: kept apart, listed, switched between.

use std::sync::Arc;
use std::time::Duration;

use jetbridge::storage::{EncryptedFileStore, FileStoreOptions, KeySource};
use jetbridge::{Account, Accounts, LoginOptions, Session, SessionError, SessionState, SignOutMode};

use crate::bench::{ALICE, BOB, Bench, config_of, list_everything};

fn account(bench: &Bench, name: &str) -> Session {
    let builder = Session::builder(bench.config.clone(), Arc::clone(&bench.store)).account(name);
    builder.clock(Arc::new(bench.clock.clone())).open().unwrap()
}

fn accounts(bench: &Bench) -> Accounts {
    Accounts::new(bench.config.clone(), Arc::clone(&bench.store))
}

/// `name: user`, with a star for the current one.
fn told(accounts: &[Account]) -> Vec<String> {
    let tell = |account: &Account| {
        let user = match &account.state {
            SessionState::SignedIn { user } => user.display_name(),
            SessionState::SignInRequired { .. } => "ended",
            SessionState::StorageUnavailable { .. } => "unreadable",
            _ => "?",
        };
        format!("{}{}: {user}", account.name, if account.is_current { "*" } else { "" })
    };
    accounts.iter().map(tell).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_listed_switched_and_signed_out_one_by_one() {
    let bench = Bench::start().await;
    let list = accounts(&bench);
    assert!(list.list().await.unwrap().is_empty());
    assert_eq!(list.current().await.unwrap(), "default");

    let (first, work) = (bench.signed_in(ALICE).await, account(&bench, "Work"));
    // A sign-in that was only begun is nobody yet, and another configuration's accounts are not ours.
    let begun = account(&bench, "begun");
    begun.begin_login(LoginOptions::default()).await.unwrap();
    let elsewhere = config_of(&bench.stack, |_, aws| {
        aws["Auth"]["identityPoolId"] = "us-west-2:00000000-0000-0000-0000-000000000000".into();
    });
    bench.sign_in(&bench.session_with(elsewhere), ALICE).await;
    bench.sign_in(&work, BOB).await;
    assert_eq!(told(&list.list().await.unwrap()), ["default*: Alice Archer", "work: Bob Baker"]);
    assert_eq!(work.details().account, "work");

    list.switch_to("WORK").await.unwrap();
    // Remembered by the store, not by the process.
    assert_eq!(accounts(&bench).current().await.unwrap(), "work");
    assert_eq!(told(&list.list().await.unwrap()), ["default: Alice Archer", "work*: Bob Baker"]);
    // But a fresh process must be able to open what the browser comes back to.
    list.switch_to("begun").await.unwrap();
    assert_eq!(accounts(&bench).current().await.unwrap(), "begun");
    list.switch_to("work").await.unwrap();
    begun.cancel_login().await.unwrap();
    let unknown = list.switch_to("begun").await.unwrap_err();
    assert!(matches!(&unknown, SessionError::NotFound { what } if what.contains("begun")), "{unknown:?}");
    assert_eq!(list.switch_to("../x").await.unwrap_err().kind(), "misconfigured");
    assert_eq!(list.current().await.unwrap(), "work", "a refused switch changes nothing");

    // Each has an identity of its own, and one's sign-out is nothing to the other.
    list_everything(&first).await;
    list_everything(&work).await;
    assert_ne!(first.details().identity_id, work.details().identity_id);
    work.sign_out(SignOutMode::Revoke).await.unwrap();
    bench.let_time_pass(Duration::from_secs(3600));
    assert!(!list_everything(&first).await.is_empty());
    assert_eq!(told(&list.list().await.unwrap()), ["default: Alice Archer"]);
    list.switch_to("default").await.unwrap();
    assert_eq!(told(&list.list().await.unwrap()), ["default*: Alice Archer"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_cannot_be_read_hides_no_other_and_a_damaged_choice_can_be_made_anew() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start().await;
    let options =
        FileStoreOptions { key_source: Some(KeySource::KeyFile), ..FileStoreOptions::new(home.path().join("s")) };
    bench.store = Arc::new(EncryptedFileStore::open(options).unwrap());
    bench.signed_in(ALICE).await;
    bench.sign_in(&account(&bench, "work"), BOB).await;
    let list = accounts(&bench);
    list.switch_to("work").await.unwrap();

    let damage = |name: &str| {
        let file = home.path().join("s").join(format!("{name}.sealed"));
        let mut bytes = std::fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&file, bytes).unwrap();
    };
    let short = bench.config.fingerprint().short();
    damage(&format!("work.{short}"));
    assert_eq!(told(&list.list().await.unwrap()), ["default: Alice Archer", "work*: unreadable"]);

    damage(&format!("{short}.accounts"));
    assert_eq!(told(&list.list().await.unwrap()), ["default: Alice Archer", "work: unreadable"]);
    assert_eq!(list.current().await.unwrap_err().kind(), "secure_storage");
    list.switch_to("default").await.unwrap();
    assert_eq!(list.current().await.unwrap(), "default");
}

/// A store that hands out what it has under another name, by a bug or because files were moved.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_under_another_account_s_name_is_refused() {
    let bench = Bench::start().await;
    bench.signed_in(ALICE).await;
    let short = bench.config.fingerprint().short();
    let stored = bench.store.load(&format!("default.{short}")).unwrap().unwrap();
    bench.store.save(&format!("work.{short}"), &stored).unwrap();
    let work = account(&bench, "work");
    let state = work.restore().await;
    assert!(
        matches!(&state, SessionState::StorageUnavailable { detail } if detail.contains("another account")),
        "{state:?}"
    );
    assert_eq!(work.aws_credentials().await.unwrap_err().kind(), "secure_storage");
    assert!(bench.store.load(&format!("work.{short}")).unwrap().unwrap() == stored, "left as it was");
}
