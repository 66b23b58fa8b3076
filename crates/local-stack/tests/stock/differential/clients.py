"""The senders: boto3, the AWS CLI, curl, and requests that botocore signed and Python's own HTTP client sends.

The last is for what no stock client can be brought to send: a wrong date, a missing header, a body in frames.
"""

import base64
import contextlib
import datetime
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import threading
import urllib.parse
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import boto3
import botocore.auth
from botocore import UNSIGNED
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from table import ABSENT, Answer

BIN = Path(os.sys.executable).parent
CURL = shutil.which("curl", path="/usr/bin:/usr/local/bin:/opt/homebrew/bin:/bin")
TIMEOUT = 30

# boto3 and the signer ask botocore for the time: a row can live at another one.
_offset = threading.local()


def now(remove_tzinfo=True):
    there = datetime.datetime.now(datetime.UTC)
    there += datetime.timedelta(seconds=getattr(_offset, "seconds", 0))
    return there.replace(tzinfo=None) if remove_tzinfo else there


botocore.auth.get_current_datetime = now


@contextlib.contextmanager
def at_offset(seconds):
    """Signs as if it were so many seconds later (or earlier, if negative)."""
    before, _offset.seconds = getattr(_offset, "seconds", 0), seconds
    try:
        yield
    finally:
        _offset.seconds = before


def as_document(element):
    children = list(element)
    if not children:
        return element.text or ""
    found = {}
    for child in children:
        name, value = child.tag.rpartition("}")[2], as_document(child)
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found


def read_document(body):
    with contextlib.suppress(ElementTree.ParseError, ValueError):
        if body.lstrip().startswith(b"<"):
            root = ElementTree.fromstring(body)
            found = as_document(root)
            if isinstance(found, str):
                found = {"@text": found}
            return {**found, "@root": root.tag.rpartition("}")[2]}
        if body.lstrip().startswith((b"{", b"[")):
            return json.loads(body)
    return None


def encode_query(query):
    """A query as it has to be signed, with everything encoded; what is encoded already stays."""
    return "&".join(
        "=".join(urllib.parse.quote(half, safe="%-_.~") for half in pair.split("=", 1))
        for pair in query.split("&")
        if pair
    )


class Signer(botocore.auth.S3SigV4Auth):
    """botocore's own; what it would hash can be named instead, and headers can be left out of the signature."""

    def __init__(self, credentials, service, region, payload=None, unsigned=()):
        super().__init__(credentials, service, region)
        self.named, self.unsigned = payload, {name.lower() for name in unsigned}

    def _set_necessary_date_headers(self, request):
        as_iso = request.headers.get("Date") == "ISO"
        super()._set_necessary_date_headers(request)
        if as_iso:
            # botocore writes the date as HTTP does; the guide wants ISO 8601.
            request.headers.replace_header("Date", request.context["timestamp"])

    def payload(self, request):
        return self.named or super().payload(request)

    def headers_to_sign(self, request):
        found = super().headers_to_sign(request)
        for name in self.unsigned:
            del found[name]
        return found


# Rows run in several threads, and boto3's session makes one client at a time.
MAKING = threading.Lock()


class Stack:
    """One running stack, and the session of the user who signed in there."""

    def __init__(self, facts):
        self.facts = facts
        self.region, self.bucket = facts["region"], facts["bucket"]
        self.local = threading.local()
        self.clients = {}
        cognito = self.boto3("cognito-identity", config=Config(signature_version=UNSIGNED))
        logins = {facts["provider"]: facts["id_token"]}
        self.identity = cognito.get_id(IdentityPoolId=facts["pool"], Logins=logins)["IdentityId"]
        given = cognito.get_credentials_for_identity(IdentityId=self.identity, Logins=logins)["Credentials"]
        self.credentials = Credentials(given["AccessKeyId"], given["SecretKey"], given["SessionToken"])
        self.role = self.find_role() if facts.get("sts") else None

    def find_role(self):
        """The role that the session is of, in IAM's words."""
        arn = self.boto3("sts").get_caller_identity()["Arn"]
        return arn.replace(":sts:", ":iam:").replace(":assumed-role/", ":role/").rsplit("/", 1)[0]

    def endpoint(self, service):
        known = {"cognito-identity": "cognito", "execute-api": "api"}
        return self.facts[known.get(service, service)].rstrip("/")

    def boto3(self, service="s3", region=None, config=None, keys=None, **changes):
        """A client without retries: what it is told first is what counts."""
        base = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        keys = keys or getattr(self, "credentials", None)
        given = (
            {}
            if keys is None
            else {
                "aws_access_key_id": keys.access_key,
                "aws_secret_access_key": keys.secret_key,
                "aws_session_token": keys.token,
            }
        )
        with MAKING:
            return boto3.client(
                service,
                region_name=region or self.region,
                endpoint_url=self.endpoint(service),
                config=base.merge(config or Config()),
                verify=self.facts["ca_file"],
                **{**given, **changes},
            )

    def connection(self, endpoint):
        """A connection that is kept, one for each thread."""
        kept = self.local.__dict__.setdefault("connections", {})
        if endpoint not in kept:
            url = urllib.parse.urlsplit(endpoint)
            if url.scheme == "https":
                context = ssl.create_default_context(cafile=self.facts["ca_file"])
                kept[endpoint] = http.client.HTTPSConnection(url.hostname, url.port, timeout=TIMEOUT, context=context)
            else:
                kept[endpoint] = http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT)
        return kept[endpoint]

    def exchange(self, endpoint, method, target, headers, body):
        for attempt in (1, 2):
            connection = self.connection(endpoint)
            fresh = connection.sock is None
            try:
                connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
                for name, value in headers:
                    connection.putheader(name, value)
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.endheaders(body or None)
                answer = connection.getresponse()
                content = answer.read()
                found = {name.lower(): value for name, value in answer.getheaders()}
                if answer.will_close:
                    connection.close()
                return Answer(answer.status, found, content, read_document(content))
            except (http.client.HTTPException, ConnectionError, ssl.SSLError):
                connection.close()
                # A kept connection may have been closed in the meantime; a new one may not.
                if fresh or attempt == 2:
                    raise


