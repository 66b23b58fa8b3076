package dev.jetbridge

import dev.jetbridge.testing.Stack
import dev.jetbridge.testing.await
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import java.io.File
import java.net.HttpURLConnection
import java.net.URL
import kotlin.random.Random

/** Single objects, with the real library at the local stack: what the core does, in Kotlin's manners. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestHost::class)
class ObjectsTest {
    @get:Rule
    val stack = Stack()

    @get:Rule
    val folder = TemporaryFolder()

    private val host get() = RuntimeEnvironment.getApplication() as TestHost
    private val session get() = host.jetbridge
    private val small = TransferOptions(partSize = PART.toULong())

    @After
    fun close() = host.restartProcess()

    private suspend fun signIn() {
        session.manualSignIn.complete(stack.signIn(session.manualSignIn.begin().url))
    }

    /** A file of two parts and a bit. */
    private fun large(): File = folder.newFile().apply { writeBytes(Random(1).nextBytes(2 * PART + 7)) }

    @Test
    fun `an object is written, looked at, read, copied, shared and deleted`() =
        runBlocking {
            signIn()
            val headers = ObjectHeaders(contentType = "text/plain", metadata = mapOf("author" to "alice"))
            val written = session.putObject("notes.txt", "hello".encodeToByteArray(), headers)
            assertEquals(5uL, written.size)
            session.headObject("notes.txt").run {
                assertEquals(written.eTag, eTag)
                assertEquals("text/plain" to mapOf("author" to "alice"), this.headers.contentType to this.headers.metadata)
            }
            assertEquals("hello", session.getObject("notes.txt").decodeToString())
            assertTrue(runCatching { session.getObject("notes.txt", limit = 4) }.exceptionOrNull() is JetbridgeException.Misconfigured)
            session.copyObject("notes.txt", "copy.txt")
            assertEquals("alice", session.headObject("copy.txt").headers.metadata["author"])
            val shared = session.presignObject(PresignRequest(ObjectAddress("copy.txt"), PresignedMethod.GET))
            val answer = (URL(shared.url).openConnection() as HttpURLConnection).inputStream.use { it.readBytes() }
            assertEquals("hello", answer.decodeToString())
            session.deleteObject("copy.txt")
            assertTrue(runCatching { session.headObject("copy.txt") }.exceptionOrNull() is JetbridgeException.NotFound)
            for (call in listOf<suspend () -> Any>(
                { session.putObject("notes.txt", ByteArray(0), conditions = ObjectConditions(ifNoneMatch = "*")) },
                { session.getObject("notes.txt", conditions = ObjectConditions(ifMatch = "\"another\"")) },
            )) {
                val thrown = runCatching { call() }.exceptionOrNull()
                assertTrue("$thrown", thrown is JetbridgeException.ConditionNotMet)
            }
        }

    @Test
    fun `a file goes up and comes down, and its caller hears how far it is, where it runs`() =
        runBlocking {
            signIn()
            val file = large()
            val here = Thread.currentThread()
            val up = mutableListOf<TransferProgress>()
            val uploaded =
                session.uploadFile("large.bin", file, options = small) {
                    assertEquals(here, Thread.currentThread())
                    up += it
                }
            assertEquals(file.length().toULong(), uploaded.size)
            assertEquals(TransferProgress(file.length(), file.length()), up.last())
            assertEquals(up.sortedBy { it.done }, up)
            assertEquals(1f, up.last().fraction)

            val target = File(folder.root, "down.bin")
            val down = mutableListOf<TransferProgress>()
            val downloaded =
                session.downloadObject("large.bin", target, small) {
                    assertEquals(here, Thread.currentThread())
                    down += it
                }
            assertArrayEquals(file.readBytes(), target.readBytes())
            assertTrue(downloaded.isVerified)
            assertEquals(file.length(), down.last().done)

            val missing = runCatching { session.uploadFile("x", File(folder.root, "missing")) }.exceptionOrNull()
            assertTrue("$missing", missing is JetbridgeException.LocalFile)
        }

    @Test
    fun `an upload ends with its caller, and S3 keeps nothing of it`() =
        runBlocking {
            signIn()
            val file = large()
            stack.local.setLatency(300u)
            val upload = async(Dispatchers.Default) { session.uploadFile("large.bin", file, options = small) }
            await("a part") { stack.count("UploadPart") > 0 }
            upload.cancelAndJoin()
            session.settle()
            stack.local.setLatency(0u)
            await("the end of the upload") { stack.count("AbortMultipartUpload") > 0 }
            assertFalse("large.bin" in session.objects().toList().map { it.key })
            assertEquals(0, stack.count("CompleteMultipartUpload"))
            assertEquals(Leftovers(mayBeWritten = false), session.leftovers())
        }

    @Test
    fun `an upload that broke off is given up by whoever does not want it any more`() =
        runBlocking {
            signIn()
            val file = large()
            val options = small.copy(parallel = 1u, resumeFolder = folder.newFolder().path)
            stack.local.setLatency(300u)
            val upload = async(Dispatchers.Default) { runCatching { session.uploadFile("large.bin", file, options = options) } }
            await("a part") { stack.count("UploadPart") > 0 }
            stack.network(isUp = false)
            val thrown = upload.await().exceptionOrNull()
            assertTrue("$thrown", thrown is JetbridgeException.Retryable)
            stack.network(isUp = true)
            stack.local.setLatency(0u)
            assertFalse("another object's", session.abortUpload("other.bin", file, options))
            assertFalse("remembered somewhere else", session.abortUpload("large.bin", file, small))
            assertEquals(0, stack.count("AbortMultipartUpload"))
            file.delete()
            stack.local.injectFault("s3-access-denied", 1u)
            val denied = runCatching { session.abortUpload("large.bin", file, options) }.exceptionOrNull()
            assertTrue("$denied", denied is JetbridgeException.AccessDenied)
            assertTrue(session.abortUpload("large.bin", file, options))
            assertFalse("once", session.abortUpload("large.bin", file, options))
        }

    @Test
    fun `what a cancelled upload leaves in the bucket is told`() =
        runBlocking {
            signIn()
            stack.local.setLatency(300u)
            val upload = async(Dispatchers.Default) { session.uploadFile("large.bin", large(), options = small) }
            await("a part") { stack.count("UploadPart") > 0 }
            stack.local.injectFault("s3-access-denied", UInt.MAX_VALUE)
            upload.cancelAndJoin()
            session.settle()
            val problem = session.leftovers().problem
            assertTrue("$problem", problem is JetbridgeException.AccessDenied && "s3:AbortMultipartUpload" in problem.hint)
        }

    @Test
    fun `many are deleted at once, and those that cannot be are named`() =
        runBlocking {
            signIn()
            for (key in listOf("a.txt", "b.txt")) session.putObject(key, ByteArray(1))
            assertEquals(emptyList<UndeletedObject>(), session.deleteObjects(listOf("a.txt", "b.txt", "never there")))
            assertEquals(1, stack.count("DeleteObjects"))
            assertTrue(runCatching { session.headObject("b.txt") }.exceptionOrNull() is JetbridgeException.NotFound)
            // What XML cannot name is deleted by itself, and refused by itself.
            stack.local.injectFault("s3-access-denied", 1u)
            val undeleted = session.deleteObjects(listOf("\u0001", "c.txt")).single()
            assertEquals("\u0001" to "access_denied", undeleted.key to undeleted.kind)
            assertTrue("$undeleted", "s3:DeleteObject" in undeleted.hint.orEmpty())
        }

    @Test
    fun `whatever a listener throws ends the transfer and is thrown`() =
        runBlocking {
            signIn()
            val thrown = runCatching { session.uploadFile("large.bin", large(), options = small) { error("the screen is gone") } }
            assertEquals("the screen is gone", thrown.exceptionOrNull()?.message)
            assertFalse("large.bin" in session.objects().toList().map { it.key })
        }

    private companion object {
        /** The least that S3 takes for a part (Amazon S3 user guide, "Amazon S3 multipart upload limits"). */
        const val PART = 5 * 1024 * 1024
    }
}
