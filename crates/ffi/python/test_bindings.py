"""The generated Python bindings against the local stack: what Kotlin and Swift rely on, where any Linux machine can run
it. `cargo xtask test bindings` generates the bindings and calls this with their folder."""

import asyncio
import gc
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

BINDINGS = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "target/bindings/python").resolve()
sys.path.insert(0, str(BINDINGS))

import jetbridge_ffi as jb  # noqa: E402

# Swift compares by itself; for Kotlin and Python, UniFFI writes the comparison and leaves calling it to others.
jb._uniffi_check_api_checksums(jb._UniffiLib)

HOUR = 3600
LIMIT_SECONDS = 60


class Bench:
    """A stack, and sessions over one store as processes over one file."""

    def __init__(self, stack, store=None):
        self.stack = stack
        self.store = store or jb.memory_store()
        self.config = jb.JetbridgeConfig.parse(stack.okta_config_json(), stack.aws_exports_json())

    @classmethod
    async def start(cls, store=None, **options):
        return cls(await jb.LocalStack.start(jb.LocalStackOptions(**options)), store)

    def session(self, **options):
        return jb.CoreSession.open_with_stack_clock(self.config, self.store, jb.SessionOptions(**options), self.stack)

    async def redirect(self, session):
        request = await session.begin_login(jb.LoginOptions())
        return await self.stack.sign_in(request.url(), self.stack.user_login(), self.stack.user_password())

    async def signed_in(self, session=None):
        session = session or self.session()
        await session.restore()
        state = await session.complete_login(await self.redirect(session))
        assert state.is_signed_in(), state
        return session


class DictStore(jb.SecretStore):
    """A foreign store that fails when a test wants it to."""

    def __init__(self):
        self.values = {}
        self.failure = None
        self.saves_fail = None
        # So many saves still work.
        self.saves_left = 0

    def load(self, name):
        if self.failure:
            raise self.failure
        return self.values.get(name)

    def save(self, name, value):
        if self.saves_fail and self.saves_left > 0:
            self.saves_left -= 1
        elif self.failure or self.saves_fail:
            raise self.failure or self.saves_fail
        self.values[name] = value

    def delete(self, name):
        if self.failure:
            raise self.failure
        self.values.pop(name, None)

    def list(self):
        if self.failure:
            raise self.failure
        return list(self.values)


class Recorder(jb.SessionObserver):
    """Remembers what it was told, and throws if it is asked to."""

    def __init__(self, failure=None):
        self.failure = failure
        self.told = []
        self.changed = threading.Condition()

    def _tell(self, news):
        with self.changed:
            self.told.append(news)
            self.changed.notify_all()
        if self.failure:
            raise self.failure

    def state_changed(self, state):
        self._tell(state)

    def event(self, event):
        self._tell(event)

    def wait_for(self, is_wanted):
        with self.changed:
            return self.changed.wait_for(lambda: any(map(is_wanted, self.told)), LIMIT_SECONDS)


class Log(jb.LogSink):
    def __init__(self, failure=None):
        self.failure = failure
        self.lines = []
        self.changed = threading.Condition()

    def log(self, level, target, text):
        with self.changed:
            self.lines.append((level, target, text))
            self.changed.notify_all()
        if self.failure:
            raise self.failure

    def wait_for(self, part):
        with self.changed:
            return self.changed.wait_for(lambda: any(part in text for _, _, text in self.lines), LIMIT_SECONDS)


class AsyncTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        # The debug mode that unittest switches on reports calls that took long: that says nothing here.
        asyncio.get_running_loop().set_debug(False)


def is_state(name):
    return lambda news: isinstance(news, jb.SessionState) and getattr(news, f"is_{name}")()


def is_event(name):
    return lambda news: isinstance(news, jb.SessionEvent) and getattr(news, f"is_{name}")()