class Call:
    """What a row sends with: a stack, and keys of its own."""

    def __init__(self, stack, number):
        self.stack, self.facts = stack, stack.facts
        self.bucket, self.region, self.credentials = stack.bucket, stack.region, stack.credentials
        self.identity = stack.identity
        # Of a template's bucket alice may write her own folder.
        home = f"users/{stack.identity}/" if stack.facts.get("deployed") else ""
        self.home = f"{home}stock/{number}/"

    def key(self, name="object.txt"):
        return self.home + name

    def path(self, key=None, bucket=None):
        bucket = bucket or self.bucket
        return f"/{bucket}" if key is None else f"/{bucket}/{urllib.parse.quote(key, safe='/-_.~')}"

    # --- requests that botocore signs -------------------------------------------------------------------------------

    def request(
        self,
        method,
        path,
        query="",
        headers=None,
        body=b"",
        *,
        service="s3",
        region=None,
        keys=None,
        payload=None,
        unsigned=(),
        without=(),
        sign=True,
        signed_as=None,
    ):
        """The endpoint and the parts of a request, signed. `payload` is the content hash to claim; `unsigned` headers
        are sent but not signed, those in `without` are signed but not sent."""
        endpoint = self.stack.endpoint(service)
        target = path + (f"?{encode_query(query)}" if query else "")
        request = AWSRequest(method, endpoint + target, headers=dict(headers or {}), data=body)
        if sign:
            scope = (keys or self.credentials, signed_as or service, region or self.region)
            # What S3 wants besides, the hash of the content as a header, no other service does.
            signer = Signer(*scope, payload, unsigned) if service == "s3" else botocore.auth.SigV4Auth(*scope)
            signer.add_auth(request)
        sent = [(name, str(value)) for name, value in request.headers.items()]
        sent.append(("Host", urllib.parse.urlsplit(endpoint).netloc))
        names = {name.lower() for name, _ in sent}
        if "transfer-encoding" not in names and "content-length" not in names and (body or method in ("PUT", "POST")):
            sent.append(("Content-Length", str(len(body))))
        left_out = {name.lower() for name in without}
        sent = [(name, value) for name, value in sent if name.lower() not in left_out]
        return endpoint, method, target, sent, body

    def send(self, method, path, query="", headers=None, body=b"", **how):
        return self.stack.exchange(*self.request(method, path, query, headers, body, **how))

    def get(self, key, query="", headers=None, **how):
        return self.send("GET", self.path(key), query, headers, **how)

    def head(self, key, query="", headers=None, **how):
        return self.send("HEAD", self.path(key), query, headers, **how)

    def put(self, key, body=b"content", headers=None, query="", **how):
        return self.send("PUT", self.path(key), query, headers, body, **how)

    def delete(self, key, query="", headers=None, **how):
        return self.send("DELETE", self.path(key), query, headers, **how)

    def list(self, query, **how):
        return self.send("GET", self.path(), query, **how)

    def given(self, key=None, body=b"content", headers=None):
        """An object that is there; its key."""
        key = key or self.key()
        answer = self.put(key, body, headers)
        assert answer.status == 200, f"the object could not be put there: {answer.shown()}"
        return key

    def after(self, first, then):
        """The answer to a second request, when the first did what it should."""
        answer = first if isinstance(first, Answer) else first()
        assert answer.status in (200, 204), f"the request before it failed: {answer.shown()}"
        return then()

    def after_cli(self, done, then):
        """As `after`, when a program was to do the first."""
        assert done.status == 0, f"the program failed: {done.get('stderr')}"
        return then()

    # --- presigned addresses ----------------------------------------------------------------------------------------

    def presign(
        self, method, key, seconds=60, headers=None, query="", keys=None, service="s3", region=None, bucket=None
    ):
        """A presigned target (path and query), by botocore's own signer."""
        endpoint = self.stack.endpoint("s3")
        target = self.path(key, bucket) + (f"?{query}" if query else "")
        request = AWSRequest(method, endpoint + target, headers=dict(headers or {}))
        signer = botocore.auth.S3SigV4QueryAuth(keys or self.credentials, service, region or self.region, seconds)
        signer.add_auth(request)
        return request.url.removeprefix(endpoint)

    def fetch(self, target, method="GET", headers=None, body=b""):
        """Uses a target as it is: nothing is signed."""
        return self.send(method, target, "", headers, body, sign=False)

    # --- boto3 ------------------------------------------------------------------------------------------------------

    def boto(self, operation, service="s3", config=None, client=None, **parameters):
        client = client or self.client(service, config)
        if service == "s3" and operation not in ("list_buckets",):
            parameters.setdefault("Bucket", self.bucket)
        try:
            response = getattr(client, operation)(**parameters)
        except ClientError as error:
            response = {**error.response, **error.response["Error"]}
        about = response["ResponseMetadata"]
        body = response["Body"].read() if "Body" in response else b""
        return Answer(about["HTTPStatusCode"], dict(about["HTTPHeaders"]), body, response)

    def client(self, service="s3", config=None, **changes):
        if config is not None or changes:
            return self.stack.boto3(service, config=config, **changes)
        # Clients are dear to make, and may be shared among threads.
        if service not in self.stack.clients:
            self.stack.clients[service] = self.stack.boto3(service)
        return self.stack.clients[service]

    # --- programs ---------------------------------------------------------------------------------------------------

    def aws(self, *arguments, content=None, service="s3", configuration=""):
        """Runs the AWS CLI; the status is its exit code, the document its JSON or the code of its error."""
        environment = {
            "PATH": str(BIN),
            "HOME": "/nonexistent",
            "LANG": "C.UTF-8",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": self.credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret_key,
            "AWS_SESSION_TOKEN": self.credentials.token,
            "AWS_MAX_ATTEMPTS": "1",
        }
        if self.facts["ca_file"]:
            environment["AWS_CA_BUNDLE"] = self.facts["ca_file"]
        if configuration:
            environment["AWS_CONFIG_FILE"] = configuration
        command = [str(BIN / "aws"), "--endpoint-url", self.stack.endpoint(service), "--region", self.region]
        done = subprocess.run(
            [*command, *arguments], env=environment, input=content, capture_output=True, timeout=120, check=False
        )
        told = done.stderr.decode()
        refused = re.search(r"An error occurred \((\w+)\)", told)
        document = read_document(done.stdout) or {}
        if refused:
            document = {"Code": refused[1], "Message": told}
        return Answer(done.returncode, {}, done.stdout, {**document, "stderr": told} if told else document)

    def curl(self, target, *options, method="GET", headers=None, body=None, sign=None, service="s3"):
        """Runs curl; with `sign` (its `--aws-sigv4`) it signs the request by itself."""
        # Through its standard input, so that no secret is seen among the processes.
        lines = [f'url = "{self.stack.endpoint(service)}{target}"', "silent", "show-error", "include", 'noproxy = "*"']
        lines.append("head" if method == "HEAD" else f'request = "{method}"')
        if self.facts["ca_file"]:
            lines.append(f'cacert = "{self.facts["ca_file"]}"')
        if sign:
            lines.append(f'aws-sigv4 = "{sign}"')
            lines.append(f'user = "{self.credentials.access_key}:{self.credentials.secret_key}"')
            lines.append(f'header = "x-amz-security-token: {self.credentials.token}"')
        lines += [f'header = "{name}: {value}"' for name, value in (headers or {}).items()]
        if body is not None:
            lines.append(f'data-binary = "{body}"')
        assert CURL, "curl is not installed"
        done = subprocess.run(
            [CURL, "--disable", "--config", "-", *options],
            input="\n".join(lines).encode(),
            capture_output=True,
            timeout=60,
            check=False,
            env={"LANG": "C"},
        )
        assert done.returncode == 0, f"curl: {done.stderr.decode()}"
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        while re.match(rb"HTTP/1.1 1\d\d", head):
            head, _, content = content.partition(b"\r\n\r\n")
        status, *rest = head.decode("latin-1").split("\r\n")
        found = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
        return Answer(int(status.split()[1]), found, content, read_document(content))

    def other_keys(self, **changes):
        """The session's credentials with something changed."""
        kept = {
            "access_key": self.credentials.access_key,
            "secret_key": self.credentials.secret_key,
            "token": self.credentials.token,
        }
        return Credentials(**{**kept, **changes})


def basic(text):
    return base64.b64encode(text.encode()).decode()


__all__ = ["ABSENT", "Answer", "Call", "Stack", "at_offset", "basic", "now"]
