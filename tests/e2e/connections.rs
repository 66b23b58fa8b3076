//! How long the way is from the redirect to the first page, the set-up of connections included, with TLS: in round trips, counted on
//! a network that takes them step by step.
#![cfg(target_os = "linux")] // Where all of 127.0.0.0/8 is this machine.

use std::sync::Arc;
use std::time::Duration;

use jetbridge::{ListObjects, LoginOptions, Session};
use jetbridge_local_stack::Options;

use crate::bench::{ALICE, Bench, config_of};
use crate::slow_network::{ADDRESS, Order, SlowNetwork};

struct Far {
    bench: Bench,
    network: SlowNetwork,
}

impl Far {
    async fn start(order: Order) -> Self {
        let mut bench =
            Bench::start_with(Options { tls: true, okta_host: "localhost".to_owned(), ..Options::default() }).await;
        let port = |url: &str| url::Url::parse(url).unwrap().port().unwrap();
        let mut ports = vec![port(&bench.stack.custom_issuer())];
        bench.config = config_of(&bench.stack, |_, aws| {
            for pointer in ["/Auth/identityPoolEndpoint", "/Storage/AWSS3/endpoint"] {
                let place = aws.pointer_mut(pointer).unwrap();
                let url = place.as_str().unwrap().replace("127.0.0.1", "localhost");
                ports.push(port(&url));
                *place = url.into();
            }
        });
        let network = SlowNetwork::start(&ports, order).await;
        Self { bench, network }
    }

    /// A process of the app, far away from all servers.
    fn session(&self) -> Session {
        let builder = Session::builder(self.bench.config.clone(), Arc::clone(&self.bench.store));
        let builder = builder.clock(Arc::new(self.bench.clock.clone()));
        let builder = builder.root_certificates(self.bench.stack.ca_pem().unwrap().into_bytes());
        builder.resolve("localhost", ADDRESS).open().unwrap()
    }

    async fn round_trips(&self, work: impl Future<Output = ()>) -> usize {
        let before = self.network.steps();
        work.await;
        (self.network.steps() - before).div_ceil(2)
    }

    async fn first_page(&self, session: &Session) {
        let page = session.list_objects(ListObjects::default()).next_page().await.unwrap().unwrap();
        assert!(!page.objects.is_empty());
    }

    /// From the redirect to the first page, after the browser was open long enough for what is beside.
    async fn sign_in(&self, session: &Session) -> usize {
        let redirect = self.bench.redirect_for(session, ALICE).await;
        self.network.settled().await;
        let way = self.round_trips(async {
            session.complete_login(&redirect).await.unwrap();
            self.first_page(session).await;
        });
        let way = way.await;
        self.network.settled().await;
        way
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_waits_for_four_round_trips_and_a_known_one_for_three_whatever_arrives_first() {
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let far = Far::start(order).await;
        let session = far.session();
        assert_eq!(far.sign_in(&session).await, 4, "{order:?}");
        assert_eq!(far.sign_in(&session).await, 3, "{order:?}: the identity is remembered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_session_waits_for_one_round_trip_if_the_app_has_prepared_it() {
    let far = Far::start(Order::OldestFirst).await;
    far.sign_in(&far.session()).await;

    let unprepared = far.session();
    unprepared.restore().await;
    let way = far.round_trips(far.first_page(&unprepared)).await;
    assert_eq!(way, 3, "one for the connection, one for TLS");

    // Without `restore`: the app comes to the foreground while the store is still being read.
    let prepared = far.session();
    prepared.prepare().await;
    far.network.settled().await;
    let connections = far.network.connections();
    assert_eq!(far.round_trips(far.first_page(&prepared)).await, 1);
    assert_eq!(far.network.connections(), connections);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_opens_after_one_answer_and_at_once_where_the_server_is_known() {
    let far = Far::start(Order::OldestFirst).await;
    let session = far.session();
    let begin = async |session: &Session| {
        session.begin_login(LoginOptions::default()).await.unwrap();
    };
    assert_eq!(far.round_trips(begin(&session)).await, 3, "one for the connection, one for TLS, the endpoints");
    far.network.settled().await;
    let keys = far.bench.count("keys");
    assert_eq!(keys, 1, "they have come beside");
    assert_eq!(far.round_trips(begin(&session)).await, 0, "in the same process");
    far.sign_in(&session).await;
    assert_eq!(far.round_trips(begin(&far.session())).await, 0, "in another one, while somebody is signed in");
    far.network.settled().await;
    assert_eq!(far.bench.count("keys"), keys);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_process_that_knows_the_server_is_as_quick_after_the_browser() {
    let far = Far::start(Order::OldestFirst).await;
    far.sign_in(&far.session()).await;
    let asked = far.bench.count("discovery");
    assert_eq!(far.sign_in(&far.session()).await, 3, "Okta's connection was opened although it was asked for nothing");
    assert_eq!(far.bench.count("discovery"), asked + 1, "for the connection, once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_of_both_clocks_is_two_round_trips_in_a_process_that_has_asked_nobody() {
    let far = Far::start(Order::OldestFirst).await;
    far.sign_in(&far.session()).await;
    far.bench.let_time_pass(Duration::from_secs(57 * 60));
    let session = far.session();
    session.restore().await;
    session.prepare().await;
    far.network.settled().await;
    let renew = async {
        session.aws_credentials().await.unwrap();
    };
    assert_eq!(far.round_trips(renew).await, 2, "the refresh, and GetCredentialsForIdentity");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_s_connections_are_prepared() {
    let far = Far::start(Order::OldestFirst).await;
    let session = far.session();
    session.restore().await;
    session.prepare().await;
    far.network.settled().await;
    assert_eq!(far.network.connections(), 0);
}
