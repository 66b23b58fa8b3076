//! How a stack is set up. The defaults are what the demo and most tests want.

use std::time::Duration;

use crate::template::Template;

/// A person who can sign in.
#[derive(Clone)]
pub struct DemoUser {
    /// Okta's user id, the `sub` of tokens: 20 characters, begins with `00u`.
    pub id: String,
    /// What one types into the sign-in page; `preferred_username` and e-mail address.
    pub login: String,
    /// The full name.
    pub name: String,
    /// The password of the sign-in page. A demo value, printed by `local-stack` on purpose.
    pub password: String,
    /// Whether the application is assigned to this user in Okta.
    pub assigned: bool,
    /// The department in the user's profile; see [`Options::access_claims`].
    pub department: Option<String>,
    /// The groups that the user is in; see [`Options::access_claims`]. The claim `jetbridge_role` comes from them, too:
    /// `admin` for members of `jetbridge-admins`, `user` for others.
    pub groups: Vec<String>,
}

impl std::fmt::Debug for DemoUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DemoUser").field("login", &self.login).field("assigned", &self.assigned).finish_non_exhaustive()
    }
}

/// What a refresh does to the refresh token; Okta calls it "Refresh token behavior" of an app (guides/refresh-tokens,
/// "Refresh token rotation properties").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It stays the same until it expires (`STATIC`, "persistent"): Okta's default for native apps.
    Off,
    /// Every refresh gives a new one (`ROTATE`), and the one before works for this much longer: Okta allows 0 to 60 s,
    /// 30 by default.
    WithGrace(Duration),
}

/// How to start a [`LocalStack`](crate::LocalStack). A template decides for itself about everything that it says: the
/// issuer and the client id, the pool, its guests and flows, the region and the buckets. With one the stack serves https.
#[derive(Debug, Clone)]
pub struct Options {
    /// First of five consecutive ports (Okta, Cognito, S3, STS, the API); 0 lets the system choose all of them.
    pub port: u16,
    /// Serve https with a certificate of the stack's own CA (valid for `localhost` and `127.0.0.1`).
    pub tls: bool,
    /// The name under which the Okta service announces itself: `127.0.0.1`, or `localhost` to be as an org whose issuer
    /// follows a custom domain. It answers under both.
    pub okta_host: String,
    /// The Native Application's client id, 20 characters.
    pub client_id: String,
    /// Sign-in redirect URIs registered for the application; compared exactly, port included, as Okta does.
    pub redirect_uris: Vec<String>,
    /// Sign-out redirect URIs registered for the application.
    pub logout_redirect_uris: Vec<String>,
    /// Who can sign in.
    pub users: Vec<DemoUser>,
    /// The region of the identity pool and the buckets.
    pub region: String,
    /// The identity pool; begins with the region and a colon.
    pub identity_pool_id: String,
    /// The bucket with about thirty objects.
    pub bucket: String,
    /// A bucket that exists and denies everything.
    pub denied_bucket: String,
    /// Lifetime of ID tokens. Okta: 60 minutes, and only a token inline hook changes it, to 5 minutes up to 24 hours
    /// (reference/api/oidc of 2024-08-21, "Token lifetime"; reference/token-hook of 2024-09-20). Shorter ones are for watching.
    pub id_token_lifetime: Duration,
    /// Lifetime of access tokens. Okta: an hour, and 5 minutes up to 24 hours by a custom authorization server's policy
    /// (same section).
    pub access_token_lifetime: Duration,
    /// Lifetime of temporary AWS credentials (Cognito's enhanced flow gives an hour).
    pub credentials_lifetime: Duration,
    /// Lifetime of an authorization code (Okta: 300 seconds).
    pub code_lifetime: Duration,
    /// What a refresh does to the refresh token.
    pub rotation: Rotation,
    /// Whether authorization requests are taken only if they were pushed before (RFC 9126).
    pub require_pushed_requests: bool,
    /// Whether `Logins` may be left out.
    pub allow_guests: bool,
    /// Whether `GetOpenIdToken` may be used (classic flow).
    pub allow_classic_flow: bool,
    /// Whether the custom authorization server adds what access depends on (`department`, `groups`, `jetbridge_role`) to its
    /// ID tokens. With a template it always does.
    pub access_claims: bool,
    /// A pause before each answer, to count round trips or to look at progress.
    pub latency: Duration,
    /// The deployment to imitate: its providers, pool, roles and buckets, and every permission as it grants it.
    pub template: Option<Template>,
}

impl Options {
    /// What the template says in place of what was set.
    pub(crate) fn led_by_template(mut self) -> Self {
        if let Some(template) = &self.template {
            let deployment = template.deployment();
            self.tls = true;
            self.access_claims = true;
            self.client_id.clone_from(&deployment.client_id);
            self.region.clone_from(&deployment.region);
            self.identity_pool_id.clone_from(&deployment.pool.id);
            self.allow_guests = deployment.pool.allow_guests;
            self.allow_classic_flow = deployment.pool.allow_classic_flow;
            self.bucket.clone_from(&deployment.data_bucket);
        }
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        let user = |id: &str, login: &str, name: &str, department: &str, groups: &[&str]| DemoUser {
            id: id.to_owned(),
            login: login.to_owned(),
            name: name.to_owned(),
            password: "open-sesame".to_owned(),
            assigned: true,
            department: Some(department.to_owned()),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        };
        Self {
            port: 0,
            tls: false,
            okta_host: "127.0.0.1".to_owned(),
            client_id: "0oa1jetbridgelocal5d".to_owned(),
            redirect_uris: vec![
                "http://127.0.0.1:8765/callback".to_owned(),
                "com.okta.local-jetbridge:/callback".to_owned(),
            ],
            logout_redirect_uris: vec!["com.okta.local-jetbridge:/logout".to_owned()],
            users: vec![
                user("00ualice000000000001", "alice@example.com", "Alice Archer", "research", &["Everyone"]),
                user(
                    "00ubob00000000000002",
                    "bob@example.com",
                    "Bob Baker",
                    "sales",
                    &["Everyone", "jetbridge-admins"],
                ),
                DemoUser {
                    assigned: false,
                    ..user("00ucarol000000000003", "carol@example.com", "Carol Cole", "sales", &["Everyone"])
                },
            ],
            region: "us-west-2".to_owned(),
            identity_pool_id: "us-west-2:6f2b4c1e-0d5a-4f27-9c83-1b7e5a90d3f4".to_owned(),
            bucket: "jetbridge-demo".to_owned(),
            denied_bucket: "jetbridge-private".to_owned(),
            id_token_lifetime: Duration::from_secs(3600),
            access_token_lifetime: Duration::from_secs(3600),
            credentials_lifetime: Duration::from_secs(3600),
            code_lifetime: Duration::from_secs(300),
            rotation: Rotation::WithGrace(Duration::from_secs(30)),
            require_pushed_requests: false,
            allow_guests: false,
            allow_classic_flow: true,
            access_claims: false,
            latency: Duration::ZERO,
            template: None,
        }
    }
}
