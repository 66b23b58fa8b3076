//! The requests here were signed by botocore, which shares no code with the verifier; each is then spoilt in one place.

use http::{HeaderValue, Method, Uri};

use super::*;
use crate::credentials::SessionFacts;
use crate::options::Options;
use crate::shared::Shared;

/// 2026-11-23T09:00:00Z, when the requests below were signed.
const SIGNED_AT: u64 = 1_795_424_400;
const REGION: &str = "us-west-2";
const ACCESS_KEY_ID: &str = "ASIAVECTORVECTOR0001";
const TOKEN: &str = "vector+token/with=signs";
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const OTHER_SERVICE: ServiceRules =
    ServiceRules { name: "execute-api", max_skew: Duration::from_secs(5 * 60), is_s3: false };

#[derive(Clone)]
struct Sent {
    method: Method,
    uri: String,
    headers: HeaderMap,
    body: Vec<u8>,
    /// Seconds after the signature when it arrives.
    late: i64,
    rules: ServiceRules,
    region: &'static str,
}

impl Sent {
    fn new(method: Method, uri: &str, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        let (uri, rules) = (uri.to_owned(), ServiceRules::S3);
        Self { method, uri, headers, body: Vec::new(), late: 0, rules, region: REGION }
    }

    /// botocore `S3SigV4Auth`.
    fn header_signed() -> Self {
        Self::new(
            Method::GET,
            "/bucket/a%20b/c%2Bd//./%C3%A9?list-type=2&prefix=x+y%2Bz%26%3D",
            &[
                ("host", "127.0.0.1:4582"),
                ("x-amz-date", "20261123T090000Z"),
                ("x-amz-security-token", TOKEN),
                ("x-amz-content-sha256", EMPTY_SHA256),
                ("user-agent", "not signed"),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=ASIAVECTORVECTOR0001/20261123/us-west-2/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=aa1220102ade3ea2c36855de4d209de583a0037d302eb931f7046d8a95007f5f",
                ),
            ],
        )
    }

    /// botocore `S3SigV4QueryAuth`, 15 minutes.
    fn presigned() -> Self {
        Self::new(
            Method::GET,
            "/bucket/a%20b/c%2Bd//./%C3%A9?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAVECTORVECTOR0001%2F20261123%2Fus-west-2%2Fs3%2Faws4_request&X-Amz-Date=20261123T090000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Security-Token=vector%2Btoken%2Fwith%3Dsigns&X-Amz-Signature=24150f69f06fcc0257eb87a1f5db455716f7f8fe91257c1615689d11aeaad599",
            &[("host", "127.0.0.1:4582")],
        )
    }

    /// With `Date` in place of `x-amz-date`, which botocore never sends; the signature was worked out by hand, with Python's
    /// hmac.
    fn date_signed() -> Self {
        Self::new(
            Method::GET,
            "/bucket/key",
            &[
                ("host", "127.0.0.1:4582"),
                ("date", "20261123T090000Z"),
                ("x-amz-security-token", TOKEN),
                ("x-amz-content-sha256", EMPTY_SHA256),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=ASIAVECTORVECTOR0001/20261123/us-west-2/s3/aws4_request, SignedHeaders=date;host;x-amz-content-sha256;x-amz-security-token, Signature=ca840b7ec87fc2a58163c45f9119a806e17f65d664af61324e568a08251c5dc8",
                ),
            ],
        )
    }

    /// botocore `SigV4Auth` for another service: the path is normalised and encoded twice.
    fn other_service() -> Self {
        let mut sent = Self::new(
            Method::POST,
            "/prod/a%20b/../c?x=1",
            &[
                ("host", "127.0.0.1:4582"),
                ("content-type", "application/json"),
                ("x-amz-date", "20261123T090000Z"),
                ("x-amz-security-token", TOKEN),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=ASIAVECTORVECTOR0001/20261123/us-west-2/execute-api/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=5eb1efe27f2baedbe88dbc6f7c1a7516e8c4564fbaa08bd6916038706365dc3b",
                ),
            ],
        );
        sent.body = b"{\"a\":1}".to_vec();
        sent.rules = OTHER_SERVICE;
        sent
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
    }

    fn add(&mut self, name: &'static str, value: &str) {
        self.headers.append(name, HeaderValue::from_str(value).unwrap());
    }

    fn remove(&mut self, name: &str) {
        assert!(self.headers.remove(name).is_some(), "{name} was not there");
    }

    /// Replaces text in the `Authorization` header.
    fn edit(&mut self, from: &str, to: &str) {
        let old = self.headers["authorization"].to_str().unwrap().to_owned();
        assert!(old.contains(from), "{from}");
        self.set("authorization", &old.replace(from, to));
    }

    fn edit_uri(&mut self, from: &str, to: &str) {
        assert!(self.uri.contains(from), "{from}");
        self.uri = self.uri.replace(from, to);
    }

    fn verify_with(&self, credentials: &CredentialRegistry) -> Result<Arc<TemporaryCredentials>, SigV4Error> {
        let uri: Uri = self.uri.parse().unwrap();
        let request = ReceivedRequest { method: &self.method, uri: &uri, headers: &self.headers, body: &self.body };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(SIGNED_AT.checked_add_signed(self.late).unwrap());
        verify(&self.rules, self.region, request, credentials, now)
    }

    fn verify(&self) -> Result<Arc<TemporaryCredentials>, SigV4Error> {
        self.verify_with(&registry("vector/secret+key/0000000000000000000000"))
    }

    fn code(&self) -> &'static str {
        self.verify().map_or_else(|error| error.code(), |_| "accepted")
    }
}