class SignInTest(AsyncTest):
    async def test_a_whole_sign_in_lists_every_page(self):
        bench = await Bench.start()
        session = bench.session()
        self.assertTrue(session.state().is_not_loaded())
        self.assertTrue((await session.restore()).is_signed_out())
        redirect = await bench.redirect(session)
        state = await session.complete_login(redirect)
        self.assertEqual(state.user.username, bench.stack.user_login())
        # A redirect that comes twice does nothing twice.
        self.assertTrue((await session.complete_login(redirect)).is_signed_in())
        self.assertEqual(bench.stack.count("token"), 1)
        pages = session.list_objects(jb.ListingRequest(page_size=10))
        objects = []
        count = 0
        while (page := await pages.next_page()) is not None:
            self.assertLessEqual(len(page.objects), 10)
            objects += page.objects
            count += 1
        self.assertGreater(count, 2)
        self.assertEqual(len({entry.key for entry in objects}), len(objects))
        self.assertIsNone(await pages.next_page())
        folders = await session.list_objects(jb.ListingRequest(delimiter="/")).next_page()
        self.assertGreater(len(folders.common_prefixes), 0)
        await bench.stack.shutdown()

    async def test_a_sign_in_survives_the_death_of_the_process(self):
        bench = await Bench.start()
        redirect = await bench.redirect(bench.session())
        reborn = bench.session()
        self.assertTrue((await reborn.complete_login(redirect)).is_signed_in())
        again = bench.session()
        self.assertTrue((await again.restore()).is_signed_in())
        await bench.stack.shutdown()

    async def test_https_with_a_certificate_of_one_s_own(self):
        bench = await Bench.start(tls=True)
        with self.assertRaises(jb.SessionError.Obstructed) as distrusted:
            await bench.session().begin_login(jb.LoginOptions())
        self.assertEqual(distrusted.exception.obstacle, jb.Obstacle.CERTIFICATE)
        trusting = bench.session(root_certificates_pem=bench.stack.ca_pem())
        await bench.signed_in(trusting)
        await bench.stack.shutdown()

    async def test_accounts_are_kept_apart(self):
        bench = await Bench.start()
        await bench.signed_in(bench.session(account="work"))
        accounts = jb.CoreAccounts.of(bench.config, bench.store)
        self.assertEqual([(a.name, a.is_current) for a in await accounts.list()], [("work", False)])
        await accounts.switch_to("work")
        self.assertEqual(await accounts.current(), "work")
        self.assertTrue((await bench.session().restore()).is_signed_out())
        await bench.stack.shutdown()

    async def test_accounts_wait_for_the_locks_of_other_processes(self):
        bench = await Bench.start()
        await bench.signed_in(bench.session(account="work"))
        with tempfile.TemporaryDirectory() as folder:
            await jb.CoreAccounts.of(bench.config, bench.store).switch_to("work")
            self.assertEqual(os.listdir(folder), [])
            await jb.CoreAccounts.of(bench.config, bench.store, folder).switch_to("work")
            self.assertTrue(any(name.endswith(".accounts.lock") for name in os.listdir(folder)))
        await bench.stack.shutdown()

    async def test_the_id_token_s_claims_are_those_of_now(self):
        bench = await Bench.start(access_claims=True)
        session = bench.session()
        self.assertIsNone(session.claims())
        await bench.signed_in(session)
        claims = session.claims()
        self.assertEqual(claims.subject(), session.state().user.subject)
        self.assertEqual(claims.issuer(), session.details().issuer)
        self.assertEqual(claims.audience(), [json.loads(bench.stack.okta_config_json())["okta_client_id"]])
        self.assertEqual((claims.groups(), claims.texts("groups")), (["Everyone"], ["Everyone"]))
        self.assertEqual((claims.text("department"), claims.text("no_such_claim")), ("research", None))
        self.assertEqual((claims.number("ver"), claims.flag("ver")), (1.0, None))
        self.assertEqual(claims.expires_at(), session.details().id_token_expires_at)
        self.assertEqual(sorted(claims.names()), sorted(json.loads(claims.json())))
        # Personal, so it is not printed; no network, so none is needed.
        for value in (bench.stack.user_login(), "research", claims.subject()):
            self.assertNotIn(value, f"{claims!r} {claims!s}")
        bench.stack.advance_clock(2 * HOUR)
        await session.aws_credentials()
        renewed = session.claims()
        self.assertNotEqual(renewed.text("jti"), claims.text("jti"))
        self.assertGreater(renewed.issued_at(), claims.issued_at())
        self.assertEqual(renewed.authenticated_at(), claims.authenticated_at())
        reborn = bench.session()
        await reborn.restore()
        await bench.stack.shutdown()
        self.assertEqual(reborn.claims().json(), renewed.json())
        await reborn.sign_out(jb.SignOutMode.LOCAL)
        self.assertIsNone(reborn.claims())

    async def test_the_three_sign_outs(self):
        bench = await Bench.start()
        for mode in jb.SignOutMode:
            session = await bench.signed_in()
            outcome = await session.sign_out(mode)
            self.assertTrue(session.state().is_signed_out())
            self.assertEqual(outcome.is_revoked(), mode is not jb.SignOutMode.LOCAL)
            self.assertEqual(outcome.end_session_url() is not None, mode is jb.SignOutMode.END_SESSION)
            self.assertIsNone(outcome.revocation_problem())
            self.assertIsNone(outcome.end_session_problem())
        session = await bench.signed_in()
        await bench.stack.shutdown()
        outcome = await session.sign_out(jb.SignOutMode.REVOKE)
        self.assertTrue(session.state().is_signed_out())
        self.assertFalse(outcome.is_revoked())
        self.assertEqual(outcome.revocation_problem().kind(), "retryable")


