package dev.jetbridge.testing

import android.app.Activity
import dev.jetbridge.ApiHeader
import dev.jetbridge.ApiRequest
import dev.jetbridge.DiagnosisLink
import dev.jetbridge.DiagnosisMark
import dev.jetbridge.JetbridgeException
import dev.jetbridge.Leftovers
import dev.jetbridge.ListingRequest
import dev.jetbridge.ObjectAddress
import dev.jetbridge.ObjectConditions
import dev.jetbridge.ObjectHeaders
import dev.jetbridge.PresignRequest
import dev.jetbridge.PresignedMethod
import dev.jetbridge.RemoteService
import dev.jetbridge.SessionEvent
import dev.jetbridge.SessionState
import dev.jetbridge.SignInProgress
import dev.jetbridge.SignInReason
import dev.jetbridge.SignOutMode
import dev.jetbridge.accessKeyId
import dev.jetbridge.body
import dev.jetbridge.broken
import dev.jetbridge.groups
import dev.jetbridge.header
import dev.jetbridge.headers
import dev.jetbridge.isCutShort
import dev.jetbridge.status
import dev.jetbridge.subject
import dev.jetbridge.url
import dev.jetbridge.value
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import java.io.File

/** The fake does as the session does, without what the session needs: this module's tests have no native library. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class FakeJetbridgeSessionTest {
    @get:Rule
    val folder = TemporaryFolder()

    private val screen by lazy { Robolectric.buildActivity(Activity::class.java).get() }

    @Test
    fun `there is no native library here`() {
        assertThrows(UnsatisfiedLinkError::class.java) { System.loadLibrary("jetbridge_ffi") }
    }

    @Test
    fun `a sign-in waits for the test, and ends as it says`() =
        runBlocking {
            val session = FakeJetbridgeSession()
            val answer = async(Dispatchers.Unconfined) { session.signIn(screen) }
            assertEquals(SignInProgress.InBrowser, session.signInProgress.value)
            assertFalse(answer.isCompleted)
            session.finishSignIn()
            assertEquals(SessionState.SignedIn(FakeJetbridgeSession.ALICE), answer.await())

            session.startSignIn(screen)
            session.cancelSignIn()
            assertTrue((session.signInProgress.value as SignInProgress.Failed).cause is JetbridgeException.UserCancelled)
            session.dismissSignInFailure()
            assertEquals(SignInProgress.Idle, session.signInProgress.value)
            session.failSignIn(JetbridgeException.NoBrowser())
            assertTrue(session.signInProgress.value is SignInProgress.Failed)
            assertEquals(listOf("startSignIn", "startSignIn", "cancelSignIn", "dismissSignInFailure"), session.calls)
        }

    @Test
    fun `what is wrong is what the test says, and as a real report is`() =
        runBlocking {
            val session = FakeJetbridgeSession()
            val before = session.diagnose()
            assertNull(before.broken)
            val unknown = before.findings.filter { it.mark == DiagnosisMark.UNKNOWN }.map { it.link }
            assertEquals(DiagnosisLink.entries.dropWhile { it != DiagnosisLink.SIGN_IN }, unknown)
            session.finishSignIn()
            assertTrue(session.diagnose().findings.all { it.mark == DiagnosisMark.OK })

            val broken = FakeJetbridgeSession.finding(DiagnosisLink.POOL, DiagnosisMark.BROKEN, "it is another one", fix = "Correct it.")
            session.diagnosis = { FakeJetbridgeSession.report(broken) }
            session.failure = JetbridgeException.NoBrowser()
            val report = session.diagnose()
            assertEquals(broken, report.broken)
            val behind = report.findings.filter { it.link > DiagnosisLink.POOL }
            assertTrue(behind.all { it.mark == DiagnosisMark.NOT_REACHED })
            assertTrue("Correct it." in report.text)
            assertEquals(3, session.calls.count { it == "diagnose" })
        }

    @Test
    fun `objects come in pages, with folders, from the prefix on`() =
        runBlocking {
            val session = FakeJetbridgeSession(SessionState.SignedIn(FakeJetbridgeSession.ALICE))
            session.content = listOf("a", "b/1", "b/2", "b/c/3", "d").map { FakeJetbridgeSession.listed(it) }
            assertEquals(listOf("b/1", "b/2", "b/c/3"), session.objects("b/").toList().map { it.key })
            val top = session.pages(ListingRequest(delimiter = "/", pageSize = 2u)).toList()
            assertEquals(listOf(listOf("a"), listOf("d")), top.map { page -> page.objects.map { it.key } })
            assertEquals(listOf(listOf("b/"), emptyList()), top.map { it.commonPrefixes })
            val listing = session.listing(ListingRequest(limit = 1uL))
            assertEquals(listOf("a"), listing.nextPage()!!.objects.map { it.key })
            assertNull(listing.nextPage())
            session.content = emptyList()
            assertEquals(listOf(0), session.pages().toList().map { it.objects.size })
        }

    @Test
    fun `whoever is not signed in gets nothing, and every failure is thrown where a service would be asked`() {
        val session = FakeJetbridgeSession()

        fun thrown(call: suspend () -> Unit) = assertThrows(JetbridgeException::class.java) { runBlocking { call() } }
        assertEquals(SignInReason.SignedOut, (thrown { session.awsCredentials() } as JetbridgeException.SignInRequired).reason)
        session.show(SessionState.SignInRequired(SignInReason.NoRefreshToken, null))
        assertEquals(SignInReason.NoRefreshToken, (thrown { session.accessToken() } as JetbridgeException.SignInRequired).reason)
        session.show(SessionState.StorageUnavailable("locked"))
        assertTrue((thrown { session.userInfo() } as JetbridgeException.SecureStorage).mayPass)
        session.finishSignIn()
        session.failure = JetbridgeException.AccessDenied(RemoteService.S3, "AccessDenied")
        for (call in listOf<suspend () -> Unit>(
            { session.objects().toList() },
            { session.awsCredentials() },
            { session.signOut() },
            { session.restore() },
            { session.manualSignIn.begin() },
        )) {
            assertEquals(session.failure, thrown(call))
        }
        assertTrue("what failed changed nothing", session.state.value is SessionState.SignedIn)
    }

    @Test
    fun `keys, tokens, events and signing out`() =
        runBlocking {
            val session = FakeJetbridgeSession(SessionState.SignedIn(FakeJetbridgeSession.ALICE))
            assertEquals("ASIAFAKEFAKEFAKEFAKE", session.awsCredentials().accessKeyId)
            session.token = FakeAccessToken("mine")
            assertEquals("mine", session.accessToken().value)
            assertTrue(session.details().run { idTokenExpiresAt!! > now && user == FakeJetbridgeSession.ALICE })
            assertEquals(FakeJetbridgeSession.ALICE.subject, session.claims!!.subject)
            session.idToken = FakeIdTokenClaims(groups = listOf("Staff"), others = mapOf("department" to "research", "ver" to 1))
            session.claims!!.run { assertEquals(listOf("Staff", "research", 1.0), groups + text("department") + number("ver")) }
            val event = async(start = CoroutineStart.UNDISPATCHED) { session.events.first() }
            session.tell(SessionEvent.SignedOut)
            assertEquals(SessionEvent.SignedOut, event.await())
            session.signOut(SignOutMode.REVOKE)
            assertEquals(SessionState.SignedOut, session.state.value)
            assertNull(session.details().user)
            assertNull(session.claims)
            assertTrue(
                session.manualSignIn
                    .begin()
                    .url
                    .startsWith("https://"),
            )
            assertTrue(session.manualSignIn.complete("com.example.app:/callback?code=x") is SessionState.SignedIn)
        }

    @Test
    fun `what is uploaded is listed, read, copied and deleted`() =
        runBlocking {
            val session = FakeJetbridgeSession(SessionState.SignedIn(FakeJetbridgeSession.ALICE))
            session.content = listOf(FakeJetbridgeSession.listed("ab", size = 5))
            assertEquals("ababa", session.getObject("ab").decodeToString())
            val photo = folder.newFile("photo.jpg").apply { writeText("a photo") }
            session.uploadFile("photos/1", photo, ObjectHeaders(contentType = "image/jpeg"))
            assertEquals(listOf("ab", "photos/1"), session.objects().toList().map { it.key })
            session.headObject("photos/1").run { assertEquals("image/jpeg" to 7uL, headers.contentType to size) }
            session.copyObject("photos/1", "photos/2")
            assertEquals("image/jpeg", session.headObject("photos/2").headers.contentType)
            session.deleteObject("photos/1")
            session.deleteObject("photos/1")
            val target = File(folder.root, "copy.jpg")
            assertEquals("photos/2", session.downloadObject("photos/2", target).details.key)
            assertEquals("a photo", target.readText())
            assertEquals(listOf("ab", "photos/2"), session.content.map { it.key })
            session.addObject("notes.txt", "hello".encodeToByteArray())
            assertEquals("hello", session.getObject(ObjectAddress("notes.txt", session.bucket)).decodeToString())

            val eTag = session.headObject("notes.txt").eTag!!
            session.putObject("notes.txt", ByteArray(1), conditions = ObjectConditions(ifMatch = eTag))
            for (call in mapOf<JetbridgeException, suspend () -> Any>(
                JetbridgeException.ConditionNotMet("If-Match") to
                    { session.getObject("notes.txt", conditions = ObjectConditions(ifMatch = eTag)) },
                JetbridgeException.ConditionNotMet("If-None-Match") to
                    { session.putObject("ab", ByteArray(0), conditions = ObjectConditions(ifNoneMatch = "*")) },
                JetbridgeException.NotFound("object photos/1") to { session.headObject("photos/1") },
                JetbridgeException.NotFound("bucket other") to { session.getObject(ObjectAddress("ab", "other")) },
                JetbridgeException.Misconfigured("limit", "the object has more than 4 bytes", "") to { session.getObject("ab", limit = 4) },
            )) {
                val thrown = runCatching { call.value() }.exceptionOrNull()
                assertEquals("${call.key}", "$thrown")
            }
            val missing = runCatching { session.uploadFile("x", File(folder.root, "missing")) }.exceptionOrNull()
            assertTrue("$missing", missing is JetbridgeException.LocalFile)
        }

    @Test
    fun `a transfer is held half-way, goes on, fails or is given up, as the test likes`() =
        runBlocking {
            val session = FakeJetbridgeSession(SessionState.SignedIn(FakeJetbridgeSession.ALICE))
            session.addObject("movie", ByteArray(100))
            val target = File(folder.root, "movie")
            val halfway = CompletableDeferred<Unit>()
            session.duringTransfer = { if (it.done == 50L) halfway.await() }
            val told = mutableListOf<Float?>()
            val download = async(Dispatchers.Unconfined) { session.downloadObject("movie", target) { told += it.fraction } }
            assertEquals(listOf(0f, 0.25f, 0.5f), told)
            assertFalse(target.exists())
            halfway.complete(Unit)
            download.await()
            assertEquals(listOf(0f, 0.25f, 0.5f, 0.75f, 1f), told)
            assertEquals(100, target.length().toInt())

            session.duringTransfer = { awaitCancellation() }
            val upload = async(Dispatchers.Unconfined) { session.uploadFile("new", target) }
            upload.cancelAndJoin()
            session.duringTransfer = { throw JetbridgeException.Retryable("the network is gone") }
            assertEquals("what is cancelled is given up", emptyMap<String, File>(), session.unfinished)
            assertTrue(runCatching { session.uploadFile("new", target) }.exceptionOrNull() is JetbridgeException.Retryable)
            assertEquals(listOf("movie"), session.content.map { it.key })
            assertEquals(mapOf("new" to target), session.unfinished)
            assertFalse(session.abortUpload("other", target))
            assertFalse(session.abortUpload("new", File("other")))
            assertTrue(session.abortUpload("new", target))
            assertFalse(session.abortUpload("new", target))
            session.unfinished = mapOf("new" to target)
            session.duringTransfer = {}
            session.uploadFile("new", target)
            assertEquals(emptyMap<String, File>(), session.unfinished)
            assertEquals(Leftovers(mayBeWritten = false), session.leftovers())
        }

    @Test
    fun `many are deleted at once, but for those that the test names`() =
        runBlocking {
            val session = FakeJetbridgeSession(SessionState.SignedIn(FakeJetbridgeSession.ALICE))
            for (key in listOf("a", "b", "c")) session.addObject(key, ByteArray(1))
            session.undeletable = mapOf("b" to "the role may not")
            val undeleted = session.deleteObjects(listOf("a", "b", "never there"))
            assertEquals(listOf("b" to "the role may not"), undeleted.map { it.key to it.problem })
            assertEquals(listOf("b", "c"), session.content.map { it.key })
        }

    @Test
    fun `an API answers what the test says`() =
        runBlocking {
            val session = FakeJetbridgeSession(SessionState.SignedIn(FakeJetbridgeSession.ALICE))
            session.api = { FakeApiResponse(418, it.url.encodeToByteArray(), listOf(ApiHeader("X-Tea", "pot"))) }
            val answer = session.callApi(ApiRequest("https://api.example.com/tea"))
            assertEquals(418, answer.status)
            assertEquals("pot", answer.header("x-tea"))
            assertEquals("https://api.example.com/tea", answer.body.decodeToString())
            assertEquals(listOf("authorization"), session.signRequest(ApiRequest("https://api.example.com/tea")).headers.map { it.name })
            session.apis = listOf("https://api.example.com/")
            assertTrue(session.isApi("https://api.example.com/tea") && !session.isApi("https://example.com/"))
            assertEquals(session.bucket, session.s3Settings.bucket)
            assertFalse(session.presignObject(PresignRequest(ObjectAddress("a"), PresignedMethod.GET)).isCutShort)
            assertEquals(listOf("callApi", "signRequest", "presignObject"), session.calls)
        }
}