/// Knows the credentials that the requests were signed with; they expire an hour later.
fn registry(secret: &str) -> CredentialRegistry {
    let registry = CredentialRegistry::new(Arc::new(Shared::new(Options::default())));
    registry.insert(TemporaryCredentials {
        access_key_id: ACCESS_KEY_ID.to_owned(),
        secret_access_key: secret.to_owned(),
        session_token: TOKEN.to_owned(),
        expires_at: i64::try_from(SIGNED_AT).unwrap() + 3600,
        identity_id: "us-west-2:id".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/Reader".to_owned(),
        session: SessionFacts::default(),
    });
    registry
}

type Change = fn(&mut Sent);

fn check(sent: fn() -> Sent, table: &[(&str, Change, &str)]) {
    assert_eq!(sent().verify().unwrap().identity_id, "us-west-2:id");
    for (name, change, code) in table {
        let mut changed = sent();
        change(&mut changed);
        assert_eq!(changed.code(), *code, "{name}");
    }
}

#[test]
fn a_signature_in_the_header_covers_the_whole_request() {
    check(
        Sent::header_signed,
        &[
            ("method", |s| s.method = Method::HEAD, "SignatureDoesNotMatch"),
            ("path", |s| s.edit_uri("a%20b", "a%20c"), "SignatureDoesNotMatch"),
            ("slash removed", |s| s.edit_uri("//./", "/./"), "SignatureDoesNotMatch"),
            ("dot segment removed", |s| s.edit_uri("/./", "/"), "SignatureDoesNotMatch"),
            ("accent", |s| s.edit_uri("%C3%A9", "e"), "SignatureDoesNotMatch"),
            ("plus is no space in a path", |s| s.edit_uri("%2B", "%20"), "SignatureDoesNotMatch"),
            ("query value", |s| s.edit_uri("list-type=2", "list-type=1"), "SignatureDoesNotMatch"),
            ("query parameter added", |s| s.edit_uri("?", "?max-keys=1&"), "SignatureDoesNotMatch"),
            ("query parameter twice", |s| s.edit_uri("?", "?list-type=2&"), "SignatureDoesNotMatch"),
            ("query removed", |s| s.uri.truncate(s.uri.find('?').unwrap()), "SignatureDoesNotMatch"),
            ("host", |s| s.set("host", "127.0.0.1:4583"), "SignatureDoesNotMatch"),
            ("host twice", |s| s.add("host", "127.0.0.1:4582"), "SignatureDoesNotMatch"),
            ("date", |s| s.set("x-amz-date", "20261123T090001Z"), "SignatureDoesNotMatch"),
            ("date twice", |s| s.add("x-amz-date", "20261123T090000Z"), "SignatureDoesNotMatch"),
            ("token", |s| s.set("x-amz-security-token", "vector+token/with=sign"), "InvalidToken"),
            ("token twice", |s| s.add("x-amz-security-token", TOKEN), "SignatureDoesNotMatch"),
            ("token missing", |s| s.remove("x-amz-security-token"), "InvalidAccessKeyId"),
            ("payload hash left out", |s| s.remove("x-amz-content-sha256"), "InvalidRequest"),
            ("payload hash replaced", |s| s.set("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), "SignatureDoesNotMatch"),
            (
                "payload hash in capitals",
                |s| s.set("x-amz-content-sha256", &EMPTY_SHA256.to_uppercase()),
                "SignatureDoesNotMatch",
            ),
            ("payload hash cut", |s| s.set("x-amz-content-sha256", &EMPTY_SHA256[1..]), "InvalidArgument"),
            ("payload hash twice", |s| s.add("x-amz-content-sha256", EMPTY_SHA256), "SignatureDoesNotMatch"),
            (
                "framed payload",
                |s| s.set("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
                "SignatureDoesNotMatch",
            ),
            ("unknown framing", |s| s.set("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD"), "InvalidArgument"),
            (
                "asymmetric framing",
                |s| s.set("x-amz-content-sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"),
                "NotImplemented",
            ),
            ("body", |s| s.body = b"x".to_vec(), "XAmzContentSHA256Mismatch"),
            ("unsigned x-amz header", |s| s.set("x-amz-copy-source", "b/k"), "AccessDenied"),
            ("signed header missing", |s| s.edit("host;x-", "host;range;x-"), "SignatureDoesNotMatch"),
            ("token not signed", |s| s.edit(";x-amz-security-token", ""), "AccessDenied"),
            ("host not signed", |s| s.edit("host;", ""), "AccessDenied"),
            ("header names in capitals", |s| s.edit("=host;", "=Host;"), "AuthorizationHeaderMalformed"),
            ("header named twice", |s| s.edit("=host;", "=host;host;"), "AuthorizationHeaderMalformed"),
            ("signature", |s| s.edit("=aa12", "=aa13"), "SignatureDoesNotMatch"),
            ("signature cut", |s| s.edit("7f5f", "7f5"), "SignatureDoesNotMatch"),
            (
                "signature empty",
                |s| {
                    let keep = s.headers["authorization"].to_str().unwrap().split("aa12").next().unwrap().to_owned();
                    s.set("authorization", &keep);
                },
                "SignatureDoesNotMatch",
            ),
            ("unknown key", |s| s.edit("ASIAVECTORVECTOR0001", "ASIAVECTORVECTOR0002"), "InvalidAccessKeyId"),
            ("scope date", |s| s.edit("/20261123/", "/20261122/"), "AuthorizationHeaderMalformed"),
            ("scope date empty", |s| s.edit("/20261123/", "//"), "AuthorizationHeaderMalformed"),
            ("scope region", |s| s.edit("/us-west-2/", "/eu-west-1/"), "AuthorizationHeaderMalformed"),
            ("the stack's region", |s| s.region = "eu-west-1", "AuthorizationHeaderMalformed"),
            ("scope service", |s| s.edit("/s3/", "/sts/"), "AuthorizationHeaderMalformed"),
            ("scope end", |s| s.edit("aws4_request", "aws4"), "AuthorizationHeaderMalformed"),
            ("scope too long", |s| s.edit("/s3/", "/s3/x/"), "AuthorizationHeaderMalformed"),
            ("field missing", |s| s.edit(" SignedHeaders=", " Other="), "AuthorizationHeaderMalformed"),
            ("field twice", |s| s.edit(" Signature=", " Signature=00, Signature="), "AuthorizationHeaderMalformed"),
            ("date missing", |s| s.remove("x-amz-date"), "AccessDenied"),
            ("date malformed", |s| s.set("x-amz-date", "2026-11-23T09:00:00Z"), "AccessDenied"),
            ("15 minutes late", |s| s.late = 900, "accepted"),
            ("later", |s| s.late = 901, "RequestTimeTooSkewed"),
            ("15 minutes early", |s| s.late = -900, "accepted"),
            ("earlier", |s| s.late = -901, "RequestTimeTooSkewed"),
            ("no signature", |s| s.remove("authorization"), "AccessDenied"),
            ("two signatures", |s| s.add("authorization", "AWS4-HMAC-SHA256 x"), "InvalidArgument"),
            ("version 2", |s| s.set("authorization", "AWS ASIAVECTORVECTOR0001:c2ln"), "InvalidRequest"),
            ("asymmetric", |s| s.edit("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "InvalidRequest"),
            ("basic", |s| s.set("authorization", "Basic YTpi"), "InvalidRequest"),
            ("unsigned header changed", |s| s.set("user-agent", "other"), "accepted"),
            ("path spelt otherwise", |s| s.edit_uri("a%20b/c%2Bd", "%61%20b%2Fc+d"), "accepted"),
        ],
    );
}

/// The chunks of AWS's example: 65,536 letters, 1,024 more, and the empty last one.
const EXAMPLE_CHUNKS: [usize; 3] = [65_536, 1024, 0];

fn example_chain(seed: &str) -> ChunkChain {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600);
    ChunkChain::begin("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", time, "us-east-1", seed)
}

fn accepts_example(chain: &mut ChunkChain, signatures: [&str; 3]) -> bool {
    EXAMPLE_CHUNKS.into_iter().zip(signatures).all(|(length, signature)| {
        let digest = Sha256::digest(vec![b'a'; length]);
        chain.accepts_chunk(&digest, signature)
    })
}

/// "Example: PUT Object" of sigv4-streaming, S3 API reference. Its seed signature belongs to credentials without a
/// session token, which nobody has here.
#[test]
fn the_chunk_signatures_of_the_published_example_are_accepted_in_their_order_only() {
    let seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    let signatures = [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ];
    assert!(accepts_example(&mut example_chain(seed), signatures));
    assert!(!accepts_example(&mut example_chain(signatures[0]), signatures));
    assert!(!accepts_example(&mut example_chain(seed), [signatures[0], signatures[2], signatures[1]]));
    assert!(!accepts_example(&mut example_chain(seed), [signatures[0], signatures[1], &signatures[2][1..]]));
}

/// The example of sigv4-streaming-trailers, S3 API reference.
#[test]
fn the_trailer_signature_of_the_published_example_is_accepted() {
    let seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
    let signatures = [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ];
    let trailer_signature = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
    let accepts = |trailers| {
        let mut chain = example_chain(seed);
        assert!(accepts_example(&mut chain, signatures));
        chain.accepts_trailers(trailers, trailer_signature)
    };
    assert!(accepts("x-amz-checksum-crc32c:sOO8/Q==\n"));
    assert!(!accepts("x-amz-checksum-crc32c:sOO8/A==\n"));
    assert!(!accepts(""));
}

#[test]
fn a_presigned_url_covers_the_whole_request() {
    check(
        Sent::presigned,
        &[
            ("method", |s| s.method = Method::HEAD, "SignatureDoesNotMatch"),
            ("path", |s| s.edit_uri("a%20b", "a%20c"), "SignatureDoesNotMatch"),
            ("parameter added", |s| s.uri.push_str("&response-content-type=text/html"), "SignatureDoesNotMatch"),
            ("host", |s| s.set("host", "127.0.0.1:4583"), "SignatureDoesNotMatch"),
            ("signature", |s| s.edit_uri("=2415", "=2416"), "SignatureDoesNotMatch"),
            ("longer life", |s| s.edit_uri("Expires=900", "Expires=901"), "SignatureDoesNotMatch"),
            ("token", |s| s.edit_uri("with%3D", "with"), "InvalidToken"),
            (
                "token missing",
                |s| s.edit_uri("&X-Amz-Security-Token=vector%2Btoken%2Fwith%3Dsigns", ""),
                "InvalidAccessKeyId",
            ),
            ("token twice", |s| s.uri.push_str("&X-Amz-Security-Token=x"), "InvalidToken"),
            ("unsigned x-amz header", |s| s.set("x-amz-copy-source", "b/k"), "AccessDenied"),
            ("host not signed", |s| s.edit_uri("=host", "=range"), "AccessDenied"),
            ("region", |s| s.edit_uri("us-west-2", "eu-west-1"), "AuthorizationQueryParametersError"),
            ("algorithm", |s| s.edit_uri("HMAC-SHA256", "HMAC-SHA1"), "AuthorizationQueryParametersError"),
            ("credential cut", |s| s.edit_uri("%2Faws4_request", ""), "AuthorizationQueryParametersError"),
            ("date malformed", |s| s.edit_uri("T090000Z", "090000"), "AuthorizationQueryParametersError"),
            ("date twice", |s| s.uri.push_str("&X-Amz-Date=20261123T090000Z"), "AuthorizationQueryParametersError"),
            ("expiry missing", |s| s.edit_uri("&X-Amz-Expires=900", ""), "AuthorizationQueryParametersError"),
            ("expiry zero", |s| s.edit_uri("Expires=900", "Expires=0"), "AuthorizationQueryParametersError"),
            (
                "expiry one, and a second more",
                |s| (s.edit_uri("Expires=900", "Expires=1"), s.late = 2).0,
                "AccessDenied",
            ),
            (
                "expiry over a week",
                |s| s.edit_uri("Expires=900", "Expires=604801"),
                "AuthorizationQueryParametersError",
            ),
            ("expiry negative", |s| s.edit_uri("Expires=900", "Expires=-1"), "AuthorizationQueryParametersError"),
            ("last second", |s| s.late = 900, "accepted"),
            ("expired", |s| s.late = 901, "AccessDenied"),
            ("a little early", |s| s.late = -900, "accepted"),
            ("too early", |s| s.late = -901, "AccessDenied"),
            ("header as well", |s| s.set("authorization", "AWS4-HMAC-SHA256 x"), "InvalidArgument"),
            ("version 2 as well", |s| s.uri.push_str("&Signature=x"), "InvalidArgument"),
            ("version 2", |s| s.uri = "/b/k?AWSAccessKeyId=a&Expires=1&Signature=x".to_owned(), "InvalidRequest"),
            ("range header", |s| s.set("range", "bytes=0-1"), "accepted"),
        ],
    );
}

#[test]
fn a_date_stands_in_for_the_header_of_amazon() {
    check(
        Sent::date_signed,
        &[
            ("later date", |s| s.set("date", "20261123T090001Z"), "SignatureDoesNotMatch"),
            ("another day", |s| s.set("date", "20261124T090000Z"), "AuthorizationHeaderMalformed"),
            ("another format", |s| s.set("date", "Mon, 23 Nov 2026 09:00:00 GMT"), "AccessDenied"),
            ("no date", |s| s.remove("date"), "AccessDenied"),
            ("two dates", |s| s.add("date", "20261123T090000Z"), "SignatureDoesNotMatch"),
            ("15 minutes late", |s| s.late = 900, "accepted"),
            ("later", |s| s.late = 901, "RequestTimeTooSkewed"),
            // Which is not signed, and would count.
            ("the other as well", |s| s.set("x-amz-date", "20261123T090000Z"), "AccessDenied"),
        ],
    );
    check(
        Sent::header_signed,
        &[
            ("another date as well", |s| s.set("date", "Mon, 23 Nov 2020 09:00:00 GMT"), "accepted"),
            ("two of them", |s| (0..2).for_each(|_| s.add("date", "20201123T090000Z")), "accepted"),
            ("an x-amz-date that is none", |s| s.set("x-amz-date", "x"), "AccessDenied"),
        ],
    );
}

#[test]
fn a_life_that_no_url_has_is_told_in_s3_s_words() {
    for (expires, message) in [
        ("x", "X-Amz-Expires should be a number"),
        ("", "X-Amz-Expires should be a number"),
        ("9223372036854775808", "X-Amz-Expires should be a number"),
        ("-1", "X-Amz-Expires must be non-negative"),
        ("0", "X-Amz-Expires must be non-negative"),
        (
            "604801",
            "X-Amz-Expires must be less than a week (in seconds); that is, \
             the given X-Amz-Expires must be less than 604800 seconds",
        ),
    ] {
        let mut sent = Sent::presigned();
        sent.edit_uri("Expires=900", &format!("Expires={expires}"));
        let refused = sent.verify().map(|_| ()).unwrap_err();
        assert_eq!((refused.code(), refused.to_string().as_str()), ("AuthorizationQueryParametersError", message));
        assert_eq!(refused.status(), 400);
    }
    let mut sent = Sent::presigned();
    sent.edit_uri("Expires=900", "Expires=1");
    sent.late = 2;
    let expired = sent.verify().map(|_| ()).unwrap_err();
    assert_eq!((expired.status().as_u16(), expired.to_string().as_str()), (403, "Request has expired"));
    let field = |name| move |(other, _): &(&str, String)| *other == name;
    assert!(expired.details().iter().any(field("X-Amz-Expires")), "{expired:?}");
    let mut sent = Sent::presigned();
    sent.late = -901;
    assert_eq!(
        sent.verify().map(|_| ()).unwrap_err().details(),
        [
            ("X-Amz-Date", "1795424400000".to_owned()),
            ("Expires", "2026-11-23T09:15:00Z".to_owned()),
            ("ServerTime", "2026-11-23T08:44:59Z".to_owned())
        ]
    );
}

#[test]
fn other_services_normalise_the_path_hash_the_body_and_have_less_patience() {
    check(
        Sent::other_service,
        &[
            ("body", |s| s.body.push(b' '), "SignatureDoesNotMatch"),
            ("content type", |s| s.set("content-type", "text/plain"), "SignatureDoesNotMatch"),
            ("path", |s| s.edit_uri("/c?", "/d?"), "SignatureDoesNotMatch"),
            ("path normalised on the way", |s| s.edit_uri("/a%20b/../", "/"), "accepted"),
            ("5 minutes late", |s| s.late = 300, "accepted"),
            ("later", |s| s.late = 301, "RequestTimeTooSkewed"),
            ("for S3", |s| s.rules = ServiceRules::S3, "AuthorizationHeaderMalformed"),
        ],
    );
}

#[test]
fn another_secret_does_not_match() {
    for sent in [Sent::header_signed(), Sent::presigned(), Sent::other_service()] {
        let refused = sent.verify_with(&registry("another/secret+ke/0000000000000000000000"));
        assert_eq!(refused.map(|_| ()), Err(SigV4Error::SignatureDoesNotMatch));
    }
}

#[test]
fn expired_credentials_are_named_so() {
    let mut sent = Sent::presigned();
    sent.edit_uri("Expires=900", "Expires=604800");
    // Right up to the end, only the changed parameter is wrong.
    sent.late = 3599;
    assert_eq!(sent.code(), "SignatureDoesNotMatch");
    sent.late = 3600;
    assert_eq!(sent.code(), "ExpiredToken");
}

#[test]
fn answers_say_what_a_client_can_act_on() {
    let refused = |change: Change| {
        let mut sent = Sent::header_signed();
        change(&mut sent);
        sent.verify().map(|_| ()).unwrap_err()
    };
    let region = refused(|s| s.edit("/us-west-2/", "/eu-west-1/"));
    assert_eq!(
        region.to_string(),
        "The authorization header is malformed; the region 'eu-west-1' is wrong; expecting 'us-west-2'"
    );
    assert_eq!(region.details(), [("Region", "us-west-2".to_owned())]);
    assert_eq!(region.status(), 400);
    let skew = refused(|s| s.late = 3000);
    assert_eq!(skew.status(), 403);
    assert_eq!(
        skew.details(),
        [
            ("RequestTime", "20261123T090000Z".to_owned()),
            ("ServerTime", "2026-11-23T09:50:00Z".to_owned()),
            ("MaxAllowedSkewMilliseconds", "900000".to_owned()),
        ]
    );
    let unsigned = refused(|s| s.set("x-amz-acl", "public-read"));
    assert_eq!(unsigned.details(), [("HeadersNotSigned", "x-amz-acl".to_owned())]);
}

#[test]
fn the_signature_is_taken_out_of_the_uri_and_nothing_else() {
    let uri: Uri = format!("{}&response-content-type=a%2Bb&x", Sent::presigned().uri).parse().unwrap();
    assert_eq!(without_signature(&uri), "/bucket/a%20b/c%2Bd//./%C3%A9?response-content-type=a%2Bb&x");
    let uri: Uri = Sent::presigned().uri.parse().unwrap();
    assert_eq!(without_signature(&uri), "/bucket/a%20b/c%2Bd//./%C3%A9");
}