class RenewalTest(AsyncTest):
    async def test_time_passes_and_the_session_renews_itself(self):
        bench = await Bench.start()
        session = await bench.signed_in()
        before = await session.aws_credentials()
        bench.stack.advance_clock(2 * HOUR)
        after = await session.aws_credentials()
        self.assertNotEqual(before.access_key_id(), after.access_key_id())
        self.assertGreater(after.expires_at(), session.details().now)
        self.assertEqual(bench.stack.count("token"), 2)
        self.assertIsNotNone(await session.list_objects(jb.ListingRequest()).next_page())
        await bench.stack.shutdown()

    async def test_twenty_callers_cause_one_renewal(self):
        bench = await Bench.start(rotation_grace_seconds=0)
        session = await bench.signed_in()
        await session.settle()
        bench.stack.advance_clock(2 * HOUR)
        before = (bench.stack.count("token"), bench.stack.count("GetCredentialsForIdentity"))
        keys = await asyncio.gather(*(session.aws_credentials() for _ in range(20)))
        self.assertEqual(len({key.access_key_id() for key in keys}), 1)
        after = (bench.stack.count("token"), bench.stack.count("GetCredentialsForIdentity"))
        self.assertEqual(after, (before[0] + 1, before[1] + 1))
        await bench.stack.shutdown()

    async def test_refused_credentials_and_tokens_are_replaced(self):
        bench = await Bench.start()
        session = await bench.signed_in()
        refused = await session.aws_credentials()
        self.assertNotEqual((await session.replace_aws_credentials(refused)).session_token(), refused.session_token())
        token = await session.access_token()
        self.assertNotEqual((await session.replace_access_token(token)).text(), token.text())
        await bench.stack.shutdown()

    async def test_the_background_renews_before_anybody_asks(self):
        bench = await Bench.start()
        session = await bench.signed_in()
        recorder = Recorder()
        observation = session.observe(recorder)
        renewal = session.renew_in_background()
        of_aws = lambda news: is_event("renewed")(news) and news.renewed is jb.Renewed.AWS_CREDENTIALS
        self.assertTrue(await asyncio.to_thread(recorder.wait_for, of_aws))
        renewal.stop()
        observation.stop()
        await bench.stack.shutdown()

    async def test_a_caller_that_goes_away_loses_nothing(self):
        bench = await Bench.start(rotation_grace_seconds=0)
        session = bench.session()
        redirect = await bench.redirect(session)
        recorder = Recorder()
        observation = session.observe(recorder)
        bench.stack.set_latency(100)
        await self.begin_and_drop(session.complete_login(redirect))
        # Nobody waits for it any more, and the code is exchanged all the same.
        self.assertTrue(await asyncio.to_thread(recorder.wait_for, is_state("signed_in")))
        observation.stop()
        self.assertEqual(bench.stack.count("token"), 1)
        await session.settle()
        # The same for a rotating refresh token without any grace.
        bench.stack.advance_clock(2 * HOUR)
        # A call after a long pause looks at the store first; here it is to begin with the renewal.
        await session.restore()
        before = bench.stack.count("GetCredentialsForIdentity")
        await self.begin_and_drop(session.aws_credentials())
        await session.settle()
        self.assertEqual(bench.stack.count("token"), 2)
        self.assertEqual(bench.stack.count("GetCredentialsForIdentity"), before + 1)
        self.assertTrue(session.state().is_signed_in())
        await bench.stack.shutdown()

    async def begin_and_drop(self, call):
        """Lets a call begin, then cancels it, which drops the future in Rust."""
        task = asyncio.create_task(call)
        await asyncio.sleep(0)
        self.assertFalse(task.done(), "the stack's latency keeps it waiting")
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        gc.collect()


