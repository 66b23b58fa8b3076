"""Identity pools."""

import json
import re

import botocore
from botocore.config import Config

from pages import cognito
from table import PRESENT, group, refusal

add, add_unknown = group("cognito")

NOT_SIGNED = Config(signature_version=botocore.UNSIGNED)
GET_ID, CREDENTIALS, TOKEN = "GetId", "GetCredentialsForIdentity", "GetOpenIdToken"
NOBODY = "us-west-2:00000000-1111-2222-3333-444444444444"
MISSING = "Thrown when the requested resource (for example, a dataset or record) does not exist."
BAD = "Thrown for missing or bad input parameter(s)."
REFUSED = "Thrown when a user is not authorized to access the requested resource."


def row(name, send, expected, page, sender="boto3"):
    add(name, sender, send, expected, page)


def unknown(name, send):
    add_unknown(name, "http", send)


def ask(operation, token="id_token", provider=None, needs_logins=True, **parameters):
    """Asks without a signature, as anybody can. `@pool`, `@identity` stand for the stack's."""

    def sender(s):
        known = {"@pool": s.facts["pool"], "@identity": s.identity}
        filled = {
            name: known.get(value, value) if isinstance(value, str) else value for name, value in parameters.items()
        }
        if needs_logins:
            filled["Logins"] = {provider or s.facts["provider"]: s.facts.get(token, token)}
        return s.boto(operation, "cognito-identity", client=anonymous(s), **filled)

    return sender


def anonymous(s):
    return s.stack.clients.setdefault("anonymous", s.stack.boto3("cognito-identity", config=NOT_SIGNED))


def post(target, body, headers=None):
    def sender(s):
        text = body if isinstance(body, bytes) else json.dumps(body(s) if callable(body) else body).encode()
        sent = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"AWSCognitoIdentityService.{target}",
            **(headers or {}),
        }
        return s.send("POST", "/", "", sent, text, service="cognito-identity", sign=False)

    return sender


