package dev.jetbridge.okhttp

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.memoryStore
import dev.jetbridge.testing.Stack
import dev.jetbridge.url
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancel
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.runInterruptible
import kotlinx.coroutines.withTimeoutOrNull
import okhttp3.Cache
import okhttp3.Call
import okhttp3.Callback
import okhttp3.Interceptor
import okhttp3.MediaType.Companion.toMediaType
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import okio.BufferedSink
import org.json.JSONObject
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import java.io.IOException
import java.net.InetAddress
import java.net.InetSocketAddress
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.CyclicBarrier
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.seconds

/** Signatures are verified by the local stack's API; where they must not go is seen by servers of the test's own. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class JetbridgeSigningInterceptorTest {
    @get:Rule
    val stack = Stack()

    @get:Rule
    val folder = TemporaryFolder()

    /** Remembers whoever asked. */
    private class Server(
        private val answer: (HttpExchange) -> Unit,
    ) : AutoCloseable {
        val asked = CopyOnWriteArrayList<Map<String, List<String>>>()
        private val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
        val url = "http://127.0.0.1:${server.address.port}"

        init {
            server.createContext("/") { exchange ->
                asked += exchange.requestHeaders.toMap()
                exchange.requestBody.readBytes()
                answer(exchange)
                exchange.close()
            }
            server.start()
        }

        override fun close() = server.stop(0)
    }

    /** A server that the configuration does not name. */
    private val other = Server { it.sendResponseHeaders(200, -1) }

    /** An API of the configuration that sends everybody elsewhere. */
    private var elsewhere = ""
    private val redirecting =
        Server {
            it.responseHeaders["Location"] = elsewhere
            it.responseHeaders["Cache-Control"] = "max-age=60"
            it.responseHeaders["Vary"] = "Authorization"
            it.sendResponseHeaders(if (elsewhere.isEmpty()) 200 else 307, -1)
        }

    private lateinit var api: String
    private lateinit var session: JetbridgeSession
    private lateinit var client: OkHttpClient

    @Before
    fun open() =
        runBlocking {
            val exports = JSONObject(stack.local.awsExportsJson())
            val apis = exports.getJSONObject("API").getJSONArray("endpoints")
            api = apis.getJSONObject(0).getString("endpoint")
            apis.put(JSONObject(mapOf("name" to "redirecting", "endpoint" to redirecting.url, "region" to "us-west-2")))
            session = stack.session(memoryStore(), awsExports = exports.toString())
            client = OkHttpClient.Builder().addNetworkInterceptor(JetbridgeSigningInterceptor(session)).build()
            session.manualSignIn.complete(stack.signIn(session.manualSignIn.begin().url))
            Unit
        }

    @After
    fun close() {
        session.close()
        other.close()
        redirecting.close()
        client.connectionPool.evictAll()
        client.dispatcher.executorService.shutdown()
    }

    private fun ask(
        url: String,
        using: OkHttpClient = client,
        build: Request.Builder.() -> Unit = {},
    ): Response =
        using
            .newCall(
                Request
                    .Builder()
                    .url(url)
                    .apply(build)
                    .build(),
            ).execute()

    private fun Map<String, List<String>>.signature() =
        filterKeys { it.equals("Authorization", true) || it.startsWith("X-Amz-", true) }.mapKeys { it.key.lowercase() }

    private fun thrown(call: () -> Unit) = assertThrows(IOException::class.java) { call() }

    @Test
    fun `what the API is sent is signed as it is sent`() {
        ask("$api/echo?b=2&a=%2F&empty=").use { answer ->
            assertEquals(answer.peekBody(1_000).string(), 200, answer.code)
            assertNull("no secret in what the app holds", answer.request.header("Authorization"))
            assertNull(answer.networkResponse!!.request.header("X-Amz-Security-Token"))
        }
        val text = "{\"a\": \"ü\"}"
        ask("$api/echo") {
            post(text.toRequestBody("application/json".toMediaType()))
            header("X-App", "1")
        }.use { assertEquals(it.peekBody(1_000).string(), 200, it.code) }
        // Of which nobody knows the size.
        val streamed =
            object : RequestBody() {
                override fun contentType() = "text/plain".toMediaType()

                override fun writeTo(sink: BufferedSink) {
                    repeat(1_000) { sink.writeUtf8("line $it\n") }
                }
            }
        ask("$api/echo") { post(streamed) }.use { assertEquals(it.peekBody(1_000).string(), 200, it.code) }
        ask("$api/denied").use { assertEquals(403, it.code) }
    }

    @Test
    fun `an app compresses its bodies before they are signed`() {
        val compressed =
            client
                .newBuilder()
                .addInterceptor { chain ->
                    chain.proceed(
                        chain
                            .request()
                            .newBuilder()
                            .header("Content-Encoding", "x-none")
                            .build(),
                    )
                }.build()
        ask("$api/echo", compressed) { post("a".toRequestBody()) }.use { assertEquals(200, it.code) }
    }

    @Test
    fun `credentials are renewed in the middle`() {
        ask("$api/echo").use { assertEquals(200, it.code) }
        val before = stack.count("GetCredentialsForIdentity")
        stack.local.advanceClock(4_000u)
        ask("$api/echo").use { assertEquals(200, it.code) }
        assertEquals(before + 1, stack.count("GetCredentialsForIdentity"))
    }

    /** As many as Dispatchers.Default has threads: at least two, else one for each processor (kotlinx.coroutines, CORE_POOL_SIZE). */
    @Test
    fun `calls that hold all threads of coroutines are signed all the same`() {
        stack.local.advanceClock(4_000u)
        val threads = Runtime.getRuntime().availableProcessors().coerceAtLeast(2)
        val held = CyclicBarrier(threads)
        // Not of the test's own scope, which would wait for whoever waits forever.
        val callers = CoroutineScope(Dispatchers.Default)
        val calls =
            List(threads) {
                callers.async {
                    runInterruptible {
                        held.await()
                        ask("$api/echo").use { it.code }
                    }
                }
            }
        val codes = runBlocking { withTimeoutOrNull(60.seconds) { calls.awaitAll() } }
        callers.cancel()
        assertEquals(List(threads) { 200 }, codes)
    }

    @Test
    fun `no signature and no token follows a redirect to another server`() {
        elsewhere = "${other.url}/stolen"
        for (method in listOf("GET", "POST")) {
            ask("${redirecting.url}/x") { method(method, if (method == "POST") "x".toRequestBody() else null) }.use {
                assertEquals(200, it.code)
                assertEquals("/stolen", it.request.url.encodedPath)
            }
        }
        assertEquals(2, other.asked.size)
        assertEquals(
            listOf("authorization", "x-amz-date", "x-amz-security-token"),
            redirecting.asked[0]
                .signature()
                .keys
                .sorted(),
        )
        for (asked in other.asked) assertEquals(emptyMap<String, Any>(), asked.signature())
    }

    @Test
    fun `a redirect to one of the APIs is signed for it`() {
        elsewhere = "$api/echo?from=elsewhere"
        ask("${redirecting.url}/x").use { assertEquals(200, it.code) }
        assertEquals(1, redirecting.asked.size)
    }

    @Test
    fun `other servers get what the app sends, or nothing if that is wanted`() {
        ask("${other.url}/x").use { assertEquals(200, it.code) }
        assertEquals(emptyMap<String, Any>(), other.asked.single().signature())
        val strict = OkHttpClient.Builder().addNetworkInterceptor(JetbridgeSigningInterceptor(session, refusesOthers = true)).build()
        assertTrue(thrown { ask("${other.url}/x", strict) }.message!!.contains("none of API.endpoints"))
        assertEquals(1, other.asked.size)
        ask("$api/echo", strict).use { assertEquals(200, it.code) }
    }

    @Test
    fun `a request with an authorization of its own is left alone`() {
        ask("${redirecting.url}/x") { header("Authorization", "Bearer mine") }.use { assertEquals(200, it.code) }
        assertEquals(mapOf("authorization" to listOf("Bearer mine")), redirecting.asked.single().signature())
    }

    @Test
    fun `a cache keeps no signature`() {
        val caching = client.newBuilder().cache(Cache(folder.root, 1_000_000)).build()
        ask("${redirecting.url}/x", caching).use { it.body!!.string() }
        caching.cache!!.flush()
        val kept =
            folder.root
                .walk()
                .filter { it.isFile }
                .joinToString("\n") { it.readText(Charsets.ISO_8859_1) }
        assertTrue(kept, redirecting.url in kept)
        assertFalse("AWS4-HMAC-SHA256" in kept)
        caching.cache!!.close()
    }

    @Test
    fun `a body that cannot be read twice or is too large is refused before anything is sent`() {
        fun body(
            oneShot: Boolean,
            duplex: Boolean,
            size: Long,
        ) = object : RequestBody() {
            override fun contentType() = null

            override fun isOneShot() = oneShot

            override fun isDuplex() = duplex

            override fun contentLength() = if (size > 1) size else -1

            override fun writeTo(sink: BufferedSink) = throw AssertionError("nobody reads it")
        }
        for ((body, problem) in listOf(
            body(oneShot = true, duplex = false, size = 1) to "only once",
            body(oneShot = false, duplex = true, size = 1) to "only once",
            body(oneShot = false, duplex = false, size = 20_000_000) to "held in memory",
        )) {
            assertTrue(thrown { ask("${redirecting.url}/x") { post(body) } }.message!!.contains(problem))
        }
        assertEquals(0, redirecting.asked.size)
    }

    @Test
    fun `without a session a call fails as calls do, also one that was enqueued`() =
        runBlocking {
            session.signOut()
            assertTrue(thrown { ask("$api/echo") }.cause is JetbridgeException.SignInRequired)
            val failure = CompletableFuture<IOException>()
            client.newCall(Request.Builder().url("$api/echo").build()).enqueue(
                object : Callback {
                    override fun onFailure(
                        call: Call,
                        e: IOException,
                    ) {
                        failure.complete(e)
                    }

                    override fun onResponse(
                        call: Call,
                        response: Response,
                    ) = response.close()
                },
            )
            assertTrue(failure.get(60, TimeUnit.SECONDS) is SigningException)
            ask("${other.url}/x").use { assertEquals(200, it.code) }
        }

    /** Anything but an IOException would end the app of a call that was enqueued (OkHttp, RealCall.AsyncCall.run). */
    @Test
    fun `with a session that was closed a call fails as calls do`() {
        session.close()
        assertTrue(thrown { ask("$api/echo") } is SigningException)
        assertTrue(thrown { ask("${other.url}/x") } is SigningException)
    }

    @Test
    fun `in the wrong place it says so`() {
        val wrong = OkHttpClient.Builder().addInterceptor(JetbridgeSigningInterceptor(session)).build()
        val thrown = assertThrows(IllegalStateException::class.java) { ask("$api/echo", wrong) }
        assertTrue(thrown.message!!.contains("addNetworkInterceptor"))
    }

    /** Why it has to be a network interceptor: OkHttp takes what an application interceptor adds along, all but Authorization. */
    @Test
    fun `OkHttp's redirects do not know of session tokens`() {
        elsewhere = "${other.url}/stolen"
        val naive =
            Interceptor { chain ->
                chain.proceed(
                    chain
                        .request()
                        .newBuilder()
                        .header("X-Amz-Security-Token", "secret")
                        .build(),
                )
            }
        ask("${redirecting.url}/x", OkHttpClient.Builder().addInterceptor(naive).build()).close()
        assertEquals(listOf("secret"), other.asked.single().signature()["x-amz-security-token"])
        assertNotEquals(0, redirecting.asked.size)
    }
}