class ErrorsTest(AsyncTest):
    def every_error(self):
        error = jb.SessionError
        reason = jb.SignInReason.REFRESH_TOKEN_REFUSED("invalid_grant")
        return {
            "user_cancelled": (error.UserCancelled(), jb.Recovery.IGNORE),
            "sign_in_required": (error.SignInRequired(reason), jb.Recovery.SIGN_IN),
            "retryable": (error.Retryable("no network", 7), jb.Recovery.RETRY),
            "obstructed": (
                error.Obstructed(jb.RemoteService.OKTA, jb.Obstacle.CLOCK, "the clock is wrong", "Set it."),
                jb.Recovery.RETRY,
            ),
            "misconfigured": (error.Misconfigured("bucket", "is missing", "Name it."), jb.Recovery.FIX_CONFIGURATION),
            "access_denied": (
                error.AccessDenied(jb.RemoteService.S3, "AccessDenied", None, "Ask."),
                jb.Recovery.ASK_FOR_ACCESS,
            ),
            "not_found": (error.NotFound("the bucket"), jb.Recovery.FIX_CONFIGURATION),
            "condition_not_met": (error.ConditionNotMet("another object is there"), jb.Recovery.RETRY),
            "local_file": (error.LocalFile("/photos/1.jpg", "it is not there"), jb.Recovery.RETRY),
            "unexpected_redirect": (error.UnexpectedRedirect("no sign-in is open"), jb.Recovery.IGNORE),
            "secure_storage": (error.SecureStorage("locked", True), jb.Recovery.RETRY),
            "internal": (error.Internal("impossible"), jb.Recovery.REPORT),
        }

    def test_every_error_says_what_it_is_and_what_to_do(self):
        variants = {name for name in vars(jb.SessionError) if name[0].isupper()}
        errors = self.every_error()
        self.assertEqual({type(error).__name__ for error, _ in errors.values()}, variants)
        for kind, (error, recovery) in errors.items():
            self.assertEqual(error.kind(), kind)
            self.assertEqual(error.recovery(), recovery, kind)
            self.assertTrue(error.describe().strip(), kind)
            for field in ("message", "cause"):
                self.assertFalse(hasattr(error, field), kind)
        self.assertEqual(jb.SessionError.SecureStorage("broken", False).recovery(), jb.Recovery.REPORT)
        self.assertIn("Name it.", errors["misconfigured"][0].describe())
        self.assertIn("invalid_grant", jb.describe_reason(jb.SignInReason.REFRESH_TOKEN_REFUSED("invalid_grant")))

    async def test_failures_of_the_services_arrive_with_their_type(self):
        bench = await Bench.start()
        session = await bench.signed_in()
        await session.aws_credentials()
        bench.stack.inject_fault("s3-access-denied", 10)
        with self.assertRaises(jb.SessionError.AccessDenied) as caught:
            await session.list_objects(jb.ListingRequest()).next_page()
        self.assertEqual((caught.exception.service, caught.exception.code), (jb.RemoteService.S3, "AccessDenied"))
        bench.stack.inject_fault("s3-access-denied", 0)
        with self.assertRaises(jb.SessionError.NotFound):
            await session.list_objects(jb.ListingRequest(bucket="no-such-bucket")).next_page()
        with self.assertRaises(jb.SessionError.UnexpectedRedirect):
            await session.complete_login("com.okta.local-jetbridge:/callback?code=c&state=s")
        with self.assertRaises(jb.SessionError.AccessDenied):
            request = await session.begin_login(jb.LoginOptions())
            await session.complete_login(await bench.stack.deny(request.url()))
        with self.assertRaises(jb.SessionError.Misconfigured):
            bench.session(account="no/good")
        bench.stack.inject_fault("discovery-unavailable", 10)
        with self.assertRaises(jb.SessionError.Retryable):
            # Of an account that knows nothing of Okta yet.
            await bench.session(account="new").begin_login(jb.LoginOptions())
        with self.assertRaises(jb.LocalStackError.UnknownFault):
            bench.stack.inject_fault("no-such-fault", 1)
        await bench.stack.shutdown()
        with self.assertRaises(jb.LocalStackError.Stopped):
            bench.stack.count("token")

    async def test_a_parameter_of_a_sign_in_is_sent_and_not_printed(self):
        bench = await Bench.start()
        extra = [jb.LoginParameter(name="ui_locales", value="s3cret")]
        self.assertEqual(extra, [jb.LoginParameter("ui_locales", "s3cret")])
        options = jb.LoginOptions(extra_parameters=extra)
        self.assertEqual(options, jb.LoginOptions(extra_parameters=[jb.LoginParameter("ui_locales", "s3cret")]))
        self.assertNotEqual(options, jb.LoginOptions())
        self.assertNotIn("s3cret", repr(options) + str(options))
        self.assertIn("ui_locales=s3cret", (await bench.session().begin_login(options)).url())
        await bench.stack.shutdown()

    def test_all_problems_of_a_configuration_are_told_at_once(self):
        with self.assertRaises(jb.ConfigError.Invalid) as caught:
            jb.JetbridgeConfig.parse("{}", json.dumps({"Auth": {"region": "nowhere"}}))
        problems = caught.exception.problems
        self.assertGreater(len(problems), 3)
        self.assertEqual({problem.file for problem in problems}, {"okta-config.json", "aws-exports.json"})
        self.assertIn("okta_issuer_url", caught.exception.describe())