IDENTITY = re.compile(r"^us-west-2:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
row(
    "an identity",
    ask("get_id", IdentityPoolId="@pool"),
    {"status": 200, "at IdentityId": IDENTITY},
    cognito(GET_ID, "IdentityId", "A unique identifier in the format REGION:GUID."),
)
row(
    "the same identity again",
    lambda s: same_identity(s),
    {"at Same": True},
    cognito(GET_ID, "", "Generates (or retrieves) IdentityID."),
)
row(
    "the AWS CLI gets an identity",
    lambda s: s.aws(
        "cognito-identity",
        "get-id",
        "--no-sign-request",
        "--identity-pool-id",
        s.facts["pool"],
        "--logins",
        f"{s.facts['provider']}={s.facts['id_token']}",
        service="cognito-identity",
    ),
    {"status": 0, "at IdentityId": IDENTITY},
    cognito(GET_ID, "", "You do not need any credentials to call this API."),
    "aws",
)
row(
    "no pool of that name",
    ask("get_id", IdentityPoolId=NOBODY),
    refusal(400, "ResourceNotFoundException"),
    cognito(GET_ID, "ResourceNotFoundException", MISSING),
)
row(
    "a pool of another region",
    ask("get_id", IdentityPoolId="eu-west-1:6f2b4c1e-0d5a-4f27-9c83-1b7e5a90d3f4"),
    refusal(400, "ResourceNotFoundException"),
    cognito(GET_ID, "ResourceNotFoundException", MISSING),
)
row(
    "a pool that is no pool",
    ask("get_id", IdentityPoolId="nonsense"),
    {"status": 400, "at Code": re.compile("^(InvalidParameter|Validation)Exception$")},
    cognito(GET_ID, "InvalidParameterException", BAD),
)
row("no pool at all", post("GetId", {}), {"status": 400}, cognito(GET_ID, "InvalidParameterException", BAD), "http")
row(
    "a token that is none",
    ask("get_id", token="nonsense", IdentityPoolId="@pool"),
    refusal(400, "NotAuthorizedException"),
    cognito(GET_ID, "NotAuthorizedException", REFUSED),
)
row(
    "an access token for an ID token",
    ask("get_id", token="access_token", IdentityPoolId="@pool"),
    refusal(400, "NotAuthorizedException"),
    cognito(GET_ID, "NotAuthorizedException", REFUSED),
)
row(
    "nobody's token, and no guests",
    ask("get_id", needs_logins=False, IdentityPoolId="@pool"),
    refusal(400, "NotAuthorizedException"),
    cognito(GET_ID, "NotAuthorizedException", REFUSED),
)
unknown(
    "a provider that the pool does not know", ask("get_id", provider="accounts.example.com", IdentityPoolId="@pool")
)
row(
    "credentials",
    ask("get_credentials_for_identity", IdentityId="@identity"),
    {
        "status": 200,
        "at Credentials/AccessKeyId": re.compile("^ASIA[A-Z0-9]{16}$"),
        "at Credentials/SecretKey": PRESENT,
        "at Credentials/SessionToken": PRESENT,
        "at IdentityId": IDENTITY,
    },
    cognito(CREDENTIALS, "Credentials", "Credentials for the provided identity ID."),
)
row(
    "credentials end as a number",
    post(CREDENTIALS, lambda s: {"IdentityId": s.identity, "Logins": {s.facts["provider"]: s.facts["id_token"]}}),
    {"status": 200, "at Credentials/SecretKey": PRESENT, "header content-type": "application/x-amz-json-1.1"},
    cognito(CREDENTIALS, "Credentials/SecretKey", "The Secret Access Key portion of the credentials"),
    "http",
)
row(
    "no credentials without a token",
    ask("get_credentials_for_identity", needs_logins=False, IdentityId="@identity"),
    refusal(400, "NotAuthorizedException"),
    cognito(
        CREDENTIALS,
        "Logins",
        "The Logins parameter is required when using identities associated with external identity providers",
    ),
)
row(
    "no credentials with a token that is none",
    ask("get_credentials_for_identity", token="nonsense", IdentityId="@identity"),
    refusal(400, "NotAuthorizedException"),
    cognito(CREDENTIALS, "NotAuthorizedException", REFUSED),
)
row(
    "no credentials of nobody",
    ask("get_credentials_for_identity", IdentityId=NOBODY),
    refusal(400, "ResourceNotFoundException"),
    cognito(CREDENTIALS, "ResourceNotFoundException", MISSING),
)
row(
    "credentials of what is no identity",
    ask("get_credentials_for_identity", IdentityId="nonsense"),
    {"status": 400, "at Code": re.compile("^(InvalidParameter|Validation)Exception$")},
    cognito(CREDENTIALS, "InvalidParameterException", BAD),
)
row(
    "a token of Cognito's own",
    ask("get_open_id_token", IdentityId="@identity"),
    {"status": 200, "at Token": re.compile(r"^[\w-]+\.[\w-]+\.[\w-]+$"), "at IdentityId": IDENTITY},
    cognito(TOKEN, "", "Gets an OpenID token, using a known Cognito ID."),
)
row(
    "a token that lives for ten minutes",
    lambda s: lifetime(s),
    {"at Seconds": 600},
    cognito(TOKEN, "Token", "An OpenID token, valid for 10 minutes."),
)
row(
    "a token of nobody",
    ask("get_open_id_token", IdentityId=NOBODY),
    refusal(400, "ResourceNotFoundException"),
    cognito(TOKEN, "ResourceNotFoundException", MISSING),
)
row(
    "a token without a token",
    ask("get_open_id_token", needs_logins=False, IdentityId="@identity"),
    refusal(400, "NotAuthorizedException"),
    cognito(TOKEN, "NotAuthorizedException", REFUSED),
)
row(
    "a token of what is no identity",
    ask("get_open_id_token", IdentityId="nonsense"),
    {"status": 400, "at Code": re.compile("^(InvalidParameter|Validation)Exception$")},
    cognito(TOKEN, "InvalidParameterException", BAD),
)
for operation, body in {
    "DescribeIdentityPool": lambda s: {"IdentityPoolId": s.facts["pool"]},
    "ListIdentityPools": {"MaxResults": 10},
    "DescribeIdentity": lambda s: {"IdentityId": s.identity},
    "DeleteIdentityPool": lambda s: {"IdentityPoolId": s.facts["pool"]},
    "GetIdentityPoolRoles": lambda s: {"IdentityPoolId": s.facts["pool"]},
    "SetIdentityPoolRoles": lambda s: {"IdentityPoolId": s.facts["pool"], "Roles": {}},
}.items():
    row(
        f"{operation} unsigned",
        post(operation, body),
        {"at __type": re.compile("(^|#)MissingAuthenticationToken(Exception)?$")},
        cognito(operation, "", "You must use Amazon Web Services developer credentials to call this operation.")
        if operation != "ListIdentityPools"
        else cognito(operation, "", "You must use Amazon Web Services developer credentials to call this operation."),
        "http",
    )
row(
    "UnlinkIdentity of nobody",
    ask("unlink_identity", IdentityId=NOBODY, LoginsToRemove=["accounts.example.com"]),
    refusal(400, "ResourceNotFoundException"),
    cognito("UnlinkIdentity", "ResourceNotFoundException", MISSING),
)
row(
    "UnlinkIdentity with a token that is none",
    lambda s: s.boto(
        "unlink_identity",
        "cognito-identity",
        client=anonymous(s),
        IdentityId=s.identity,
        Logins={s.facts["provider"]: "nonsense"},
        LoginsToRemove=[s.facts["provider"]],
    ),
    refusal(400, "NotAuthorizedException"),
    cognito("UnlinkIdentity", "NotAuthorizedException", REFUSED),
)
unknown("JSON that is none", post("GetId", b"{nonsense"))
unknown("an operation of nobody", post("GetNothing", {}))
unknown("no operation", post("", {}))
unknown("a GET", lambda s: s.send("GET", "/", service="cognito-identity", sign=False))


def same_identity(s):
    answer = ask("get_id", IdentityPoolId="@pool")(s)
    answer.document["Same"] = answer.get("IdentityId") == s.identity
    return answer


def lifetime(s):
    import base64

    answer = ask("get_open_id_token", IdentityId="@identity")(s)
    part = str(answer.get("Token")).split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    answer.document = {"Seconds": claims["exp"] - claims["iat"]}
    return answer
