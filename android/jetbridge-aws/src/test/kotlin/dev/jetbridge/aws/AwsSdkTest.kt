package dev.jetbridge.aws

import aws.sdk.kotlin.services.s3.S3Client
import aws.sdk.kotlin.services.s3.listObjectsV2
import aws.sdk.kotlin.services.s3.model.GetObjectRequest
import aws.sdk.kotlin.services.s3.model.S3Exception
import aws.sdk.kotlin.services.s3.putObject
import aws.smithy.kotlin.runtime.auth.awscredentials.CredentialsProviderException
import aws.smithy.kotlin.runtime.auth.awscredentials.cached
import aws.smithy.kotlin.runtime.content.ByteStream
import aws.smithy.kotlin.runtime.content.toByteArray
import dev.jetbridge.JetbridgeException
import dev.jetbridge.JetbridgeSession
import dev.jetbridge.accessKeyId
import dev.jetbridge.expiration
import dev.jetbridge.memoryStore
import dev.jetbridge.okhttp.JetbridgeSigningInterceptor
import dev.jetbridge.testing.Stack
import dev.jetbridge.url
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import okhttp3.OkHttp
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import org.json.JSONObject
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

/** The AWS SDK's own S3 client, with the session's credentials, at the local stack. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35])
class AwsSdkTest {
    @get:Rule
    val stack = Stack()

    private lateinit var session: JetbridgeSession

    @Before
    fun open() =
        runBlocking {
            session = stack.session(memoryStore())
            session.manualSignIn.complete(stack.signIn(session.manualSignIn.begin().url))
            Unit
        }

    @After
    fun close() = session.close()

    private suspend fun S3Client.keys() = listObjectsV2 { bucket = session.bucket }.contents.orEmpty().map { it.key }

    @Test
    fun `its S3 client lists, reads and writes, and goes on with renewed credentials`() =
        runBlocking {
            S3Client { useJetbridge(session) }.use { s3 ->
                assertEquals(session.objects().toList().map { it.key }, s3.keys())
                val request =
                    GetObjectRequest {
                        bucket = session.bucket
                        key = "reports/2026/summary.csv"
                    }
                val first = s3.getObject(request) { it.body!!.toByteArray() }
                assertTrue(first.isNotEmpty())
                val before = stack.count("GetCredentialsForIdentity")
                stack.local.advanceClock(4_000u)
                assertTrue(first contentEquals s3.getObject(request) { it.body!!.toByteArray() })
                assertEquals(before + 1, stack.count("GetCredentialsForIdentity"))
                val written =
                    runCatching {
                        s3.putObject {
                            bucket = session.bucket
                            key = "by-the-sdk.txt"
                            body = ByteStream.fromString("hello")
                        }
                    }
                written.getOrThrow()
                assertTrue("by-the-sdk.txt" in s3.keys())
            }
            // Closing a client closed neither the session nor what it gives out.
            S3Client { useJetbridge(session) }.use { s3 -> assertTrue("by-the-sdk.txt" in s3.keys()) }
        }

    @Test
    fun `the SDK's own cache asks again before the keys run out`() =
        runBlocking {
            val provider = JetbridgeCredentialsProvider(session)
            val keys = provider.resolve()
            val ours = session.awsCredentials()
            assertEquals(ours.accessKeyId, keys.accessKeyId)
            assertEquals(ours.expiration.epochSecond, keys.expiration!!.epochSeconds)
            val cached = provider.cached()
            assertEquals(keys.accessKeyId, cached.resolve().accessKeyId)
            stack.local.advanceClock(4_000u)
            assertNotEquals(keys.accessKeyId, provider.resolve().accessKeyId)
            cached.close()
            assertTrue(session.awsCredentials().accessKeyId.isNotEmpty())
        }

    @Test
    fun `what the session says is in the cause of what the SDK throws`() =
        runBlocking {
            session.signOut()
            S3Client { useJetbridge(session) }.use { s3 ->
                val thrown = runCatching { s3.keys() }.exceptionOrNull()!!
                val causes = generateSequence(thrown) { it.cause }.toList()
                assertTrue("$causes", causes.any { it is CredentialsProviderException })
                assertTrue("$causes", causes.any { it is JetbridgeException.SignInRequired })
            }
        }

    @Test
    fun `what the role forbids is S3's answer`() =
        runBlocking {
            S3Client { useJetbridge(session) }.use { s3 ->
                stack.local.injectFault("s3-access-denied", 1u)
                val thrown = runCatching { s3.keys() }.exceptionOrNull()
                assertEquals("AccessDenied", (thrown as S3Exception).sdkErrorMetadata.errorCode)
            }
        }

    /** Both artifacts in one app: Gradle takes the newer OkHttp, which is the SDK's. */
    @Test
    fun `the interceptor goes with the OkHttp that the SDK brings`() {
        assertTrue(OkHttp.VERSION, OkHttp.VERSION.startsWith("5."))
        val api =
            JSONObject(stack.local.awsExportsJson())
                .getJSONObject("API")
                .getJSONArray("endpoints")
                .getJSONObject(0)
                .getString("endpoint")
        val request =
            Request
                .Builder()
                .url("$api/echo")
                .post("a".toRequestBody())
                .build()
        OkHttpClient.Builder().addNetworkInterceptor(JetbridgeSigningInterceptor(session)).build().newCall(request).execute().use {
            assertEquals(200, it.code)
        }
    }
}