class ForeignCodeTest(AsyncTest):
    async def test_a_store_that_throws_costs_no_session(self):
        store = DictStore()
        bench = await Bench.start(store)
        await bench.signed_in()
        kept = dict(store.values)
        self.assertTrue(kept)
        failures = (
            (jb.StorageError.Unavailable("the device is locked"), True),
            (jb.StorageError.Corrupt("damaged"), False),
            (jb.StorageError.KeyMissing("the key is gone"), False),
            (jb.StorageError.Denied("not allowed"), False),
            (jb.StorageError.Io("the disk failed"), False),
            (RuntimeError("a bug with s3cr3t in it"), True),
        )
        for failure, may_pass in failures:
            store.failure = failure
            reborn = bench.session()
            state = await reborn.restore()
            self.assertTrue(state.is_storage_unavailable(), failure)
            self.assertNotIn("s3cr3t", state.detail)
            with self.assertRaises(jb.SessionError.SecureStorage) as caught:
                await reborn.aws_credentials()
            self.assertEqual(caught.exception.may_pass, may_pass, failure)
            self.assertNotIn("s3cr3t", repr(caught.exception))
            store.failure = None
            self.assertEqual(store.values, kept)
            self.assertTrue((await reborn.restore()).is_signed_in(), failure)
        # What only a developer can mend is told as a setting, not as a damaged device.
        store.failure = jb.StorageError.Misconfigured("no entitlement")
        reborn = bench.session()
        self.assertIn("no entitlement", (await reborn.restore()).detail)
        with self.assertRaises(jb.SessionError.Misconfigured) as caught:
            await reborn.aws_credentials()
        self.assertEqual(caught.exception.recovery(), jb.Recovery.FIX_CONFIGURATION)
        self.assertIn("no entitlement", caught.exception.problem)
        # A bug is told by its class, which is all that is sure to be no secret.
        store.failure = RuntimeError("s3cr3t")
        self.assertIn("RuntimeError", (await bench.session().restore()).detail)
        await bench.stack.shutdown()

    async def test_a_renewal_that_cannot_be_saved_goes_on_and_is_saved_later(self):
        store = DictStore()
        bench = await Bench.start(store, rotation_grace_seconds=0)
        session = await bench.signed_in()
        await session.settle()
        bench.stack.advance_clock(2 * HOUR)
        # Nothing is spent that could not be saved.
        store.saves_fail = OSError("disk full")
        with self.assertRaises(jb.SessionError.SecureStorage):
            await session.aws_credentials()
        self.assertEqual(bench.stack.count("token"), 1)
        # The disk that is full only after that costs nothing either.
        store.saves_left = 1
        self.assertTrue((await session.aws_credentials()).access_key_id())
        self.assertEqual((bench.stack.count("token"), store.saves_left), (2, 0))
        store.saves_fail = None
        await session.restore()
        reborn = bench.session()
        await reborn.restore()
        bench.stack.advance_clock(2 * HOUR)
        self.assertTrue((await reborn.aws_credentials()).access_key_id())
        await bench.stack.shutdown()

    async def test_an_observer_hears_the_state_then_the_news(self):
        bench = await Bench.start()
        session = bench.session()
        recorder = Recorder()
        observation = session.observe(recorder)
        await bench.signed_in(session)
        self.assertTrue(await asyncio.to_thread(recorder.wait_for, is_event("signed_in")))
        self.assertTrue(recorder.told[0].is_not_loaded())
        self.assertTrue(any(map(is_state("signed_in"), recorder.told)))
        observation.stop()
        other = Recorder()
        still_on = session.observe(other)
        await session.sign_out(jb.SignOutMode.LOCAL)
        # Told to the other one, so it would have been told to this one too.
        self.assertTrue(await asyncio.to_thread(other.wait_for, is_event("signed_out")))
        self.assertFalse(any(map(is_event("signed_out"), recorder.told)))
        still_on.stop()
        await bench.stack.shutdown()

    async def test_an_observer_that_throws_is_told_on_and_disturbs_nobody(self):
        for failure in (RuntimeError("a bug"), jb.ListenerError.Failed("on purpose")):
            bench = await Bench.start()
            session = bench.session()
            recorder = Recorder(failure)
            observation = session.observe(recorder)
            await bench.signed_in(session)
            self.assertTrue(await asyncio.to_thread(recorder.wait_for, is_event("signed_in")))
            await session.sign_out(jb.SignOutMode.LOCAL)
            self.assertTrue(await asyncio.to_thread(recorder.wait_for, is_event("signed_out")))
            observation.stop()
            await bench.stack.shutdown()

    async def test_the_log_is_heard_survives_a_throwing_sink_and_holds_no_secret(self):
        log = Log(RuntimeError("a bug"))
        self.assertTrue(jb.set_log_sink(log, jb.LogLevel.TRACE))
        bench = await Bench.start()
        session = await bench.signed_in()
        await session.list_objects(jb.ListingRequest()).next_page()
        # A wrong clock is a warning of the library: here the device's own is an hour behind the stack's.
        bench.stack.advance_clock(HOUR)
        device = jb.CoreSession.open(bench.config, jb.memory_store(), jb.SessionOptions())
        await device.begin_login(jb.LoginOptions())
        self.assertTrue(await asyncio.to_thread(log.wait_for, "clock"))
        jb.set_log_sink(None, jb.LogLevel.TRACE)
        text = "\n".join(line for _, _, line in log.lines)
        self.assertEqual(bench.stack.count_secrets_in(text), 0)
        self.assertEqual({target.split("::")[0] for _, target, _ in log.lines} - {"jetbridge", "jetbridge_ffi"}, set())
        await bench.stack.shutdown()


