package dev.jetbridge

import dev.jetbridge.sample.send
import dev.jetbridge.testing.Stack
import kotlinx.coroutines.runBlocking
import org.json.JSONObject
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse

/** An API behind IAM, by the library itself and by HTTP clients that know nothing of it. The stack's API verifies what they sign. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestHost::class)
class SignedRequestTest {
    @get:Rule
    val stack = Stack()

    private val host get() = RuntimeEnvironment.getApplication() as TestHost
    private val session get() = host.jetbridge
    private val api by lazy {
        JSONObject(stack.local.awsExportsJson())
            .getJSONObject("API")
            .getJSONArray("endpoints")
            .getJSONObject(0)
            .getString("endpoint")
    }

    @After
    fun close() = host.restartProcess()

    private suspend fun signIn() {
        session.manualSignIn.complete(stack.signIn(session.manualSignIn.begin().url))
    }

    private suspend fun post(
        url: String,
        body: String,
        sent: String = body,
    ): Int {
        val json = ApiHeader("content-type", "application/json")
        val signed = session.signRequest(ApiRequest(url, "POST", listOf(json), body.encodeToByteArray()))
        val request = HttpRequest.newBuilder(URI.create(url)).POST(HttpRequest.BodyPublishers.ofString(sent))
        for (header in signed.headers + json) request.header(header.name, header.value)
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode()
    }

    @Test
    fun `any HTTP client sends what the session signed, and nothing else`() =
        runBlocking {
            signIn()
            assertEquals(200, post("$api/echo?a=1", "{}"))
            assertEquals(403, post("$api/echo?a=1", "{}", sent = "{ }"))
            assertTrue(send(session, "$api/echo").isNotEmpty())
            stack.local.advanceClock(4_000u)
            assertEquals(200, post("$api/echo", "{}"))
        }

    @Test
    fun `the library sends it itself`() =
        runBlocking {
            signIn()
            val answer = session.callApi(ApiRequest("$api/echo/x", headers = listOf(ApiHeader("accept", "application/json"))))
            assertEquals(200, answer.status)
            assertTrue(answer.header("Content-Type")!!, answer.body.isNotEmpty())
            assertEquals(404, session.callApi(ApiRequest("$api/status/404")).status)
            val denied = runCatching { session.callApi(ApiRequest("$api/denied")) }.exceptionOrNull()
            assertEquals(RemoteService.API, (denied as JetbridgeException.AccessDenied).service)
        }

    @Test
    fun `nothing is signed for a server that is not configured`() =
        runBlocking {
            signIn()
            assertTrue(session.isApi("$api/echo"))
            for (url in listOf("https://example.com/", "$api.example.com/echo")) {
                assertTrue(url, !session.isApi(url))
                val refused = runCatching { session.signRequest(ApiRequest(url)) }.exceptionOrNull()
                assertTrue("$refused", refused is JetbridgeException.Misconfigured)
            }
        }
}
