package dev.jetbridge

import dev.jetbridge.testing.Stack
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

/** Pages under a screen that comes and goes. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = TestHost::class)
class ObjectListingTest {
    @get:Rule
    val stack = Stack()

    private val host get() = RuntimeEnvironment.getApplication() as TestHost
    private val session get() = host.jetbridge

    @After
    fun close() = host.restartProcess()

    private suspend fun signIn() {
        session.manualSignIn.complete(stack.signIn(session.manualSignIn.begin().url))
    }

    private suspend fun ObjectListing.rest(): List<String> = buildList { while (true) addAll(nextPage()?.objects?.map { it.key } ?: break) }

    @Test
    fun `a page whose screen went away is the next caller's`() =
        runBlocking {
            signIn()
            val all = session.objects().toList().map { it.key }
            val listing = session.listing(ListingRequest(pageSize = 3u))
            stack.local.setLatency(200u)
            val before = stack.count("ListObjectsV2")
            val gone = launch(start = CoroutineStart.UNDISPATCHED) { listing.nextPage() }
            gone.cancelAndJoin()
            stack.local.setLatency(0u)
            assertEquals(all, listing.rest())
            // The page that nobody waited for was not fetched twice.
            assertEquals((all.size + 2) / 3, stack.count("ListObjectsV2") - before)
        }

    @Test
    fun `an error ends a listing, and the next one begins anew`() =
        runBlocking {
            signIn()
            stack.local.injectFault("s3-access-denied", 1000u)
            val listing = session.listing()
            val error = runCatching { listing.nextPage() }.exceptionOrNull()
            assertEquals(JetbridgeException.AccessDenied::class, error!!::class)
            stack.local.injectFault("s3-access-denied", 0u)
            assertNull(listing.nextPage())
            assertEquals(session.objects().toList(), session.objects().toList())
        }

    @Test
    fun `no page is asked for before it is needed`() =
        runBlocking {
            signIn()
            val before = stack.count("ListObjectsV2")
            val objects = session.objects()
            assertEquals(before, stack.count("ListObjectsV2"))
            objects.take(1).toList()
            assertEquals(before + 1, stack.count("ListObjectsV2"))
        }
}