class DiagnosisTest(AsyncTest):
    async def test_the_whole_chain_is_walked_and_nothing_of_it_is_secret(self):
        bench = await Bench.start()
        session = bench.session()
        await session.restore()
        before = await session.diagnose()
        self.assertEqual([finding.link for finding in before.findings], list(jb.DiagnosisLink))
        self.assertNotIn(jb.DiagnosisMark.BROKEN, {finding.mark for finding in before.findings})
        marks = {finding.link: finding.mark for finding in before.findings}
        self.assertEqual(marks[jb.DiagnosisLink.SIGN_IN], jb.DiagnosisMark.UNKNOWN)
        self.assertEqual(len(before.text.splitlines()), len(before.findings))

        await bench.signed_in(session)
        after = await session.diagnose()
        self.assertNotIn(jb.DiagnosisMark.BROKEN, {finding.mark for finding in after.findings})
        keys = await session.aws_credentials()
        token = await session.access_token()
        printed = f"{before!r} {after!r}"
        for secret in [keys.secret_access_key(), keys.session_token(), token.text(), bench.stack.user_password()]:
            self.assertNotIn(secret, printed)

        bench.stack.inject_fault("s3-access-denied", 1000)
        refused = await session.diagnose()
        marks = [finding.mark for finding in refused.findings]
        place = marks.index(jb.DiagnosisMark.BROKEN)
        self.assertEqual(set(marks[place + 1 :]), {jb.DiagnosisMark.NOT_REACHED})
        self.assertIn("s3:", refused.findings[place].fix)
        self.assertIn(refused.findings[place].fix, refused.text)


class SecretsTest(AsyncTest):
    async def test_nothing_prints_a_secret(self):
        bench = await Bench.start()
        session = bench.session()
        recorder = Recorder()
        observation = session.observe(recorder)
        request = await session.begin_login(jb.LoginOptions())
        login, password = bench.stack.user_login(), bench.stack.user_password()
        redirect = await bench.stack.sign_in(request.url(), login, password)
        state = await session.complete_login(redirect)
        credentials = await session.aws_credentials()
        token = await session.access_token()
        page = await session.list_objects(jb.ListingRequest()).next_page()
        user = await session.user_info()
        await session.settle()
        details = session.details()
        accounts = await jb.CoreAccounts.of(bench.config, bench.store).list()
        signed_out = await session.sign_out(jb.SignOutMode.END_SESSION)
        await asyncio.to_thread(recorder.wait_for, is_event("signed_out"))
        shown = [session, request, state, credentials, token, page, user, details, signed_out, bench.config, bench.store]
        shown += [*accounts, *recorder.told, observation, bench.stack]
        text = "\n".join(f"{value!r} {value!s}" for value in shown)
        # The search finds a secret where there is one.
        secrets = (credentials.secret_access_key(), credentials.session_token(), token.text())
        for secret in (*secrets, redirect, signed_out.end_session_url()):
            self.assertGreater(bench.stack.count_secrets_in(secret), 0)
        self.assertEqual(bench.stack.count_secrets_in(text), 0)
        parameters = dict(re.findall(r"[?&](state|nonce|code_challenge)=([^&]+)", request.url()))
        self.assertEqual(set(parameters), {"state", "nonce", "code_challenge"})
        for value in parameters.values():
            self.assertNotIn(value, text)
        await bench.stack.shutdown()


class Meter(jb.TransferObserver):
    """Remembers how far a transfer was."""

    def __init__(self):
        self.told = []
        self.changed = threading.Condition()

    def progressed(self, done, total, resumed):
        with self.changed:
            self.told.append((done, total))
            self.changed.notify_all()

    def wait_for_end(self, total):
        with self.changed:
            return self.changed.wait_for(lambda: (total, total) in self.told, LIMIT_SECONDS)


class ObjectsTest(AsyncTest):
    NOTHING = jb.ObjectConditions()
    ABSENT = jb.ObjectConditions(if_none_match="*")

    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.bench = await Bench.start()
        self.session = await self.bench.signed_in()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    async def asyncTearDown(self):
        await self.bench.stack.shutdown()

    async def keys(self, prefix):
        pages = self.session.list_objects(jb.ListingRequest(prefix=prefix))
        keys = []
        while (page := await pages.next_page()) is not None:
            keys += [entry.key for entry in page.objects]
        return keys

    async def test_it_lists_gets_and_puts(self):
        key = "python/\u00e4 note+1.txt"
        address = jb.ObjectAddress(key=key)
        self.assertEqual(await self.keys("python/"), [])
        headers = jb.ObjectHeaders(content_type="text/plain", metadata={"made-by": "python"})
        written = await self.session.put_object(address, b"one", headers, self.ABSENT)
        self.assertEqual((written.key, written.size), (key, 3))
        self.assertEqual(await self.keys("python/"), [key])
        self.assertEqual(await self.session.get_object(address, 10, self.NOTHING), b"one")
        details = await self.session.head_object(address)
        self.assertEqual((details.size, details.e_tag), (3, written.e_tag))
        self.assertEqual((details.headers.content_type, details.headers.metadata), ("text/plain", {"made-by": "python"}))
        with self.assertRaises(jb.SessionError.ConditionNotMet):
            await self.session.put_object(address, b"two", headers, self.ABSENT)
        with self.assertRaises(jb.SessionError.Misconfigured):
            await self.session.get_object(address, 2, self.NOTHING)
        copied = await self.session.copy_object(address, jb.ObjectAddress(key="python/copy"), None)
        self.assertEqual(copied.e_tag, written.e_tag)
        self.assertEqual(await self.keys("python/"), ["python/copy", key])
        await self.session.delete_object(address, self.NOTHING)
        with self.assertRaises(jb.SessionError.NotFound):
            await self.session.get_object(address, 10, self.NOTHING)
        self.assertEqual(await self.keys("python/"), ["python/copy"])

    async def test_files_go_up_and_down_in_parts(self):
        content = os.urandom(12 * 1024 * 1024 + 1)
        source, target = self.folder / "source", self.folder / "target"
        source.write_bytes(content)
        address = jb.ObjectAddress(key="python/large.bin")
        options = jb.TransferOptions(part_size=5 * 1024 * 1024, resume_folder=str(self.folder / "resume"))
        meters = [Meter(), Meter()]
        await self.session.upload_file(address, str(source), jb.ObjectHeaders(), options, self.NOTHING, meters[0])
        self.assertEqual(self.bench.stack.count("UploadPart"), 3)
        got = await self.session.download_object(address, str(target), options, self.NOTHING, meters[1])
        self.assertEqual(target.read_bytes(), content)
        self.assertEqual((got.details.size, got.is_verified), (len(content), True))
        for meter in meters:
            self.assertTrue(await asyncio.to_thread(meter.wait_for_end, len(content)))
            self.assertEqual(meter.told, sorted(meter.told))
        with self.assertRaises(jb.SessionError.LocalFile):
            await self.session.upload_file(
                address, str(self.folder / "none"), jb.ObjectHeaders(), options, self.NOTHING, None
            )

    async def test_a_url_works_for_whoever_has_it_and_is_not_printed(self):
        await self.session.put_object(jb.ObjectAddress(key="python/shared"), b"shared", jb.ObjectHeaders(), self.NOTHING)
        request = jb.PresignRequest(object=jb.ObjectAddress(key="python/shared"), method=jb.PresignedMethod.GET)
        presigned = await self.session.presign_object(request)
        with urllib.request.urlopen(urllib.request.Request(presigned.url(), headers=presigned.headers())) as answer:
            self.assertEqual(answer.read(), b"shared")
        signature = re.search(r"X-Amz-Signature=([0-9a-f]+)", presigned.url())[1]
        self.assertNotIn(signature, f"{presigned!r} {presigned!s} {request!r}")

    async def test_many_are_deleted_at_once_and_what_could_not_be_is_named(self):
        keys = [f"python/many/{number}" for number in range(3)]
        for key in keys:
            await self.session.put_object(jb.ObjectAddress(key=key), b"x", jb.ObjectHeaders(), self.NOTHING)
        self.assertEqual(await self.session.delete_objects(keys, None, False), [])
        self.assertEqual(await self.keys("python/many/"), [])
        refused = await self.session.delete_objects(["plans/2027.pdf"], "jetbridge-private", False)
        self.assertEqual([(one.key, one.kind) for one in refused], [("plans/2027.pdf", "access_denied")])
        self.assertIn("s3:DeleteObject", refused[0].hint)

    async def test_of_an_upload_that_nobody_began_nothing_is_given_up(self):
        given_up = await self.session.abort_upload(
            jb.ObjectAddress(key="python/none"), str(self.folder / "none"), str(self.folder / "resume")
        )
        self.assertFalse(given_up)

    async def test_what_the_role_forbids_is_told(self):
        self.bench.stack.inject_fault("s3-access-denied", 1)
        with self.assertRaises(jb.SessionError.AccessDenied) as caught:
            await self.session.put_object(jb.ObjectAddress(key="a"), b"", jb.ObjectHeaders(), self.NOTHING)
        self.assertIn("s3:PutObject", caught.exception.hint)

    async def test_an_api_is_called_and_requests_are_signed(self):
        url = json.loads(self.bench.stack.aws_exports_json())["API"]["endpoints"][0]["endpoint"] + "/echo"
        answer = await self.session.call_api(jb.ApiRequest(url=url, method="POST", body=b"hello"))
        self.assertEqual(answer.status(), 200)
        self.assertIn(b"hello", answer.body())
        signed = await self.session.sign_request(jb.ApiRequest(url=url))
        headers = {header.name: header.value for header in signed.headers()}
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            self.assertEqual(answer.status, 200)
        text = f"{signed!r} {signed!s} {answer!r}"
        self.assertEqual([value for value in headers.values() if value in text], [])
        with self.assertRaises(jb.SessionError.Misconfigured):
            await self.session.call_api(jb.ApiRequest(url="https://api.example.com/"))


class AgreementTest(unittest.TestCase):
    """Bindings of another build than the library's must not load: calls would go wrong in silence."""

    def load(self, change):
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder)
            for file in BINDINGS.iterdir():
                if file.is_file():
                    shutil.copy(file, copy)
            module = copy / "jetbridge_ffi.py"
            before = module.read_text()
            after = change(before)
            module.write_text(after)
            compare = "jb._uniffi_check_api_checksums(jb._UniffiLib)"
            code = f"import jetbridge_ffi as jb; {compare}; print(jb.library_version())"
            return before != after, subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True)

    def test_untouched_bindings_load(self):
        changed, outcome = self.load(lambda text: text)
        self.assertFalse(changed)
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        self.assertEqual(outcome.stdout.strip(), jb.library_version())

    def test_another_signature_is_refused(self):
        checksum = r"(checksum_method_coresession_complete_login\(\) != )(\d+)"
        changed, outcome = self.load(lambda text: re.sub(checksum, lambda m: f"{m[1]}{int(m[2]) ^ 1}", text))
        self.assertTrue(changed)
        self.assertNotEqual(outcome.returncode, 0)
        self.assertIn("checksum mismatch", outcome.stderr)

    def test_a_function_that_the_library_lacks_is_refused(self):
        changed, outcome = self.load(lambda text: text.replace("method_coresession_settle", "method_coresession_sit_down"))
        self.assertTrue(changed)
        self.assertNotEqual(outcome.returncode, 0)
        self.assertIn("sit_down", outcome.stderr)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failures = {test.id() for test, _ in result.failures + result.errors}
    for name in sorted(failures):
        print(f"test {name} ... FAILED")
    failed = len(failures)
    skipped = len(result.skipped)
    passed = result.testsRun - failed - skipped
    # As cargo's tests close: the counts are read by `cargo xtask test`.
    word = "ok" if result.wasSuccessful() else "FAILED"
    print(f"test result: {word}. {passed} passed; {failed} failed; {skipped} ignored; 0 measured; 0 filtered out")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Without Python's own ending: it stops threads that call into it, and the library's may be about to let go of an object.
    os._exit(code)
